import type { EnumType, Field } from './field.ts'
import type { Model } from './model.ts'
import { relationsOf, type RelationDraft } from './relation-pairs.ts'
import { hasAttribute, nameArgument, plainText, textOf } from './schema-attributes.ts'
import { fieldOf } from './schema-fields.ts'
import { schemaHash } from './schema-hash.ts'
import { keysOf } from './schema-keys.ts'
import type { SchemaModel, SchemaSource } from './schema-model.ts'
import { relationDraftOf } from './schema-relations.ts'
import { readSchemaBlocks, type SchemaBlock } from './schema-syntax.ts'

/**
 * Turns schema text into the schema model. It trusts that Prisma has validated the text.
 *
 * Cost: about 0.2 ms a model the first time, a third of that when warm.
 * @throws SchemaSyntaxError where the text is not Prisma schema language.
 */
export function parseSchema(text: string, source: SchemaSource): SchemaModel {
  const blocks = readSchemaBlocks(text)
  const datasource = blocks.find((block) => block.keyword === 'datasource')
  const enums = new Map<string, EnumType>()
  const modelNames = new Set<string>()
  for (const block of blocks) {
    if (block.keyword === 'enum') enums.set(block.name, enumOf(block))
    else if (isModel(block)) modelNames.add(block.name)
  }
  const provider = providerOf(datasource)
  const relationMode =
    textOf(datasource?.settings.get('relationMode')) === 'prisma' ? 'prisma' : 'foreignKeys'
  const drafts = blocks.filter(isModel).map((block) => draftOf(block, enums, modelNames))
  const relations = relationsOf(drafts, provider)
  const models = new Map<string, Model>()
  for (const { model } of drafts)
    models.set(model.name, { ...model, relations: relations.get(model.name) ?? [] })
  return {
    provider,
    models,
    enums,
    hash: schemaHash(text),
    source,
    relationMode,
    previewFeatures: previewFeaturesOf(blocks),
  }
}

interface ModelDraft {
  readonly model: Omit<Model, 'relations'>
  readonly relations: readonly RelationDraft[]
}

function draftOf(
  block: SchemaBlock,
  enums: ReadonlyMap<string, EnumType>,
  models: ReadonlySet<string>,
): ModelDraft {
  const fields = new Map<string, Field>()
  const relations: RelationDraft[] = []
  for (const member of block.members) {
    const field = fieldOf(member, enums, models)
    fields.set(field.name, field)
    if (field.kind === 'relation') relations.push(relationDraftOf(member, field))
  }
  const keys = keysOf(block)
  for (const key of keys.uniques) {
    const field = key.isCompound ? undefined : fields.get(key.name)
    if (field !== undefined) fields.set(field.name, { ...field, isUnique: true })
  }
  return {
    model: {
      name: block.name,
      table: nameArgument(block.attributes, 'map') ?? block.name,
      dbSchema: nameArgument(block.attributes, 'schema'),
      fields,
      ...keys,
      isView: block.keyword === 'view',
      isIgnored: hasAttribute(block.attributes, 'ignore'),
    },
    relations,
  }
}

function enumOf(block: SchemaBlock): EnumType {
  return {
    name: block.name,
    dbName: nameArgument(block.attributes, 'map') ?? block.name,
    dbSchema: nameArgument(block.attributes, 'schema'),
    values: block.members.map((member) => ({
      name: member.name,
      dbName: nameArgument(member.attributes, 'map') ?? member.name,
    })),
  }
}

function providerOf(datasource: SchemaBlock | undefined): string {
  const provider = textOf(datasource?.settings.get('provider')) ?? ''
  return provider === 'postgres' ? 'postgresql' : provider
}

function previewFeaturesOf(blocks: readonly SchemaBlock[]): string[] {
  const features = new Set<string>()
  for (const block of blocks) {
    const list = block.keyword === 'generator' ? block.settings.get('previewFeatures') : undefined
    if (list?.kind !== 'array') continue
    for (const item of list.items) features.add(plainText(item))
  }
  return [...features].sort()
}

function isModel(block: SchemaBlock): boolean {
  return block.keyword === 'model' || block.keyword === 'view'
}
