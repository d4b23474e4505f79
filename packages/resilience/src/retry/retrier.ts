import { judgeFailure, operationTraits, type Call, type FailureReason, type Next } from '@prisma-brisk/core'
import { backOff } from 'exponential-backoff'
import { deadlineKey, type Retries } from '../deadline/deadline.ts'
import type { RetryOptions } from '../options.ts'
import { RetryBudget } from './retry-budget.ts'

declare module '@prisma-brisk/core' {
  interface CallNotes {
    /** How often the operation was sent again. */
    retries?: number
  }
}

/** Sends an operation again that the database has undone, after a pause of random length. */
export class Retrier implements Retries {
  constructor(
    private readonly options: Required<RetryOptions>,
    private readonly budget: RetryBudget,
  ) {}

  /** Counts an operation that may be sent again; whether it may. */
  begins({ transaction }: Call): boolean {
    this.budget.operation()
    // In a transaction the work before this operation would have to be done again too: that is the caller's.
    return transaction.kind === 'none'
  }

  /** Sends an operation again that has failed, or fails as it did. */
  async again(call: Call, next: Next, first: unknown): Promise<unknown> {
    const { attempts, baseDelay, maxDelay } = this.options
    if (attempts === 1 || !this.mayRetry(call, first)) throw first
    return backOff(
      () => {
        const stopped = call.notes[deadlineKey]?.error
        if (stopped !== undefined) throw stopped
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
        retry: (error: unknown) => (call.notes.retries ?? 0) < attempts - 1 && this.mayRetry(call, error),
      },
    )
  }

  private mayRetry(call: Call, error: unknown): boolean {
    if (call.notes[deadlineKey]?.error !== undefined) return false
    const { reason } = judgeFailure(error)
    if (reason === null || !HARMLESS.has(reason)) return false
    // A lock that was not given in time ends the statement alone; raw SQL may have done more than one.
    if (reason === 'lock' && operationTraits(call.operation).isRaw) return false
    return this.budget.take()
  }
}

/** Reasons after which an operation that is sent again does nothing twice. */
const HARMLESS: ReadonlySet<FailureReason> = new Set(['conflict', 'lock', 'unreachable'])
