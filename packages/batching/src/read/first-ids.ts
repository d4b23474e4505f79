import type { Args, Field, Host, Model } from '@prisma-brisk/core'
import type { BatchKey } from '../batch-key/batch-key.ts'
import type { Sort } from '../batch-key/sort.ts'
import { arrayTypeOf } from '../statement/array-type.ts'
import { KeyIndexes } from '../statement/key-index.ts'
import { listOf, type Row, type SingleKey } from '../statement/merge-key.ts'
import { Sql } from '../statement/sql.ts'
import { bindable, isBindable, sqlCondition } from '../statement/sql-condition.ts'
import type { MergedRead } from '../statement/statement.ts'

type FirstRead = MergedRead<SingleKey>

/**
 * Whether {@link idQueryOf} can find the first rows of such calls, and for how many keys at a time. Not where the calls by
 * themselves are faster, see {@link KeyIndexes.areFirstRowsBetterAlone}.
 */
export function firstRowsCapacity(read: Omit<FirstRead, 'slots'>): number {
  const { group, batchKey, key } = read
  const { host } = group.first.call
  if (KeyIndexes.of(host).areFirstRowsBetterAlone(group.model, key.field, firstSort(read.batchKey))) return 0
  const id = RowIds.of(group.model)
  const probe = id === null ? null : idQueryOf({ ...read, slots: new Map() }, id)
  if (id === null || probe === null) return 0
  const spare = host.maxBindValues - probe.values.length - RESERVE
  return Math.min(Math.floor(id.rowsAtMost(spare) / Math.max(1, batchKey.take as number)), probe.keysAtMost)
}

const RESERVE = 16

/** The column by which the rows are ordered first. */
export const firstSort = ({ sort }: BatchKey): string => sort[0]?.field ?? ''

/** Which of the keys, counted from 0, and the id of one of its rows in `i0`, `i1`, … */
export interface IdRow extends Row {
  /**
   * From -1 downwards where the table was scanned once for all keys; null in a row that only says that the calls are better
   * off alone.
   */
  readonly o: number | bigint | null
}

/** The fields that identify a row, and whose text is the same however it was read: one, or those of a compound key. */
export class RowIds {
  private constructor(readonly fields: readonly Field[]) {}

  static of(model: Model): RowIds | null {
    const keys = [model.id, ...model.uniques].flatMap((key) => {
      const fields = key?.fields.map((name) => model.fields.get(name) as Field) ?? []
      return fields.length > 0 && fields.every(isPlainId) ? [fields] : []
    })
    const shortest = keys.sort((one, other) => one.length - other.length)[0]
    return shortest === undefined ? null : new RowIds(shortest)
  }

  /** As SQL, each under a name of its own. */
  columns(sql: Sql, of = 't'): string {
    return this.fields.map((field, index) => `${sql.column(field, of)} AS i${index}`).join(', ')
  }

  /** As SQL, as one value. */
  value(sql: Sql, of: string): string {
    const columns = this.fields.map((field) => sql.column(field, of))
    return columns.length === 1 ? (columns[0] as string) : `(${columns.join(', ')})`
  }

  get names(): readonly string[] {
    return this.fields.map((_, index) => `i${index}`)
  }

  /** Rows that one statement can select by their ids. */
  rowsAtMost(binds: number): number {
    const rows = Math.floor(binds / this.fields.length)
    return this.fields.length === 1 ? rows : Math.min(rows, 500)
  }

  /** Equal for equal ids, in a row of ids as in one of Prisma's. */
  textOfIds(row: IdRow): string {
    return JSON.stringify(this.names.map((name) => String(row[name])))
  }

  textOf(row: Row): string {
    return JSON.stringify(this.fields.map(({ name }) => String(row[name])))
  }

  /** Selects these rows. */
  where(rows: readonly IdRow[]): Args {
    const valueOf = (row: IdRow, { type }: Field, index: number) =>
      type === 'Int' ? Number(row[`i${index}`]) : row[`i${index}`]
    const [only, ...others] = this.fields as readonly [Field]
    if (others.length === 0) return { [only.name]: { in: listOf(rows.map((row) => valueOf(row, only, 0))) } }
    return {
      OR: rows.map((row) =>
        Object.fromEntries(this.fields.map((field, index) => [field.name, valueOf(row, field, index)])),
      ),
    }
  }
}

const isPlainId = ({ isRequired, kind, type }: Field): boolean =>
  isRequired && kind === 'scalar' && ['Int', 'BigInt', 'String'].includes(type)

/** SQL that finds the ids of the first rows of each key. */
export interface IdQuery {
  readonly text: string
  readonly values: readonly unknown[]
  readonly keysAtMost: number
}

export function idQueryOf(read: FirstRead, id: RowIds): IdQuery | null {
  const { group, key, slots } = read
  if (!isBindable(key.field)) return null
  const values = Array.from(slots.values(), (slot) => bindable(key.field, key.type.send(slot.value)))
  if (values.includes(undefined)) return null
  switch (group.first.call.host.provider) {
    case 'postgresql': {
      const type = arrayTypeOf(key)
      return type === null ? united(read, id, values) : lateral(read, id, values, type)
    }
    case 'mysql':
      return united(read, id, values)
    case 'sqlite':
      return joined(read, id, values)
    default:
      return null
  }
}

const hostOf = ({ group }: FirstRead): Host => group.first.call.host

