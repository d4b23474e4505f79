import type { EnumType, Field, FieldDefault, LiteralValue, NativeType } from './field.ts'
import type { Model } from './model.ts'
import { relationsOf, type RelationDraft } from './relation-pairs.ts'
import type { ReferentialAction } from './relation.ts'
import { schemaHash } from './schema-hash.ts'
import type { SchemaModel, SchemaSource } from './schema-model.ts'
import {
  readSchemaBlocks,
  type SchemaArgument,
  type SchemaAttribute,
  type SchemaBlock,
  type SchemaExpression,
  type SchemaMember,
} from './schema-syntax.ts'
import type { Index, IndexField, IndexPredicate, Key } from './table-index.ts'

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
  const relations = relationsOf(
    drafts.map(({ model, relations }) => ({ model, relations })),
    { provider, relationMode },
  )
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
  const keys: Key[] = []
  const indexes: Index[] = []
  let id: Key | null = null

  const addUnique = (attribute: SchemaAttribute, columns: IndexField[]): void => {
    const predicate = predicateOf(argument(attribute, 'where'))
    if (predicate === null) keys.push(keyOf('unique', attribute, columns))
    else
      indexes.push({
        ...indexOf(attribute, columns, 'BTree'),
        isUnique: true,
        name: keyName(attribute, columns),
      })
  }

  for (const member of block.members) {
    const field = fieldOf(member, enums, models)
    fields.set(field.name, field)
    if (field.kind === 'relation') relations.push(relationDraftOf(member, field))
    for (const attribute of member.attributes) {
      if (attribute.name === 'id') id = keyOf('id', attribute, [columnOf(field.name, attribute)])
      else if (attribute.name === 'unique') addUnique(attribute, [columnOf(field.name, attribute)])
    }
  }
  for (const attribute of block.attributes) {
    if (attribute.name === 'id') id = keyOf('id', attribute, columnsOf(attribute))
    else if (attribute.name === 'unique') addUnique(attribute, columnsOf(attribute))
    else if (attribute.name === 'index') indexes.push(indexOf(attribute, columnsOf(attribute), 'BTree'))
    else if (attribute.name === 'fulltext') indexes.push(indexOf(attribute, columnsOf(attribute), 'FullText'))
  }
  for (const key of keys) {
    const field = key.isCompound ? undefined : fields.get(key.fields[0] ?? '')
    if (field !== undefined) fields.set(field.name, { ...field, isUnique: true })
  }
  return {
    model: {
      name: block.name,
      table: nameArgument(block.attributes, 'map') ?? block.name,
      dbSchema: nameArgument(block.attributes, 'schema'),
      fields,
      id,
      uniques: keys,
      indexes,
      isView: block.keyword === 'view',
      isIgnored: has(block.attributes, 'ignore'),
    },
    relations,
  }
}

function fieldOf(
  member: SchemaMember,
  enums: ReadonlyMap<string, EnumType>,
  models: ReadonlySet<string>,
): Field {
  const { type: expression } = member
  const type =
    expression?.kind === 'call'
      ? (textOf(expression.args[0]?.value) ?? '')
      : expression?.kind === 'path'
        ? expression.text
        : ''
  const kind =
    expression?.kind === 'call'
      ? 'unsupported'
      : models.has(type)
        ? 'relation'
        : enums.has(type)
          ? 'enum'
          : SCALARS.has(type)
            ? 'scalar'
            : 'unsupported'
  const fieldDefault = defaultOf(member.attributes, type)
  return {
    name: member.name,
    column: nameArgument(member.attributes, 'map') ?? member.name,
    kind,
    type,
    nativeType: nativeTypeOf(member.attributes),
    isList: member.isList,
    isRequired: !member.isOptional,
    isId: has(member.attributes, 'id'),
    isUnique: false,
    isUpdatedAt: has(member.attributes, 'updatedAt'),
    hasDefault: fieldDefault !== null,
    default: fieldDefault,
    isGenerated: fieldDefault?.kind === 'function' && DATABASE_DEFAULTS.has(fieldDefault.name),
    isIgnored: has(member.attributes, 'ignore'),
  }
}

