import { argument, literalOf, plainText, textOf } from './schema-attributes.ts'
import type { SchemaArgument, SchemaAttribute, SchemaBlock, SchemaExpression } from './schema-syntax.ts'
import type { Index, IndexField, IndexPredicate, Key } from '../datamodel/table-index.ts'

/** The keys and indexes that a model's fields and the model itself declare, those of fields first. */
export function keysOf(block: SchemaBlock): { id: Key | null; uniques: Key[]; indexes: Index[] } {
  let id: Key | null = null
  const uniques: Key[] = []
  const indexes: Index[] = []
  const declare = (attribute: SchemaAttribute, columns: IndexField[]): void => {
    const index = indexOf(attribute, columns)
    if (attribute.name === 'id') id = keyOf('id', attribute, columns)
    else if (attribute.name !== 'unique') indexes.push(index)
    else if (index.predicate === null) uniques.push(keyOf('unique', attribute, columns))
    else indexes.push({ ...index, isUnique: true, name: keyName(attribute, columns) })
  }
  for (const { name, attributes } of block.members)
    for (const attribute of attributes)
      if (attribute.name === 'id' || attribute.name === 'unique')
        declare(attribute, [indexField(name, attribute.args)])
  for (const attribute of block.attributes)
    if (DECLARATIONS.has(attribute.name)) declare(attribute, columnsOf(attribute))
  return { id, uniques, indexes }
}

const DECLARATIONS = new Set(['id', 'unique', 'index', 'fulltext'])

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

function indexOf(attribute: SchemaAttribute, columns: IndexField[]): Index {
  const type = argument(attribute, 'type')
  return {
    fields: columns,
    isUnique: false,
    name: null,
    // `name` on an index is the old spelling of `map`.
    dbName:
      textOf(argument(attribute, 'map')) ??
      (attribute.name === 'unique' ? null : textOf(argument(attribute, 'name'))),
    type: type?.kind === 'path' ? type.text : attribute.name === 'fulltext' ? 'FullText' : 'BTree',
    predicate: predicateOf(argument(attribute, 'where')),
    clustered: clusteredOf(attribute),
  }
}

function clusteredOf(attribute: SchemaAttribute): boolean | null {
  const value = argument(attribute, 'clustered')
  return value?.kind === 'path' ? value.text === 'true' : null
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
