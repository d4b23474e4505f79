import type { Field, Model } from '@prisma-brisk/core'
import { arrayTypeOf } from '../statement/array-type.ts'
import { eachOrOnce, KeyIndexes } from '../statement/key-index.ts'
import type { Sort } from '../batch-key/sort.ts'
import { bindable, isBindable, sqlCondition } from '../statement/sql-condition.ts'
import { Sql } from '../statement/sql.ts'
import type { Ask } from '../statement/statement.ts'

/**
 * Whether {@link idQueryOf} can find the first rows of such calls, and for how many keys at a time. Not on MySQL and MariaDB where no
 * index is known: its subqueries would scan the table one after another, and the calls by themselves do so side by side.
 */
export function firstRowsCapacity(ask: Omit<Ask, 'slots'>): number {
  const { group, question, key } = ask
  const { host } = group.first.call
  const { maxBindValues } = host
  if (host.provider === 'mysql' && !KeyIndexes.of(host).has(group.model, key)) return 0
  const id = idOf(group.model)
  const probe = id === null ? null : idQueryOf({ ...ask, slots: new Map() }, id)
  if (probe === null) return 0
  const spare = maxBindValues - probe.values.length - RESERVE
  const byId = Math.floor(spare / Math.max(1, question.take as number))
  return Math.min(byId, probe.keysAtMost)
}

const RESERVE = 16

export interface IdRow {
  /** Which of the keys, counted from 0; from -1 downwards where the table was scanned once for all of them. */
  readonly o: number | bigint
  readonly id: unknown
}

/** A field that names one row, and whose text is the same however it was read. */
export function idOf(model: Model): Field | null {
  for (const key of [model.id, ...model.uniques]) {
    const field = key?.fields.length === 1 ? model.fields.get(key.fields[0] as string) : undefined
    if (
      field?.isRequired === true &&
      field.kind === 'scalar' &&
      ['Int', 'BigInt', 'String'].includes(field.type)
    )
      return field
  }
  return null
}

/** SQL that finds the ids of the first rows of each key. */
export interface IdQuery {
  readonly text: string
  readonly values: readonly unknown[]
  readonly keysAtMost: number
}

export function idQueryOf(ask: Ask, id: Field): IdQuery | null {
  const { group, key, slots, type } = ask
  if (!isBindable(key)) return null
  const values = Array.from(slots.values(), (slot) => bindable(key, type.send(slot.value)))
  if (values.includes(undefined)) return null
  switch (group.first.call.host.provider) {
    case 'postgresql': {
      const type = arrayTypeOf(ask)
      return type === null ? united(ask, id, values) : lateral(ask, id, values, type)
    }
    case 'mysql':
      return united(ask, id, values)
    case 'sqlite':
      return joined(ask, id, values)
    default:
      return null
  }
}

function lateral(ask: Ask, id: Field, values: readonly unknown[], type: string): IdQuery | null {
  const { group, key } = ask
  const sql = new Sql(group.first.call.host)
  const keys = `unnest(${sql.bind(values)}::${type}[]) WITH ORDINALITY AS k(v, o)`
  const subquery = firstOf(sql, ask, id, 'k.v')
  if (subquery === null) return null
  const each = `SELECT (k.o - 1)::int AS o, x.id FROM ${keys} CROSS JOIN LATERAL (${subquery}) x`
  const text = KeyIndexes.of(sql.host).has(group.model, key)
    ? each
    : eachOrOnce(sql, ask, each, numberedOf(sql, ask, id, keys))
  return { text, values: sql.values, keysAtMost: 10_000 }
}

function joined(ask: Ask, id: Field, values: readonly unknown[]): IdQuery | null {
  const sql = new Sql(ask.group.first.call.host)
  const keys = values.map((value, index) => `(${index}, ${sql.bind(value)})`).join(', ')
  const subquery = firstOf(sql, ask, id, 'k.v')
  if (subquery === null) return null
  const text = `WITH k(o, v) AS (VALUES ${keys}) SELECT k.o AS o, ${sql.column(id, 'r')} AS id FROM k JOIN ${sql.table(ask.group.model)} r ON ${sql.column(id, 'r')} IN (${subquery})`
  return {
    text,
    values: sql.values,
    keysAtMost: ask.group.first.call.host.maxBindValues - sql.values.length - RESERVE,
  }
}

function united(ask: Ask, id: Field, values: readonly unknown[]): IdQuery | null {
  const sql = new Sql(ask.group.first.call.host)
  const one = new Sql(ask.group.first.call.host)
  if (firstOf(one, ask, id, one.bind(null)) === null) return null
  const subqueries = values.map(
    (value, index) => `(${firstOf(sql, ask, id, sql.bind(value), `${index} AS o, `)})`,
  )
  const keysAtMost = Math.min(
    200,
    Math.floor((ask.group.first.call.host.maxBindValues - RESERVE) / one.values.length),
  )
  return { text: subqueries.join(' UNION ALL '), values: sql.values, keysAtMost }
}

/** The ids of the first rows of the key `value`, which is SQL. */
function firstOf(sql: Sql, ask: Ask, id: Field, value: string, also = ''): string | null {
  const { question, where, key, group } = ask
  const condition = sqlCondition(sql, group.model, where)
  const order = orderOf(sql, group.model, question.sort)
  if (condition === null || order === null) return null
  return `SELECT ${also}${sql.column(id)} AS id FROM ${sql.table(group.model)} t WHERE ${sql.column(key)} = ${value} AND ${condition}${order} LIMIT ${question.take} OFFSET ${question.skip}`
}

/** The same for all `keys` in one scan. */
function numberedOf(sql: Sql, { question, where, key, group }: Ask, id: Field, keys: string): string {
  const { skip, take } = question
  const order = orderOf(sql, group.model, question.sort) as string
  const rows = `SELECT k.o, ${sql.column(id)} AS id, row_number() OVER (PARTITION BY k.o${order}) AS n FROM ${keys} JOIN ${sql.table(group.model)} t ON ${sql.column(key)} = k.v WHERE ${sqlCondition(sql, group.model, where)}`
  return `SELECT (-x.o)::int AS o, x.id FROM (${rows}) x WHERE x.n > ${skip} AND x.n <= ${skip + (take as number)}`
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
