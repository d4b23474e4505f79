import type { Call } from '../pipeline/call.ts'
import type { TransactionOutcome } from '../pipeline/call-transaction.ts'
import type { ConnectionWatch, SqlAdapter, SqlQuery } from './connection/adapter-ports.ts'
import type { TransactionScope } from '../transaction/transaction-registry.ts'

/** One statement as the driver saw it. Never logged with its arguments. */
export interface Statement {
  /** As it is sent: rewritten, where a listener has rewritten it. */
  sql: string
  args: readonly unknown[]
  argTypes: readonly unknown[]
  readonly kind: 'query' | 'execute' | 'script'
  /** The call that sent it; where Prisma merges several `findUnique` into one statement, the first of them. */
  readonly call: Call | undefined
  /** The driver's transaction it runs in, or null. */
  readonly transaction: DriverTransaction | null
  /** Clock reading when it was handed to the driver, as `performance.now()`. */
  readonly startedAt: number
  /** Milliseconds until the driver answered, {@link Statement.waitMs} not included. */
  ms: number
  /** Milliseconds spent waiting for a connection of the pool. */
  waitMs: number
  /** Rows returned or affected. */
  rows: number
  error: unknown
}

/** BEGIN, COMMIT, ROLLBACK or a savepoint, apart from the statements of calls. */
export interface TransactionEvent {
  readonly type: 'begin' | 'commit' | 'rollback' | 'savepoint'
  readonly call: Call | undefined
  /** The driver's transaction; null for BEGIN, which has none yet. */
  readonly transaction: DriverTransaction | null
  /** Milliseconds it took, {@link TransactionEvent.waitMs} not included. */
  readonly ms: number
  /** BEGIN: milliseconds spent waiting for a connection of the pool. */
  readonly waitMs: number
  readonly error: unknown
}

/** Another statement in place of the one Prisma made. */
export interface Rewrite {
  readonly query: SqlQuery
  /** Turns what the driver answered into what Prisma expects; what it throws fails the statement. */
  answer?(result: SqlAnswer): SqlAnswer
}

/** What a driver answers to a query: rows of values, and what their columns are called. */
export interface SqlAnswer {
  columnNames?: string[]
  columnTypes?: unknown[]
  rows: unknown[][]
}

/**
 * Hears what passes the driver. A listener must not throw, but where it says so.
 */
export interface DriverListener {
  /** Whether it has to know {@link Statement.call}; default true. Without such a listener, calls open no context. */
  readonly asksForCall?: boolean
  /** Runs before the statement is sent; what it throws fails the statement unsent. Null: send it as it is. */
  rewrite?(statement: Statement): Rewrite | null
  /** Whether it rewrites what all others have rewritten, so that none of them sees what it adds. Default false. */
  readonly rewritesLast?: boolean
  /**
   * Runs before the statement is sent: whether its connection is to be watched. What it throws fails the statement
   * unsent. Nothing is watched where the driver does not let us choose the connection, as under a wrapped adapter.
   */
  watch?(statement: Statement): ConnectionWatch | null
  /**
   * The same before the COMMIT of a transaction. What `taken` throws is thrown after a ROLLBACK in its place. An adapter
   * that hides its connection gives itself.
   */
  watchCommit?(transaction: DriverTransaction): ConnectionWatch | null
  statement?(statement: Statement): void
  transaction?(event: TransactionEvent): void
  /** Runs before {@link DriverListener.statement}, with the rows at hand; what it throws fails the statement. */
  inspect?(statement: Statement): void
  /** The adapter has connected; later listeners are notified at once. */
  connected?(adapter: SqlAdapter): void
  /** The adapter is about to be disposed of (`$disconnect`). */
  dispose?(): void | Promise<void>
}

/** One BEGIN … COMMIT of the driver. */
export interface DriverTransaction {
  /** Prisma's transaction once a call has shown which it is; null for those Prisma opens for one operation. */
  scope: TransactionScope | null
  /** Savepoints opened before the scope was known. */
  readonly savepoints: string[]
  /** The isolation level that Prisma asked for, as it names it to drivers; null for the database's own. */
  readonly isolationLevel: string | null
  /** What the driver has said of COMMIT so far. */
  outcome: TransactionOutcome | null
}
