import { fieldOf } from './candidate.ts'
import type { Catalog, CatalogColumn, CatalogTable } from '../catalog/catalog.ts'
import type { Condition, QueryShape } from '../shape/query-shape.ts'

/** Above this share of the rows a scan is as fast as an index. */
export const TOO_MANY = 0.1

/** Columns by which an index finds the rows of a shape, and what it does behind them. */
interface Found {
  readonly table: CatalogTable
  readonly shape: QueryShape
  readonly equal: readonly string[]
  readonly tailKind: 'sort' | 'range' | 'group' | 'none'
}

/** Why an index would find too many rows to help; null when it helps, or nothing says that it does not. */
export function narrows(_catalog: Catalog, need: Found): string | null {
  const { table, shape, equal, tailKind } = need
  // Rows that come in order are read only up to the limit, however many there are.
  if (tailKind === 'sort' && shape.limit !== null) return null
  if (tailKind === 'range' || equal.length === 0) return null
  const columns = equal.map((name) => table.columns.find((each) => each.name === name))
  const shares = columns.map((column, at) =>
    column === undefined ? null : shareOf(column, conditionOn(shape.conditions, equal[at] ?? '')),
  )
  const fields = equal.map((name) => fieldOf(table, name)).join(', ')
  if (shares.every((share) => share !== null)) {
    const share = shares.reduce((product, each) => product * each, 1)
    return share > TOO_MANY
      ? `${fields} finds about ${Math.round(share * 100)} % of the rows: a scan is as fast.`
      : null
  }
  const isFew = columns.every((column, at) => {
    const condition = conditionOn(shape.conditions, equal[at] ?? '')
    return column !== undefined && (hasFewValues(column) || condition?.operator === 'is-null')
  })
  if (columns.length > 0 && isFew)
    return `${fields} has few values, so each finds many rows; statistics (--statistics) would show whether this one is rare.`
  return null
}

function conditionOn(conditions: readonly Condition[], column: string): Condition | undefined {
  return conditions.find((each) => each.column === column && !each.isOptional)
}

/** Share of the rows that the condition finds, where the statistics tell. */
export function shareOf(column: CatalogColumn, condition: Condition | undefined): number | null {
  const { statistics } = column
  if (statistics === null || condition === undefined) return null
  if (condition.operator === 'is-null') return statistics.nullFraction
  if (condition.operator !== 'equals') return null
  if (condition.literal !== undefined && statistics.shares !== null) {
    const share = statistics.shares.get(String(condition.literal))
    if (share !== undefined) return share
    const known = [...statistics.shares.values()].reduce((sum, each) => sum + each, statistics.nullFraction)
    return Math.max(0, 1 - known)
  }
  const others = 1 - statistics.nullFraction
  // A value that is not known may be the commonest one.
  return statistics.mostCommonFraction ?? (statistics.distinct > 0 ? others / statistics.distinct : null)
}

/** Share of the rows that all of the conditions find together; null where the statistics do not tell of one. */
export function shareOfAll(table: CatalogTable, conditions: readonly Condition[]): number | null {
  const shares = conditions.map((condition) => {
    const column = table.columns.find((each) => each.name === condition.column)
    return column === undefined ? null : keptBy(column, condition)
  })
  return shares.every((each) => each !== null) ? shares.reduce((product, each) => product * each, 1) : null
}

function keptBy(column: CatalogColumn, condition: Condition): number | null {
  if (condition.operator === 'is-not-null' && column.statistics !== null)
    return 1 - column.statistics.nullFraction
  if (condition.operator !== 'in' || condition.literals === undefined) return shareOf(column, condition)
  let sum = 0
  for (const literal of condition.literals) {
    const share = shareOf(column, { ...condition, operator: 'equals', literal })
    if (share === null) return null
    sum += share
  }
  return Math.min(1, sum)
}

/** Does one of the columns, found by equality, leave few rows? By the statistics, else all do but those of few values. */
export function leavesFew(table: CatalogTable, shape: QueryShape, columns: readonly string[]): boolean {
  return columns.some((name) => {
    const column = table.columns.find((each) => each.name === name)
    const condition = shape.conditions.find(
      (each) => each.column === name && ['equals', 'is-null', 'in'].includes(each.operator),
    )
    if (column === undefined || condition === undefined) return false
    const share = shareOf(column, condition)
    if (share !== null) return share <= TOO_MANY
    return condition.operator !== 'is-null' && !hasFewValues(column)
  })
}

export function hasFewValues(column: CatalogColumn): boolean {
  return column.type === 'Boolean' || column.isEnum
}
