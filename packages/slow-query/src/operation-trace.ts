import type { Call, Statement } from '@prisma-brisk/core'
import type { MountedRecorder } from './mounted-recorder.ts'
import type { RequestScope } from './request-scope.ts'
import type { Series } from './series.ts'

/** Where a call carries its trace; a symbol, so that it is published nowhere. */
export const traceKey: unique symbol = Symbol('prisma-brisk.trace')

declare module '@prisma-brisk/core' {
  interface CallNotes {
    [traceKey]?: OperationTrace
    /** The trace the operation belongs to, where a tracer is in use. */
    traceId?: string
  }
}

/** One operation from the call to the answer, and the statements sent for it. */
export class OperationTrace {
  /** Made with the first statement: most cached and merged operations have none. */
  statements: Statement[] | null = null
  rowsRead = 0
  /** At the top of the result. */
  rowsReturned = 0
  waitMs = 0
  transactionMs = 0
  /** 0 while it runs. */
  endedAt = 0
  failed = false
  /** Operations that this one's statement answered, itself not counted. */
  followers = 0

  constructor(
    readonly call: Call,
    readonly mount: MountedRecorder,
    readonly series: Series,
    readonly scope: RequestScope | undefined,
    readonly startedAt: number,
  ) {}

  add(statement: Statement): void {
    if (this.statements === null) this.statements = [statement]
    else this.statements.push(statement)
    if (statement.kind === 'query') this.rowsRead += statement.rows
    this.waitMs += statement.waitMs
    this.scope?.addStatement(statement, this)
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
