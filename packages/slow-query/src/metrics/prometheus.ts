import {
  ChangeWatch,
  DeferredWatch,
  DriverTap,
  type ChangeCounts,
  type Host,
  type ListWatch,
} from '@prisma-brisk/core'
import { escaped, type HistogramSample, type OwnMetrics } from './own-metrics.ts'
import type { ConnectionTimes } from './connection-times.ts'
import { QUERIES_BOUNDS, REQUEST_BOUNDS, type RequestMetrics, type RequestSeries } from './request-metrics.ts'
import { HISTOGRAM_BOUNDS, type Series } from './series.ts'

/** The content type of {@link prometheusText}. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** What the metrics of a client are read from. */
export interface MetricsSource {
  readonly host: Host
  readonly series: Iterable<Series>
  readonly connections: ConnectionTimes
  readonly requests: RequestMetrics
  readonly lists: ListWatch
  /** The application's own. */
  readonly registry: OwnMetrics
  /** Loops reported so far. */
  readonly loops: number
  /** Records that reached no sink. */
  readonly dropped: number
}

/**
 * All that is known as Prometheus text (exposition format 0.0.4). Labels are model, operation and code of the
 * failure, and for requests method, route and class of the status: their number is bounded.
 */
export function prometheusText(source: MetricsSource): string {
  const page = new Page()
  const all = [...source.series]
  page.histograms(
    'db_client_operation_duration_seconds',
    'Duration of database client operations, without the wait for a connection.',
    all.map((series) => ({
      labels: labelsOf(series),
      bounds: HISTOGRAM_BOUNDS,
      buckets: series.histogram,
      sum: series.total.latency.sum / 1000,
    })),
  )
  for (const [name, help, value] of counters) {
    page.metric(
      name,
      'counter',
      help,
      all.map((series) => [labelsOf(series), value(series)]),
    )
  }
  page.metric(
    'db_client_operation_failures_total',
    'counter',
    'Operations that failed, by the code of the database, else of Prisma.',
    all.flatMap((series) =>
      [...series.errorCodes].map(
        ([code, count]) => [`${labelsOf(series)},code="${escaped(code)}"`, count] as const,
      ),
    ),
  )
  lists(page, source, all)
  connections(page, source)
  requests(page, source)
  const { completed, failed, dropped } = DeferredWatch.of(source.host).counts()
  page.metric(
    'db_client_deferred_tasks_total',
    'counter',
    'Deferred tasks that have ended, or were dropped.',
    [
      ['outcome="completed"', completed],
      ['outcome="failed"', failed],
      ['outcome="dropped"', dropped],
    ],
  )
  changes(page, source)
  page.metric('db_client_n_plus_one_total', 'counter', 'Loops of queries reported.', [['', source.loops]])
  page.metric('db_client_records_dropped_total', 'counter', 'Slow-query records that reached no sink.', [
    ['', source.dropped],
  ])
  for (const { name, help, type, samples } of source.registry.all()) {
    if (type === 'histogram') page.histograms(name, help, samples)
    else page.metric(name, type, help, samples)
  }
  return page.text
}

const counters: readonly (readonly [name: string, help: string, value: (series: Series) => number])[] = [
  ['db_client_operation_errors_total', 'Operations that failed.', ({ total }) => total.errors],
  ['db_client_operation_slow_total', 'Operations over their threshold.', ({ total }) => total.slow],
  ['db_client_rows_read_total', 'Rows the database returned.', ({ total }) => total.rowsRead],
  ['db_client_rows_returned_total', 'Rows at the top of results.', ({ total }) => total.rowsReturned],
  ['db_client_cache_hits_total', 'Operations answered from the cache.', ({ cacheHits }) => cacheHits],
  [
    'db_client_cache_stale_total',
    'Operations answered from the cache while it was refreshed.',
    ({ cacheStale }) => cacheStale,
  ],
  [
    'db_client_cache_misses_total',
    'Cached operations that went to the database.',
    ({ cacheMisses }) => cacheMisses,
  ],
  [
    'db_client_batched_operations_total',
    'Operations answered by a merged statement.',
    ({ batched }) => batched,
  ],
]

function lists(page: Page, { lists: watch }: MetricsSource, all: readonly Series[]): void {
  // From zero on, or their first increase would not be seen.
  const seen = all
    .map((series) => [series, watch.counts(series.model, series.operation)] as const)
    .filter(([{ operation }, { over, cut }]) => operation === 'findMany' || over + cut > 0)
    .map(([series, counts]) => [labelsOf(series), counts] as const)
  page.metric(
    'db_client_long_lists_total',
    'counter',
    'Lists that passed their limit and were answered whole.',
    seen.map(([labels, { over }]) => [labels, over]),
  )
  page.metric(
    'db_client_cut_lists_total',
    'counter',
    'Lists that were cut to their default limit.',
    seen.map(([labels, { cut }]) => [labels, cut]),
  )
  page.metric(
    'db_client_longest_list_rows',
    'gauge',
    'Rows of the longest list that passed its limit or was cut.',
    seen.map(([labels, { rows }]) => [labels, rows]),
  )
}

