import { bucketOf } from './latency-sketch.ts'
import { Tally } from './tally.ts'

/** `http.server.request.duration` of OpenTelemetry, in seconds. */
export const REQUEST_BOUNDS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]
export const QUERIES_BOUNDS: readonly number[] = [0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500]

export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx' | 'none'

/** What requests are counted by. */
export interface RequestKind {
  /** As HTTP spells it; `OTHER` for one that HTTP does not know, null outside of HTTP. */
  readonly method: string | null
  /** The route's pattern (`/posts/:id`); null where none took the request, `other` beyond {@link MAX_ROUTES}. */
  readonly route: string | null
  readonly status: StatusClass
}

/** Requests of one kind since the client was made. */
export class RequestSeries {
  readonly tally = new Tally()
  readonly durations = new Float64Array(REQUEST_BOUNDS.length + 1)

  constructor(readonly kind: RequestKind) {}

  record(ms: number, slow: boolean): void {
    this.tally.latency.recordBucket(bucketOf(ms), ms)
    if (slow) this.tally.slow++
    count(this.durations, REQUEST_BOUNDS, ms / 1000)
  }
}

/** A request that has ended. */
export interface CountedRequest {
  readonly method: string | null
  readonly route: string | null
  readonly status: number | null
  readonly statements: number
  /** Milliseconds. */
  readonly ms: number
}

/** Methods and routes that are told apart; others are counted as the route `other`. */
export const MAX_ROUTES = 500

/** Counts requests: how many, how long, of which method, route and status, with how many statements. */
export class RequestMetrics {
  readonly queries = new Float64Array(QUERIES_BOUNDS.length + 1)
  statements = 0
  private readonly series = new Map<string, RequestSeries>()
  private readonly routes = new Set<string>()

  /** Of every kind that there was. */
  all(): Iterable<RequestSeries> {
    return this.series.values()
  }

  record({ method, route, status, statements, ms }: CountedRequest): void {
    count(this.queries, QUERIES_BOUNDS, statements)
    this.statements += statements
    const kind = this.kindOf(method, route, classOf(status))
    const key = `${kind.method} ${kind.status} ${kind.route}`
    let series = this.series.get(key)
    if (series === undefined) this.series.set(key, (series = new RequestSeries(kind)))
    series.record(ms, ms > SLOW_REQUEST_MS)
  }

  private kindOf(method: string | null, route: string | null, status: StatusClass): RequestKind {
    const known = method === null || METHODS.has(method) ? method : 'OTHER'
    const place = `${known} ${route}`
    if (!this.routes.has(place)) {
      if (this.routes.size >= MAX_ROUTES) return { method: known, route: 'other', status }
      this.routes.add(place)
    }
    return { method: known, route, status }
  }
}

/** A client may send any word for a method. */
const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'QUERY',
])

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
