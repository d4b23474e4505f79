import { BriskError, failureOutcome } from '@prisma-brisk/core'
import type { NPlusOneReport } from './record/records.ts'

/** A loop of queries, with `nPlusOne: { action: 'throw' }`. */
export class NPlusOneError extends BriskError {
  override get [failureOutcome]() {
    return 'open' as const
  }

  constructor(readonly report: NPlusOneReport) {
    const { model, operation, count, callSite, advice, parent } = report
    super(
      'E_N_PLUS_ONE',
      `${model ?? 'raw'}.${operation} is called ${count} times in a loop${callSite === null ? '' : ` at ${callSite}`}${parent === undefined ? '' : `, once for each row of ${parent}`}. ${advice}.`,
    )
  }
}

/** What was given as the extended client has no `$queries` of `slowQuery()`. */
export class NotObservedError extends BriskError {
  constructor() {
    super(
      'E_NOT_OBSERVED',
      'expected a client extended with slowQuery(), given one without its $queries; pass the client that $extends(slowQuery()) or $extends(brisk()) returned.',
    )
  }
}

/** A metric of the application's own that Prometheus would not take, or that means something else already. */
export class InvalidMetricError extends BriskError {
  constructor(
    readonly metric: string,
    expected: string,
  ) {
    super('E_INVALID_METRIC', `The metric ${JSON.stringify(metric)}: expected ${expected}.`)
  }
}

/** What a test expected of its statements was not so; see `@prisma-brisk/slow-query/testing`. */
export class QueryExpectationError extends BriskError {
  constructor(message: string) {
    super('E_QUERY_EXPECTATION', message)
  }
}
