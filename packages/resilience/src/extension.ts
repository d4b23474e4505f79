import { defineExtension, mount, type BriskExtension, type Plugin } from '@prisma-brisk/core'
import { Deadlines } from './deadline.ts'
import { DeferredQueue, type DeferredStatistics } from './deferred-queue.ts'
import { resolveOptions, type ResilienceOptions } from './options.ts'
import { Retrier } from './retrier.ts'

/** What `resilience()` adds to a client. */
export interface DeferredClient {
  readonly $deferred: Deferred
}

/** `prisma.$deferred`: work for after the response. */
export interface Deferred {
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
    middleware: () => {
      const deadlines = new Deadlines(resolved)
      const retrier = resolved.retry === false ? null : new Retrier(resolved.retry)
      if (retrier === null) return (call, next) => deadlines.run(call, next)
      return (call, next) => deadlines.run(call, (limited) => retrier.run(limited, next))
    },
    client: (host) => {
      const queue = host.state(deferredKey, () => {
        const made = new DeferredQueue(resolved.deferred, (error) =>
          process.emitWarning(`prisma-brisk: a deferred task failed (${codeOf(error)}).`, {
            type: 'PrismaBriskWarning',
            code: 'W_DEFERRED_FAILED',
          }),
        )
        host.onDisconnect(() => made.flush())
        return made
      })
      const deferred: Deferred = Object.assign((task: () => unknown) => queue.push(task), {
        flush: () => queue.flush(),
        stats: () => queue.stats(),
      })
      return { $deferred: deferred }
    },
  }
}

/**
 * Time limits, retries and deferred writes.
 *
 * @throws InvalidOptionsError
 * @example
 * const prisma = new PrismaClient({ adapter }).$extends(resilience({ timeout: 5_000, retry: { attempts: 3 } }))
 */
export function resilience(options: ResilienceOptions = {}): BriskExtension<{}, DeferredClient> {
  const plugin = resiliencePlugin(options)
  return defineExtension((client) => mount(client, [plugin])) as never
}

function codeOf(error: unknown): string {
  return error instanceof Error ? ((error as { code?: string }).code ?? error.name) : typeof error
}
