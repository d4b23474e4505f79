import type { Call, ConnectionWatch, DriverTap, Next } from '@prisma-brisk/core'
import { cancelOn, isCancellable } from '../cancel/canceller.ts'
import type { DeadlineTimer, Expiring, Expiry } from './deadline-timer.ts'
import { QueryAbortedError, QueryTimeoutError } from '../errors.ts'

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
 * server, no further one is sent, and the operation fails with {@link Deadline.error}.
 */
export class Deadline implements Expiring, ConnectionWatch {
  /** Why the operation was stopped; undefined while it may go on. */
  error: Error | undefined
  /** Made with the first statement that can be stopped. */
  private connections: Set<object> | null = null
  private cancelling: Promise<unknown> | null = null
  private expiry: Expiry | null = null
  private reject: (error: Error) => void = ignore

  constructor(
    private readonly call: Call,
    private readonly tap: DriverTap | null,
    private readonly timer: DeadlineTimer,
    private readonly timeout: number | false,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Answers as the operation does, sent again where that helps, or fails once its time is over. */
  run(next: Next, retries: Retries | null): Promise<unknown> {
    const { call, signal, timeout } = this
    if (signal?.aborted === true) return Promise.reject(this.abortion())
    call.notes[deadlineKey] = this
    if (timeout !== false) this.expiry = this.timer.add(this, timeout)
    signal?.addEventListener('abort', this, { once: true })
    return new Promise((resolve, reject) => {
      this.reject = reject
      const succeeded = (result: unknown): void => {
        this.end()
        resolve(result)
      }
      const failed = (error: unknown): void => {
        this.end()
        reject(this.error ?? error)
      }
      const again = (reason: unknown): void => {
        if (retries === null) failed(reason)
        else void retries.again(call, next, reason).then(succeeded, failed)
      }
      void started(call, next).then(succeeded, again)
    })
  }

  taken(connection: object): void {
    if (this.error !== undefined) throw this.error
    if (isCancellable(connection)) (this.connections ??= new Set()).add(connection)
  }

  /** The connection stays ours until the stop is over: whatever it ran next would be stopped in its place. */
  answered(connection: object): Promise<unknown> | null {
    this.connections?.delete(connection)
    return this.cancelling
  }

  /** The time is over; or, once the statement was told to stop, its time to do so. */
  expire(): void {
    this.expiry = null
    if (this.error !== undefined) return this.reject(this.error)
    const { model, operation } = this.call
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
    if (tap === null || connections === null || connections.size === 0) return this.reject(reason)
    this.cancelling = Promise.all([...connections].map((connection) => cancelOn(connection, tap)))
    this.forget()
    this.expiry = this.timer.add(this, GRACE_MS)
  }

  private end(): void {
    this.forget()
    this.signal?.removeEventListener('abort', this)
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
