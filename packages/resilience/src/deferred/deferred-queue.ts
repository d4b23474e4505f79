import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { DeferredQueueFullError } from '../errors.ts'
import type { DeferredOptions } from '../options.ts'
import { holdProcess, releaseProcess, type Unfinished } from './process-end.ts'

/** Taken before a test can fake it. */
const { setImmediate } = globalThis

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
export class DeferredQueue implements Unfinished {
  private readonly tasks: BoundTask[] = []
  private readonly waiters: (() => void)[] = []
  private readonly lanes = new Map<string, Promise<void>>()
  /** Places that are taken: a task has one until it runs, also while it waits for one of its own model. */
  private waiting = 0
  private running = 0
  private completed = 0
  private failed = 0
  private dropped = 0
  private working: Promise<void> | null = null
  /** Has the work look again at what can begin. */
  private wake: () => void = ignore

  constructor(
    private readonly options: Required<DeferredOptions>,
    private readonly onFailure: (error: unknown) => void,
    /** Tells whoever has to know what became of the tasks, before the process ends. */
    readonly report: () => Promise<void> = async () => undefined,
  ) {}

  /** Resolves when the task has a place in the queue; it is never rejected. */
  async push(task: DeferredTask): Promise<void> {
    const { maxQueue } = this.options
    if (this.waiting < maxQueue) this.waiting++
    else if (this.waiters.length < maxQueue) await new Promise<void>((resolve) => this.waiters.push(resolve))
    else {
      this.dropped++
      this.onFailure(new DeferredQueueFullError(2 * maxQueue))
      return
    }
    // The request's context (its name, its trace) stays with the task.
    this.tasks.push(AsyncResource.bind((earlier) => turns.run(earlier, task)))
    this.wake()
    if (this.working !== null) return
    holdProcess(this)
    this.working = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.work())
  }

  /** Resolves when everything pushed so far has been run. */
  async flush(): Promise<void> {
    while (this.working !== null) await this.working
  }

  /** Tasks that have not been done yet, those included that wait for a place. */
  get left(): number {
    return this.waiters.length + this.waiting + this.running
  }

  stats(): DeferredStatistics {
    const { waiting, running, completed, failed, dropped } = this
    return { queued: waiting, running, completed, failed, dropped }
  }

  private async work(): Promise<void> {
    while (this.waiting > 0 || this.lanes.size > 0) {
      const task = this.lanes.size < this.options.concurrency ? this.tasks.shift() : undefined
      if (task === undefined) await new Promise<void>((resolve) => (this.wake = resolve))
      else await this.begin(task)
    }
    // At once, so that no task comes between the end of the work and its being known.
    this.working = null
    releaseProcess(this)
  }

  private async begin(task: BoundTask): Promise<void> {
    const earlier = this.lanes.size === 0 ? null : Promise.all(this.lanes.values())
    let made: unknown
    try {
      made = task(earlier)
    } catch (error) {
      this.leave()
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
        this.wake()
      },
    )
    this.lanes.set(model, lane)
  }

  private async settle(made: unknown): Promise<void> {
    this.leave()
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

  /** A task leaves its place, which goes on to whoever has waited longest. */
  private leave(): void {
    const waiter = this.waiters.shift()
    if (waiter === undefined) this.waiting--
    else waiter()
  }
}

function ignore(): void {}

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
