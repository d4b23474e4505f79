import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

export type DeferredTask = () => unknown

/** A task in the context it was queued in: the request's name, its tenant and its trace stay with all of it. */
export class QueuedTask extends AsyncResource {
  /** How many waits of the task for the end of all others are under way. */
  flushes = 0
  /** Waits for a place in a full queue. */
  awaitsPlace = false
  /** Resolves when the tasks behind this one may begin. */
  readonly turnOver: Promise<void>
  isDone = false
  /** What the operations of the task wait for before they are sent; null where they need not wait. */
  earlier: Promise<unknown> | null = null
  private endTurn: () => void = ignore

  constructor(private readonly task: DeferredTask) {
    super('prisma-brisk.deferred')
    this.turnOver = new Promise((resolve) => (this.endTurn = resolve))
  }

  /** Calls the task; its operations wait for `earlier`. A Prisma call is made by this, and not sent. */
  make(earlier: Promise<unknown> | null): unknown {
    this.earlier = earlier
    return this.inContext(this.task)
  }

  /** Waits for what the task has made; a Prisma call is sent by that. */
  finish(made: unknown): Promise<unknown> {
    return this.inContext(async () => await made)
  }

  /** The tasks behind this one may begin. */
  giveUpTurn(): void {
    this.endTurn()
  }

  private inContext<T>(run: () => T): T {
    return this.runInAsyncScope(() => inCharge.run(this, run))
  }
}

const inCharge = new AsyncLocalStorage<QueuedTask>()

/** The deferred task that runs here; null where none does, or where it has ended and only left something running. */
export function taskInCharge(): QueuedTask | null {
  const task = inCharge.getStore()
  return task === undefined || task.isDone ? null : task
}

/** The model of a Prisma call that has not been sent yet; null for everything else. */
export function modelOf(made: unknown): string | null {
  const { spec, [Symbol.toStringTag]: tag } = (made ?? {}) as {
    spec?: { model?: unknown }
    [Symbol.toStringTag]?: unknown
  }
  return tag === 'PrismaPromise' && typeof spec?.model === 'string' ? spec.model : null
}

function ignore(): void {}
