import {
  channels,
  DriverTap,
  longListAdvice,
  quietAdvice,
  stackHere,
  type Call,
  type DeferredFailure,
  type Host,
  type LongListReport,
  type Middleware,
  type QuietLists,
  type Statement,
  type TransactionEvent,
  currentScope,
  type RequestWatcher,
  type WatchedScope,
} from '@prisma-brisk/core'
import { PlanSampler } from '../explain/plan-sampler.ts'
import { announce, NPlusOneWatcher, type LoopListener } from '../loop/n-plus-one-watcher.ts'
import { isSeedProcess, OutsideRequests } from '../loop/outside-requests.ts'
import { SLOW_REQUEST_MS } from '../metrics/request-metrics.ts'
import { readsMany } from '../live/request-findings.ts'
import { liveReporter, LiveMount } from '../live/live-mount.ts'
import { callRecorder, type CallRecorder } from '../recording/call-recorder.ts'
import type { PoolRemark } from '../metrics/pool-advice.ts'
import type { Series } from '../metrics/series.ts'
import type { ResolvedSlowQueryOptions } from '../options.ts'
import { errorRecordOf } from '../record/error-record.ts'
import type { NPlusOneReport, SinkRecord } from '../record/records.ts'
import { BudgetWatcher } from '../request/request-budget.ts'
import type { FinishedRequest } from '../request/running-request.ts'
import { OperationTrace, traceKey } from '../trace/operation-trace.ts'
import { recordOf, type SlowOperation } from './record-maker.ts'
import { Recorder, type FirstMount } from './recorder.ts'
import { rowsIn, rowsWithin } from './result-rows.ts'

/** One `$extends(slowQuery(…))`: its own thresholds, sinks and rules on the recorder that all share. */
export class MountedRecorder implements LoopListener, FirstMount {
  readonly recorder: Recorder
  private readonly thresholds = new Map<Series, number>()
  private readonly outside: OutsideRequests | null
  private readonly plans: PlanSampler | null
  private readonly live: LiveMount | null
  private readonly recording: CallRecorder | null

  constructor(
    readonly host: Host,
    readonly options: ResolvedSlowQueryOptions,
  ) {
    this.recorder = Recorder.of(host, options.maxSeries)
    const { nPlusOne, explain, alerts } = options
    this.outside = nPlusOne === null || isSeedProcess() ? null : new OutsideRequests(nPlusOne, this)
    this.plans = explain === null ? null : PlanSampler.of(host, explain, this.recorder.reports)
    const reporter = liveReporter(options, process.env, (code, message) => host.warnOnce(code, message))
    this.live =
      reporter === null ? null : new LiveMount(host, this.recorder.reports, options.nPlusOne, reporter)
    this.recording = callRecorder(host, process.env)
    this.recorder.alerts.add(alerts, (event) => this.queue(() => event))
    this.recorder.mounted(this)
    options.telemetry?.attach(host)
  }

  readonly middleware: Middleware = (call, next) => {
    const { recorder, options } = this
    const series = recorder.series.get(call.model, call.operation)
    const scope = currentScope()
    const trace = new OperationTrace(call, this, series, scope, performance.now())
    call.notes[traceKey] = trace
    // With the beginning of an operation: one that never ends is a reason to look, one that ends after $disconnect is none.
    recorder.alerts.start()
    this.recording?.started(trace)
    let answer: Promise<unknown>
    try {
      if (scope !== undefined) this.watching(scope).started(trace)
      else this.startedOutside(trace)
      answer = options.telemetry === null ? next(call) : options.telemetry.trace(call, next)
    } catch (error) {
      answer = Promise.reject(error)
    }
    return answer.then(
      (result) => {
        this.settle(trace, result, undefined)
        return result
      },
      (error: unknown) => {
        this.settle(trace, undefined, error ?? noReason)
        throw error
      },
    )
  }

  /** Queues a report for this mount's sinks. */
  queue(make: () => SinkRecord | null | Promise<SinkRecord | null>): void {
    this.recorder.reports.add({ make, write: (record) => this.write(record) })
  }

