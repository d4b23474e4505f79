import { valueCopier } from '@prisma-brisk/core'
import { UnserialisableValueError } from '../errors.ts'

/**
 * A separate copy of a query result; see core's `valueCopier`.
 *
 * @throws UnserialisableValueError for anything Prisma does not return (functions, Maps, class instances)
 */
export const copyValue = valueCopier((value) => {
  throw new UnserialisableValueError(
    typeof value === 'object'
      ? `an instance of ${value?.constructor?.name ?? 'an unknown class'}`
      : `a ${typeof value}`,
  )
})

/** The application's own decimal class: there may be several copies of decimal.js in one process. */
export type DecimalClass = new (value: string) => object
