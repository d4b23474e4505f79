import type { Call, Next } from '@prisma-brisk/core'

/** One call in a batch, and what becomes of it. */
export class Member {
  /** The value of the key that it asks by; several where its question has several keys. */
  value: unknown = undefined
  private outcome: unknown = pending
  private hasFailed = false
  private waiter: { resolve(answer: unknown): void; reject(error: unknown): void } | null = null

  constructor(
    readonly call: Call,
    private readonly next: Next,
  ) {}

  /** Sends the call as it is. */
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

  /** The answer; a promise of it where it is not there yet, or is an error. */
  take(): unknown {
    if (this.isSettled) return this.hasFailed ? Promise.reject(this.outcome) : this.outcome
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject }
    })
  }
}

const pending = Symbol('pending')
