import { AsyncResource } from 'node:async_hooks'
import { StatementCallers, type Call, type Next } from '@prisma-brisk/core'

/** Counts calls that have not been answered; see `InFlight`. */
export interface Presence {
  enter(): void
  leave(): void
}

/** Told of the outcome of a call, before its caller is. */
export interface OutcomeWatch {
  settled(call: Call, outcome: unknown, hasFailed: boolean): void
}

/** One call of a batch, and its outcome. */
export class BatchedCall {
  /** The value of its key; an array where its batch key has several. */
  value: unknown = undefined
  watch: OutcomeWatch | null = null
  /** Whether nobody has made it yet: it may share a statement, and is never sent by itself. */
  readonly isAhead: boolean = false
  /** The order of what it selects, see `answerOrder`; found out where calls are grouped. */
  order = ''
  private outcome: unknown = pending
  private hasFailed = false
  private waiter: { resolve(answer: unknown): void; reject(error: unknown): void } | null = null
  /**
   * The async context of the caller. A call is often sent from the context of another one, whose tick or whose flight it
   * shared; comments, traces and drivers that read an AsyncLocalStorage must still see its own. Costs 50–100 ns on Node 20.
   */
  private readonly context = new AsyncResource('prisma-brisk.call')

  /** @param presence where the call counts as unanswered until it is settled */
  constructor(
    readonly call: Call,
    private readonly next: Next,
    readonly presence: Presence,
  ) {
    presence.enter()
  }

  /**
   * Sends the call unchanged, in the async context of its caller.
   *
   * @param equals the calls that get its answer, itself included
   */
  send(equals: readonly BatchedCall[] | null = null): Promise<unknown> {
    const { next, call } = this
    return equals === null || equals.length < 2
      ? this.context.runInAsyncScope(next, undefined, call)
      : this.within(() => StatementCallers.send(equals, this, () => next(call)))
  }

  /** Runs something in the async context of the caller. */
  within<T>(run: () => T): T {
    return this.context.runInAsyncScope(run)
  }

  get isSettled(): boolean {
    return this.outcome !== pending
  }

  /** What it was rejected with; null where it was not. */
  get error(): unknown {
    return this.hasFailed ? this.outcome : null
  }

  resolve(answer: unknown): void {
    if (!this.settle(answer, false)) return
    this.waiter?.resolve(answer)
  }

  reject(error: unknown): void {
    if (!this.settle(error, true)) return
    this.waiter?.reject(error)
  }

  /** Leaves a call that nobody has made without an answer. */
  drop(): void {
    this.reject(DROPPED)
  }

  private settle(outcome: unknown, hasFailed: boolean): boolean {
    if (this.isSettled) return false
    this.outcome = outcome
    this.hasFailed = hasFailed
    this.presence.leave()
    this.watch?.settled(this.call, outcome, hasFailed)
    return true
  }

  /** The answer; a promise where it is pending or an error. */
  take(): unknown {
    if (this.isSettled) return this.hasFailed ? Promise.reject(this.outcome) : this.outcome
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject }
    })
  }
}

const pending = Symbol('pending')
const DROPPED = new Error('prisma-brisk: asked for ahead, and not answered')

/** The calls that somebody has made; of the others it makes an end. */
export function madeOnes(members: readonly BatchedCall[]): readonly BatchedCall[] {
  if (!members.some(({ isAhead }) => isAhead)) return members
  for (const member of members) if (member.isAhead) member.drop()
  return members.filter(({ isAhead }) => !isAhead)
}
