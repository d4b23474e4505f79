import {
  DeferredWatch,
  defineExtension,
  mount,
  type BriskExtension,
  type DeferredFailure,
  type Host,
  type Plugin,
} from '@prisma-brisk/core'
import { Deadlines } from './deadline/deadlines.ts'
import { DeferredQueue, type DeferredStatistics } from './deferred/deferred-queue.ts'
import { taskInCharge } from './deferred/deferred-task.ts'
import { resolveOptions, type ResilienceOptions } from './options.ts'
import { Retrier } from './retry/retrier.ts'
import { budgetOf } from './retry/retry-budget.ts'
import { retryTransactionOf, type RetryTransaction } from './retry/transaction-retry.ts'

/** What `resilience()` adds to a client. */
export interface ResilienceClient {
  readonly $deferred: DeferredWork
  /** An interactive transaction that is run again as a whole where the database has undone it because of others. */
  readonly $retryTransaction: RetryTransaction
}

/** `prisma.$deferred`: work for after the response. */
export interface DeferredWork {
  /**
   * Queues a task and returns at once. Awaiting it slows the caller down while the queue is full; the task itself
   * is not awaited, and its failure is reported, never thrown.
   *
   * @example
   * prisma.$deferred(() => prisma.auditLog.create({ data }))
   */
  (task: () => unknown): Promise<void>
  /** Resolves when everything queued so far has been run. `$disconnect` waits for it too. */
  flush(): Promise<void>
  stats(): DeferredStatistics
}

const deferredKey = Symbol('prisma-brisk.deferred')

/** The plugin that {@link resilience} mounts; for `brisk()`, which mounts several in one pipeline. */
export function resiliencePlugin(options: ResilienceOptions = {}): Plugin {
  const resolved = resolveOptions(options)
  return {
    name: 'resilience',
    middleware: (host) => {
      const retrier = resolved.retry === false ? null : new Retrier(resolved.retry, budgetOf(host))
      const deadlines = new Deadlines(host, resolved, retrier)
      return (call, next) => {
        const task = taskInCharge()
        if (task === null) return deadlines.run(call, next)
        const { earlier } = task
        const answer =
          earlier === null ? deadlines.run(call, next) : earlier.then(() => deadlines.run(call, next))
        return answer.catch((error: unknown) => {
          task.operationFailed(call, error)
          throw error
        })
      }
    },
    client: (host) => {
      const queue = host.state(
        deferredKey,
        () =>
          new DeferredQueue(
            resolved.deferred,
            (failure) => report(host, failure),
            () => host.disconnecting(),
          ),
      )
      DeferredWatch.of(host).counts = () => queue.stats()
      host.state(closingKey, () => host.onDisconnect(() => queue.flush()))
      const deferred: DeferredWork = Object.assign((task: () => unknown) => queue.push(task), {
        flush: () => queue.flush(),
        stats: () => queue.stats(),
      })
      return { $deferred: deferred, $retryTransaction: retryTransactionOf(host) }
    },
  }
}

const closingKey = Symbol('prisma-brisk.deferred-closing')

/** To the sinks of slow-query where it is mounted, else as a warning; never into the request. */
function report(host: Host, failure: DeferredFailure): void {
  if (DeferredWatch.of(host).tell(failure)) return
  const { error, model, operation } = failure
  const name = operation === null ? 'a deferred task' : `the deferred ${model ?? 'raw'}.${operation}`
  const callSite = failure.callSite()
  const at = callSite === null ? '' : ` at ${callSite}`
  process.emitWarning(`prisma-brisk: ${name}${at} failed (${codeOf(error)}).`, {
    type: 'PrismaBriskWarning',
    code: 'W_DEFERRED_FAILED',
  })
}

/**
 * Time limits, retries and deferred writes.
 *
 * @throws InvalidOptionsError
 * @example
 * const prisma = new PrismaClient({ adapter }).$extends(resilience({ timeout: 5_000, retry: { attempts: 3 } }))
 */
export function resilience(options: ResilienceOptions = {}): BriskExtension<{}, ResilienceClient> {
  const plugin = resiliencePlugin(options)
  return defineExtension((client) => mount(client, [plugin])) as never
}

function codeOf(error: unknown): string {
  return error instanceof Error ? ((error as { code?: string }).code ?? error.name) : typeof error
}
