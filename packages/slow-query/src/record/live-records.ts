import type { ErrorRecord, SinkRecord, StatementRecord } from './records.ts'

/** The version of the messages below; a hub refuses others. */
export const LIVE_PROTOCOL = 1

/** The code of the error by which a hub says that it lacks definitions, see {@link LiveProcess.known}. */
export const LIVE_FORGOTTEN = 'E_LIVE_FORGOTTEN'

/**
 * What an application tells a hub of `brisk live`, one JSON object a line, told apart by `type`. The hub's answers, the commands
 * and the page use the same shapes. Times are milliseconds; `at` counts from the beginning of the request.
 */
export type LiveMessage =
  | LiveProcess
  | LiveRequestBegun
  | LiveCall
  | LiveCacheEvent
  | LiveTransactionEvent
  | LiveBatchEvent
  | LiveProblem
  | LivePlan
  | LiveRequestEnded
  | LiveRecord
  | LiveAnswer

/** Who speaks: the first line of each delivery. */
export interface LiveProcess {
  readonly type: 'process'
  readonly protocol: typeof LIVE_PROTOCOL
  /** Random, for the life of the process. */
  readonly process: string
  readonly pid: number
  /** Name of its script. */
  readonly name: string
  readonly cwd: string
  /**
   * Definitions that it believes the hub to have, see `LiveBrief`; a hub with fewer refuses the delivery, and gets them all with the
   * next attempt. Default 0.
   */
  readonly known?: number
  /** Messages it dropped so far: the hub did not take them, or they were too many. */
  readonly dropped: number
  /** What {@link LiveCall.args} holds: values, or their kinds alone. */
  readonly args: 'values' | 'kinds'
}

/** A request, job or message with its first call; what runs outside of any is put together while it goes on. */
export interface LiveRequestBegun {
  readonly type: 'request'
  /** Unique among all processes. */
  readonly id: string
  /** `GET /posts/:id`, a job's name, `(outside of requests)`. */
  readonly name: string
  /** ISO 8601. */
  readonly time: string
  readonly traceId?: string
}

/** A statement of a call. */
export interface LiveStatement extends StatementRecord {
  /** When it was handed to the driver. */
  readonly at: number
  /** It waited for a connection of the pool. */
  readonly waitMs: number
  /** The database's plan, without values: of reads alone, once a shape and request. */
  readonly plan?: unknown
}

/** One operation of the client, from the call to the answer. */
export interface LiveCall {
  readonly type: 'call'
  readonly request: string
  /** Unique in the process, in the order in which the calls began. */
  readonly call: number
  /** The call within which it was made, as an extension's hook does. */
  readonly parent?: number
  /** Null for raw SQL. */
  readonly model: string | null
  readonly operation: string
  readonly at: number
  /** Without the wait for a connection, and without BEGIN and COMMIT. */
  readonly ms: number
  readonly waitMs: number
  readonly transactionMs: number
  readonly statements: readonly LiveStatement[]
  readonly rowsRead: number
  /** At the top of the result. */
  readonly rowsReturned: number
  /** `file:line:column` in the user's code; null where Prisma recorded none. */
  readonly callSite: string | null
  /** The place was read of earlier calls of the same shape in this request, all of which came from there. */
  readonly isSiteAssumed?: true
  /** Names with the kinds of their values, or with the values; cut at 4,000 characters of JSON. */
  readonly args?: unknown
  readonly transaction?: { readonly kind: string; readonly id: string | null }
  /** The batch that answered it together with others. */
  readonly batch?: { readonly id: number; readonly calls: number }
  readonly cache?: 'hit' | 'stale' | 'miss' | 'bypass'
  /** What pagination did about the rows it may have. */
  readonly limit?: LiveLimit
  readonly error?: ErrorRecord
}

/** A limit that a list read got, was lowered to, or was freed of. */
export interface LiveLimit {
  /** `default`, `guard`, `clamp`, `reject` or `unbounded`, as `prisma-brisk:limit` says. */
  readonly rule: string
  /** Rows; null without a limit. */
  readonly limit: number | null
  /** Rows were cut off. */
  readonly cut?: boolean
}

