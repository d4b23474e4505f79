import { DriverTap, quietAdvice, type Host, type LongListPlace, type PoolGauge } from '@prisma-brisk/core'
import type { ConnectionStep } from './metrics/connection-times.ts'
import type { MetricsRegistry } from './metrics/own-metrics.ts'
import { prometheusText } from './metrics/prometheus.ts'
import { Recorder } from './recorder/recorder.ts'
import type { RequestBeginner } from './request/running-request.ts'
import {
  snapshotOf,
  statisticsOf,
  type QueriesSnapshot,
  type QueryStats,
  type SeriesStatistics,
} from './metrics/statistics.ts'

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
  /** What the waits say of the size of the pool; null where they say nothing. The log has it once. */
  readonly advice: string | null
}

/** What is known of lists that no limit bounds (`pagination({ limits: 'warn' })` or `'allow'`), and of cuts. */
export interface ListLimitStats {
  /** Since when this process has seen no list above its limit, ISO 8601; null where it has looked at none. */
  readonly quietSince: string | null
  /** Lists without `take` that it has looked at since then. */
  readonly lists: number
  /** Rows of the longest of them. */
  readonly longest: number
  /** Once that has lasted for seven days and 1,000 lists: what to do; null before. */
  readonly advice: string | null
  /** Places whose lists passed a limit, or were cut, since the client was made; the most often seen first, at most 1,000. */
  readonly places: readonly LongListPlace[]
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
   * console.table(prisma.$queries.stats(), ['model', 'operation', 'count', 'errors', 'p50', 'p95'])
   */
  stats(options?: QueryStatsOptions): QueryStats[]
  /**
   * Lists that passed their limit and were answered whole, lists that were cut, and how long there has been none.
   *
   * @example
   * console.table(prisma.$queries.limits().places)
   */
  limits(): ListLimitStats
  /** The pool, and how long BEGIN, COMMIT, ROLLBACK and waiting for a connection took since the client was made. */
  connections(): ConnectionStats
  /**
   * Everything since the client was made, as Prometheus text.
   *
   * @example
   * app.get('/metrics', (_, reply) => reply.type(PROMETHEUS_CONTENT_TYPE).send(prisma.$queries.metrics()))
   */
  metrics(): string
  /** Counters, timings and gauges of the application's own, printed by {@link QueryMethods.metrics}. */
  readonly own: MetricsRegistry
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
  const statistics = ({ since = 'window' }: QueryStatsOptions = {}): SeriesStatistics[] =>
    [...recorder.series].map((series) => ({
      series,
      tally: since === 'start' ? series.total : series.rolling.merged(performance.now()),
      lists: recorder.lists.counts(series.model, series.operation),
    }))
  return recorder.own<QueryMethods>({
    stats: (options) => statisticsOf(statistics(options)),
    limits: () => {
      const quiet = recorder.lists.quiet()
      return {
        quietSince: quiet === null ? null : new Date(quiet.since).toISOString(),
        lists: quiet?.lists ?? 0,
        longest: quiet?.longest ?? 0,
        advice: quiet?.isLong === true ? quietAdvice(quiet) : null,
        places: recorder.lists.seen(),
      }
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
      advice: recorder.poolRemark()?.advice ?? null,
    }),
    metrics: () => prometheusText(recorder),
    own: recorder.registry,
    snapshot: (options) => snapshotOf(statistics(options)),
    get dropped() {
      return recorder.dropped
    },
    flush: () => recorder.flush(),
    requests: recorder.starter,
  })
}
