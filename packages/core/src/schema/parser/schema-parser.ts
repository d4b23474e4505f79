import type { EnumType, Field } from '../datamodel/field.ts'
import { LazyMap } from '../datamodel/lazy-map.ts'
import type { Model } from '../datamodel/model.ts'
import { relationDraftOf, relationOf, type RelationDraft } from './schema-relations.ts'
import { hasAttribute, nameArgument, plainText, textOf } from './schema-attributes.ts'
import { cutSchemaBlocks } from './schema-blocks.ts'
import { fieldOf } from './schema-fields.ts'
import { schemaHash } from '../datamodel/schema-hash.ts'
import { keysOf } from './schema-keys.ts'
import type { SchemaModel, SchemaSource } from '../datamodel/schema-model.ts'
import { readSchemaBlocks, SchemaSyntaxError, type SchemaBlock } from './schema-syntax.ts'

/**
 * Turns schema text into the schema model, all of it. It trusts that Prisma has validated the text.
 *
 * Cost: about 0.4 ms a model in a fresh process, 0.1 ms in a warm one.
 * @throws SchemaSyntaxError where the text is not Prisma schema language.
 */
export function parseSchema(text: string, source: SchemaSource): SchemaModel {
  const schema = schemaOf(
    text,
    source,
    readSchemaBlocks(text).map((block) => ({ keyword: block.keyword, name: block.name, read: () => block })),
  )
  return { ...schema, models: new Map(schema.models), enums: new Map(schema.enums) }
}

/**
 * The schema model of a text that Prisma has accepted, as a client carries it: each model is parsed when it is first asked
 * for, with those it relates to. A model that cannot be read after all, because Prisma's language has grown, has no value
 * in `models` and is passed to `failed`; callers must treat it as unknown.
 *
 * Cost: about 20 µs a model, and what {@link parseSchema} costs for the models used.
 * @throws SchemaSyntaxError where the text does not even fall into blocks.
 */
export function openSchema(
  text: string,
  source: SchemaSource,
  failed: (error: SchemaSyntaxError) => void,
): SchemaModel {
  const blocks = cutSchemaBlocks(text)
  if (blocks === null) return parseSchema(text, source)
  return schemaOf(
    text,
    source,
    blocks.map((block) => ({ ...block, read: () => readBlock(block.text, failed) })),
  )
}

function readBlock(text: string, failed: (error: SchemaSyntaxError) => void): SchemaBlock | undefined {
  try {
    return readSchemaBlocks(text)[0]
  } catch (error) {
    if (!(error instanceof SchemaSyntaxError)) throw error
    failed(error)
    return undefined
  }
}

interface BlockSource {
  readonly keyword: string
  readonly name: string
  /** The block, or undefined where it cannot be read. */
  read(): SchemaBlock | undefined
}

function schemaOf(text: string, source: SchemaSource, blocks: readonly BlockSource[]): SchemaModel {
  const sources = {
    models: new Map(blocks.filter(isModel).map((block) => [block.name, block])),
    enums: new Map(blocks.filter(({ keyword }) => keyword === 'enum').map((block) => [block.name, block])),
  }
  const settings = blocks
    .filter(({ keyword }) => keyword === 'datasource' || keyword === 'generator')
    .flatMap((block) => block.read() ?? [])
  const datasource = settings.find((block) => block.keyword === 'datasource')
  const provider = providerOf(datasource)
  const drafts = new LazyMap(sources.models.keys(), (name) => {
    const block = sources.models.get(name)?.read()
    return block === undefined ? undefined : draftOf(block, sources.enums, sources.models)
  })
  let hash: string | undefined
  return {
    provider,
    models: new LazyMap(sources.models.keys(), (name): Model | undefined => {
      const draft = drafts.get(name)
      if (draft === undefined) return undefined
      const relations = draft.relations.map((relation) =>
        relationOf(draft, relation, drafts.get(relation.target), provider),
      )
      return { ...draft.model, relations }
    }),
    enums: new LazyMap(sources.enums.keys(), (name) => {
      const block = sources.enums.get(name)?.read()
      return block === undefined ? undefined : enumOf(block)
    }),
    get hash() {
      return (hash ??= schemaHash(text))
    },
    source,
    relationMode: textOf(datasource?.settings.get('relationMode')) === 'prisma' ? 'prisma' : 'foreignKeys',
    previewFeatures: previewFeaturesOf(settings),
  }
}

type Names = Pick<ReadonlySet<string>, 'has'>

interface ModelDraft {
  readonly model: Omit<Model, 'relations'>
  readonly relations: readonly RelationDraft[]
}

function draftOf(block: SchemaBlock, enums: Names, models: Names): ModelDraft {
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

function isModel({ keyword }: BlockSource): boolean {
  return keyword === 'model' || keyword === 'view'
}