function connections(page: Page, { connections: { steps }, host }: MetricsSource): void {
  const { wait, ...transactions } = steps
  page.histograms(
    'db_client_connection_wait_time_seconds',
    'Time operations waited for a connection of the pool.',
    [{ labels: '', bounds: HISTOGRAM_BOUNDS, buckets: wait.histogram, sum: wait.tally.latency.sum / 1000 }],
  )
  page.histograms(
    'db_client_transaction_step_duration_seconds',
    'Duration of BEGIN, COMMIT, ROLLBACK and savepoints.',
    Object.entries(transactions).map(([operation, { histogram, tally }]) => ({
      labels: `operation="${operation}"`,
      bounds: HISTOGRAM_BOUNDS,
      buckets: histogram,
      sum: tally.latency.sum / 1000,
    })),
  )
  const gauge = DriverTap.of(host)?.pool?.gauge()
  if (gauge === undefined) return
  page.metric('db_client_connections_open', 'gauge', 'Open connections of the pool.', [['', gauge.total]])
  page.metric('db_client_connections_idle', 'gauge', 'Idle connections of the pool.', [['', gauge.idle]])
  page.metric('db_client_connections_waiting', 'gauge', 'Requests that wait for a connection.', [
    ['', gauge.waiting],
  ])
  if (gauge.max !== null)
    page.metric('db_client_connections_max', 'gauge', 'Connections the pool may open.', [['', gauge.max]])
}

function requests(page: Page, { requests: metrics }: MetricsSource): void {
  const all = [...metrics.all()].map((series) => [requestLabels(series), series] as const)
  if (all.length === 0) return
  page.histograms(
    'http_server_request_duration_seconds',
    'Duration of requests by method, route and class of their status.',
    all.map(([labels, { durations, tally }]) => ({
      labels,
      bounds: REQUEST_BOUNDS,
      buckets: durations,
      sum: tally.latency.sum / 1000,
    })),
  )
  page.metric(
    'http_server_slow_requests_total',
    'counter',
    'Requests that took longer than a second.',
    all.map(([labels, { tally }]) => [labels, tally.slow]),
  )
  page.histograms('http_server_request_queries', 'Statements sent by a request.', [
    { labels: '', bounds: QUERIES_BOUNDS, buckets: metrics.queries, sum: metrics.statements },
  ])
}

/** Of the sources that tell the cache of writes from elsewhere, once one has been started. */
function changes(page: Page, { host }: MetricsSource): void {
  const all = ChangeWatch.of(host)
    .counts()
    .filter(({ state }) => state !== 'idle')
    .map((counts) => [`source="${escaped(counts.source)}"`, counts] as const)
  if (all.length === 0) return
  page.metric(
    'db_client_changes_live',
    'gauge',
    'Whether the source of changes is live: 1, else 0.',
    all.map(([labels, { state }]) => [labels, state === 'live' ? 1 : 0]),
  )
  page.metric(
    'db_client_changes_lag_seconds',
    'gauge',
    'Time that the last sign of life of the source of changes took.',
    all.flatMap(([labels, { lag }]) => (lag === null ? [] : [[labels, lag / 1000] as const])),
  )
  for (const [name, help, value] of CHANGES)
    page.metric(
      name,
      'counter',
      help,
      all.map(([labels, counts]) => [labels, value(counts)]),
    )
}

const CHANGES: readonly (readonly [name: string, help: string, value: (counts: ChangeCounts) => number])[] = [
  ['db_client_changes_told_total', 'Changes that the source has told.', ({ events }) => events],
  ['db_client_changes_own_total', 'Changes told that this process had made itself.', ({ own }) => own],
  ['db_client_changes_tables_total', 'Changes told that dropped a whole table.', ({ tables }) => tables],
  ['db_client_changes_losses_total', 'Times that the source was lost.', ({ losses }) => losses],
]

class Page {
  private readonly lines: string[] = []

  get text(): string {
    return `${this.lines.join('\n')}\n`
  }

  metric(
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    samples: readonly (readonly [labels: string, value: number])[],
  ): void {
    this.head(name, type, help)
    for (const [labels, value] of samples) this.lines.push(`${name}${braced(labels)} ${numeral(value)}`)
  }

  histograms(name: string, help: string, samples: readonly HistogramSample[]): void {
    this.head(name, 'histogram', help)
    for (const { labels, bounds, buckets, sum } of samples) {
      const prefix = labels === '' ? '' : `${labels},`
      let count = 0
      bounds.forEach((bound, index) => {
        count += buckets[index] as number
        this.lines.push(`${name}_bucket{${prefix}le="${bound}"} ${count}`)
      })
      count += buckets[bounds.length] as number
      this.lines.push(
        `${name}_bucket{${prefix}le="+Inf"} ${count}`,
        `${name}_sum${braced(labels)} ${numeral(sum)}`,
        `${name}_count${braced(labels)} ${count}`,
      )
    }
  }

  private head(name: string, type: string, help: string): void {
    this.lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
  }
}

function numeral(value: number): string {
  return String(value).replace('Infinity', value > 0 ? '+Inf' : 'Inf')
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}

/** Raw SQL has no model. */
function labelsOf({ model, operation }: Series): string {
  return `model="${escaped(model ?? 'raw')}",operation="${escaped(operation)}"`
}

function requestLabels({ kind: { method, route, status } }: RequestSeries): string {
  return `method="${escaped(method ?? '')}",route="${escaped(route ?? '')}",status="${status}"`
}
