import { BriskError } from '@prisma-brisk/core'
import type { NPlusOneReport } from './loop/loop-report.ts'

/** A loop of queries, with `nPlusOne: { action: 'throw' }`. */
export class NPlusOneError extends BriskError {
  constructor(readonly report: NPlusOneReport) {
    const { model, operation, count, callSite, advice, parent } = report
    super(
      'E_N_PLUS_ONE',
      `${model ?? 'raw'}.${operation} is called ${count} times in a loop${callSite === null ? '' : ` at ${callSite}`}${parent === undefined ? '' : `, once for each row of ${parent}`}. ${advice}.`,
    )
  }
}

/** What a test expected of its statements was not so; see `@prisma-brisk/slow-query/testing`. */
export class QueryExpectationError extends BriskError {
  constructor(message: string) {
    super('E_QUERY_EXPECTATION', message)
  }
}
