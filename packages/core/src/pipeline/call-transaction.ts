/** How a transaction ended: `unknown` when the connection was lost while COMMIT was under way. */
export type TransactionOutcome = 'committed' | 'rolledBack' | 'unknown'

/**
 * The transaction a call runs in.
 *
 * - `none`: the call stands alone
 * - `interactive`: inside `$transaction(async (tx) => …)`
 * - `array`: a member of `$transaction([…])`; it must be sent exactly once
 * - `unrecognised`: the installed Prisma tells hooks nothing; treat the call as if it were in a transaction
 */
export interface CallTransaction {
  readonly kind: 'none' | 'interactive' | 'array' | 'unrecognised'
  /** Unique among the transactions of the process; null outside one. */
  readonly id: string | null
  /**
   * The isolation level that was asked for (`REPEATABLE READ`), once a statement of it has been sent; null for the database's own
   * level, and where it is not known.
   */
  readonly isolationLevel: string | null
  /**
   * Calls back once the work done so far in this transaction is committed, or may be (`unknown`). Work that a
   * savepoint takes back is never reported. Outside a transaction it calls back at once and returns what the
   * callback returned, so that the caller can wait for it.
   */
  afterCommit(callback: (outcome: 'committed' | 'unknown') => void | Promise<void>): void | Promise<void>
  /** Calls back once the work done so far was rolled back, by ROLLBACK or to a savepoint. */
  afterRollback(callback: () => void | Promise<void>): void
}

/** The transaction of every call that stands alone. */
export const noTransaction: CallTransaction = Object.freeze<CallTransaction>({
  kind: 'none',
  id: null,
  isolationLevel: null,
  afterCommit: (callback) => callback('committed'),
  afterRollback: () => undefined,
})
