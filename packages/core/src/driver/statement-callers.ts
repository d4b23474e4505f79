import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import type { Call } from '../pipeline/call.ts'
import { currentCall } from './current-call.ts'

/** One of those for whom a statement is sent. */
export interface StatementCaller {
  /** Where its async context does not tell. */
  readonly call?: Call
  /** Runs something in the caller's async context. */
  within<T>(run: () => T): T
}

/** The caller in whose async context it is made. */
export class ContextCaller implements StatementCaller {
  private readonly resource = new AsyncResource('prisma-brisk.caller')

  constructor(readonly call?: Call) {}

  within<T>(run: () => T): T {
    return this.resource.runInAsyncScope(run)
  }
}

/** Those for whom something is sent together. */
export class StatementCallers {
  private place = -1

  private constructor(
    private readonly list: readonly StatementCaller[],
    /** In whose async context it is sent; perhaps one that has no part in it. */
    readonly by: StatementCaller,
    private readonly senders: readonly StatementCaller[],
  ) {}

  /** The statement of the sender at this place comes next, where each has one of its own. */
  turnTo(place: number): void {
    this.place = place
  }

  /** The one whose own statement is being sent, if it is not everybody's. */
  get sender(): StatementCaller | undefined {
    return this.senders[this.place]
  }

  /** All of them; where one sends for others itself, those. */
  get all(): readonly StatementCaller[] {
    return this.list.flatMap((caller) => {
      const others = caller.within(() => StatementCallers.current)
      return others === undefined ? caller : others.all
    })
  }

  /** Those for whom the statements of this async context are sent; undefined where it is for the context's own call alone. */
  static get current(): StatementCallers | undefined {
    return sharing.getStore()
  }

  /** Has statements of this process told whose they are, from now on. */
  static watch(): void {
    isWatched = true
  }

  static get areWatched(): boolean {
    return isWatched
  }

  /**
   * Sends what several callers share, in the async context of one of them. Nothing is noted until a client of the process
   * comments on its statements: on Node 20 and 22 another async context makes every promise of the process slower.
   *
   * @param all perhaps one, whom others join before the statement is sent
   * @param by the one in whose async context it is sent
   * @param senders those who may send a statement each, one after another, if it does not become one for all
   */
  static send<T>(
    all: readonly StatementCaller[],
    by: StatementCaller,
    send: () => T,
    senders: readonly StatementCaller[] = [],
  ): T {
    return isWatched ? sharing.run(new StatementCallers(all, by, senders), send) : send()
  }

  /** Runs something as if this caller had sent the statement alone. */
  static as<T>(caller: StatementCaller, run: () => T): T {
    const { call } = caller
    return caller.within(call === undefined ? run : () => currentCall.run(call, run))
  }
}

const sharing = new AsyncLocalStorage<StatementCallers>()
let isWatched = false
