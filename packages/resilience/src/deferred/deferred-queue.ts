import { realTimers, type DeferredFailure } from '@prisma-brisk/core'
import { DeferredQueueFullError } from '../errors.ts'
import type { DeferredOptions } from '../options.ts'
import {
  DeferralPlace,
  NONE,
  operationOf,
  QueuedTask,
  taskInCharge,
  type DeferredTask,
  type NamedOperation,
} from './deferred-task.ts'
import { holdProcess, releaseProcess, type Unfinished } from './process-end.ts'

const { setImmediate } = realTimers

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

/**
 * Runs tasks after the fact. Tasks begin in the order in which they came. Tasks that write to one model, and tasks whose
 * effects are not known, run one after another; others run beside each other.
 *
 * A Prisma call is lazy and names its model, so `() => prisma.log.create(…)` is known before it is sent. Any other task
 * has begun when it returns: its operations wait for the tasks before it, and later tasks wait for all of it.
 *
 * A task may itself wait for the queue, for a place or for its end. It then gives up its turn: tasks behind it begin,
 * since the queue would otherwise wait for itself.
 */
export class DeferredQueue implements Unfinished {
  private readonly tasks: QueuedTask[] = []
  private readonly waiters: (() => void)[] = []
  private readonly lanes = new Map<string, Promise<void>>()
  private readonly running = new Set<QueuedTask>()
  /** Places that are taken: a task has one until it runs, also while it waits for one of its own model. */
  private waiting = 0
  private completed = 0
  private failed = 0
  private dropped = 0
  private working: Promise<void> | null = null
  /** Has the work look again at what can begin. */
  private wake: () => void = ignore
  /** Called when a task ends, or waits for the end of the others. */
  private readonly changes = new Set<() => void>()

  constructor(
    private readonly options: Required<DeferredOptions>,
    private readonly onFailure: (failure: DeferredFailure) => void,
    /** Reports what became of the tasks, before the process ends. */
    readonly report: () => Promise<void> = async () => undefined,
  ) {}

  /** Resolves when the task has a place in the queue; it is never rejected. */
  async push(task: DeferredTask): Promise<void> {
    const { maxQueue } = this.options
    const place = new DeferralPlace()
    if (this.waiting < maxQueue) this.waiting++
    else {
      const own = taskInCharge()
      // A task that awaits its place asks for no second one meanwhile, so tasks cannot pile up waiters.
      const awaitsOne = own !== null && !own.awaitsPlace
      if (this.waiters.length >= maxQueue && !awaitsOne) {
        this.dropped++
        this.tell(new DeferredQueueFullError(2 * maxQueue), NONE, place)
        return
      }
      await this.place(own)
    }
    this.tasks.push(new QueuedTask(task, place))
    this.wake()
    if (this.working !== null) return
    holdProcess(this)
    this.working = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.work())
  }

  /** Waits for a place, which the task that leaves it passes on. */
  private async place(own: QueuedTask | null): Promise<void> {
    own?.giveUpTurn()
    if (own !== null) own.awaitsPlace = true
    await new Promise<void>((resolve) => this.waiters.push(resolve))
    if (own !== null) own.awaitsPlace = false
  }

  /** Resolves when everything pushed so far has been run; within a task, when everything else has. */
  async flush(): Promise<void> {
    const own = taskInCharge()
    if (own === null) {
      while (this.working !== null) await this.working
      return
    }
    own.giveUpTurn()
    own.flushes++
    this.changed()
    while (!this.isDoneBesidesFlushing()) await new Promise<void>((resolve) => this.changes.add(resolve))
    own.flushes--
  }

  /** Tasks that have not been done yet, those included that wait for a place. */
  get left(): number {
    return this.waiters.length + this.waiting + this.running.size
  }

  stats(): DeferredStatistics {
    const { waiting, running, completed, failed, dropped } = this
    return { queued: waiting, running: running.size, completed, failed, dropped }
  }

  private isDoneBesidesFlushing(): boolean {
    return this.waiting + this.waiters.length === 0 && [...this.running].every(({ flushes }) => flushes > 0)
  }

  private async work(): Promise<void> {
    while (this.left > 0 || this.lanes.size > 0) {
      const task = this.lanes.size < this.options.concurrency ? this.tasks.shift() : undefined
      if (task === undefined) await new Promise<void>((resolve) => (this.wake = resolve))
      else await this.begin(task)
    }
    // At once, so that no task comes between the end of the work and its being known.
    this.working = null
    releaseProcess(this)
  }

  private async begin(task: QueuedTask): Promise<void> {
    const earlier = this.lanes.size === 0 ? null : Promise.all(this.lanes.values())
    let made: unknown
    try {
      made = task.make(earlier)
    } catch (error) {
      this.leave()
      this.failed++
      this.tell(error, task.originOf(error) ?? NONE, task.place)
      return
    }
    const own = operationOf(made)
    const { model } = own
    if (model === null) {
      void this.settle(task, made, own)
      await earlier
      return task.turnOver
    }
    task.earlier = null
    const run = (): Promise<void> => {
      void this.settle(task, made, own)
      return task.turnOver
    }
    const before = this.lanes.get(model)
    const lane = (before === undefined ? run() : before.then(run)).then(() => {
      if (this.lanes.get(model) === lane) this.lanes.delete(model)
      this.wake()
    })
    this.lanes.set(model, lane)
  }

  private async settle(task: QueuedTask, made: unknown, own: NamedOperation): Promise<void> {
    this.leave()
    this.running.add(task)
    try {
      await task.finish(made)
      this.completed++
    } catch (error) {
      this.failed++
      this.tell(error, task.originOf(error) ?? own, task.place)
    } finally {
      this.running.delete(task)
      task.isDone = true
      task.giveUpTurn()
      this.changed()
      this.wake()
    }
  }

  private tell(error: unknown, { model, operation }: NamedOperation, place: DeferralPlace): void {
    this.onFailure({ error, model, operation, callSite: () => place.callSite() })
  }

  /** A task leaves its place, which goes on to whoever has waited longest. */
  private leave(): void {
    const waiter = this.waiters.shift()
    if (waiter === undefined) this.waiting--
    else waiter()
  }

  private changed(): void {
    for (const look of this.changes) look()
    this.changes.clear()
  }
}

function ignore(): void {}
