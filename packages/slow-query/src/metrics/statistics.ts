import { Series, type SeriesTable } from './series.ts'
import { Tally, type TallySnapshot } from './tally.ts'

/** One line of `prisma.$queries.stats()`; times in milliseconds. */
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
}

/** The most expensive first, by the time spent in all. */
export function statisticsOf(tallies: Iterable<readonly [Series, Tally]>): QueryStats[] {
  return [...tallies]
    .filter(([, { latency }]) => latency.count > 0)
    .sort(([, a], [, b]) => b.latency.sum - a.latency.sum)
    .map(([{ model, operation, errorCodes }, { latency, errors, slow, rowsRead, rowsReturned }]) => ({
      model,
      operation,
      count: latency.count,
      errors,
      errorCodes: Object.fromEntries(errorCodes),
      slow,
      p50: latency.quantile(0.5),
      p95: latency.quantile(0.95),
      p99: latency.quantile(0.99),
      max: latency.max,
      mean: latency.sum / latency.count,
      rowsRead,
      rowsReturned,
    }))
}

/** The series of one process as plain data, to be added up with those of others. */
export interface QueriesSnapshot {
  readonly version: 1
  readonly series: readonly {
    readonly model: string | null
    readonly operation: string
    readonly tally: TallySnapshot
  }[]
}

export function snapshotOf(table: SeriesTable, tallyOf: (series: Series) => Tally): QueriesSnapshot {
  return {
    version: 1,
    series: [...table].map((series) => ({
      model: series.model,
      operation: series.operation,
      tally: tallyOf(series).snapshot(),
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
  const merged = new Map<string, [Series, Tally]>()
  for (const { model, operation, tally } of snapshots.flatMap(({ series }) => series)) {
    const key = `${model ?? ''}.${operation}`
    let known = merged.get(key)
    if (known === undefined) merged.set(key, (known = [new Series(model, operation), new Tally()]))
    known[1].mergeSnapshot(tally)
  }
  return statisticsOf(merged.values())
}
