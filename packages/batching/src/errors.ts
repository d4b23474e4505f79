import { BriskError } from '@prisma-brisk/core'

/**
 * Creates that shared an INSERT came back with fewer rows than were given, and changed, so that nobody knows whose are
 * missing: a trigger of the table changes some rows and leaves out others. What was returned is stored; every caller gets this
 * error, as nobody can be given the right row. Code `E_ROWS_NOT_TOLD_APART`.
 */
export class RowsNotToldApartError extends BriskError {
  constructor(model: string, expected: number, given: number) {
    super(
      'E_ROWS_NOT_TOLD_APART',
      `${model}.create: expected ${expected} rows of an INSERT, given ${given} that do not hold what was inserted: a trigger ` +
        `changes some rows and leaves out others. Those ${given} are stored. Switch off merged creates of this model: ` +
        `batching({ models: { ${model}: false } }).`,
    )
  }
}
