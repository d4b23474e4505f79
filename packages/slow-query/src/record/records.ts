/** A failure as it may be logged: codes and kinds, never a message, which may quote values. */
export interface ErrorRecord {
  /** Class of the error. */
  readonly name: string
  /** Prisma's code (`P2002`) or ours (`E_QUERY_TIMEOUT`). */
  readonly code?: string
  /** The database's own code: an SQLSTATE, a MySQL number, a SQLite name. */
  readonly driverCode?: string
}

/** One statement of a slow operation. */
export interface StatementRecord {
  /** Without values and comments; see {@link redactSql}. */
  readonly sql: string
  /** Milliseconds at the driver, without the wait for a connection. */
  readonly ms: number
  /** Rows returned or affected. */
  readonly rows: number
  readonly fingerprint: string
  readonly error?: ErrorRecord
  /** Present when several operations share this statement. */
  readonly shared?: true
  /** Only with `params: 'types'` (their types) or `params: 'values'`. */
  readonly params?: readonly unknown[]
}

/** A slow operation, as sinks get it; times in milliseconds. */
export interface SlowQueryRecord {
  readonly type: 'slow-query'
  /** When the operation ended, ISO 8601. */
  readonly time: string
  /** Null for raw SQL. */
  readonly model: string | null
  readonly operation: string
  /** From the call to the answer, without {@link waitMs} and {@link transactionMs}. */
  readonly ms: number
  /** The threshold it exceeded. */
  readonly threshold: number
  readonly statements: readonly StatementRecord[]
  /** Rows the database returned for all statements. */
  readonly rowsRead: number
  /** Rows in the result, nested ones included. */
  readonly rowsReturned: number
  /** Spent waiting for a connection of the pool. */
  readonly waitMs: number
  /** Spent in BEGIN, COMMIT and ROLLBACK that Prisma sent for this operation. */
  readonly transactionMs: number
  /** Of the first statement; of model and operation where no statement was seen. */
  readonly fingerprint: string
  /** `file:line:column` in the user's code; null where Prisma recorded none (`errorFormat: 'minimal'`). */
  readonly callSite: string | null
  readonly error?: ErrorRecord
  readonly traceId?: string
  /** Name of the request it belongs to; see `runRequest`. */
  readonly request?: string
  /** How many operations its statement answered, where Prisma or batching merged them. */
  readonly shared?: number
  /** What the other packages noted: `{ cache: 'miss', retries: 1 }`. */
  readonly notes: Readonly<Record<string, unknown>>
  /** What looks wrong with it, in words. */
  readonly hints?: readonly string[]
  /** The plan, where one was sampled. */
  readonly plan?: unknown
}
