import { operationTraits, runningCall, stackHere, type WatchedScope } from '@prisma-brisk/core'
import { errorRecordOf } from '../record/error-record.ts'
import type { LiveCall, LiveLimit, LiveMessage, LiveProblem } from '../record/live-records.ts'
import type { Series } from '../metrics/series.ts'
import { traceKey, type OperationTrace } from '../trace/operation-trace.ts'
import { argumentView } from './argument-view.ts'
import { callLine, type LiveEncoder } from './live-encoder.ts'
import type { StatementView } from './statement-view.ts'

/** The place is read of so many calls of one shape; where all came from one place, later ones are taken to do so too. */
const SITES_READ = 4
/** Writes whose invalidation is waited for. */
const MAX_WRITTEN = 500
/** Shapes of one operation that are told apart in one request. */
const MAX_SHAPES = 100

/** Who passes on what a request tells. */
export interface LiveVoice {
  readonly showsValues: boolean
  readonly encoder: LiveEncoder
  /** Queues a message, or its line, that is made later. */
  add(make: () => LiveMessage | string | null): void
  numberOf(trace: OperationTrace): number
}

/** Where a call was made, and the number of the calls that share this with it. */
interface Place {
  readonly site: string | null
  readonly isAssumed: boolean
  readonly shape: number
}

interface Sites {
  read: number
  /** Undefined once the calls came from several places. */
  only: string | null | undefined
  /** What later calls are taken to have come from. */
  assumed: Place | null
}

/** One request as a hub hears of it: its calls in their order. */
export class LiveRequest {
  /** Calls that have begun and not settled, in their order. */
  private readonly open = new Set<OperationTrace>()
  /** Writes of transactions, oldest first: what they invalidate is told after COMMIT. */
  private readonly written: OperationTrace[] = []
  private readonly sites = new Map<Series, Map<string, Sites>>()
  /** Made as the call settled; its stack leads to whoever awaits it. */
  private readonly awaiting = new WeakMap<OperationTrace, Error>()
  private isEnded = false
  /** Whether a loop is under way, for the header of the response. */
  hasLoop: () => boolean = () => false
  /** Shapes whose plan this request has shown. */
  private readonly planned = new Set<string>()

  constructor(
    readonly id: string,
    private readonly scope: WatchedScope,
    private readonly reporter: LiveVoice,
  ) {}

  begin(): void {
    const { id, scope, reporter } = this
    const time = new Date(performance.timeOrigin + scope.startedAt).toISOString()
    reporter.add(() => {
      const { name, traceId } = scope.info
      return { type: 'request', id, name, time, ...(traceId === undefined ? {} : { traceId }) }
    })
  }

  started(trace: OperationTrace): void {
    this.reporter.numberOf(trace)
    this.open.add(trace)
  }

  /** @param error undefined where it succeeded */
  settled(trace: OperationTrace, error: unknown, statements: StatementView): void {
    this.open.delete(trace)
    const { reporter } = this
    // Of raw SQL Prisma records no call site.
    if (trace.call.model === null) this.awaiting.set(trace, stackHere())
    const { transaction, operation } = trace.call
    if (
      transaction.kind !== 'none' &&
      operationTraits(operation).isWrite &&
      this.written.length < MAX_WRITTEN
    )
      this.written.push(trace)
    const parent = parentOf(trace)
    reporter.add(() => this.lineOf(trace, error, statements, parent))
  }

  problem(problem: Omit<LiveProblem, 'type' | 'request'>): void {
    this.reporter.add(() => ({ type: 'problem', request: this.id, ...problem }))
  }

  /** The youngest call under way of this model and operation. */
  openCall(model: string | null, operation: string): OperationTrace | undefined {
    return [...this.open].findLast(({ call }) => call.model === model && call.operation === operation)
  }

  /** The call that wrote what is invalidated now: one under way, else the oldest of a transaction of which that was not yet told. */
  writingCall(model: string | null, operation: string): OperationTrace | undefined {
    const open = this.openCall(model, operation)
    if (open !== undefined) return open
    const index = this.written.findIndex(({ call }) => call.model === model && call.operation === operation)
    return index < 0 ? undefined : this.written.splice(index, 1)[0]
  }

  /** Milliseconds from the beginning of the request. */
  at(now: number): number {
    return round(now - this.scope.startedAt)
  }

  end(): void {
    if (this.isEnded) return
    this.isEnded = true
    const { id, scope, reporter } = this
    const ms = this.at(performance.now())
    reporter.add(() => ({
      type: 'request-end',
      request: id,
      name: scope.info.name,
      status: scope.status,
      ms,
      ...(scope.isAborted ? { isAborted: true } : {}),
    }))
  }

  /** The plan of a shape is being taken: that of before is not shown. */
  awaitsPlan(fingerprint: string): void {
    this.planned.add(fingerprint)
  }

