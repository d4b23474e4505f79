import { DeferredQueueFullError } from './errors.ts'
import type { DeferredOptions } from './options.ts'

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

/** Runs tasks after the fact, in the order in which they came. */
export class DeferredQueue {
  private readonly tasks: DeferredTask[] = []
  private readonly waiters: (() => void)[] = []
  private running = 0
  private completed = 0
  private failed = 0
  private dropped = 0
  private idle: Promise<void> | null = null
  private becomeIdle: () => void = () => undefined

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
        this.onFailure(new DeferredQueueFullError(maxQueue))
        return
      }
      await new Promise<void>((resolve) => this.waiters.push(resolve))
    }
    this.tasks.push(task)
    this.idle ??= new Promise((resolve) => (this.becomeIdle = resolve))
    if (this.running === 0) setImmediate(() => void this.work())
  }

  /** Resolves when everything pushed so far has been run. */
  async flush(): Promise<void> {
    while (this.idle !== null) await this.idle
  }

  stats(): DeferredStatistics {
    const { tasks, running, completed, failed, dropped } = this
    return { queued: tasks.length, running, completed, failed, dropped }
  }

  private async work(): Promise<void> {
    if (this.running > 0) return
    for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) {
      this.waiters.shift()?.()
      this.running = 1
      try {
        await task()
        this.completed++
      } catch (error) {
        this.failed++
        this.onFailure(error)
      }
      this.running = 0
    }
    this.idle = null
    this.becomeIdle()
  }
}
