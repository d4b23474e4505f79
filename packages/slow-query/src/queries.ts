import { DriverTap, type Host, type PoolGauge } from '@prisma-brisk/core'
import type { ConnectionStep } from './metrics/connection-times.ts'
import { prometheusText } from './metrics/prometheus.ts'
import { Recorder } from './recorder/recorder.ts'
import type { RequestBeginner } from './request/running-request.ts'
import type { Series } from './metrics/series.ts'
import { snapshotOf, statisticsOf, type QueriesSnapshot, type QueryStats } from './metrics/statistics.ts'
import type { Tally } from './metrics/tally.ts'

export interface QueryStatsOptions {
  /** `'window'` (default): the last five minutes; `'start'`: since the client was made. */
  readonly since?: 'window' | 'start' | undefined
}

/** What happens at connections beside the statements of operations; times in milliseconds. */
export interface ConnectionStats {
  /** Null where the driver does not show its pool. */
  readonly pool: PoolGauge | null
  readonly steps: readonly {
    /** `wait` is the wait for a connection of the pool. */
    readonly step: ConnectionStep
    readonly count: number
    readonly errors: number
    readonly p50: number
    readonly p95: number
    readonly p99: number
    readonly max: number
  }[]
}

/** What `slowQuery()` adds to a client. */
export interface QueriesClient {
  readonly $queries: QueryMethods
}

/** `prisma.$queries`: what is known of the operations of this client and all others of its base client. */
export interface QueryMethods {
  /**
   * Counts, percentiles and rows by model and operation, the most expensive first.
   *
   * @example
   * console.table(prisma.$queries.stats())
   */
  stats(options?: QueryStatsOptions): QueryStats[]
  /** The pool, and how long BEGIN, COMMIT, ROLLBACK and waiting for a connection took since the client was made. */
  connections(): ConnectionStats
  /**
   * Everything since the client was made, as Prometheus text.
   *
   * @example
   * app.get('/metrics', (_, reply) => reply.type(PROMETHEUS_CONTENT_TYPE).send(prisma.$queries.metrics()))
   */
  metrics(): string
  /** The statistics as plain data, to be added up with those of other processes by {@link mergeStatistics}. */
  snapshot(options?: QueryStatsOptions): QueriesSnapshot
  /** Records that reached no sink: too many at once, or a sink that failed. */
  readonly dropped: number
  /** Resolves when every record so far has reached its sinks. `$disconnect` does the same. */
  flush(): Promise<void>
  /** Begins a request, as the middlewares of web frameworks do. */
  readonly requests: RequestBeginner
}

export function queriesOf(host: Host): QueryMethods {
  const recorder = Recorder.of(host)
  const tallyOf =
    ({ since = 'window' }: QueryStatsOptions = {}) =>
    (series: Series): Tally =>
      since === 'start' ? series.total : series.rolling.merged(performance.now())
  return recorder.own<QueryMethods>({
    stats: (options) => {
      const tally = tallyOf(options)
      return statisticsOf([...recorder.series].map((series) => [series, tally(series)] as const))
    },
    connections: () => ({
      pool: DriverTap.of(host)?.pool?.gauge() ?? null,
      steps: Object.entries(recorder.connections.steps).map(([step, { tally }]) => ({
        step: step as ConnectionStep,
        count: tally.latency.count,
        errors: tally.errors,
        p50: tally.latency.quantile(0.5),
        p95: tally.latency.quantile(0.95),
        p99: tally.latency.quantile(0.99),
        max: tally.latency.max,
      })),
    }),
    metrics: () => prometheusText(recorder),
    snapshot: (options) => snapshotOf(recorder.series, tallyOf(options)),
    get dropped() {
      return recorder.dropped
    },
    flush: () => recorder.flush(),
    requests: recorder.starter,
  })
}
