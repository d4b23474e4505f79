import type { Field, Model, Provider, Relation, SchemaModel } from '@prisma-brisk/core'

/**
 * What Prisma would do in Node to the rows of one statement, to be done in SQL instead.
 *
 * For some shapes Prisma sends no LIMIT, reads every row and cuts them itself: nested lists of more than one parent, `distinct` with
 * `take`, a cursor in an order that is not unique. {@link RowLimit} describes that limit; `limit-sql.ts` puts the same limit around the
 * statement, as window functions over the order that the statement has anyway. Filters, joins, types and the limit in Node stay
 * Prisma's: it gets fewer rows, and finds nothing more to drop.
 */
export interface RowLimit {
  /** The {@link tableKey} of the table whose rows are read. */
  readonly table: string
  /** How rows belong to their parents; null for a list of the top level. */
  readonly link: RowLink | null
  /** Rows to keep for each parent: `skip` and `take` together. */
  readonly keep: number
  /** Columns whose first row alone is kept; empty without `distinct`. */
  readonly distinct: readonly ComparedColumn[]
  /** Rows are counted from the row that the statement's cursor names. */
  readonly fromCursor: boolean
  /** Columns that decide ties. */
  readonly tiebreaker: readonly string[]
  /** The statement's order runs from the end (`take` is negative); so then must ties. */
  readonly backward: boolean
  /** More rows than this for one parent are an error while the statement's transaction can still be rolled back. */
  readonly failAbove: number
  readonly fail: () => Error
}

/** The columns of the child's table, or of the join table, that name the parent. */
export interface RowLink {
  readonly columns: readonly ComparedColumn[]
  /** The join table of a many-to-many relation. */
  readonly joinTable: string | null
  readonly parent: {
    readonly table: string
    readonly dbSchema: string | null
    readonly columns: readonly string[]
  }
}

/** A column, and how its values are told apart as Node would: by what the driver prints. */
export interface ComparedColumn {
  readonly column: string
  readonly comparableAs: 'value' | 'text'
}

/** What tells a table from one of the same name in another schema. */
export function tableKey(dbSchema: string | null, table: string): string {
  return dbSchema === null ? table : `${dbSchema}\0${table}`
}

/** The link of a list relation's rows to their parents; null where the schema does not say it. */
export function linkOf(schema: SchemaModel, relation: Relation): RowLink | null {
  const parent = schema.models.get(relation.model)
  const target = schema.models.get(relation.target)
  if (parent === undefined || target === undefined) return null
  const place = (fields: readonly string[]) => ({
    table: parent.table,
    dbSchema: parent.dbSchema,
    columns: fields.map((field) => parent.fields.get(field)?.column ?? field),
  })
  if (relation.manyToMany !== null) {
    const { table, columns } = relation.manyToMany
    const id = parent.id?.fields[0]
    if (id === undefined) return null
    const comparableAs = comparisonOf(parent.fields.get(id))
    return { columns: [{ column: columns.here, comparableAs }], joinTable: table, parent: place([id]) }
  }
  const back = target.relations.find(({ field }) => field === relation.backField)
  if (back === undefined || back.fields.length === 0) return null
  return {
    columns: back.fields.map((field) => comparedColumn(target, field)),
    joinTable: null,
    parent: place(back.references),
  }
}

export function comparedColumn(model: Model, name: string): ComparedColumn {
  const field = model.fields.get(name)
  return { column: field?.column ?? name, comparableAs: comparisonOf(field) }
}

/**
 * Node compares by text what the database may compare by collation ('a' = 'A') or by value (1.0 = 1.00): for those the text counts.
 * Whole numbers, booleans and UUIDs have one text each.
 */
function comparisonOf(field: Field | undefined): ComparedColumn['comparableAs'] {
  if (field === undefined) return 'text'
  if (field.type === 'Int' || field.type === 'BigInt' || field.type === 'Boolean') return 'value'
  return field.nativeType?.name === 'Uuid' ? 'value' : 'text'
}

/** Why the rows of a `distinct` by these fields cannot be told apart in SQL as Node does; null where they can. */
export function distinctTrouble(model: Model, fields: readonly string[]): string | null {
  for (const name of fields) {
    const field = model.fields.get(name)
    if (field === undefined) return `${name} is not in the schema model`
    if (field.isList || field.type === 'Float' || field.type === 'Json' || field.type === 'Bytes')
      return `${name} is ${field.isList ? 'a list' : field.type}, whose values SQL and Prisma tell apart differently`
  }
  return null
}

/** Databases whose SQL is known here. */
export function canPushDown(provider: Provider): boolean {
  return (
    provider === 'postgresql' || provider === 'cockroachdb' || provider === 'mysql' || provider === 'sqlite'
  )
}

/** Whether two limits do the same to a statement. */
export function sameLimit(a: RowLimit, b: RowLimit): boolean {
  const shape = ({ table, link, keep, distinct, fromCursor, backward, failAbove }: RowLimit) =>
    JSON.stringify([
      table,
      link,
      keep,
      distinct,
      fromCursor,
      backward,
      failAbove === Infinity ? null : failAbove,
    ])
  return shape(a) === shape(b)
}
