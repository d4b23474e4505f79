import { judgeFailure, operationTraits, type Call, type FailureReason, type Next } from '@prisma-brisk/core'
import { deadlineKey, type Retries } from '../deadline/deadline.ts'
import type { RetryOptions } from '../options.ts'
import { pauseAfter } from './back-off.ts'
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
    const { attempts } = this.options
    if (attempts === 1 || !this.mayRetry(call, first)) throw first
    for (let failures = 1; ; failures++) {
      await pauseAfter(failures, this.options)
      const stopped = call.notes[deadlineKey]?.error
      if (stopped !== undefined) throw stopped
      const retries = (call.notes.retries ?? 0) + 1
      call.notes.retries = retries
      try {
        return await next(call)
      } catch (error) {
        if (retries >= attempts - 1 || !this.mayRetry(call, error)) throw error
      }
    }
  }

  private mayRetry(call: Call, error: unknown): boolean {
    if (call.notes[deadlineKey]?.error !== undefined) return false
    const { reason } = judgeFailure(error)
    if (reason === null || !HARMLESS.has(reason)) return false
    if (reason !== 'unreachable' && operationTraits(call.operation).isRaw && !isUndoneWhole(call, reason))
      return false
    return this.budget.take()
  }
}

/** Reasons after which an operation that is sent again does nothing twice. */
const HARMLESS: ReadonlySet<FailureReason> = new Set(['conflict', 'lock', 'unreachable'])

/**
 * Whether a raw statement that failed has been undone as a whole. A lock that was not given in time ends the last of
 * several statements alone, and a procedure may have committed before it failed.
 */
function isUndoneWhole({ args }: Call, reason: FailureReason): boolean {
  const sql = textOf(args)
  return (
    reason === 'conflict' &&
    /^\s*(select|insert|update|delete|merge|replace|with|values)\b/i.test(sql) &&
    !/;\s*\S/.test(sql)
  )
}

/** The text of a raw statement; '' where it is not known. */
function textOf(args: Call['args']): string {
  const first: unknown = Array.isArray(args) ? args[0] : args
  if (typeof first === 'string') return first
  const { sql, strings } = (first ?? {}) as { readonly sql?: unknown; readonly strings?: unknown }
  if (typeof sql === 'string') return sql
  return Array.isArray(strings) ? strings.join('?') : ''
}
