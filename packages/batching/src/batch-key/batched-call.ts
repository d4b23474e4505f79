import type { Call, Next } from '@prisma-brisk/core'

/** One call of a batch, and its outcome. */
export class BatchedCall {
  /** The value of its key; an array where its batch key has several. */
  value: unknown = undefined
  private outcome: unknown = pending
  private hasFailed = false
  private waiter: { resolve(answer: unknown): void; reject(error: unknown): void } | null = null

  constructor(
    readonly call: Call,
    private readonly next: Next,
  ) {}

  /** Sends the call unchanged. */
  send(): Promise<unknown> {
    return this.next(this.call)
  }

  get isSettled(): boolean {
    return this.outcome !== pending
  }

  resolve(answer: unknown): void {
    this.outcome = answer
    this.waiter?.resolve(answer)
  }

  reject(error: unknown): void {
    this.hasFailed = true
    this.outcome = error
    this.waiter?.reject(error)
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
