import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { DeferredQueueFullError } from './errors.ts'
import type { DeferredOptions } from './options.ts'
import { holdSigterm, releaseSigterm } from './sigterm.ts'

/** Counts of `prisma.$deferred.stats()`. */
export interface DeferredStatistics {
  /** Tasks that wait for their turn. */
  readonly queued: number
  readonly running: number
  readonly completed: number
  readonly failed: number
  /** Tasks that were never run, because too many waited. */
  readonly dropped: number
}

export type DeferredTask = () => unknown

/**
 * Runs tasks after the fact. Tasks begin in the order in which they came; those that write to one model, and those of
 * which nobody knows what they do, run one after another, others beside each other.
 *
 * A Prisma call is lazy and says its model, so `() => prisma.log.create(…)` is known before it is sent. Any other task
 * has begun when it returns: its operations wait for the tasks before it, and later tasks wait for all of it.
 */
export class DeferredQueue {
  private readonly tasks: BoundTask[] = []
  private readonly waiters: (() => void)[] = []
  private readonly lanes = new Map<string, Promise<void>>()
  private running = 0
  private completed = 0
  private failed = 0
  private dropped = 0
  private working: Promise<void> | null = null

  constructor(
    private readonly options: Required<DeferredOptions>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Resolves when the task has a place in the queue; it is never rejected. */
  async push(task: DeferredTask): Promise<void> {
    const { maxQueue } = this.options
    if (this.tasks.length >= maxQueue) {
      if (this.waiters.length >= maxQueue) {
        this.dropped++
        this.onFailure(new DeferredQueueFullError(2 * maxQueue))
        return
      }
      await new Promise<void>((resolve) => this.waiters.push(resolve))
    }
    // The request's context (its name, its trace) stays with the task.
    this.tasks.push(AsyncResource.bind((earlier) => turns.run(earlier, task)))
    if (this.working !== null) return
    holdSigterm(this)
    this.working = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.work())
      .finally(() => {
        this.working = null
        releaseSigterm(this)
      })
  }

  /** Resolves when everything pushed so far has been run. */
  async flush(): Promise<void> {
    while (this.working !== null) await this.working
  }

  stats(): DeferredStatistics {
    const { tasks, running, completed, failed, dropped } = this
    return { queued: tasks.length, running, completed, failed, dropped }
  }

  private async work(): Promise<void> {
    for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) {
      this.waiters.shift()?.()
      while (this.running >= this.options.concurrency) await Promise.race(this.lanes.values())
      await this.begin(task)
      // A waiter that was just let in has its task in the queue one microtask later.
      await Promise.resolve()
    }
    await Promise.all(this.lanes.values())
    if (this.tasks.length > 0) await this.work()
  }

  private async begin(task: BoundTask): Promise<void> {
    const earlier = this.lanes.size === 0 ? null : Promise.all(this.lanes.values())
    let made: unknown
    try {
      made = task(earlier)
    } catch (error) {
      this.failed++
      this.onFailure(error)
      return
    }
    const model = modelOf(made)
    if (model === null) {
      const settled = this.settle(made)
      await earlier
      return settled
    }
    const before = this.lanes.get(model)
    const lane = (before === undefined ? this.settle(made) : before.then(() => this.settle(made))).then(
      () => {
        if (this.lanes.get(model) === lane) this.lanes.delete(model)
      },
    )
    this.lanes.set(model, lane)
  }

  private async settle(made: unknown): Promise<void> {
    this.running++
    try {
      await made
      this.completed++
    } catch (error) {
      this.failed++
      this.onFailure(error)
    } finally {
      this.running--
    }
  }
}

/** A task in the context it was queued in, told what its operations wait for. */
type BoundTask = (earlier: Promise<unknown> | null) => unknown

const turns = new AsyncLocalStorage<Promise<unknown> | null>()

/** What the operations of a deferred task wait for before they are sent; null where they need not wait. */
export function turnOfTask(): Promise<unknown> | null {
  return turns.getStore() ?? null
}

/** The model of a Prisma call that has not been sent yet; null for everything else. */
function modelOf(made: unknown): string | null {
  const { spec, [Symbol.toStringTag]: tag } = (made ?? {}) as {
    spec?: { model?: unknown }
    [Symbol.toStringTag]?: unknown
  }
  return tag === 'PrismaPromise' && typeof spec?.model === 'string' ? spec.model : null
}