const SCALARS = new Set([
  'String',
  'Boolean',
  'Int',
  'BigInt',
  'Float',
  'Decimal',
  'DateTime',
  'Json',
  'Bytes',
])
const DATABASE_DEFAULTS = new Set(['autoincrement', 'sequence', 'dbgenerated'])

function nativeTypeOf(attributes: readonly SchemaAttribute[]): NativeType | null {
  const attribute = attributes.find(({ name }) => name.includes('.'))
  if (attribute === undefined) return null
  return {
    name: attribute.name.slice(attribute.name.indexOf('.') + 1),
    args: attribute.args.map(({ value }) => plainText(value)),
  }
}

function defaultOf(attributes: readonly SchemaAttribute[], type: string): FieldDefault | null {
  const attribute = attributes.find(({ name }) => name === 'default')
  const value = attribute === undefined ? undefined : argument(attribute, 'value', 0)
  if (value === undefined) return null
  if (value.kind === 'call')
    return { kind: 'function', name: value.name, args: value.args.map((arg) => literalOf(arg.value, '')) }
  if (value.kind === 'array')
    return { kind: 'value', value: value.items.map((item) => literalOf(item, type)) }
  return { kind: 'value', value: literalOf(value, type) }
}

function literalOf(expression: SchemaExpression, type: string): LiteralValue {
  if (expression.kind === 'number') {
    const exact =
      type !== 'BigInt' && type !== 'Decimal' && Number.isSafeInteger(Math.trunc(Number(expression.text)))
    return exact ? Number(expression.text) : expression.text
  }
  if (
    expression.kind === 'path' &&
    (expression.text === 'true' || expression.text === 'false') &&
    type === 'Boolean'
  )
    return expression.text === 'true'
  return plainText(expression)
}

function relationDraftOf(member: SchemaMember, field: Field): RelationDraft {
  const attribute = member.attributes.find(({ name }) => name === 'relation')
  return {
    field: field.name,
    target: field.type,
    name: textOf(attribute === undefined ? undefined : argument(attribute, 'name', 0)),
    isList: field.isList,
    isRequired: field.isRequired,
    fields: pathsOf(attribute === undefined ? undefined : argument(attribute, 'fields')),
    references: pathsOf(attribute === undefined ? undefined : argument(attribute, 'references')),
    onDelete: actionOf(attribute, 'onDelete'),
    onUpdate: actionOf(attribute, 'onUpdate'),
    isIgnored: field.isIgnored,
  }
}

function actionOf(attribute: SchemaAttribute | undefined, name: string): ReferentialAction | null {
  const value = attribute === undefined ? undefined : argument(attribute, name)
  return value?.kind === 'path' ? (value.text as ReferentialAction) : null
}

function keyOf(kind: 'id' | 'unique', attribute: SchemaAttribute, columns: IndexField[]): Key {
  return {
    kind,
    name: keyName(attribute, columns),
    isCompound: columns.length > 1,
    fields: columns.map(({ name }) => name),
    columns,
    dbName: textOf(argument(attribute, 'map')),
    clustered: clusteredOf(attribute),
  }
}

/** Prisma's rule: one field is its own argument; several go by the attribute's name, else joined. */
function keyName(attribute: SchemaAttribute, columns: readonly IndexField[]): string {
  const fields = columns.map(({ name }) => name)
  if (fields.length === 1) return fields.join()
  return textOf(argument(attribute, 'name')) ?? fields.join('_')
}

function indexOf(attribute: SchemaAttribute, columns: IndexField[], defaultType: string): Index {
  const type = argument(attribute, 'type')
  return {
    fields: columns,
    isUnique: false,
    name: null,
    // `name` on an index is the old spelling of `map`.
    dbName:
      textOf(argument(attribute, 'map')) ??
      (attribute.name === 'unique' ? null : textOf(argument(attribute, 'name'))),
    type: type?.kind === 'path' ? type.text : defaultType,
    predicate: predicateOf(argument(attribute, 'where')),
    clustered: clusteredOf(attribute),
  }
}

