import {
  channels,
  type Host,
  type RequestWatcher,
  type WatchedScope,
  type RequestInfo,
} from '@prisma-brisk/core'
import { NPlusOneError } from '../errors.ts'
import type { ResolvedNPlusOneOptions } from '../options.ts'
import type { NPlusOneReport } from '../record/records.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { isLoop, LoopDetector } from './loop-detector.ts'
import { reportOf } from './loop-report.ts'
import type { RepeatedCalls } from './repeated-calls.ts'

/** Parents that are remembered in one request. */
const MAX_PARENTS = 50

/** What is told of loops. */
export interface LoopListener {
  readonly host: Host
  /** Queues the making of a report. */
  report(make: () => NPlusOneReport | null): void
}

/** Looks for loops in one request. */
export class NPlusOneWatcher implements RequestWatcher {
  private readonly detector: LoopDetector
  /** Operations that returned several rows, which a loop may go through. */
  private readonly parents: OperationTrace[] = []

  constructor(
    private readonly scope: WatchedScope,
    private readonly options: ResolvedNPlusOneOptions,
    private readonly listener: LoopListener,
  ) {
    this.detector = new LoopDetector(options.threshold)
  }

  started(trace: OperationTrace): void {
    if (!this.scope.watching || isAllowedModel(this.options, trace)) return
    const loop = this.detector.started(trace)
    // One after another: what the calls so far did is known, and this one need not be sent.
    if (loop !== null && this.options.action === 'throw' && !loop.concurrent) this.throwIfLoop(loop, 1)
  }

  settled(trace: OperationTrace): void {
    if (trace.rowsReturned > 1 && this.parents.length < MAX_PARENTS) this.parents.push(trace)
    const loop = this.detector.settled(trace)
    if (loop !== null && this.options.action === 'throw' && loop.concurrent && !trace.failed)
      this.throwIfLoop(loop, 0)
  }

  /** Whether there is one so far. */
  get hasLoop(): boolean {
    return !this.detector.loops().next().done
  }

  ended(): void {
    for (const loop of this.detector.loops()) {
      if (loop.reported || isAllowedPlace(this.options, loop, this.scope.info)) continue
      loop.reported = true
      const { parents, listener, scope } = this
      listener.report(() => reportOf(loop, parents, listener.host, scope.info))
    }
  }

  private throwIfLoop(loop: RepeatedCalls, underWay: number): void {
    const { threshold } = this.options
    if (loop.reported || loop.sending + underWay < threshold || !isLoop(loop, threshold)) return
    if (isAllowedPlace(this.options, loop, this.scope.info)) return
    loop.reported = true
    const report = reportOf(loop, this.parents, this.listener.host, this.scope.info)
    this.listener.report(() => report)
    throw new NPlusOneError(report)
  }
}

/** Publishes a report and calls `action`; a failure of either must not keep the report from the sinks. */
export function announce(report: NPlusOneReport, { action }: ResolvedNPlusOneOptions, host: Host): void {
  if (channels.nPlusOne.hasSubscribers) channels.nPlusOne.publish(report)
  if (typeof action !== 'function') return
  const failed = (error: unknown): void =>
    host.warnOnce(
      'W_ACTION_FAILED',
      `prisma-brisk: nPlusOne.action failed (${error instanceof Error ? error.name : typeof error}); queries and reports go on.`,
    )
  try {
    const done: unknown = action(report)
    if (done instanceof Promise) done.catch(failed)
  } catch (error) {
    failed(error)
  }
}

function isAllowedModel({ allow }: ResolvedNPlusOneOptions, { call }: OperationTrace): boolean {
  return allow.some(({ model, path }) => path === undefined && model === call.model)
}

/** Matches the call site and the name of the request, a model where one is given. */
function isAllowedPlace(
  { allow }: ResolvedNPlusOneOptions,
  { callSite, first }: RepeatedCalls,
  info: RequestInfo,
): boolean {
  return allow.some(
    ({ model, path }) =>
      path !== undefined &&
      (model === undefined || model === first.call.model) &&
      [callSite ?? '', info.name].some((text) =>
        typeof path === 'string' ? text.includes(path) : path.test(text),
      ),
  )
}
