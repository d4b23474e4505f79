import type { Call, Next } from '@prisma-brisk/core'
import { backOff } from 'exponential-backoff'
import { isRetryable } from './retryable.ts'
import { RetryBudget } from './retry-budget.ts'
import type { RetryOptions } from './options.ts'

declare module '@prisma-brisk/core' {
  interface CallNotes {
    /** How often the operation was sent again. */
    retries?: number
  }
}

/** Sends an operation again that the database has undone, after a pause of random length. */
export class Retrier {
  private readonly budget = new RetryBudget()

  constructor(private readonly options: Required<RetryOptions>) {}

  run(call: Call, next: Next): Promise<unknown> {
    this.budget.operation()
    // In a transaction the work before this operation would have to be done again too: that is the caller's.
    if (call.transaction.kind !== 'none') return next(call)
    return next(call).catch((error: unknown) => this.again(call, next, error))
  }

  private async again(call: Call, next: Next, first: unknown): Promise<unknown> {
    const { attempts, baseDelay, maxDelay } = this.options
    if (attempts === 1 || !this.mayRetry(first)) throw first
    call.notes.retries = 0
    return backOff(
      () => {
        call.notes.retries = (call.notes.retries ?? 0) + 1
        return next(call)
      },
      {
        delayFirstAttempt: true,
        jitter: 'full',
        startingDelay: baseDelay,
        timeMultiple: 2,
        maxDelay,
        numOfAttempts: attempts - 1,
        retry: (error: unknown) => (call.notes.retries ?? 0) < attempts - 1 && this.mayRetry(error),
      },
    )
  }

  private mayRetry(error: unknown): boolean {
    return isRetryable(error) && this.budget.take()
  }
}
