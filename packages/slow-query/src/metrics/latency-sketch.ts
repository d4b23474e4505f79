/**
 * Quantiles of times in logarithmic buckets: bucket i holds the times in (γ^(i−1), γ^i] and answers with a value
 * that is at most (γ−1)/(γ+1) away from each of them. With γ = 1.02 that is 0.99 %, whatever the distribution,
 * recording is one logarithm and one addition, and merging adds buckets up (Masson, Rim, Lee: DDSketch, 2019).
 */
const GAMMA = 1.02
const LOG_GAMMA = Math.log(GAMMA)
/** Half a microsecond and less is one bucket; so is more than three hours. */
const FIRST = Math.ceil(Math.log(0.0005) / LOG_GAMMA)
const LAST = Math.ceil(Math.log(12_000_000) / LOG_GAMMA)

/** A sketch as plain data, to be sent to another process. */
export interface SketchSnapshot {
  readonly count: number
  readonly sum: number
  readonly max: number
  /** The bucket of the first element of {@link SketchSnapshot.buckets}. */
  readonly first: number
  readonly buckets: readonly number[]
}

/** The bucket a time belongs to; computed once where a time goes into several sketches. */
export function bucketOf(ms: number): number {
  const bucket = Math.ceil(Math.log(ms) / LOG_GAMMA)
  return bucket > FIRST ? Math.min(bucket, LAST) : FIRST
}

/** Counts have four bytes each, which years of ordinary load do not fill. */
type Counts = Uint32Array | Float64Array

/** The highest count of four bytes. */
const FOUR_BYTES = 0xffff_ffff

/** A mergeable distribution of milliseconds. An empty one answers 0, never NaN. */
export class LatencySketch {
  count = 0
  sum = 0
  max = 0
  private first = 0
  private buckets: Counts = new Uint32Array(0)
  /** The highest count that {@link buckets} can hold. */
  private most = FOUR_BYTES

  record(ms: number): void {
    this.recordBucket(bucketOf(ms), ms)
  }

  recordBucket(bucket: number, ms: number): void {
    let index = bucket - this.first
    if (index < 0 || index >= this.buckets.length) {
      this.reach(bucket, bucket)
      index = bucket - this.first
    }
    const count = (this.buckets[index] as number) + 1
    if (count > this.most) this.widen()
    this.buckets[index] = count
    this.count++
    this.sum += ms
    if (ms > this.max) this.max = ms
  }

  /** The value below or at which the share `q` (0…1) of the times lies. */
  quantile(q: number): number {
    if (this.count === 0) return 0
    const rank = Math.max(1, Math.ceil(q * this.count))
    let seen = 0
    for (let index = 0; index < this.buckets.length; index++) {
      seen += this.buckets[index] as number
      if (seen >= rank) return Math.min(valueOf(this.first + index), this.max)
    }
    return this.max
  }

  merge(other: LatencySketch): void {
    this.mergeSnapshot({
      count: other.count,
      sum: other.sum,
      max: other.max,
      first: other.first,
      buckets: other.buckets as unknown as readonly number[],
    })
  }

  mergeSnapshot({ count, sum, max, first, buckets }: SketchSnapshot): void {
    if (buckets.length > 0) this.reach(first, first + buckets.length - 1)
    for (let index = 0; index < buckets.length; index++) {
      const own = first + index - this.first
      const sum = (this.buckets[own] as number) + (buckets[index] as number)
      if (sum > this.most) this.widen()
      this.buckets[own] = sum
    }
    this.count += count
    this.sum += sum
    this.max = Math.max(this.max, max)
  }

  snapshot(): SketchSnapshot {
    const { count, sum, max, first } = this
    return { count, sum, max, first, buckets: [...this.buckets] }
  }

  clear(): void {
    this.count = this.sum = this.max = 0
    this.buckets.fill(0)
  }

  /** Makes room for higher counts. */
  private widen(): void {
    this.most = Number.MAX_SAFE_INTEGER
    this.buckets = Float64Array.from(this.buckets)
  }

  /** Makes room for these buckets; times of one operation lie close together, so few are ever allocated. */
  private reach(low: number, high: number): void {
    const { first, buckets } = this
    const empty = buckets.length === 0
    const from = empty ? low : Math.min(low, first)
    const to = empty ? high : Math.max(high, first + buckets.length - 1)
    if (!empty && from === first && to === first + buckets.length - 1) return
    // Room to both sides keeps the number of reallocations small.
    const roomFrom = empty || from < first ? Math.max(FIRST, from - 16) : from
    const roomTo = empty || to > first + buckets.length - 1 ? Math.min(LAST, to + 16) : to
    const length = roomTo - roomFrom + 1
    const grown = this.most === FOUR_BYTES ? new Uint32Array(length) : new Float64Array(length)
    if (!empty) grown.set(buckets, first - roomFrom)
    this.first = roomFrom
    this.buckets = grown
  }
}

/** The value in the middle of a bucket, in the sense of relative error. */
function valueOf(bucket: number): number {
  return (2 * GAMMA ** bucket) / (GAMMA + 1)
}
