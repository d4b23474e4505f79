import { bucketOf } from './latency-sketch.ts'
import { RollingTally, Tally } from './tally.ts'

/** Length of the window that percentiles speak of, and of one of its slots. */
export const WINDOW_MS = 300_000
export const SLOT_MS = 60_000

/**
 * Upper bounds of the Prometheus histogram in seconds, as OpenTelemetry advises for
 * `db.client.operation.duration`.
 */
export const HISTOGRAM_BOUNDS: readonly number[] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]

/** What is known of all operations of one kind: the last five minutes for people, totals for Prometheus. */
export class Series {
  readonly rolling = new RollingTally(SLOT_MS, WINDOW_MS / SLOT_MS)
  readonly total = new Tally()
  /** Operations per histogram bucket, not cumulative; the last one has no bound. */
  readonly histogram = new Float64Array(HISTOGRAM_BOUNDS.length + 1)

  constructor(
    /** Null for raw SQL. */
    readonly model: string | null,
    readonly operation: string,
  ) {}

  record(
    ms: number,
    failed: boolean,
    slow: boolean,
    rowsRead: number,
    rowsReturned: number,
    now: number,
  ): void {
    const bucket = bucketOf(ms)
    this.add(this.rolling.at(now), bucket, ms, failed, slow, rowsRead, rowsReturned)
    this.add(this.total, bucket, ms, failed, slow, rowsRead, rowsReturned)
    let index = 0
    while (index < HISTOGRAM_BOUNDS.length && ms > (HISTOGRAM_BOUNDS[index] as number) * 1000) index++
    this.histogram[index] = (this.histogram[index] as number) + 1
  }

  private add(
    tally: Tally,
    bucket: number,
    ms: number,
    failed: boolean,
    slow: boolean,
    rowsRead: number,
    rowsReturned: number,
  ): void {
    tally.latency.recordBucket(bucket, ms)
    if (failed) tally.errors++
    if (slow) tally.slow++
    tally.rowsRead += rowsRead
    tally.rowsReturned += rowsReturned
  }
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
    const known = this.byModel.get(model)?.get(operation)
    return known ?? this.add(model, operation)
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