function lateral(read: FirstRead, id: RowIds, values: readonly unknown[], type: string): IdQuery | null {
  const sql = new Sql(hostOf(read))
  const keys = `unnest(${sql.bind(values)}::${type}[]) WITH ORDINALITY AS k(v, o)`
  const subquery = firstOf(sql, read, id, 'k.v')
  if (subquery === null) return null
  const each = `SELECT (k.o - 1)::int AS o, ${id.names.map((name) => `x.${name}`).join(', ')} FROM ${keys} CROSS JOIN LATERAL (${subquery}) x`
  const text = KeyIndexes.of(sql.host).has(read.group.model, read.key.field)
    ? each
    : byIndexes(sql, read, id, each, numberedOf(sql, read, id, keys))
  return { text, values: sql.values, keysAtMost: 10_000 }
}

function joined(read: FirstRead, id: RowIds, values: readonly unknown[]): IdQuery | null {
  const sql = new Sql(hostOf(read))
  const keys = values.map((value, index) => `(${index}, ${sql.bind(value)})`).join(', ')
  const subquery = firstOf(sql, read, id, 'k.v')
  if (subquery === null) return null
  const text = `WITH k(o, v) AS (VALUES ${keys}) SELECT k.o AS o, ${id.columns(sql, 'r')} FROM k JOIN ${sql.table(read.group.model)} r ON ${id.value(sql, 'r')} IN (${subquery})`
  return { text, values: sql.values, keysAtMost: sql.host.maxBindValues - sql.values.length - RESERVE }
}

function united(read: FirstRead, id: RowIds, values: readonly unknown[]): IdQuery | null {
  const sql = new Sql(hostOf(read))
  const one = new Sql(hostOf(read))
  if (firstOf(one, read, id, one.bind(null)) === null) return null
  const subqueries = values.map(
    (value, index) => `(${firstOf(sql, read, id, sql.bind(value), `${index} AS o, `)})`,
  )
  const keysAtMost = Math.min(200, Math.floor((sql.host.maxBindValues - RESERVE) / one.values.length))
  return { text: subqueries.join(' UNION ALL '), values: sql.values, keysAtMost }
}

/** The ids of the first rows of the key `value`, which is SQL. */
function firstOf(sql: Sql, read: FirstRead, id: RowIds, value: string, also = ''): string | null {
  const { batchKey, where, key, group } = read
  const condition = sqlCondition(sql, group.model, where)
  const order = orderOf(sql, group.model, batchKey.sort)
  if (condition === null || order === null) return null
  return `SELECT ${also}${id.columns(sql)} FROM ${sql.table(group.model)} t WHERE ${sql.column(key.field)} = ${value} AND ${condition}${order} LIMIT ${batchKey.take} OFFSET ${batchKey.skip}`
}

/** The same for all `keys` in one scan. */
function numberedOf(sql: Sql, { batchKey, where, key, group }: FirstRead, id: RowIds, keys: string): string {
  const { skip, take } = batchKey
  const order = orderOf(sql, group.model, batchKey.sort) as string
  const rows = `SELECT k.o, ${id.columns(sql)}, row_number() OVER (PARTITION BY k.o${order}) AS n FROM ${keys} JOIN ${sql.table(group.model)} t ON ${sql.column(key.field)} = k.v WHERE ${sqlCondition(sql, group.model, where)}`
  return `SELECT (-x.o)::int AS o, ${id.names.map((name) => `x.${name}`).join(', ')} FROM (${rows}) x WHERE x.n > ${skip} AND x.n <= ${skip + (take as number)}`
}

function orderOf(sql: Sql, model: Model, sort: readonly Sort[]): string | null {
  const columns: string[] = []
  for (const { field, direction, nulls } of sort) {
    if (nulls !== null && sql.provider === 'mysql') return null
    const place = nulls === null ? '' : ` NULLS ${nulls.toUpperCase()}`
    columns.push(`${sql.column(model.fields.get(field) as Field)} ${direction.toUpperCase()}${place}`)
  }
  return columns.length === 0 ? '' : ` ORDER BY ${columns.join(', ')}`
}

/**
 * A subquery for each key finds its rows through an index that begins with the key. Without such an index it would scan
 * the table once a key, one scan after another, where the calls by themselves would do so side by side: the table is then
 * scanned once for all keys, and their rows are numbered. Not where an index begins with the order: a call by itself walks
 * along it and stops at its first hits, which no scan of the whole table can match. An index need not be in the schema, so
 * the statement asks the catalog and runs the one or the other, or says that the calls are better off alone; once an index
 * is known, `each` is sent alone.
 *
 * Measured for 200 keys of 1,000 rows each without an index: 0.9 s, where a scan a key takes 17 s, and one call 0.1 s.
 */
function byIndexes(sql: Sql, read: FirstRead, id: RowIds, each: string, once: string): string {
  const { model } = read.group
  const beginsWith = (column: string) =>
    `(SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam WHERE i.indrelid = ${sql.text(sql.table(model))}::regclass AND a.attname = ${sql.text(column)} AND m.amname IN ('btree', 'hash') AND i.indisvalid AND i.indpred IS NULL))`
  const key = beginsWith(read.key.field.column)
  const order = beginsWith((model.fields.get(firstSort(read.batchKey)) as Field).column)
  const alone = `SELECT NULL, ${id.names.map(() => 'NULL').join(', ')} WHERE NOT ${key} AND ${order}`
  return `${each} WHERE ${key} UNION ALL ${once} AND NOT ${key} AND NOT ${order} UNION ALL ${alone}`
}
