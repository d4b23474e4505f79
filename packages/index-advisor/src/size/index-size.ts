import { currentRows, distinctValues } from '../statistics/statistics.ts'
import type { Statistics, TableColumn, TableStatistics } from '../statistics/statistics.ts'
import { type BtreeKeyColumn, type BtreeSize, btreeSize } from './btree-size.ts'
import { ginPages } from './gin-size.ts'

/** What the size of an index that is yet to be built depends on. */
export interface SizedIndex {
  /** `btree`, `hash`, `gin`, … as PostgreSQL names them. */
  readonly method: string
  readonly columns: readonly string[]
  /** Share of the rows that a partial index holds; 1 for a whole one. */
  readonly share: number
}

/**
 * Pages of an index once it is built. The rows are those of now: a table that has grown since it was analysed is
 * scaled by its pages, as the planner does.
 */
export function indexSize(statistics: Statistics, table: TableStatistics, index: SizedIndex): BtreeSize {
  const rows = currentRows(table) * index.share
  const keys = index.columns.map((name) => keyColumn(statistics, table, name, index.share))
  switch (index.method) {
    case 'hash': {
      // Buckets are made for 75 % fill, in quarter steps between powers of two.
      const buckets = Math.max(2, rows / Math.trunc((8152 * 0.75) / 20))
      const power = 2 ** Math.floor(Math.log2(buckets))
      return flat(Math.ceil(Math.ceil((buckets / power) * 4) * (power / 4)) + 2)
    }
    case 'gin': {
      const [column] = index.columns.map((name) => findColumn(table, name))
      return flat(ginPages(rows, table.pages, column?.statistics ?? null))
    }
    case 'brin':
      return flat(3)
    default:
      return btreeSize({
        rows,
        keys,
        serverVersion: statistics.provider === 'postgresql' ? statistics.server.version : 0,
        ...knownCombinations(table, index.columns, rows),
      })
  }
}

function keyColumn(
  statistics: Statistics,
  table: TableStatistics,
  name: string,
  share: number,
): BtreeKeyColumn {
  const column = findColumn(table, name)
  const values = column?.statistics ?? column?.inheritedStatistics ?? null
  const rows = currentRows(table)
  const type = column === undefined ? 'text' : plainType(statistics, column)
  if (values === null) return { type, width: 32, nullFraction: 0, distinct: rows * share, frequencies: [] }
  const distinct = distinctValues(values, rows)
  return {
    type,
    width: values.averageWidth,
    nullFraction: values.nullFraction,
    // A part of the rows holds fewer values than the whole, unless each value has many rows.
    distinct:
      share === 1 ? distinct : Math.max(1, distinct * (1 - (1 - share) ** Math.max(1, rows / distinct))),
    frequencies: share === 1 ? (values.common?.frequencies ?? []) : [],
  }
}

/** Extended statistics count combinations of columns. */
function knownCombinations(
  table: TableStatistics,
  columns: readonly string[],
  rows: number,
): { distinct?: number } {
  const positions = columns.map((name) => table.columns.findIndex((column) => column.name === name) + 1)
  const wanted = [...positions].sort((a, b) => a - b).join(', ')
  for (const extended of table.extended) {
    const counts = extended.distinct === null ? {} : (JSON.parse(extended.distinct) as Record<string, number>)
    const found = counts[wanted]
    if (found !== undefined && columns.length > 1) return { distinct: found < 0 ? -found * rows : found }
  }
  return {}
}

function plainType(statistics: Statistics, column: TableColumn): string {
  const bare = column.type.replace(/^.*\./, '').replace(/"/g, '')
  const user = statistics.types.find((type) => type.name === bare)
  if (user === undefined) return column.type
  return user.kind === 'enum' ? 'enum' : user.base
}

function findColumn(table: TableStatistics, name: string): TableColumn | undefined {
  return table.columns.find((column) => column.name === name)
}

function flat(pages: number): BtreeSize {
  return { pages: Math.max(1, Math.round(pages)), leafPages: 0, level: 0 }
}
