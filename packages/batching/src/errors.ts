import { BriskError, failureOutcome } from '@prisma-brisk/core'

/**
 * A shared INSERT returned rows that cannot be matched to the calls: a trigger of the table skips some rows, and the others
 * hold other values than were given, or are alike in all values that can be compared. The returned rows are stored; every
 * caller gets this error, as none can be given the right row. Code `E_ROWS_NOT_TOLD_APART`.
 */
export class RowsNotToldApartError extends BriskError {
  override get [failureOutcome]() {
    return 'open' as const
  }

  constructor(model: string, expected: number, given: number) {
    super(
      'E_ROWS_NOT_TOLD_APART',
      `${model}.create: the INSERT returned ${given} of ${expected} rows, which cannot be matched to the calls: a trigger skips ` +
        `rows. Those ${given} rows are stored. Switch off merged creates of this model: ` +
        `batching({ models: { ${model}: false } }).`,
    )
  }
}