  report(make: () => NPlusOneReport | null): void {
    const { nPlusOne } = this.options
    this.queue(() => {
      const report = make()
      if (report === null) return null
      this.recorder.loops++
      if (nPlusOne !== null) announce(report, nPlusOne, this.host)
      return report
    })
  }

  /** A deferred task failed, or was dropped. */
  deferredFailed({ error, model, operation, callSite }: DeferredFailure): void {
    this.queue(() => ({
      type: 'deferred-failure',
      time: new Date().toISOString(),
      model,
      operation,
      callSite: callSite(),
      error: errorRecordOf(error, null),
    }))
  }

  poolTooSmall(remark: PoolRemark): void {
    this.queue(() => ({ type: 'small-pool', time: new Date().toISOString(), ...remark }))
  }

  long(report: LongListReport): void {
    const { policy: _, ...list } = report
    this.queue(() => ({
      type: 'long-list',
      time: new Date().toISOString(),
      ...list,
      advice: longListAdvice(report),
    }))
  }

  quiet(quiet: QuietLists): void {
    const { lists, longest, limit } = quiet
    this.queue(() => ({
      type: 'quiet-lists',
      time: new Date().toISOString(),
      since: new Date(quiet.since).toISOString(),
      lists,
      longest,
      limit,
      advice: quietAdvice(quiet),
    }))
  }

  requestFinished({ scope, status, ms }: FinishedRequest): void {
    if (ms <= SLOW_REQUEST_MS) return
    const { name, traceId } = scope.info
    this.queue(() => ({
      type: 'slow-request',
      time: new Date().toISOString(),
      request: name,
      status,
      ms: Math.round(ms),
      statements: scope.statements,
      databaseMs: Math.round(scope.databaseMs),
      ...(traceId === undefined ? {} : { traceId }),
    }))
  }

  private write(record: SinkRecord): void {
    for (const sink of this.options.sinks) this.recorder.write(sink, record)
    this.live?.record(record)
    if (record.type === 'slow-query' && channels.slowQuery.hasSubscribers) channels.slowQuery.publish(record)
  }

  private settle(trace: OperationTrace, result: unknown, error: unknown): void {
    const { series, call, scope } = trace
    const { options } = this
    trace.endedAt = performance.now()
    trace.failed = error !== undefined
    trace.error = error
    trace.rowsReturned = rowsIn(result)
    if (this.live !== null && readsMany(trace))
      trace.rowsWithin = rowsWithin(result, call.model, this.host.schema())
    const { ms } = trace
    const threshold = this.thresholds.get(series) ?? this.thresholdOf(series, call)
    const shared = trace.statements === null ? this.isAnsweredByOther(trace) : this.leads(trace)
    const slow = ms >= threshold
    series.record(ms, slow, trace)
    countNotes(series, call)
    if (error !== undefined) {
      const { driverCode, code, name } = errorRecordOf(error, trace.statements)
      series.countError(driverCode ?? code ?? name)
    }
    options.telemetry?.record(trace, error)
    this.recording?.settled(trace)
    if (slow && !shared) {
      // Its text, which is dear, is made later, and only where Prisma did not record the call site.
      this.slow({ trace, ms, threshold, error, result, settled: stackHere() })
    }
    if (scope !== undefined) scope.settled(trace)
    else this.settledOutside(trace)
  }

  private startedOutside(trace: OperationTrace): void {
    this.outside?.started(trace)
    if (this.live === null) return
    const scope = this.live.outside()
    trace.liveScope = scope
    this.watching(scope).started(trace)
  }

  private settledOutside(trace: OperationTrace): void {
    this.outside?.settled(trace)
    trace.liveScope?.settled(trace)
  }

  transaction(event: TransactionEvent, trace: OperationTrace): void {
    this.live?.transaction(event, trace)
  }

  transactionAround(event: TransactionEvent): void {
    this.live?.transaction(event, null)
  }

