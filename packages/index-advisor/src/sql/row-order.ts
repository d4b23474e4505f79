import type { Node, SelectStmt, SortBy } from 'libpg-query'
import type { CatalogTable, Provider } from '../catalog/catalog.ts'
import { isNullable } from '../catalog/coverage.ts'
import { ownPlace, type OrderKey } from '../shape/query-shape.ts'
import type { NameScope, ScopedColumn } from './name-scope.ts'
import { literalOf } from './parse-tree.ts'

/** What of a SELECT says in which order its rows come, or which of them stand together. */
export type Ordering = Pick<SelectStmt, 'sortClause' | 'groupClause' | 'distinctClause' | 'targetList'>

export interface RowOrder {
  /** The table whose columns they are; empty where no one table gives the order. */
  readonly alias: string
  readonly keys: readonly OrderKey[]
}

/** The order a SELECT asks for: its ORDER BY, else its GROUP BY, else its DISTINCT; null where it has none. */
export function rowOrder(
  scope: NameScope<CatalogTable>,
  select: Ordering,
  provider: Provider,
): RowOrder | null {
  const { sortClause = [], groupClause = [], distinctClause = [], targetList = [] } = select
  const targets = targetList.flatMap((each) => ('ResTarget' in each ? (each.ResTarget.val ?? []) : []))
  const on = distinctClause.filter((each) => Object.keys(each).length > 0)
  // DISTINCT without ON is an empty node: it speaks of all targets.
  const distinct = on.length > 0 || distinctClause.length === 0 ? on : targets
  const nodes = sortClause.length > 0 ? sortClause : groupClause.length > 0 ? groupClause : distinct
  if (nodes.length === 0) return null
  const keys: { alias: string; key: OrderKey }[] = []
  for (const node of nodes) {
    const sort = 'SortBy' in node ? node.SortBy : null
    const named = meantBy(sort?.node ?? node, targets)
    const column =
      named !== undefined && 'ColumnRef' in named ? scope.columnOf(named.ColumnRef.fields ?? []) : null
    // The order of an expression, or over several tables, is not an index's.
    if (column === null || column.depth > 0) return { alias: '', keys: [] }
    const direction = sort === null ? 'any' : sortOf(sort)
    const nulls = sort === null ? undefined : nullsOf(sort, column, provider)
    keys.push({
      alias: column.alias,
      key: { column: column.column, sort: direction, ...(nulls === undefined ? {} : { nulls }) },
    })
  }
  const [first] = keys
  const isOneTable = keys.every((each) => each.alias === first?.alias)
  return { alias: isOneTable ? (first?.alias ?? '') : '', keys: keys.map((each) => each.key) }
}

/** `ORDER BY 2` means the second target. */
function meantBy(node: Node, targets: readonly Node[]): Node | undefined {
  const position = literalOf(node)
  return typeof position === 'number' ? targets[position - 1] : node
}

function sortOf(sort: SortBy): 'asc' | 'desc' {
  return sort.sortby_dir === 'SORTBY_DESC' ? 'desc' : 'asc'
}

function nullsOf(
  sort: SortBy,
  { table, column }: ScopedColumn<CatalogTable>,
  provider: Provider,
): 'first' | 'last' | undefined {
  const place = { SORTBY_NULLS_FIRST: 'first', SORTBY_NULLS_LAST: 'last' } as const
  const asked = place[sort.sortby_nulls as keyof typeof place]
  if (asked === undefined || !isNullable(table, column)) return undefined
  return asked === ownPlace(provider, sortOf(sort)) ? undefined : asked
}
