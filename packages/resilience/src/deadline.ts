import type { Call, ConnectionWatch, DriverTap } from '@prisma-brisk/core'
import { cancelOn, isCancellable } from './canceller.ts'

/** Where a call carries its deadline. */
export const deadlineKey: unique symbol = Symbol('prisma-brisk.deadline')

declare module '@prisma-brisk/core' {
  interface CallNotes {
    [deadlineKey]?: Deadline
  }
}

/** After the statement was told to stop, milliseconds until its caller no longer waits for it. */
const GRACE_MS = 2000

/**
 * The end of an operation's time: when it passes, or the caller aborts, the statement that runs is stopped on its
 * server, no further one is sent, and the operation fails with {@link Deadline.error}.
 */
export class Deadline implements ConnectionWatch {
  /** Why the operation was stopped; undefined while it may go on. */
  error: Error | undefined
  private readonly connections = new Set<object>()
  private cancelling: Promise<unknown> | null = null
  private timer: NodeJS.Timeout | undefined
  private grace: NodeJS.Timeout | undefined
  private reject: (error: Error) => void = () => undefined

  constructor(
    private readonly call: Call,
    private readonly tap: DriverTap | null,
  ) {}

  /** Answers as the operation does, or fails once its time is over. */
  run(
    operation: () => Promise<unknown>,
    limits: { timeout: number | false; signal: AbortSignal | undefined },
    expired: (cause: 'timeout' | 'abort') => Error,
  ): Promise<unknown> {
    const { signal, timeout } = limits
    const onAbort = (): void => this.stop(expired('abort'))
    if (signal?.aborted === true) return Promise.reject(expired('abort'))
    this.call.notes[deadlineKey] = this
    if (timeout !== false) {
      this.timer = setTimeout(() => this.stop(expired('timeout')), timeout)
      this.timer.unref()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    return new Promise((resolve, reject) => {
      this.reject = reject
      operation().then(resolve, (error: unknown) => reject(this.error ?? error))
    }).finally(() => {
      clearTimeout(this.timer)
      clearTimeout(this.grace)
      signal?.removeEventListener('abort', onAbort)
    })
  }

  taken(connection: object): void {
    if (this.error !== undefined) throw this.error
    if (isCancellable(connection)) this.connections.add(connection)
  }

  /** The connection stays ours until the stop is over: whatever it ran next would be stopped in its place. */
  answered(connection: object): Promise<unknown> | null {
    this.connections.delete(connection)
    return this.cancelling
  }

  private stop(expiry: Error): void {
    if (this.error !== undefined) return
    this.error = expiry
    const { tap } = this
    if (tap === null || this.connections.size === 0) return this.reject(expiry)
    this.cancelling = Promise.all([...this.connections].map((connection) => cancelOn(connection, tap)))
    this.grace = setTimeout(() => this.reject(expiry), GRACE_MS)
    this.grace.unref()
  }
}
