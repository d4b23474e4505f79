import { bucketOf } from './latency-sketch.ts'
import { RollingTally, Tally } from './tally.ts'

/** Length of the window that percentiles speak of, and of one of its slots. */
export const WINDOW_MS = 300_000
export const SLOT_MS = 60_000

/**
 * Upper bounds of histograms in seconds, as OpenTelemetry advises for `db.client.operation.duration`.
 */
export const HISTOGRAM_BOUNDS: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** Failures are told apart up to so many codes; further ones are counted as `other`. */
const MAX_ERROR_CODES = 20

/** What is counted of one operation. */
export interface OperationOutcome {
  readonly rowsRead: number
  readonly rowsReturned: number
  readonly failed: boolean
  /** When it ended. */
  readonly endedAt: number
}

/** An operation whose statement may have answered others as well. */
export interface BatchLeader {
  readonly call: { readonly model: string | null }
  readonly statements: readonly { readonly startedAt: number }[] | null
  readonly endedAt: number
  /** Other operations that its statement answered. */
  sharedBy: number
}

/** What is known of all operations of one kind: the last five minutes for people, totals for Prometheus. */
export class Series {
  readonly rolling = new RollingTally(SLOT_MS, WINDOW_MS / SLOT_MS)
  readonly total = new Tally()
  /** Operations per histogram bucket, not cumulative; the last one has no bound. */
  readonly histogram = new Float64Array(HISTOGRAM_BOUNDS.length + 1)
  readonly errorCodes = new Map<string, number>()
  cacheHits = 0
  cacheStale = 0
  cacheMisses = 0
  batched = 0
  /** The last operation whose statement may have answered others. */
  leader: BatchLeader | null = null

  constructor(
    /** Null for raw SQL. */
    readonly model: string | null,
    readonly operation: string,
  ) {}

  record(ms: number, slow: boolean, { rowsRead, rowsReturned, failed, endedAt }: OperationOutcome): void {
    const bucket = bucketOf(ms)
    const recent = this.rolling.at(endedAt)
    const { total } = this
    recent.latency.recordBucket(bucket, ms)
    total.latency.recordBucket(bucket, ms)
    recent.rowsRead += rowsRead
    total.rowsRead += rowsRead
    recent.rowsReturned += rowsReturned
    total.rowsReturned += rowsReturned
    if (failed) {
      recent.errors++
      total.errors++
    }
    if (slow) {
      recent.slow++
      total.slow++
    }
    const index = histogramBucket(ms)
    this.histogram[index] = (this.histogram[index] as number) + 1
  }

  countError(code: string): void {
    const { errorCodes } = this
    const kind = errorCodes.has(code) || errorCodes.size < MAX_ERROR_CODES ? code : 'other'
    errorCodes.set(kind, (errorCodes.get(kind) ?? 0) + 1)
  }
}

/** The histogram bucket of a time; the last one has no bound. */
export function histogramBucket(ms: number): number {
  let index = 0
  while (index < HISTOGRAM_BOUNDS.length && ms > (HISTOGRAM_BOUNDS[index] as number) * 1000) index++
  return index
}

/**
 * The series of a client, by model and operation. Their number is bounded: what comes after `maxSeries` is
 * counted together as `other`.
 */
export class SeriesTable {
  private readonly byModel = new Map<string | null, Map<string, Series>>()
  private size = 0
  private readonly overflow = new Series('other', 'other')

  constructor(private readonly maxSeries: number) {}

  get(model: string | null, operation: string): Series {
    return this.byModel.get(model)?.get(operation) ?? this.add(model, operation)
  }

  *[Symbol.iterator](): Iterator<Series> {
    for (const operations of this.byModel.values()) yield* operations.values()
    if (this.overflow.total.latency.count > 0) yield this.overflow
  }

  private add(model: string | null, operation: string): Series {
    if (this.size >= this.maxSeries) return this.overflow
    this.size++
    const series = new Series(model, operation)
    const operations = this.byModel.get(model)
    if (operations === undefined) this.byModel.set(model, new Map([[operation, series]]))
    else operations.set(operation, series)
    return series
  }
}
