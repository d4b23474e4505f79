import type { Call, Statement } from '@prisma-brisk/core'
import type { MountedRecorder } from './recorder.ts'

/** Where a call carries its trace; a symbol, so that it is published nowhere. */
export const traceKey: unique symbol = Symbol('prisma-brisk.trace')

declare module '@prisma-brisk/core' {
  interface CallNotes {
    [traceKey]?: OperationTrace
  }
}

/** One operation from the call to the answer, and the statements sent for it. */
export class OperationTrace {
  /** Made with the first statement: most cached and merged operations have none. */
  statements: Statement[] | null = null
  rowsRead = 0
  waitMs = 0
  transactionMs = 0
  endedAt = 0
  /** Operations answered by this one's statement, itself not counted. */
  followers = 0

  constructor(
    readonly call: Call,
    readonly mount: MountedRecorder,
    readonly startedAt: number,
  ) {}

  add(statement: Statement): void {
    if (this.statements === null) this.statements = [statement]
    else this.statements.push(statement)
    if (statement.kind === 'query') this.rowsRead += statement.rows
  }
}
