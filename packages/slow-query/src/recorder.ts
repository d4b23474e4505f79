import {
  channels,
  type Call,
  type DriverListener,
  type Host,
  type Middleware,
  type Statement,
  type TransactionEvent,
} from '@prisma-brisk/core'
import { OperationTrace, traceKey } from './operation-trace.ts'
import { recordOf } from './record-maker.ts'
import { SeriesTable, type Series } from './series.ts'
import { SinkQueue } from './sink-queue.ts'
import type { ResolvedSlowQueryOptions } from './options.ts'
import type { SlowQueryRecord } from './record.ts'
import { rowsIn } from './result-rows.ts'

const recorderKey = Symbol('prisma-brisk.slow-query')
/** Slow operations whose records are not made yet; in a flood, more are dropped and counted. */
const MAX_PENDING = 1000

/** Everything that is known of the operations of one base client, whatever extended clients they came through. */
export class Recorder {
  readonly series: SeriesTable
  /** Slow operations for which no record was made, because too many came at once. */
  dropped = 0
  private pending: PendingRecord[] = []
  private draining: Promise<void> | null = null

  static of(host: Host): Recorder {
    return host.state(recorderKey, () => new Recorder(host))
  }

  private constructor(private readonly host: Host) {
    this.series = new SeriesTable(1000)
    host.tap?.listen(this.listener())
    host.onDisconnect(() => this.flush())
  }

  /** Takes note that an operation was slow; its record is made once the event loop is free. */
  slow(pending: PendingRecord): void {
    if (this.pending.length >= MAX_PENDING) {
      this.dropped++
      return
    }
    this.pending.push(pending)
    this.draining ??= new Promise((resolve) =>
      setImmediate(() => {
        this.draining = null
        this.drain()
        resolve()
      }),
    )
  }

  private readonly mounts = new Set<MountedRecorder>()

  /** Waits until every record made so far has reached its sinks. */
  async flush(): Promise<void> {
    await this.draining
    await Promise.all([...this.mounts].map((mount) => mount.flush()))
  }

  private drain(): void {
    const { pending } = this
    this.pending = []
    for (const each of pending) {
      const { mount } = each.trace
      this.mounts.add(mount)
      const record = recordOf(each, this.host, mount.options)
      mount.write(record)
      if (channels.slowQuery.hasSubscribers) channels.slowQuery.publish(record)
    }
  }

  private listener(): DriverListener {
    return {
      statement: (statement: Statement) => statement.call?.notes[traceKey]?.add(statement),
      transaction: (event: TransactionEvent) => {
        const trace = event.call?.notes[traceKey]
        if (trace !== undefined) trace.transactionMs += event.ms
      },
    }
  }
}

/** A slow operation on its way to the sinks. */
export interface PendingRecord {
  readonly trace: OperationTrace
  readonly ms: number
  readonly threshold: number
  readonly error: unknown
  readonly result: unknown
}

/** One `$extends(slowQuery(…))`: its own thresholds and sinks on the shared recorder. */
export class MountedRecorder {
  private readonly recorder: Recorder
  private readonly thresholds = new Map<Series, number>()
  private readonly queues: readonly SinkQueue[]

  constructor(
    private readonly host: Host,
    readonly options: ResolvedSlowQueryOptions,
  ) {
    this.recorder = Recorder.of(host)
    this.queues = options.sinks.map(
      (sink) =>
        new SinkQueue(sink, (error) =>
          host.warnOnce(
            'W_SINK_FAILED',
            `prisma-brisk: a slow-query sink failed (${nameOf(error)}); its records are dropped, queries go on.`,
          ),
        ),
    )
  }

  readonly middleware: Middleware = (call, next) => {
    const trace = new OperationTrace(call, this, performance.now())
    call.notes[traceKey] = trace
    return next(call).then(
      (result) => {
        this.settle(trace, call, result, undefined)
        return result
      },
      (error: unknown) => {
        this.settle(trace, call, undefined, error ?? unknownFailure)
        throw error
      },
    )
  }

  write(record: SlowQueryRecord): void {
    for (const queue of this.queues) queue.push(record)
  }

  async flush(): Promise<void> {
    await Promise.all(this.queues.map((queue) => queue.flush()))
  }

  get dropped(): number {
    return this.queues.reduce((sum, queue) => sum + queue.dropped, 0)
  }

  private settle(trace: OperationTrace, call: Call, result: unknown, error: unknown): void {
    const now = performance.now()
    trace.endedAt = now
    const ms = durationOf(trace, now)
    const { recorder } = this
    const series = recorder.series.get(call.model, call.operation)
    const threshold = this.thresholds.get(series) ?? this.thresholdOf(series)
    const slow = ms >= threshold
    series.record(ms, error !== undefined, slow, trace.rowsRead, rowsIn(result), Date.now())
    if (trace.statements === null) this.warnIfUnseen(call)
    if (slow) recorder.slow({ trace, ms, threshold, error, result })
  }

  private thresholdOf(series: Series): number {
    const { models, threshold } = this.options
    const { model, operation } = series
    const own = models.get(`${model ?? ''}.${operation}`) ?? models.get(model ?? operation) ?? threshold
    this.thresholds.set(series, own)
    return own
  }

  private warnIfUnseen(call: Call): void {
    if (this.host.tap?.status !== 'waiting' || call.notes['cache'] === 'hit') return
    this.host.warnOnce(
      'W_STATEMENTS_UNSEEN',
      'prisma-brisk: this client had connected before it was extended, so slow-query cannot see its SQL; operations are timed all the same. Call $extends before the first query or $connect.',
    )
  }
}

const unknownFailure = new Error('rejected without a reason')

/**
 * How long the operation itself took. Members of an array transaction all answer when the last one has, so
 * theirs is the time of their own statements.
 */
function durationOf(trace: OperationTrace, now: number): number {
  if (trace.call.transaction.kind === 'array' && trace.statements !== null)
    return trace.statements.reduce((sum, statement) => sum + statement.ms, 0)
  return Math.max(0, now - trace.startedAt - trace.waitMs - trace.transactionMs)
}

function nameOf(error: unknown): string {
  return error instanceof Error ? ((error as { code?: string }).code ?? error.name) : typeof error
}
