import type { Field, Key, Model, SchemaModel } from '@prisma-brisk/core'
import type { TableChange } from '../change-source.ts'
import { listColumns, textOfTold } from '../tag/list-column.ts'
import { uniqueKeys, type TagNames } from '../tag/tag-names.ts'
import type { WrittenTags } from '../tag/write-tags.ts'

/** What a change invalidates of one model. */
export interface ChangedTags {
  readonly model: string
  readonly written: WrittenTags
  /** Of a tag of one row or value, those that stand for it and for others. */
  readonly wider: ReadonlyMap<string, readonly string[]>
}

/**
 * What a change of a table invalidates, for each model that is kept in it: two, for the join table of a many-to-many
 * relation. Tables that the schema does not know invalidate nothing: nothing rests on them.
 */
export function tagsOfChange(
  names: TagNames,
  schema: SchemaModel,
  change: TableChange,
): readonly ChangedTags[] {
  const table = change.schema === null ? change.table : `${change.schema}.${change.table}`
  return [...schema.models.values()].flatMap((model) => {
    const { any, rows } = names.of(schema, model)
    if (names.tableOf(model) === table) return [ofRows(names, schema, model, change)]
    const isLinked = model.relations.some(
      ({ manyToMany }) => manyToMany !== null && names.tableOf(manyToMany) === table,
    )
    return isLinked ? [ofTable(model, [any, rows.tag])] : []
  })
}

const ofTable = ({ name }: Model, tags: readonly string[]): ChangedTags => ({
  model: name,
  written: { tags, rows: null },
  wider: new Map(),
})

function ofRows(
  names: TagNames,
  schema: SchemaModel,
  model: Model,
  { columns, rows, isWhole = false }: TableChange,
): ChangedTags {
  const own = names.of(schema, model)
  if (rows === null) return ofTable(model, [own.any, own.rows.tag])
  const tags = new Set([own.any])
  const wider = new Map<string, readonly string[]>()
  for (const [key, bulk] of own.bulk) {
    const read = reader(schema, model, key, columns)
    if (read === null) tags.add(bulk)
    else
      for (const row of rows) {
        const texts = read(row)
        if (texts === null) continue
        const tag = own.row(key, texts)
        tags.add(tag)
        wider.set(tag, [bulk, own.rows.tag])
      }
  }
  for (const [field, bulk] of own.columns) {
    const values = isWhole ? valuesTold(field, columns, rows) : null
    if (values === null) tags.add(bulk)
    else
      for (const value of values) {
        const tag = own.value(field, value)
        tags.add(tag)
        wider.set(tag, [bulk, own.rows.tag])
      }
  }
  return { model: model.name, written: { tags: [...tags], rows: own.rows }, wider }
}

/** The values that the rows had and have in a column; null where one of them is not told. */
function valuesTold(
  field: Field,
  columns: readonly string[],
  rows: NonNullable<TableChange['rows']>,
): ReadonlySet<string | null> | null {
  const at = columns.indexOf(field.column)
  if (at < 0) return null
  const values = new Set<string | null>()
  for (const row of rows) {
    const told = row[at]
    const text = told === undefined ? undefined : textOfTold(field, told)
    if (text === undefined) return null
    values.add(text)
  }
  return values
}

/** Reads a key from a row of texts; null where the row's columns do not tell it. */
function reader(
  schema: SchemaModel,
  model: Model,
  key: Key,
  columns: readonly string[],
): ((row: readonly (string | null)[]) => readonly string[] | null) | null {
  const parts = key.fields.map((name) => {
    const field = model.fields.get(name)
    const at = field === undefined ? -1 : columns.indexOf(field.column)
    return field === undefined || at < 0 || !isTold(field) ? null : { at, names: clientNames(schema, field) }
  })
  if (parts.some((part) => part === null)) return null
  return (row) => {
    const texts: string[] = []
    for (const { at, names } of parts as NonNullable<(typeof parts)[number]>[]) {
      const text = row[at]
      // No unique `where` names a null.
      if (text === null || text === undefined) return null
      texts.push(names?.get(text) ?? text)
    }
    return texts
  }
}

/** What the client calls the values of an enum; null for other types. */
function clientNames(schema: SchemaModel, field: Field): ReadonlyMap<string, string> | null {
  if (field.kind !== 'enum') return null
  return new Map(schema.enums.get(field.type)?.values.map(({ name, dbName }) => [dbName, name]))
}

/** Whether a column's value can stand for a row, as in `valuesIn`; sources tell no others. */
export function isTold({ kind, type, isList }: Field): boolean {
  return !isList && (kind === 'enum' || (kind === 'scalar' && TOLD.has(type)))
}

const TOLD: ReadonlySet<string> = new Set(['Int', 'BigInt', 'Boolean', 'String'])

/** What a source tells that knows rows as they were and as they are: the columns of keys, and those that lists are told apart by. */
export function toldOfWholeRows(schema: SchemaModel, model: Model): readonly Field[] {
  return [...new Set([...toldFields(model), ...listColumns(schema, model)])]
}

/** The columns that a source tells of a model: those of its unique keys, where a row can be known by them. */
export function toldFields(model: Model): readonly Field[] {
  const names = uniqueKeys(model)
    .filter((key) => key.fields.every((name) => isTold(model.fields.get(name) as Field)))
    .flatMap((key) => key.fields)
  return [...new Set(names)].map((name) => model.fields.get(name) as Field)
}