  /** A plan was taken of a statement, after its call was told of. */
  plan(fingerprint: string, sql: string, plan: unknown): void {
    if (plan !== null) this.reporter.add(() => ({ type: 'plan', fingerprint, sql, plan }))
  }

  private lineOf(
    trace: OperationTrace,
    error: unknown,
    statements: StatementView,
    parent: OperationTrace | undefined,
  ): LiveCall | string {
    const { reporter } = this
    const { site: callSite, isAssumed: isSiteAssumed, shape } = this.placeOf(trace)
    const number = reporter.numberOf(trace)
    const at = trace.startedAt - this.scope.startedAt
    const more = this.rareOf(trace, error, parent)
    const entries = shape < 0 ? null : this.entriesOf(trace, statements)
    if (entries !== null) return callLine(this.id, number, shape, at, trace, entries, more)
    const { model, operation, args } = trace.call
    return {
      type: 'call',
      request: this.id,
      call: number,
      model,
      operation,
      at: round(at),
      ms: round(trace.ms),
      waitMs: round(trace.waitMs),
      transactionMs: round(trace.transactionMs),
      statements: (trace.statements ?? []).map((each) =>
        statements.view(each, this.at(each.startedAt), this.planned),
      ),
      rowsRead: trace.rowsRead,
      rowsReturned: trace.rowsReturned,
      callSite,
      ...(isSiteAssumed ? { isSiteAssumed } : {}),
      ...(model === null || reporter.showsValues ? {} : { args: argumentView(args, false) }),
      ...more,
    }
  }

  /** The statements as they travel; null where one has to be told whole. */
  private entriesOf({ statements }: OperationTrace, view: StatementView): string | null {
    let entries = ''
    for (const each of statements ?? []) {
      const entry = view.entry(each, each.startedAt - this.scope.startedAt, this.planned)
      if (entry === null) return null
      entries += entries === '' ? entry : `,${entry}`
    }
    return entries
  }

  /** What few calls have; null where this one has nothing of it. */
  private rareOf(
    { call, statements }: OperationTrace,
    error: unknown,
    parent: OperationTrace | undefined,
  ): Partial<LiveCall> | null {
    const { batch, cache } = call.notes
    // Noted by pagination, which stands further up.
    const { limit } = call.notes as { readonly limit?: LiveLimit }
    const { kind, id } = call.transaction
    const hasValues = this.reporter.showsValues && call.model !== null
    if (
      parent === undefined &&
      !hasValues &&
      kind === 'none' &&
      batch === undefined &&
      cache === undefined &&
      limit === undefined &&
      error === undefined
    )
      return null
    return {
      ...(parent === undefined ? {} : { parent: this.reporter.numberOf(parent) }),
      ...(hasValues ? { args: argumentView(call.args, true) } : {}),
      ...(kind === 'none' ? {} : { transaction: { kind, id } }),
      ...(batch === undefined ? {} : { batch: { id: batch.id, calls: batch.calls } }),
      ...(cache === undefined ? {} : { cache }),
      ...(limit === undefined ? {} : { limit: limitView(limit) }),
      ...(error === undefined ? {} : { error: errorRecordOf(error, statements) }),
    }
  }

  siteOf(trace: OperationTrace): string | null {
    return this.placeOf(trace).site
  }

  /** Reading a place takes 15–25 µs, so of many calls of one shape only the first are asked. */
  private placeOf(trace: OperationTrace): Place {
    const { series, call, shape } = trace
    const here = this.awaiting.get(trace)
    let shapes = this.sites.get(series)
    if (shapes === undefined) this.sites.set(series, (shapes = new Map()))
    let sites = shapes.get(shape)
    if (sites === undefined) {
      if (shapes.size >= MAX_SHAPES) return this.place(trace, call.callSite(here), false)
      shapes.set(shape, (sites = { read: 0, only: null, assumed: null }))
    }
    if (sites.read >= SITES_READ && sites.only !== undefined)
      return (sites.assumed ??= this.place(trace, sites.only, true))
    const site = call.callSite(here)
    if (sites.read === 0) sites.only = site
    else if (sites.only !== site) sites.only = undefined
    sites.read++
    return this.place(trace, site, false)
  }

  private place(trace: OperationTrace, site: string | null, isAssumed: boolean): Place {
    return { site, isAssumed, shape: this.reporter.encoder.shape(trace, site, isAssumed) }
  }
}

/** The note goes on being written to; a reason that somebody gave is his own text. */
function limitView({ rule, limit, cut }: LiveLimit): LiveLimit {
  return { rule, limit, ...(cut === true ? { cut } : {}) }
}

/** The call in whose context this one was made. */
function parentOf({ call }: OperationTrace): OperationTrace | undefined {
  const around = runningCall()
  return around === undefined || around === call ? undefined : around.notes[traceKey]
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
