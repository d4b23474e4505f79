import { bucketOf } from './latency-sketch.ts'
import { Tally } from './tally.ts'

/** `http.server.request.duration` of OpenTelemetry, in seconds. */
export const REQUEST_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]
export const QUERIES_BOUNDS: readonly number[] = [0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500]

export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'none'

/** Requests of one status class since the client was made. */
export class RequestSeries {
  readonly tally = new Tally()
  readonly durations = new Float64Array(REQUEST_BOUNDS.length + 1)

  record(ms: number, slow: boolean): void {
    this.tally.latency.recordBucket(bucketOf(ms), ms)
    if (slow) this.tally.slow++
    count(this.durations, REQUEST_BOUNDS, ms / 1000)
  }
}

/** Counts requests: how many, how long, of which status, with how many statements. */
export class RequestMetrics {
  readonly byStatus = new Map<StatusClass, RequestSeries>()
  readonly queries = new Float64Array(QUERIES_BOUNDS.length + 1)
  statements = 0

  record(statements: number, status: number | null, ms: number): void {
    count(this.queries, QUERIES_BOUNDS, statements)
    this.statements += statements
    const name = classOf(status)
    let series = this.byStatus.get(name)
    if (series === undefined) this.byStatus.set(name, (series = new RequestSeries()))
    series.record(ms, ms > SLOW_REQUEST_MS)
  }
}

/** A request that takes longer, in milliseconds, is slow. */
export const SLOW_REQUEST_MS = 1000

function classOf(status: number | null): StatusClass {
  const digit = status === null ? 0 : Math.floor(status / 100)
  return digit >= 1 && digit <= 5 ? (`${digit}xx` as StatusClass) : 'none'
}

function count(buckets: Float64Array, bounds: readonly number[], value: number): void {
  let index = 0
  while (index < bounds.length && value > (bounds[index] as number)) index++
  buckets[index] = (buckets[index] as number) + 1
}
