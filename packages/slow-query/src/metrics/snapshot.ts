import { Series, type SeriesTable } from './series.ts'
import { statisticsOf, type QueryStatistics } from './statistics.ts'
import { Tally, type TallySnapshot } from './tally.ts'

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
export function mergeStatistics(snapshots: readonly QueriesSnapshot[]): QueryStatistics[] {
  const merged = new Map<string, [Series, Tally]>()
  for (const { model, operation, tally } of snapshots.flatMap(({ series }) => series)) {
    const key = `${model ?? ''}.${operation}`
    let known = merged.get(key)
    if (known === undefined) merged.set(key, (known = [new Series(model, operation), new Tally()]))
    known[1].mergeSnapshot(tally)
  }
  return statisticsOf(merged.values())
}
