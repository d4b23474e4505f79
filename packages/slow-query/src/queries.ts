import type { Host } from '@prisma-brisk/core'
import { Recorder } from './recorder.ts'
import { statisticsOf, type QueryStatistics } from './statistics.ts'

export interface StatisticsOptions {
  /** `'window'` (default): the last five minutes; `'start'`: since the client was made. */
  readonly since?: 'window' | 'start'
}

/** What `slowQuery()` adds to a client. */
export interface QueriesClient {
  readonly $queries: Queries
}

/** `prisma.$queries`: what is known of the operations of this client and all others of its base client. */
export interface Queries {
  /**
   * Counts, percentiles and rows by model and operation, the most expensive first.
   *
   * @example
   * console.table(prisma.$queries.stats())
   */
  stats(options?: StatisticsOptions): QueryStatistics[]
  /** Resolves when every record so far has reached its sinks. */
  flush(): Promise<void>
}

export function queriesOf(host: Host): Queries {
  const recorder = Recorder.of(host)
  return {
    stats: ({ since = 'window' } = {}) => {
      const now = Date.now()
      return statisticsOf(
        [...recorder.series].map(
          (series) => [series, since === 'start' ? series.total : series.rolling.merged(now)] as const,
        ),
      )
    },
    flush: () => recorder.flush(),
  }
}
