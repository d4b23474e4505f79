import { isPlain, type Args, type Field, type Model } from '@prisma-brisk/core'
import type { Sql } from './sql.ts'

/**
 * A Prisma `where` as SQL, in the few forms whose meaning is beyond doubt: equality, null, `not`, `in`, `notIn`, `lt`,
 * `lte`, `gt`, `gte`, and AND and OR of them, on columns of plain types. Null for everything else; the calls are then
 * sent one by one.
 */
export function sqlCondition(sql: Sql, model: Model, where: Args): string | null {
  const conditions: string[] = []
  for (const name of Object.keys(where)) {
    const value = where[name]
    if (value === undefined) continue
    const field = model.fields.get(name)
    const condition =
      field !== undefined
        ? columnCondition(sql, field, value)
        : name === 'AND' || name === 'OR'
          ? combined(sql, model, name, value)
          : null
    if (condition === null) return null
    conditions.push(condition)
  }
  return conditions.length === 0 ? TRUE : conditions.join(' AND ')
}

const TRUE = '1=1'

function combined(sql: Sql, model: Model, name: 'AND' | 'OR', value: unknown): string | null {
  const branches = Array.isArray(value) ? value : name === 'AND' ? [value] : []
  // An empty OR is false to Prisma, and hardly meant.
  if (branches.length === 0) return null
  const conditions: string[] = []
  for (const branch of branches) {
    const condition = isPlain(branch) ? sqlCondition(sql, model, branch) : null
    if (condition === null || condition === TRUE) return null
    conditions.push(`(${condition})`)
  }
  return `(${conditions.join(` ${name} `)})`
}

function columnCondition(sql: Sql, field: Field, value: unknown): string | null {
  if (!isBindable(field)) return null
  const column = sql.column(field)
  if (!isPlain(value)) return equality(sql, field, value)
  const names = Object.keys(value)
  const conditions: string[] = []
  for (const name of names) {
    const condition = operation(sql, field, column, name, value[name])
    if (condition === null) return null
    conditions.push(condition)
  }
  return conditions.length === 0 ? null : conditions.join(' AND ')
}

function operation(sql: Sql, field: Field, column: string, name: string, value: unknown): string | null {
  switch (name) {
    case 'equals':
      return equality(sql, field, value)
    case 'not':
      return value === null ? `${column} IS NOT NULL` : compared(sql, field, '<>', value)
    case 'lt':
      return compared(sql, field, '<', value)
    case 'lte':
      return compared(sql, field, '<=', value)
    case 'gt':
      return compared(sql, field, '>', value)
    case 'gte':
      return compared(sql, field, '>=', value)
    case 'in':
    case 'notIn':
      return listed(sql, field, name === 'in' ? 'IN' : 'NOT IN', value)
    default:
      return null
  }
}

function equality(sql: Sql, field: Field, value: unknown): string | null {
  return value === null ? `${sql.column(field)} IS NULL` : compared(sql, field, '=', value)
}

function compared(sql: Sql, field: Field, operator: string, value: unknown): string | null {
  const bound = bindable(field, value)
  return bound === undefined ? null : `${sql.column(field)} ${operator} ${sql.bind(bound)}`
}

function listed(sql: Sql, field: Field, operator: string, values: unknown): string | null {
  if (!Array.isArray(values) || values.length === 0 || values.length > 100) return null
  const bound = values.map((value) => bindable(field, value))
  if (bound.includes(undefined)) return null
  return `${sql.column(field)} ${operator} (${bound.map((value) => sql.bind(value)).join(', ')})`
}

/** Types whose values a raw statement carries as Prisma's own statements do. */
export function isBindable(field: Field): boolean {
  if (field.isList || field.isIgnored || field.kind !== 'scalar') return false
  switch (field.type) {
    case 'Int':
    case 'BigInt':
    case 'Boolean':
    case 'String':
      return true
    case 'DateTime':
      return field.nativeType === null || instants.has(field.nativeType.name)
    default:
      return false
  }
}

const instants = new Set(['Timestamp', 'Timestamptz', 'DateTime'])

/** The value as it is bound; undefined where it is not plainly one of the column's type. */
export function bindable({ type }: Field, value: unknown): unknown {
  switch (type) {
    // A value out of range is Prisma's to refuse, by an error of its own.
    case 'Int':
      return Number.isInteger(value) && value === ((value as number) | 0) ? value : undefined
    case 'BigInt':
      return Number.isSafeInteger(value) || (typeof value === 'bigint' && BigInt.asIntN(64, value) === value)
        ? value
        : undefined
    case 'Boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'String':
      return typeof value === 'string' ? value : undefined
    case 'DateTime':
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value : undefined
    default:
      return undefined
  }
}
