import {
  DeferredWatch,
  type DeferredFailure,
  type DriverListener,
  DriverTap,
  type Host,
  ListWatch,
  type ListListener,
  type Statement,
  type TransactionEvent,
} from '@prisma-brisk/core'
import { AlertMonitor } from '../alert/alert-monitor.ts'
import { ConnectionTimes } from '../metrics/connection-times.ts'
import { NotObservedError } from '../errors.ts'
import { traceKey } from '../trace/operation-trace.ts'
import { ReportQueue } from '../sink/report-queue.ts'
import { poolRemarkOf, type PoolRemark } from '../metrics/pool-advice.ts'
import { OwnMetrics } from '../metrics/own-metrics.ts'
import { RequestMetrics } from '../metrics/request-metrics.ts'
import { RequestStarter, type FinishedRequest } from '../request/running-request.ts'
import { SeriesTable } from '../metrics/series.ts'
import type { SinkRecord } from '../record/records.ts'
import type { RecordSink } from '../sink/sink.ts'
import { SinkQueue } from '../sink/sink-queue.ts'

const recorders = new WeakMap<object, Recorder>()
const recorderKey = Symbol('prisma-brisk.slow-query')

/** The mount that gets what belongs to no operation. */
export interface FirstMount extends ListListener {
  requestFinished(request: FinishedRequest): void
  deferredFailed(failure: DeferredFailure): void
  poolTooSmall(remark: PoolRemark): void
  transactionAround(event: TransactionEvent): void
}

/** Everything that is known of the operations of one base client, whatever extended clients they came through. */
export class Recorder {
  readonly series: SeriesTable
  readonly connections = new ConnectionTimes()
  readonly requests = new RequestMetrics()
  /** The application's own metrics. */
  readonly registry = new OwnMetrics()
  readonly starter = new RequestStarter(this.requests)
  readonly reports = new ReportQueue()
  readonly alerts: AlertMonitor
  readonly lists: ListWatch
  /** Loops reported so far. */
  loops = 0
  private readonly queues = new Map<RecordSink, SinkQueue>()
  private first: FirstMount | null = null
  private isPoolTold = false

  /** The recorder of a client, made with the first extension that asks for it. */
  static of(host: Host, maxSeries = 500): Recorder {
    return host.state(recorderKey, () => new Recorder(host, maxSeries))
  }

  private constructor(
    readonly host: Host,
    maxSeries: number,
  ) {
    this.series = new SeriesTable(maxSeries)
    this.alerts = new AlertMonitor(host, this.series)
    this.lists = ListWatch.of(host)
    DriverTap.of(host)?.listen(this.listener())
    host.onDisconnect(async () => {
      this.alerts.stop()
      await this.flush()
    }, 'last')
  }

  /**
   * The recorder that a `$queries` was made of.
   *
   * @throws NotObservedError where `slowQuery()` did not make it
   */
  static behind(queries: object | undefined): Recorder {
    const recorder = queries === undefined ? undefined : recorders.get(queries)
    if (recorder !== undefined) return recorder
    throw new NotObservedError()
  }

  /** Remembers whose a `$queries` is. */
  own<Q extends object>(queries: Q): Q {
    recorders.set(queries, this)
    return queries
  }

  /** What belongs to no operation is reported to the sinks of the extension that was mounted first. */
  mounted(mount: FirstMount): void {
    if (this.first !== null) return
    this.first = mount
    this.lists.listen(mount)
    this.starter.onFinish = (request) => mount.requestFinished(request)
    DeferredWatch.of(this.host).listen((failure) => mount.deferredFailed(failure))
  }

  poolRemark(): PoolRemark | null {
    return poolRemarkOf(this.connections, this.series, DriverTap.of(this.host)?.pool?.gauge() ?? null)
  }

  write(sink: RecordSink, record: SinkRecord): void {
    let queue = this.queues.get(sink)
    if (queue === undefined) {
      queue = new SinkQueue(sink, (error) => this.sinkFailed(error))
      this.queues.set(sink, queue)
    }
    queue.push(record)
  }

  /** Records that reached no sink. */
  get dropped(): number {
    return [...this.queues.values()].reduce((sum, queue) => sum + queue.dropped, this.reports.dropped)
  }

  /** Resolves when every report made so far has reached its sinks. */
  async flush(): Promise<void> {
    await this.reports.flush()
    await Promise.all([...this.queues.values()].map((queue) => queue.flush()))
  }

  private listener(): DriverListener {
    const { host, connections } = this
    return {
      // One tap may serve several base clients.
      statement: (statement: Statement) => {
        const { call } = statement
        if (call === undefined || call.host !== host) return
        if (statement.waitMs > 0) this.waited(statement.waitMs)
        call.notes[traceKey]?.add(statement)
      },
      transaction: (event: TransactionEvent) => {
        const { call } = event
        if (call !== undefined && call.host !== host) return
        connections.transaction(event)
        const trace = call?.notes[traceKey]
        // BEGIN and COMMIT of an interactive transaction belong to no call.
        if (call === undefined) this.first?.transactionAround(event)
        if (trace === undefined) return
        trace.transactionMs += event.ms
        trace.transactionWaitMs += event.waitMs
        trace.owner.transaction(event, trace)
      },
    }
  }

  /** Says once what the waits say of the pool. */
  private waited(ms: number): void {
    const { connections } = this
    connections.waited(ms)
    if (this.isPoolTold || connections.steps.wait.tally.latency.count % 50 !== 0) return
    const remark = this.poolRemark()
    if (remark === null) return
    this.isPoolTold = true
    this.first?.poolTooSmall(remark)
  }

  private sinkFailed(error: unknown): void {
    const name = error instanceof Error ? ((error as { code?: string }).code ?? error.name) : typeof error
    this.host.warnOnce(
      'W_SINK_FAILED',
      `prisma-brisk: a slow-query sink failed (${name}); its records are dropped and counted, queries go on.`,
    )
  }
}