  private slow(operation: SlowOperation): void {
    const { host, options, plans } = this
    this.queue(() => {
      const record = recordOf(operation, host, options)
      if (plans === null) return record
      return plans.sample(operation.trace, record)
    })
  }

  /** The scope, with this mount's watchers in it. */
  private watching(scope: WatchedScope): WatchedScope {
    scope.watcher(this, () => new MountWatcher(this, this.watchersOf(scope)))
    return scope
  }

  private watchersOf(scope: WatchedScope): RequestWatcher[] {
    const { nPlusOne, requestBudget } = this.options
    const { live } = this
    // What runs outside of requests is looked at in another way.
    if (live?.isOutside(scope) === true) return [live.watcher(scope)]
    return [
      ...(live === null ? [] : [live.watcher(scope)]),
      ...(nPlusOne === null ? [] : [new NPlusOneWatcher(scope, nPlusOne, this)]),
      ...(requestBudget === null
        ? []
        : [new BudgetWatcher(requestBudget, this.host, (make) => this.queue(make))]),
    ]
  }

  private thresholdOf(series: Series, { model, operation }: Call): number {
    const { models, threshold } = this.options
    const own = models.get(`${model ?? ''}.${operation}`) ?? models.get(model ?? operation) ?? threshold
    // The series of all that is beyond the limit is of many models.
    if (series.model === model) this.thresholds.set(series, own)
    return own
  }

  /** Remembers whose statement may have answered the calls that Prisma merged with it. */
  private leads(trace: OperationTrace): boolean {
    if (trace.call.operation.startsWith('findUnique')) trace.series.leader = trace
    return false
  }

  /** Whether another operation's statement answered this one: it is counted, and logged with that one. */
  private isAnsweredByOther(trace: OperationTrace): boolean {
    const { call, series } = trace
    const tap = DriverTap.of(this.host)
    if (tap?.status !== 'connected') {
      if (tap?.status === 'waiting' && call.notes.cache !== 'hit' && !trace.failed) this.warnUnseen()
      return false
    }
    if (call.notes.batch !== undefined) return true
    const { leader } = series
    const sentAt = leader?.statements?.[0]?.startedAt
    if (leader === null || sentAt === undefined || !call.operation.startsWith('findUnique')) return false
    if (leader.call.model !== call.model) return false
    if (call.notes.cache === 'hit' || trace.startedAt > sentAt || trace.endedAt < leader.endedAt) return false
    leader.sharedBy++
    return true
  }

  private warnUnseen(): void {
    this.host.warnOnce(
      'W_STATEMENTS_UNSEEN',
      'prisma-brisk: this client had connected before it was extended, so slow-query cannot see its SQL; operations are timed all the same. Call $extends before the first query or $connect.',
    )
  }
}

/** All that one mount wants to know of a request; several clients may take part in it. */
class MountWatcher implements RequestWatcher {
  constructor(
    private readonly mount: MountedRecorder,
    private readonly watchers: readonly RequestWatcher[],
  ) {}

  started(trace: OperationTrace): void {
    if (trace.owner === this.mount) for (const watcher of this.watchers) watcher.started?.(trace)
  }

  settled(trace: OperationTrace): void {
    if (trace.owner === this.mount) for (const watcher of this.watchers) watcher.settled?.(trace)
  }

  statement(statement: Statement, trace: OperationTrace): void {
    if (trace.owner === this.mount) for (const watcher of this.watchers) watcher.statement?.(statement, trace)
  }

  ended(scope: WatchedScope): void {
    for (const watcher of this.watchers) watcher.ended(scope)
  }
}

const noReason = new Error('rejected without a reason')

function countNotes(series: Series, { notes }: Call): void {
  if (notes.batch !== undefined) series.batched++
  switch (notes.cache) {
    case undefined:
      return
    case 'hit':
      series.cacheHits++
      return
    case 'stale':
      series.cacheStale++
      return
    case 'miss':
      series.cacheMisses++
  }
}
