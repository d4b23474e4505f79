import {
  judgeFailure,
  operationTraits,
  type Call,
  type ConnectionWatch,
  type DriverTap,
  type Next,
  type Statement,
} from '@prisma-brisk/core'
import { cancelOn, isCancellable } from '../cancel/canceller.ts'
import { CommitUnknownError, QueryAbortedError, QueryTimeoutError } from '../errors.ts'
import type { DeadlineTimer, Expiring, Expiry } from './deadline-timer.ts'

/** Where a call carries its deadline. */
export const deadlineKey: unique symbol = Symbol('prisma-brisk.deadline')

declare module '@prisma-brisk/core' {
  interface CallNotes {
    [deadlineKey]?: Deadline
  }
}

/** Decides whether operations that failed are sent again, and sends them. */
export interface Retries {
  /** Counts an operation that may be sent again; whether it may. */
  begins(call: Call): boolean
  /** Sends an operation again that has failed, or fails as it did. */
  again(call: Call, next: Next, first: unknown): Promise<unknown>
}

/** After the statement was told to stop, milliseconds until its caller no longer waits for it. */
const GRACE_MS = 2000

/**
 * The end of an operation's time: when it passes, or the caller aborts, the statement that runs is stopped on its
 * server, no further one is sent, and the operation fails with {@link Deadline.error}; or, where it may have been
 * committed all the same, with an error that says so.
 */
export class Deadline implements Expiring, ConnectionWatch {
  /** Why the operation was stopped; undefined while it may go on. */
  error: Error | undefined
  /** Where statements run that can be stopped. */
  private connections: Set<object> | null = null
  private cancelling: Promise<unknown> | null = null
  private expiry: Expiry | null = null
  private reject: (error: Error) => void = ignore
  /** A statement of the operation itself has been sent, not one that it shares with others. */
  private hasSent = false
  /** What its statements write stays, unless it is undone by the caller: they stand alone, or in the caller's transaction. */
  private staysOnceSent = false
  /** Something was sent that stays written if it is carried out: such a statement, or COMMIT. */
  private mayStay = false
  private isCommitting = false
  /** A statement runs to its end, whatever happens here: its connection is hidden, or in this process. */
  private isAdrift: boolean
  private atEnd: (() => void)[] | null = null
  /** The driver was kept from sending something. */
  private hasRefused = false

  constructor(
    private readonly call: Call,
    private readonly tap: DriverTap | null,
    private readonly timer: DeadlineTimer,
    private readonly timeout: number | false,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.isAdrift = tap === null
  }

  /** Answers as the operation does, sent again where that helps, or fails once its time is over. */
  run(next: Next, retries: Retries | null): Promise<unknown> {
    const { call, signal, timeout } = this
    if (signal?.aborted === true) return Promise.reject(this.abortion())
    call.notes[deadlineKey] = this
    if (timeout !== false) this.expiry = this.timer.add(this, timeout)
    signal?.addEventListener('abort', this, { once: true })
    return new Promise((resolve, reject) => {
      this.reject = reject
      const succeeded = (result: unknown): unknown => {
        this.end()
        return result
      }
      const failed = (error: unknown): never => {
        this.end()
        throw this.error === undefined ? error : this.failureAfter(error, this.error)
      }
      const again = (reason: unknown): unknown =>
        retries === null ? failed(reason) : retries.again(call, next, reason).then(succeeded, failed)
      // `resolve` itself, by which V8 follows the promises to whoever awaits the call.
      void started(call, next).then(succeeded, again).then(resolve, reject)
    })
  }

  /** Runs when the operation has ended. */
  onEnd(run: () => void): void {
    ;(this.atEnd ??= []).push(run)
  }

  /** A statement of the operation is about to be sent. */
  sends({ transaction }: Statement): ConnectionWatch {
    this.refuse()
    this.hasSent = true
    const isAlone = transaction === null
    // In its own transaction, or that of an array, its COMMIT will be refused; in an interactive one the caller decides.
    if (isAlone || this.call.transaction.kind === 'interactive') this.staysOnceSent = true
    if (isAlone && !this.seesConnections()) this.isAdrift = true
    return this
  }

  taken(connection: object): void {
    this.refuse()
    this.mayStay ||= this.staysOnceSent
    if (isCancellable(connection)) this.hold(connection)
    else this.isAdrift ||= this.staysOnceSent
  }

  /** COMMIT is about to be sent on this connection. */
  commits(connection: object): void {
    this.refuse()
    this.isCommitting = this.mayStay = true
    if (isCancellable(connection)) this.hold(connection)
  }

  /** The connection stays ours until the stop is over: whatever it ran next would be stopped in its place. */
  answered(connection: object): Promise<unknown> | null {
    this.connections?.delete(connection)
    return this.cancelling
  }

  /** The time is over; or, once the statement was told to stop, its time to do so. */
  expire(): void {
    this.expiry = null
    if (this.error !== undefined) return this.reject(this.isOpen ? this.unknown(this.error) : this.error)
    const { model, operation, notes } = this.call
    // Nobody would hear of it.
    if (notes.waitsForMembers?.() === true) return
    this.stop(new QueryTimeoutError(model, operation, this.timeout as number))
  }

  /** The caller has aborted. */
  handleEvent(): void {
    this.stop(this.abortion())
  }

  private abortion(): QueryAbortedError {
    const { call, signal } = this
    return new QueryAbortedError(call.model, call.operation, signal?.reason)
  }

  private stop(reason: Error): void {
    if (this.error !== undefined) return
    this.error = reason
    const { tap, connections } = this
    const running = connections?.size ?? 0
    if (running === 0 && (!this.mayStay || this.isAdrift))
      return this.reject(this.isOpen ? this.unknown(reason) : reason)
    // What was sent may still be stopped, or its answer may still come.
    if (tap !== null && connections !== null && running > 0)
      this.cancelling = Promise.all([...connections].map((connection) => cancelOn(connection, tap)))
    this.forget()
    this.expiry = this.timer.add(this, GRACE_MS)
  }

  /** The error of an operation that has failed after it was stopped. */
  private failureAfter(failure: unknown, reason: Error): Error {
    if (!this.isOpen || this.hasRefused) return reason
    const { outcome } = judgeFailure(failure, this.isCommitting ? 'commit' : 'statement')
    return outcome === 'open' ? this.unknown(reason) : reason
  }

  /** Whether the operation may have written, though it is given up. */
  private get isOpen(): boolean {
    const isShared = !this.hasSent && this.call.notes.batch !== undefined
    return operationTraits(this.call.operation).isWrite && (this.mayStay || this.isAdrift || isShared)
  }

  private unknown(reason: Error): CommitUnknownError {
    return new CommitUnknownError(this.call.model, this.call.operation, reason)
  }

  /** Keeps the driver from sending anything more. */
  private refuse(): void {
    if (this.error === undefined) return
    this.hasRefused = true
    throw this.error
  }

  private hold(connection: object): void {
    ;(this.connections ??= new Set()).add(connection)
  }

  /** Whether the driver shows which connection a statement runs on. */
  private seesConnections(): boolean {
    const pool = this.tap?.pool
    return pool?.leasable === true && pool.kind !== 'lock'
  }

  private end(): void {
    this.forget()
    this.signal?.removeEventListener('abort', this)
    for (const run of this.atEnd ?? []) run()
  }

  private forget(): void {
    if (this.expiry !== null) this.timer.remove(this.expiry)
    this.expiry = null
  }
}

function started(call: Call, next: Next): Promise<unknown> {
  try {
    return next(call)
  } catch (error) {
    return Promise.reject(error)
  }
}

function ignore(): void {}
