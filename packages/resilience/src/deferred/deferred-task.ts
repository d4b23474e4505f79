import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { callSiteOf } from '@prisma-brisk/core'

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
  private failure: (NamedOperation & { readonly error: unknown }) | null = null

  /** @param place where the task was deferred: its text is made only where a failure needs it */
  constructor(
    private readonly task: DeferredTask,
    readonly place: DeferralPlace,
  ) {
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

  /** Remembers which operation of the task failed. */
  operationFailed({ model, operation }: NamedOperation, error: unknown): void {
    this.failure = { model, operation, error }
  }

  /** The operation that a failure came from; null where it is the task's own. */
  originOf(error: unknown): NamedOperation | null {
    return this.failure?.error === error ? this.failure : null
  }

  /** The tasks behind this one may begin. */
  giveUpTurn(): void {
    this.endTurn()
  }

  private inContext<T>(run: () => T): T {
    return this.runInAsyncScope(() => inCharge.run(this, run))
  }
}

/** Model and operation as Prisma names them. */
export interface NamedOperation {
  readonly model: string | null
  readonly operation: string | null
}

/** Where in the application a task was deferred. */
export class DeferralPlace {
  private readonly stack = new Error('deferred')

  callSite(): string | null {
    return callSiteOf(this.stack.stack ?? null)
  }
}

const inCharge = new AsyncLocalStorage<QueuedTask>()

/** The deferred task that runs here; null where none does, or where it has ended and only left something running. */
export function taskInCharge(): QueuedTask | null {
  const task = inCharge.getStore()
  return task === undefined || task.isDone ? null : task
}

/** Model and operation of a Prisma call that has not been sent yet; nulls for everything else. */
export function operationOf(made: unknown): NamedOperation {
  const { spec, [Symbol.toStringTag]: tag } = (made ?? {}) as {
    spec?: { model?: unknown; action?: unknown }
    [Symbol.toStringTag]?: unknown
  }
  if (tag !== 'PrismaPromise') return NONE
  return { model: textOf(spec?.model), operation: textOf(spec?.action) }
}

export const NONE: NamedOperation = Object.freeze({ model: null, operation: null })

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function ignore(): void {}
