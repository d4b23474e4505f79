import { BriskError, failureOutcome } from '@prisma-brisk/core'

/**
 * An operation took longer than it may. Its statement was told to stop, and nothing more of it is sent; what it has
 * written so far is undone, or it has written nothing. Where that is not known it is a {@link CommitUnknownError}.
 */
export class QueryTimeoutError extends BriskError {
  override get [failureOutcome]() {
    return 'open' as const
  }

  constructor(
    readonly model: string | null,
    readonly operation: string,
    /** Milliseconds the operation was allowed. */
    readonly timeout: number,
    options?: ErrorOptions,
  ) {
    super(
      'E_QUERY_TIMEOUT',
      `${nameOf(model, operation)} took longer than ${timeout} ms and was stopped. Give it an index or less to do, or more time: resilience({ timeouts: { '${nameOf(model, operation)}': … } }).`,
      options,
    )
  }
}

/** The caller's AbortSignal fired before the operation had its answer. */
export class QueryAbortedError extends BriskError {
  override get [failureOutcome]() {
    return 'open' as const
  }

  constructor(model: string | null, operation: string, reason: unknown) {
    super('E_QUERY_ABORTED', `${nameOf(model, operation)} was aborted by its caller.`, { cause: reason })
  }
}

/**
 * The time of a write was over, or its caller aborted, while it was being carried out, and it could not be stopped: it may
 * be committed. `cause` is the {@link QueryTimeoutError} or {@link QueryAbortedError}.
 */
export class CommitUnknownError extends BriskError {
  override get [failureOutcome]() {
    return 'open' as const
  }

  constructor(
    readonly model: string | null,
    readonly operation: string,
    cause: Error,
  ) {
    super(
      'E_COMMIT_UNKNOWN',
      `${nameOf(model, operation)} was given up while the database carried it out, and it may be committed (${(cause as { code?: string }).code}). Read what it should have written before you write it again.`,
      { cause },
    )
  }
}

/** `$retryTransaction` was called within a transaction: what undoes it undoes the other one too, so that it alone cannot be run again. */
export class NestedRetryError extends BriskError {
  constructor() {
    super(
      'E_NESTED_RETRY',
      '$retryTransaction was called within another transaction, with which the database would have undone it. Call $retryTransaction for the outer one, and pass its tx on.',
    )
  }
}

/** A deferred task was refused: the queue and the places of those who wait for it are full. */
export class DeferredQueueFullError extends BriskError {
  constructor(limit: number) {
    super(
      'E_DEFERRED_QUEUE_FULL',
      `More than ${limit} deferred tasks wait to be run; this one was dropped. Await prisma.$deferred(…) to be slowed down instead, or raise resilience({ deferred: { maxQueue } }).`,
    )
  }
}

export function nameOf(model: string | null, operation: string): string {
  return model === null ? operation : `${model}.${operation}`
}