/** A cached read, or an invalidation. */
export interface LiveCacheEvent {
  readonly type: 'cache'
  /** Null where it belongs to no request: a source of changes. */
  readonly request: string | null
  /** The read, or the write that invalidates. */
  readonly call: number | null
  readonly callSite: string | null
  /** ISO 8601. */
  readonly time: string
  readonly event: string
  readonly model: string | null
  readonly operation: string
  readonly status?: string
  /** Why a read was bypassed. */
  readonly reason?: string
  /** Seconds since the database was read. */
  readonly age?: number
  /** Invalidated tags. */
  readonly tags?: number
  /** What they stand for. */
  readonly reach?: LiveReach
}

/** What an invalidation reaches, as `prisma-brisk:cache` says it: names of tables, and counts. */
export interface LiveReach {
  /** Every entry. */
  readonly everything: boolean
  /** Tables whose lists are reached. */
  readonly lists: readonly string[]
  /** Tables of which every row is reached that was cached by itself. */
  readonly tables: readonly string[]
  /** Rows, by each of their unique keys. */
  readonly rows: number
  /** Values of columns whose lists are reached. */
  readonly values: number
  /** Tags of the user's own. */
  readonly own: number
}

/** BEGIN, COMMIT, ROLLBACK or a savepoint. */
export interface LiveTransactionEvent {
  readonly type: 'transaction'
  readonly request: string
  /** Null for those of an interactive transaction, which stand between its calls. */
  readonly call: number | null
  readonly event: 'begin' | 'commit' | 'rollback' | 'savepoint'
  /** When it had ended. */
  readonly at: number
  readonly ms: number
  readonly waitMs: number
}

/** Statements that answered several calls; those carry its id. */
export interface LiveBatchEvent {
  readonly type: 'batch'
  readonly request: string | null
  readonly batch: number
  readonly model: string | null
  readonly operation: string
  readonly calls: number
  readonly statements: number
  readonly ms: number
  readonly fallbacks: number
}

/** What is wrong with a request, where, and what to do. */
export interface LiveProblem {
  readonly type: 'problem'
  readonly request: string
  readonly kind:
    'n-plus-one' | 'duplicate-read' | 'unlimited-list' | 'thrown-away' | 'sequential-scan' | 'failed-call'
  readonly model: string | null
  readonly operation: string
  /** Calls concerned. */
  readonly count: number
  readonly callSite: string | null
  /** What was seen, in words. */
  readonly title: string
  /** The change to make; begins with what it is: `include`, `reuse`, `take`, `index`, … */
  readonly mend: string
  /** Duplicate reads: where the first one was. Loops: the query whose rows they go through. */
  readonly from?: string
}

/** A plan that was taken of a shape of statements, without values. */
export interface LivePlan {
  readonly type: 'plan'
  readonly fingerprint: string
  readonly sql: string
  readonly plan: unknown
}

/** A request is over. */
export interface LiveRequestEnded {
  readonly type: 'request-end'
  readonly request: string
  /** Known by now, where it was not at the beginning. */
  readonly name: string
  /** Null for jobs and messages, and where {@link LiveRequestEnded.isAborted}. */
  readonly status: number | null
  readonly ms: number
  /** The caller hung up before the response was whole. */
  readonly isAborted?: true
}

/** What sinks get beside calls and loops: alerts, long lists, failed deferred work. */
export interface LiveRecord {
  readonly type: 'record'
  readonly record: SinkRecord
}

/** What a hub asks a process that reports to it: the plan of the youngest statement of a shape. */
export interface LiveQuestion {
  readonly id: string
  readonly ask: 'explain'
  readonly fingerprint: string
}

/** What the process says to it: the plan, without values, or why there is none. */
export interface LiveAnswer {
  readonly type: 'answer'
  readonly question: string
  readonly plan?: unknown
  readonly reason?: string
}
