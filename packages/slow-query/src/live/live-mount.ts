import { type Host, type TransactionEvent, currentScope, WatchedScope } from '@prisma-brisk/core'
import { PlanSampler } from '../explain/plan-sampler.ts'
import type { ResolvedNPlusOneOptions, ResolvedSlowQueryOptions } from '../options.ts'
import type { SinkRecord } from '../record/records.ts'
import type { ReportQueue } from '../sink/report-queue.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { followHttpRequests } from './http-requests.ts'
import { listenToChannels } from './live-events.ts'
import { LiveReporter } from './live-reporter.ts'
import { hubTarget } from './hub-target.ts'
import type { LiveTarget } from '../live-target.ts'
import { LiveWatcher, type LiveContext } from './live-watcher.ts'
import { StatementView } from './statement-view.ts'

/** What records of the log a request shows by itself. */
const SHOWN_OTHERWISE: ReadonlySet<SinkRecord['type']> = new Set(['slow-query', 'n-plus-one', 'slow-request'])

/** One mount's way to a hub. */
export class LiveMount {
  private readonly context: LiveContext

  constructor(
    host: Host,
    reports: ReportQueue,
    nPlusOne: ResolvedNPlusOneOptions | null,
    readonly reporter: LiveReporter,
  ) {
    const plans = PlanSampler.forLive(host, reports)
    this.context = {
      host,
      nPlusOne,
      statements: host.state(
        reporter.viewKey,
        () => new StatementView(host, reporter.encoder, reporter.kept, new WeakRef(plans)),
      ),
      plans,
    }
    host.onDisconnect(() => withinPatience(reporter.flush()), 'last')
  }

  watcher(scope: WatchedScope): LiveWatcher {
    return new LiveWatcher(scope, this.reporter.requestOf(scope), this.context, this.isOutside(scope))
  }

  isOutside(scope: WatchedScope): boolean {
    return this.reporter.isOutside(scope)
  }

  /** The scope that stands for what runs outside of any request. */
  outside(): WatchedScope {
    return this.reporter.outside()
  }

  record(record: SinkRecord): void {
    if (!SHOWN_OTHERWISE.has(record.type)) this.reporter.add(() => ({ type: 'record', record }))
  }

  /** @param trace null where no call is under way: then the request counts in which it happens */
  transaction({ type, ms, waitMs }: TransactionEvent, trace: OperationTrace | null): void {
    const scope = trace === null ? currentScope() : (trace.scope ?? trace.liveScope)
    if (!(scope instanceof WatchedScope)) return
    const { reporter } = this
    const request = reporter.requestOf(scope)
    const at = request.at(performance.now())
    reporter.add(() => ({
      type: 'transaction',
      request: request.id,
      call: trace === null ? null : reporter.numberOf(trace),
      event: type,
      at,
      ms: Math.round(ms * 1000) / 1000,
      waitMs: Math.round(waitMs * 1000) / 1000,
    }))
  }
}

/** Milliseconds that `$disconnect` waits for a hub. */
const LAST_PATIENCE_MS = 300

async function withinPatience(flush: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    flush,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_PATIENCE_MS)
    }),
  ])
  clearTimeout(timer)
}

const reporters = new WeakMap<LiveTarget, LiveReporter>()
const targets = new Map<string, LiveTarget | null>()

/**
 * The reporter to the hub that an option or `BRISK_LIVE` names; null where there is none. In production there is none, whoever
 * asks, and the reason is said once.
 */
export function liveReporter(
  { live: given, livePill }: Pick<ResolvedSlowQueryOptions, 'live' | 'livePill'>,
  environment: Readonly<Record<string, string | undefined>>,
  warn: (code: string, message: string) => void,
): LiveReporter | null {
  const address = environment['BRISK_LIVE']
  if (given === undefined && !address) return null
  if (environment['NODE_ENV'] === 'production') {
    warn('W_LIVE_IN_PRODUCTION', LIVE_IN_PRODUCTION)
    return null
  }
  const target = given ?? targetAt(address as string)
  if (target === null) {
    warn(
      'W_LIVE_ADDRESS',
      'prisma-brisk: BRISK_LIVE names no hub on this machine (http://127.0.0.1:4983/?token=…); nothing is reported. Start the application with `brisk live -- <command>`.',
    )
    return null
  }
  let reporter = reporters.get(target)
  if (reporter === undefined) {
    reporters.set(target, (reporter = new LiveReporter(target, environment['BRISK_LIVE_VALUES'] === '1')))
    listenToChannels(reporter)
    followHttpRequests(reporter)
  }
  if (livePill || environment['BRISK_LIVE_PILL'] === '1') reporter.showsPill = true
  return reporter
}

/** Why there is no `brisk live` in production. */
export const LIVE_IN_PRODUCTION =
  'prisma-brisk: brisk live is a development tool and does nothing under NODE_ENV=production; use the slow-query log, metrics and `brisk live --file` there.'

/** One target for each address, however often a client is extended. */
function targetAt(address: string): LiveTarget | null {
  if (!targets.has(address)) targets.set(address, hubTarget(address))
  return targets.get(address) ?? null
}
