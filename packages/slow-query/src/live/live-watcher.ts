import { operationTraits, type Host, type RequestWatcher, type WatchedScope } from '@prisma-brisk/core'
import type { PlanSampler } from '../explain/plan-sampler.ts'
import { NPlusOneWatcher } from '../loop/n-plus-one-watcher.ts'
import type { ResolvedNPlusOneOptions } from '../options.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import type { LiveRequest } from './live-request.ts'
import {
  duplicateReads,
  failedCall,
  loopFinding,
  sequentialScan,
  thrownAway,
  unlimitedList,
  type Finding,
  type SiteOf,
} from './request-findings.ts'
import type { StatementView } from './statement-view.ts'

/** Calls that make a loop: development's data are few, so it is less than what a log begins with. */
const LOOP = 3
/** Calls of one request that are compared with each other; by then there is enough to say of it. */
const MAX_KEPT = 2000
/** Outside of requests, which may have no end. */
const MAX_KEPT_OUTSIDE = 200

/** What a mount has to tell. */
export interface LiveContext {
  readonly host: Host
  readonly statements: StatementView
  readonly plans: PlanSampler
  readonly nPlusOne: ResolvedNPlusOneOptions | null
}

/** Tells a hub of the calls of one request, and what is wrong with them. */
export class LiveWatcher implements RequestWatcher {
  private readonly settledCalls: OperationTrace[] = []
  private readonly loops: NPlusOneWatcher | null
  private readonly siteOf: SiteOf
  private readonly mostKept: number
  /** Reports once a place. */
  private readonly told = new Set<string>()
  /** Shapes of statements whose plan was looked at in this request. */
  private readonly judged = new Set<string>()

  constructor(
    scope: WatchedScope,
    private readonly request: LiveRequest,
    private readonly context: LiveContext,
    isOutside: boolean,
  ) {
    this.mostKept = isOutside ? MAX_KEPT_OUTSIDE : MAX_KEPT
    const { host, nPlusOne } = context
    this.siteOf = (trace) => request.siteOf(trace)
    this.loops =
      nPlusOne === null
        ? null
        : new NPlusOneWatcher(
            scope,
            { threshold: Math.min(LOOP, nPlusOne.threshold), action: 'log', allow: nPlusOne.allow },
            {
              host,
              report: (make) => {
                const report = make()
                if (report !== null) request.problem(loopFinding(report))
              },
            },
          )
    const { loops } = this
    if (loops !== null) request.hasLoop = () => loops.hasLoop
  }

  started(trace: OperationTrace): void {
    this.request.started(trace)
    this.loops?.started(trace)
  }

  settled(trace: OperationTrace): void {
    this.loops?.settled(trace)
    this.request.settled(trace, trace.error, this.context.statements)
    if (this.settledCalls.length < this.mostKept) this.settledCalls.push(trace)
    this.tell(failedCall(trace, this.siteOf))
    this.tell(unlimitedList(trace, this.siteOf))
    this.tell(thrownAway(trace, this.siteOf))
    this.plan(trace)
  }

  ended(): void {
    this.loops?.ended()
    this.settledCalls.sort((a, b) => a.startedAt - b.startedAt)
    const isCut = this.settledCalls.length >= this.mostKept
    for (const finding of duplicateReads(this.settledCalls, this.siteOf, isCut)) this.tell(finding)
    this.settledCalls.length = 0
    this.request.end()
  }

  /**
   * Asks for the plan of each read, once a shape and request, where none is known that may still be believed; writes are never planned.
   */
  private plan(trace: OperationTrace): void {
    const { call, statements: sent } = trace
    const { statements, plans, host } = this.context
    const [first] = sent ?? []
    if (first === undefined || first.error !== undefined || !operationTraits(call.operation).isRead) return
    const { fingerprint } = statements.redacted(first.sql)
    if (this.judged.has(fingerprint)) return
    this.judged.add(fingerprint)
    const judge = (): Finding | null =>
      sequentialScan(trace, statements.planOf(fingerprint), host, this.siteOf)
    const known = judge()
    const taken = statements.isPlanDue(fingerprint, known !== null)
      ? plans.plan(first, fingerprint, trace.startedAt)
      : null
    if (taken === null) return this.tell(known)
    this.request.awaitsPlan(fingerprint)
    void taken.then((plan) => {
      statements.planned(fingerprint, plan)
      this.request.plan(fingerprint, statements.redacted(first.sql).sql, statements.planOf(fingerprint))
      this.tell(judge())
    })
  }

  private tell(finding: Finding | null): void {
    if (finding === null) return
    const key = `${finding.kind} ${finding.model} ${finding.callSite} ${finding.mend}`
    if (this.told.has(key)) return
    this.told.add(key)
    this.request.problem(finding)
  }
}
