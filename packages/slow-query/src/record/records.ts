/** Everything a sink may get, told apart by `type`. */
export type SinkRecord =
  | SlowQueryRecord
  | NPlusOneReport
  | AlertEvent
  | RequestBudgetEvent
  | SlowRequestRecord
  | DeferredFailureRecord
  | LongListRecord
  | QuietListsRecord
  | SmallPoolRecord

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

/** One loop of queries, or of writes, in one request. */
export interface NPlusOneReport {
  readonly type: 'n-plus-one'
  /** ISO 8601. */
  readonly time: string
  readonly kind: 'read' | 'write'
  readonly model: string | null
  readonly operation: string
  /** The relation of the parent that is loaded row by row, else the field that is filtered by. */
  readonly field: string | null
  /** Calls in the loop. */
  readonly count: number
  /** Statements they sent. */
  readonly statements: number
  /** Calls that batching answered ahead (`loops: 'mend'`); absent where there are none. */
  readonly mended?: number
  /** Milliseconds all of them took together. */
  readonly totalMs: number
  readonly callSite: string | null
  /** The query whose rows the loop goes through: `Conversation.findMany (src/list.ts:12:30)`. */
  readonly parent?: string
  /** The change to make; begins with what it is: `include`, `in`, `createMany`, `sequential`, … */
  readonly advice: string
  /** Of the statement that repeats. */
  readonly fingerprint?: string
  readonly sql?: string
  readonly request?: string
  readonly traceId?: string
}

/**
 * What an alert watches: milliseconds (`p95`, `p99`), a share from 0 to 1, or callers waiting for a connection (`poolWaiting`).
 *
 * - `errorRate`: of operations, those that failed
 * - `poolShare`: of the connections that the pool may open, those in use
 * - `hitRate`: of cached reads, those answered from the cache; it fires when it falls
 * - `deferredFailureRate`: of deferred tasks, those that failed or were dropped
 * - `changesLost`: sources of the cache's `changes` that are not live, of those that have been started
 * - `changesLag`: milliseconds that the last sign of life of the slowest took
 */
export type AlertMetric =
  | 'p95'
  | 'p99'
  | 'errorRate'
  | 'poolWaiting'
  | 'poolShare'
  | 'hitRate'
  | 'deferredFailureRate'
  | 'changesLost'
  | 'changesLag'
export type AlertState = 'ok' | 'warn' | 'critical'

/** A change of an alert's state; one event for each. */
export interface AlertEvent {
  readonly type: 'alert'
  readonly time: string
  readonly metric: AlertMetric
  /** Null for all models. */
  readonly model: string | null
  readonly from: AlertState
  readonly to: AlertState
  readonly value: number
  /** What the value has reached, or fallen below. */
  readonly limit: number
  readonly samples: number
}

/** A request that took too long. */
export interface SlowRequestRecord {
  readonly type: 'slow-request'
  readonly time: string
  readonly request: string
  readonly status: number | null
  readonly ms: number
  readonly statements: number
  /** Milliseconds of them together. */
  readonly databaseMs: number
  readonly traceId?: string
}

/** A request that sent more statements, or longer ones, than `requestBudget` allows; one a request. */
export interface RequestBudgetEvent {
  readonly type: 'request-budget'
  readonly time: string
  readonly request: string
  readonly statements: number
  readonly databaseMs: number
  readonly budget: { readonly queries?: number; readonly totalMs?: number }
  /** The statements that cost most. */
  readonly top: readonly {
    readonly fingerprint: string
    readonly sql: string
    readonly count: number
    readonly totalMs: number
  }[]
  readonly traceId?: string
}

/** A task of `prisma.$deferred` that failed or was dropped. */
export interface DeferredFailureRecord {
  readonly type: 'deferred-failure'
  readonly time: string
  /** Of the operation that failed, else of the one that the task is; null where neither is known. */
  readonly model: string | null
  readonly operation: string | null
  /** `file:line:column` where the task was deferred. */
  readonly callSite: string | null
  readonly error: ErrorRecord
}

/**
 * Lists of one place that a guard of limits would have refused (`pagination({ limits: 'warn' })`): at once, then once a minute
 * while they come.
 */
export interface LongListRecord {
  readonly type: 'long-list'
  readonly time: string
  readonly model: string
  readonly operation: string
  /** `User.findMany`, or for a nested list `User.findMany → posts`. */
  readonly list: string
  readonly callSite: string | null
  /** The error that a guard would answer with. */
  readonly code: string
  /** Rows it should not pass; for `E_OFFSET_TOO_DEEP` rows to skip. */
  readonly limit: number
  /** Of the longest. */
  readonly rows: number
  readonly count: number
  /** Seconds in which they came; 0 for the first. */
  readonly seconds: number
  readonly advice: string
}

/** No list has passed its limit for a week: limits can be enforced. Once a process. */
export interface QuietListsRecord {
  readonly type: 'quiet-lists'
  readonly time: string
  /** Since when this process has seen none, ISO 8601. */
  readonly since: string
  /** Lists without `take` that it has looked at. */
  readonly lists: number
  /** Rows of the longest. */
  readonly longest: number
  readonly limit: number
  readonly advice: string
}

/** Many operations wait for a connection of the pool. Once a client. */
export interface SmallPoolRecord {
  readonly type: 'small-pool'
  readonly time: string
  /** Share of operations that waited, 0…1. */
  readonly share: number
  /** Of the waits, milliseconds. */
  readonly p95: number
  /** Connections the pool may open. */
  readonly max: number
  /** Connections that would have run what waited beside what ran. */
  readonly suggested: number
  readonly advice: string
}
