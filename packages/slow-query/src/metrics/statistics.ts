import type { LongListCounts } from '@prisma-brisk/core'
import { Series } from './series.ts'
import { Tally, type TallySnapshot } from './tally.ts'

/** One line of `prisma.$queries.stats()`; times in milliseconds, to four significant digits. */
export interface QueryStats {
  /** Null for raw SQL. */
  readonly model: string | null
  readonly operation: string
  readonly count: number
  /** Operations that failed. */
  readonly errors: number
  /** Failures since the client was made, by the database's code, else Prisma's: `{ '23505': 2 }`. */
  readonly errorCodes: Readonly<Record<string, number>>
  /** Operations over their threshold. */
  readonly slow: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  readonly mean: number
  /** Rows the database returned. */
  readonly rowsRead: number
  /** Rows at the top of the results. */
  readonly rowsReturned: number
  /** Lists that passed their limit and were answered whole (`limits: 'warn'` or `'allow'`), since the client was made. */
  readonly longLists: number
  /** Lists that were cut to their `defaultLimit`, since the client was made. */
  readonly cutLists: number
  /** Rows of the longest of them. */
  readonly longestList: number
}

/** What a line of the statistics is made of. */
export interface SeriesStatistics {
  readonly series: Series
  readonly tally: Tally
  readonly lists: Readonly<LongListCounts>
}

/** The most expensive first, by the time spent in all. */
export function statisticsOf(all: Iterable<SeriesStatistics>): QueryStats[] {
  return [...all]
    .filter(({ tally: { latency } }) => latency.count > 0)
    .sort((a, b) => b.tally.latency.sum - a.tally.latency.sum)
    .map(({ series: { model, operation, errorCodes }, tally, lists }) => {
      const { latency, errors, slow, rowsRead, rowsReturned } = tally
      return {
        model,
        operation,
        count: latency.count,
        errors,
        errorCodes: Object.fromEntries(errorCodes),
        slow,
        p50: digits(latency.quantile(0.5)),
        p95: digits(latency.quantile(0.95)),
        p99: digits(latency.quantile(0.99)),
        max: digits(latency.max),
        mean: digits(latency.sum / latency.count),
        rowsRead,
        rowsReturned,
        longLists: lists.over,
        cutLists: lists.cut,
        longestList: lists.rows,
      }
    })
}

/** People read them, and percentiles are within 1 % of the exact ones. */
function digits(ms: number): number {
  return Number(ms.toPrecision(4))
}

/** The series of one process as plain data, to be added up with those of others. */
export interface QueriesSnapshot {
  readonly version: 1
  readonly series: readonly {
    readonly model: string | null
    readonly operation: string
    readonly tally: TallySnapshot
    /** Long lists and cuts; absent in snapshots of earlier versions. */
    readonly lists?: Readonly<LongListCounts>
  }[]
}

export function snapshotOf(all: Iterable<SeriesStatistics>): QueriesSnapshot {
  return {
    version: 1,
    series: [...all].map(({ series: { model, operation }, tally, lists }) => ({
      model,
      operation,
      tally: tally.snapshot(),
      lists: { ...lists },
    })),
  }
}

/**
 * Statistics of several processes together: percentiles of the whole, not averages of percentiles.
 *
 * @example
 * mergeStatistics(await Promise.all(workers.map((worker) => worker.ask('snapshot'))))
 */
export function mergeStatistics(snapshots: readonly QueriesSnapshot[]): QueryStats[] {
  const merged = new Map<string, SeriesStatistics & { readonly lists: LongListCounts }>()
  for (const { model, operation, tally, lists } of snapshots.flatMap(({ series }) => series)) {
    const key = `${model ?? ''}.${operation}`
    let known = merged.get(key)
    if (known === undefined) {
      known = {
        series: new Series(model, operation),
        tally: new Tally(),
        lists: { over: 0, cut: 0, rows: 0 },
      }
      merged.set(key, known)
    }
    known.tally.mergeSnapshot(tally)
    if (lists === undefined) continue
    known.lists.over += lists.over
    known.lists.cut += lists.cut
    known.lists.rows = Math.max(known.lists.rows, lists.rows)
  }
  return statisticsOf(merged.values())
}
