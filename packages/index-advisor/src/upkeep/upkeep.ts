import type { HypotheticalIndex } from '../planner/planner.ts'
import type { Statistics, TableStatistics } from '../statistics/statistics.ts'
import type { TableUpdate, TableWrites } from './table-writes.ts'

export interface Upkeep {
  /** For one row, in the planner's units; rounded. */
  readonly perRow: number
  readonly entry: number
  /** Of this index alone. */
  readonly total: number
  /** Entries made while the workload ran. */
  readonly rows: number
  /** Of the total, what does not depend on which updates are heap-only. */
  readonly base: number
  /** Updates that are heap-only without it, and not with it. */
  readonly lost: readonly LostUpdate[]
  /** The rows were counted; else each write of the source stands for one. */
  readonly isCounted: boolean
  /** Indexes of the table, each of which gets an entry of such an update. */
  readonly others: number
}

/** `rows`: of the update, those that were heap-only. */
export interface LostUpdate {
  readonly update: TableUpdate
  readonly rows: number
  /** Of those that it sets, the ones in the index. */
  readonly columns: readonly string[]
}

/**
 * What keeping an index costs. An entry takes the way down the tree and a write to a page that is likely in memory:
 * together about one unit, measured on PostgreSQL 15 by inserts with and without an index (0.7 to 1.2, a unit being
 * one page read in sequence). Pages of an index that does not fit the cache are read first. An update that was
 * heap-only loses that when it sets an indexed column: then every index of the table gets an entry. Other databases write
 * to those indexes alone that hold a column which was set: the old entry and the new.
 *
 * @param settled columns in indexes that there are: updates of them are not heap-only as it is
 */
export function upkeepOf(
  statistics: Statistics,
  table: TableStatistics,
  index: HypotheticalIndex,
  bytes: number,
  share: number,
  writes: TableWrites,
  settled: ReadonlySet<string> = indexedColumns(table),
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
  const { entries, lost } =
    statistics.provider === 'postgresql'
      ? heapOnly(writes, indexed, settled)
      : { entries: writes.inserted + 2 * touching(writes, indexed), lost: [] }
  const lostRows = lost.reduce((sum, each) => sum + each.rows, 0)
  const others = table.indexes.length
  return {
    perRow: round(perRow),
    entry: perRow,
    base: entries * perRow,
    total: (entries + lostRows) * perRow + lostRows * others,
    rows: entries + lostRows,
    lost,
    isCounted: writes.isCounted,
    others,
  }
}

/** Columns of the keys and the predicates of what is there. */
export function indexedColumns(table: TableStatistics): ReadonlySet<string> {
  return new Set(
    table.indexes.flatMap((index) => [
      ...index.keys.flatMap((key) => key ?? []),
      ...index.include,
      ...columnsIn(index.predicate, table),
    ]),
  )
}

function heapOnly(
  { inserted, updated, hotShare, updates }: TableWrites,
  indexed: ReadonlySet<string>,
  settled: ReadonlySet<string>,
): { entries: number; lost: LostUpdate[] } {
  const known = sumOf(updates)
  const open = updates.filter((each) => ![...each.columns].some((column) => settled.has(column)))
  // Of those that could be heap-only, so many are: for the others a page was full.
  const openShare = known === 0 ? 1 : sumOf(open) / known
  const rate = hotShare === null || openShare === 0 ? 1 : Math.min(1, hotShare / openShare)
  const scale = known === 0 ? 0 : updated / known
  const hot = updated * Math.min(hotShare ?? 1, openShare)
  const lost = open.flatMap((update): LostUpdate[] => {
    const columns = [...update.columns].filter((column) => indexed.has(column))
    const rows = update.rows * scale * rate
    return columns.length === 0 || rows === 0 ? [] : [{ update, rows, columns }]
  })
  return { entries: inserted + Math.max(0, updated - hot), lost }
}

function touching({ updated, updates }: TableWrites, indexed: ReadonlySet<string>): number {
  const known = sumOf(updates)
  const touched = updates.filter((each) => [...each.columns].some((column) => indexed.has(column)))
  return known === 0 ? 0 : (sumOf(touched) / known) * updated
}

function sumOf(updates: readonly TableUpdate[]): number {
  return updates.reduce((sum, each) => sum + each.rows, 0)
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