function clusteredOf(attribute: SchemaAttribute): boolean | null {
  const value = argument(attribute, 'clustered')
  return value?.kind === 'path' ? value.text === 'true' : null
}

/** The one column of a field attribute: `@unique(sort: Desc)`. */
function columnOf(field: string, attribute: SchemaAttribute): IndexField {
  return indexField(field, attribute.args)
}

/** The columns of a block attribute: `@@index([a, b(sort: Desc)])`. */
function columnsOf(attribute: SchemaAttribute): IndexField[] {
  const list = argument(attribute, 'fields', 0)
  const items = list?.kind === 'array' ? list.items : list === undefined ? [] : [list]
  return items.map((item) => {
    if (item.kind === 'call') return indexField(item.name, item.args)
    return indexField(plainText(item), [])
  })
}

function indexField(name: string, args: readonly SchemaArgument[]): IndexField {
  const named = (key: string): SchemaExpression | undefined => args.find((arg) => arg.name === key)?.value
  const sort = named('sort')
  const length = named('length')
  const ops = named('ops')
  return {
    name,
    sort: sort?.kind === 'path' && sort.text === 'Desc' ? 'desc' : 'asc',
    length: length?.kind === 'number' ? Number(length.text) : null,
    ops:
      ops === undefined
        ? null
        : ops.kind === 'call'
          ? { name: textOf(ops.args[0]?.value) ?? '', raw: true }
          : { name: plainText(ops), raw: false },
  }
}

function predicateOf(expression: SchemaExpression | undefined): IndexPredicate | null {
  if (expression?.kind === 'call') return { kind: 'raw', sql: textOf(expression.args[0]?.value) ?? '' }
  if (expression?.kind !== 'object') return null
  return {
    kind: 'fields',
    conditions: expression.entries.map(({ name, value }) => {
      const negated = value.kind === 'object'
      const operand = negated ? value.entries[0]?.value : value
      return {
        field: name ?? '',
        not: negated,
        value: operand === undefined ? null : conditionValue(operand),
      }
    }),
  }
}

function conditionValue(expression: SchemaExpression): string | number | boolean | null {
  if (expression.kind === 'path' && expression.text === 'null') return null
  if (expression.kind === 'path' && expression.text === 'true') return true
  if (expression.kind === 'path' && expression.text === 'false') return false
  return literalOf(expression, '')
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

function has(attributes: readonly SchemaAttribute[], name: string): boolean {
  return attributes.some((attribute) => attribute.name === name)
}

/** An argument by name, else the unnamed one at `position`. */
function argument(attribute: SchemaAttribute, name: string, position?: number): SchemaExpression | undefined {
  const named = attribute.args.find((arg) => arg.name === name)
  if (named !== undefined || position === undefined) return named?.value
  const unnamed = attribute.args[position]
  return unnamed?.name === null ? unnamed.value : undefined
}

/** The text of `@map("x")`, `@@map(name: "x")`, `@@schema("x")`. */
function nameArgument(attributes: readonly SchemaAttribute[], name: string): string | null {
  const attribute = attributes.find((candidate) => candidate.name === name)
  return attribute === undefined ? null : textOf(argument(attribute, 'name', 0) ?? argument(attribute, 'map'))
}

function pathsOf(expression: SchemaExpression | undefined): string[] {
  return expression?.kind === 'array' ? expression.items.map(plainText) : []
}

function textOf(expression: SchemaExpression | undefined): string | null {
  return expression?.kind === 'string' ? expression.value : null
}

function plainText(expression: SchemaExpression): string {
  if (expression.kind === 'string') return expression.value
  if (expression.kind === 'number' || expression.kind === 'path') return expression.text
  return expression.kind === 'call' ? expression.name : ''
}
