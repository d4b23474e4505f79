import { BriskError, describe } from '@prisma-brisk/core'

/**
 * A `cacheStrategy`, or an argument of a `$cache` method, that makes no sense. Thrown before anything is sent to the
 * database or to the store.
 *
 * @example
 * try { await prisma.user.findMany({ cacheStrategy: { ttl: -1 } }) } catch (error) { error.code === 'E_INVALID_CACHE_STRATEGY' }
 */
export class InvalidCacheStrategyError extends BriskError {
  /** Where the value stands, e.g. `cacheStrategy.ttl`. */
  readonly path: string

  constructor(path: string, expected: string, given: unknown, advice = '') {
    super(
      'E_INVALID_CACHE_STRATEGY',
      `${path}: expected ${expected}, given ${describe(given)}.${advice === '' ? '' : ` ${advice}`}`,
    )
    this.path = path
  }
}

/**
 * A value that the store's codec cannot bring back exactly as it was. Never reaches a query: such a result is answered
 * and not stored.
 */
export class UnserialisableValueError extends BriskError {
  constructor(kind: string) {
    super(
      'E_UNSERIALISABLE_VALUE',
      `The cache stores plain objects, arrays, text, numbers, BigInt, Date, Decimal, bytes and null; it was given ${kind}.`,
    )
  }
}

/** The store did not answer in time; the database is asked instead. */
export class StoreTimeoutError extends BriskError {
  constructor(ms: number) {
    super('E_STORE_TIMEOUT', `The cache store did not answer within ${ms} ms.`)
  }
}

/** The store is there, but its answers cannot be trusted: a replica, for instance, takes no invalidation. */
export class StoreUnusableError extends BriskError {
  constructor(reason: string, options?: ErrorOptions) {
    super('E_STORE_UNUSABLE', `The cache store cannot be used now: ${reason}.`, options)
  }
}

/** The store is there, and has refused a command: it is full, for instance. */
export class StoreReplyError extends BriskError {
  constructor(reason: string, options?: ErrorOptions) {
    super('E_STORE_REPLY', `The cache store refused: ${reason}.`, options)
  }
}

/** Prisma Accelerate refused, or could not be reached, when tags were to be invalidated. */
export class AccelerateError extends BriskError {
  constructor(reason: string, advice: string, options?: ErrorOptions) {
    super('E_ACCELERATE', `${reason} ${advice}`, options)
  }
}

export type ChangesErrorCode =
  | 'E_CHANGES_DRIVER'
  | 'E_CHANGES_POOLER'
  | 'E_CHANGES_NOT_INSTALLED'
  | 'E_CHANGES_WAL_LEVEL'
  | 'E_CHANGES_BINLOG'
  | 'E_CHANGES_RIGHTS'
  | 'E_CHANGES_REFUSED'
  | 'E_CHANGES_LOST'

/**
 * A source of changes cannot work, or not now. Never reaches a query: it stands in `$cache.stats().changes.error`, and
 * rejects `$cache.untilLive()`.
 *
 * - `E_CHANGES_DRIVER`: the package that it connects with is not installed
 * - `E_CHANGES_POOLER`: notifications do not arrive, or the URL is not one to replicate from
 * - `E_CHANGES_NOT_INSTALLED`: there are no triggers, or no publication
 * - `E_CHANGES_WAL_LEVEL`: the server's log does not tell what changes
 * - `E_CHANGES_BINLOG`: the same of a binary log
 * - `E_CHANGES_RIGHTS`: the role may not replicate
 * - `E_CHANGES_REFUSED`: the database refuses what the source needs; the message has its words
 * - `E_CHANGES_LOST`: the connection is gone; the source connects again by itself
 */
export class ChangesError extends BriskError {
  constructor(code: ChangesErrorCode, reason: string, advice: string, options?: ErrorOptions) {
    super(code, advice === '' ? reason : `${reason} ${advice}`, options)
  }
}
