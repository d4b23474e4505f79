import type { HypotheticalIndex } from '../planner/planner.ts'
import type { Statistics, TableStatistics } from '../statistics/statistics.ts'

/** Rows written to a table while the workload ran. */
export interface TableWrites {
  readonly inserted: number
  readonly updated: number
  /** Of the updated, those that so far touch no index at all (heap-only tuples). */
  readonly hotUpdated: number
  /** Updated rows by column that the UPDATE set; a column that is not in it was not set. */
  readonly updatedColumns: ReadonlyMap<string, number>
}

export interface Upkeep {
  /** For one inserted row, in the planner's units. */
  readonly perRow: number
  readonly total: number
  /** Entries made while the workload ran. */
  readonly rows: number
}

/**
 * What keeping an index costs. An entry takes the way down the tree and a write to a page that is likely in memory:
 * together about one unit, measured on PostgreSQL 15 by inserts with and without an index (0.7 to 1.2, a unit being
 * one page read in sequence). Pages of an index that does not fit the cache are read first. An update that was
 * heap-only loses that when it sets an indexed column: then every index of the table gets an entry.
 */
export function upkeepOf(
  statistics: Statistics,
  table: TableStatistics,
  index: HypotheticalIndex,
  bytes: number,
  share: number,
  writes: TableWrites,
): Upkeep {
  const columns = index.keys.flatMap(
    (key) => table.columns.find((column) => column.name === key.column) ?? [],
  )
  const width = columns.reduce((sum, column) => sum + (column.statistics?.averageWidth ?? 8), 0)
  const pages = bytes / 8192
  const level = Math.max(0, Math.ceil(Math.log(Math.max(1, pages)) / Math.log(250)))
  const cached = cachePages(statistics)
  const isSequential = Math.abs(columns[0]?.statistics?.correlation ?? 0) > 0.95
  const missed = isSequential || pages <= cached ? 0 : 1 - cached / pages
  const perEntry =
    0.5 + 0.125 * (level + 1) + 0.01 * width + missed * Number(statistics.settings['random_page_cost'] ?? 4)
  const perRow = perEntry * share
  const indexed = new Set([...columns.map((column) => column.name), ...columnsIn(index.predicate, table)])
  const setsIndexed = Math.max(0, ...[...indexed].map((column) => writes.updatedColumns.get(column) ?? 0))
  const hotShare = writes.updated > 0 ? writes.hotUpdated / writes.updated : 0
  const lostHot = Math.min(writes.updated, setsIndexed) * hotShare
  const entries = writes.inserted + (writes.updated - writes.hotUpdated) + lostHot
  const others = lostHot * table.indexes.length
  return { perRow: round(perRow), total: entries * perRow + others * 1, rows: entries }
}

function cachePages(statistics: Statistics): number {
  const setting = statistics.settings['effective_cache_size'] ?? '4GB'
  const found = /^(\d+)\s*(8kB|kB|MB|GB|TB|B)?$/.exec(setting)
  const units: Record<string, number> = {
    B: 1 / 8192,
    kB: 1 / 8,
    '8kB': 1,
    MB: 128,
    GB: 131072,
    TB: 134217728,
  }
  return found === null ? 524288 : Number(found[1]) * (units[found[2] ?? '8kB'] ?? 1)
}

function columnsIn(predicate: string | null, table: TableStatistics): string[] {
  if (predicate === null) return []
  return table.columns
    .map((column) => column.name)
    .filter((name) => predicate.includes(`"${name}"`) || new RegExp(`\\b${name}\\b`).test(predicate))
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
