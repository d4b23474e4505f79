import { LatencySketch } from '../metrics/latency-sketch.ts'
import type { SinkRecord } from '../record/records.ts'
import type { RecordSink } from './sink.ts'

/** What is alike is said once in so long. */
const FOLD_MS = 60_000
/** Shapes that are told apart. */
const MAX_FOLDS = 1000
/** Loops that are remembered. */
const MAX_LOOPS = 1000

/** What has come of one shape since it was printed. */
export interface Folded {
  readonly count: number
  /** Since then. */
  readonly seconds: number
  /** Milliseconds. */
  readonly p95: number
  /** The longest of them. */
  readonly worst: SinkRecord
}

interface Fold {
  since: number
  count: number
  times: LatencySketch
  worst: SinkRecord | null
}

/**
 * Passes the first record of a shape and place on, and adds up what follows it for a minute. A loop is passed on again once
 * it has changed: another advice, or twice as many statements.
 */
export class FoldedSink implements RecordSink {
  private readonly folds = new Map<string, Fold>()
  private readonly loops = new Map<string, number>()
  private timer: NodeJS.Timeout | null = null

  constructor(private readonly print: (record: SinkRecord, folded: Folded | null) => void) {}

  write(record: SinkRecord): void {
    if (record.type === 'n-plus-one') {
      const key = JSON.stringify([record.model, record.operation, record.callSite, record.advice])
      if (record.statements < 2 * (this.loops.get(key) ?? 0)) return
      if (this.loops.size >= MAX_LOOPS) this.loops.clear()
      this.loops.set(key, record.statements)
      return this.print(record, null)
    }
    const measured = measuredOf(record)
    if (measured === null) return this.print(record, null)
    const fold = this.folds.get(measured.key)
    if (fold === undefined) {
      if (this.folds.size >= MAX_FOLDS) this.printAll()
      this.folds.set(measured.key, {
        since: performance.now(),
        count: 0,
        times: new LatencySketch(),
        worst: null,
      })
      this.wait()
      return this.print(record, null)
    }
    fold.count++
    fold.times.record(measured.ms)
    if (measured.ms >= fold.times.max) fold.worst = record
  }

  /** Prints what has not been said yet. */
  async flush(): Promise<void> {
    this.printAll()
  }

  private printAll(): void {
    for (const fold of this.folds.values()) this.printOne(fold)
    this.folds.clear()
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
  }

  private printOne({ worst, count, since, times }: Fold): void {
    if (worst === null) return
    const seconds = Math.max(1, Math.round((performance.now() - since) / 1000))
    this.print(worst, { count, seconds, p95: times.quantile(0.95), worst })
  }

  /** Looks again when the first minute is over. */
  private wait(): void {
    const [oldest] = this.folds.values()
    if (this.timer !== null || oldest === undefined) return
    this.timer = setTimeout(() => this.turn(), Math.max(0, oldest.since + FOLD_MS - performance.now()))
    // jsdom's timers are numbers.
    ;(this.timer as Partial<NodeJS.Timeout>).unref?.()
  }

  private turn(): void {
    this.timer = null
    const now = performance.now()
    for (const [key, fold] of this.folds) {
      if (fold.since + FOLD_MS > now) break
      this.printOne(fold)
      this.folds.delete(key)
      // To the end of the map, which is in the order of time.
      if (fold.count > 0)
        this.folds.set(key, { since: now, count: 0, times: new LatencySketch(), worst: null })
    }
    this.wait()
  }
}

/** What makes records alike, and how long each took; null for those that are always told. */
function measuredOf(record: SinkRecord): { readonly key: string; readonly ms: number } | null {
  switch (record.type) {
    case 'slow-query': {
      const { type, model, operation, fingerprint, callSite, error, ms } = record
      return { key: JSON.stringify([type, model, operation, fingerprint, callSite, error]), ms }
    }
    case 'slow-request':
      return { key: JSON.stringify([record.type, record.request, record.status]), ms: record.ms }
    case 'request-budget':
      return { key: JSON.stringify([record.type, record.request]), ms: record.databaseMs }
    case 'deferred-failure': {
      const { type, model, operation, callSite, error } = record
      return { key: JSON.stringify([type, model, operation, callSite, error]), ms: 0 }
    }
    default:
      return null
  }
}
