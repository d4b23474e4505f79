import type { Call, RequestInfo, Statement, TransactionEvent } from '@prisma-brisk/core'
import { shapeOf } from './call-shape.ts'
import type { Series } from '../metrics/series.ts'

/** Where a call carries its trace; a symbol, so that it is published nowhere. */
export const traceKey: unique symbol = Symbol('prisma-brisk.trace')

declare module '@prisma-brisk/core' {
  interface CallNotes {
    [traceKey]?: OperationTrace
    /** The trace the operation belongs to, where a tracer is in use. */
    traceId?: string
  }
}

/** The mount that times an operation. */
export interface TraceOwner {
  /** Shared by all mounts of one base client. */
  readonly recorder: object
  /** BEGIN, COMMIT or ROLLBACK of an operation. */
  transaction(event: TransactionEvent, trace: OperationTrace): void
}

/** The request an operation belongs to. */
export interface TraceScope {
  readonly info: RequestInfo
  addStatement(statement: Statement, trace: OperationTrace): void
  settled(trace: OperationTrace): void
}

/** One operation from the call to the answer, and the statements sent for it. */
export class OperationTrace {
  /** Made with the first statement: most cached and merged operations have none. */
  statements: Statement[] | null = null
  rowsRead = 0
  /** At the top of the result. */
  rowsReturned = 0
  /** In the result, nested ones included; counted where `brisk live` is told of a call that read many, else null. */
  rowsWithin: number | null = null
  transactionWaitMs = 0
  transactionMs = 0
  /** 0 while it runs. */
  endedAt = 0
  failed = false
  /** What it failed with; undefined where it succeeded. */
  error: unknown = undefined
  /** The request that `brisk live` shows it in, which outside of requests is none of {@link OperationTrace.scope}. */
  liveScope: TraceScope | null = null
  /** Its number among the calls of this process that are told to a hub, in the order in which they began; 0 for none. */
  liveNumber = 0
  private hasWaited = false
  private knownShape: string | null = null
  /** Other operations that this one's statement answered. */
  sharedBy = 0

  constructor(
    readonly call: Call,
    readonly owner: TraceOwner,
    readonly series: Series,
    readonly scope: TraceScope | undefined,
    readonly startedAt: number,
  ) {}

  /** Names and kinds of its arguments, see {@link shapeOf}; '' for raw SQL. */
  get shape(): string {
    return (this.knownShape ??= this.call.model === null ? '' : shapeOf(this.call))
  }

  add(statement: Statement): void {
    if (this.statements === null) this.statements = [statement]
    else this.statements.push(statement)
    if (statement.kind === 'query') this.rowsRead += statement.rows
    if (statement.waitMs > 0) this.hasWaited = true
    this.scope?.addStatement(statement, this)
  }

  /** Milliseconds the operation waited for connections, while none of its statements ran. */
  get waitMs(): number {
    return this.transactionWaitMs + (this.hasWaited ? idleWaitOf(this.statements ?? []) : 0)
  }

  /**
   * Milliseconds the operation itself took. Members of an array transaction all answer when the last one has, so
   * theirs is the time of their own statements.
   */
  get ms(): number {
    if (this.call.transaction.kind === 'array' && this.statements !== null)
      return this.statements.reduce((sum, statement) => sum + statement.ms, 0)
    return Math.max(0, this.endedAt - this.startedAt - this.waitMs - this.transactionMs)
  }
}

/**
 * How long at least one statement waited for a connection and none ran. Statements of one operation may run beside each
 * other: two that wait together wait once, and one that waits for another of the same operation waits for the operation.
 */
function idleWaitOf(statements: readonly Statement[]): number {
  const [only] = statements
  if (statements.length === 1 && only !== undefined) return only.waitMs
  const changes = statements.flatMap(({ startedAt, waitMs, ms }) => {
    const takenAt = startedAt + waitMs
    return [
      { at: startedAt, waiting: 1, running: 0 },
      { at: takenAt, waiting: -1, running: 1 },
      { at: takenAt + ms, waiting: 0, running: -1 },
    ]
  })
  changes.sort((a, b) => a.at - b.at)
  let idle = 0
  let waiting = 0
  let running = 0
  let last = 0
  for (const change of changes) {
    if (waiting > 0 && running === 0) idle += change.at - last
    waiting += change.waiting
    running += change.running
    last = change.at
  }
  return idle
}
