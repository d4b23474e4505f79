import { quoteIdentifier } from '@prisma-brisk/core'
import type { CatalogForeignKey, CatalogTable } from '../catalog/catalog.ts'
import type { Condition, QueryShape } from '../shape/query-shape.ts'
import { literalSql, qualifiedName } from '../statistics/sql-text.ts'

/** A statement that asks what a shape asks, for shapes read in source code, where no statement was seen. */
export interface ShapeQuery {
  readonly sql: string
  readonly parameters: number
  /** Parameters, from 0, that stand for a literal of the source whose frequency is not known. Default: none. */
  readonly constants?: ReadonlySet<number>
}

/**
 * Null where nothing can be asked: no condition and no order that is known.
 *
 * @param hasValues the statistics hold values: without them a planner would take each literal of the source for a rare one,
 *   so it is asked for as a parameter, which may be the commonest value
 */
export function queryOfShape(shape: QueryShape, hasValues: boolean): ShapeQuery | null {
  let parameters = 0
  const parameter = (): string => `$${++parameters}`
  const constants = new Set<number>()
  const constant = (): string => {
    constants.add(parameters)
    return parameter()
  }
  const literal: Literals = hasValues ? literalSql : constant
  const conditions = shape.conditions.flatMap((condition) =>
    condition.isOptional ? [] : (conditionSql(condition, parameter, literal) ?? []),
  )
  // Arms of an OR are sorted and cut together, not each.
  const whole = shape.arm === null
  const order = whole ? shape.order.filter((key) => key.sort !== 'any') : []
  if (conditions.length === 0 && order.length === 0) return null
  const where = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`
  const sorted =
    order.length === 0
      ? ''
      : ` order by ${order.map((key) => `${quoteIdentifier(key.column)} ${key.sort}${key.nulls === undefined ? '' : ` nulls ${key.nulls}`}`).join(', ')}`
  const bound = (word: string, count: QueryShape['limit']): string =>
    !whole || count === null ? '' : ` ${word} ${count === 'unknown' ? parameter() : Math.trunc(count)}`
  const limited = bound('limit', shape.limit) + bound('offset', shape.offset)
  return {
    sql: `select * from ${qualifiedName(shape.schema, shape.table)}${where}${sorted}${limited}`,
    parameters,
    ...(constants.size === 0 ? {} : { constants }),
  }
}

/** What the server asks of the child when a parent goes: PostgreSQL's own statement for the foreign key. */
export function queryOfForeignKey(table: CatalogTable, key: CatalogForeignKey): ShapeQuery {
  const name = qualifiedName(table.schema, table.name)
  const where = key.columns.map((column, at) => `${quoteIdentifier(column)} = $${at + 1}`).join(' and ')
  return { sql: `delete from ${name} where ${where}`, parameters: key.columns.length }
}

type Literals = (value: NonNullable<Condition['literal']>) => string

function conditionSql(condition: Condition, parameter: () => string, literal: Literals): string | null {
  const column = quoteIdentifier(condition.column)
  const value = (): string =>
    condition.literal === undefined || condition.literal === null ? parameter() : literal(condition.literal)
  switch (condition.operator) {
    case 'equals':
      return condition.literal === null ? `${column} is null` : `${column} = ${value()}`
    case 'in':
      return `${column} in (${(condition.literals?.map((each) => literal(each)) ?? [parameter(), parameter(), parameter()]).join(', ')})`
    case 'is-null':
      return `${column} is null`
    case 'is-not-null':
      return `${column} is not null`
    case 'range':
      return `${column} ${condition.comparison ?? '>='} ${value()}`
    case 'prefix':
    case 'pattern':
      return `${column} like ${parameter()}`
    case 'not':
      return `${column} <> ${value()}`
    case 'list':
    case 'json-contains':
      return `${column} @> ${parameter()}`
    case 'json-key':
      return `${column} ? ${parameter()}`
    case 'any-case':
      return `${column} ilike ${parameter()}`
    case 'expression':
    case 'json':
    case 'search':
      return null
  }
}
