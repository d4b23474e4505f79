import { valueCopier } from '@prisma-brisk/core'
import { UnserialisableValueError } from '../errors.ts'

const copyOf = valueCopier((value) => {
  throw new UnserialisableValueError(
    typeof value === 'object'
      ? `an instance of ${value?.constructor?.name ?? 'an unknown class'}`
      : `a ${typeof value}`,
  )
})

/**
 * A separate copy of a query result; see core's `valueCopier`.
 *
 * @throws UnserialisableValueError for anything Prisma does not return: functions, Maps, instances of classes, what contains
 * itself, what cannot be read
 */
export function copyValue<T>(value: T): T {
  try {
    return copyOf(value)
  } catch (error) {
    if (error instanceof UnserialisableValueError) throw error
    throw new UnserialisableValueError('a value that contains itself, or cannot be read')
  }
}

/** The application's own decimal class: there may be several copies of decimal.js in one process. */
export type DecimalClass = new (value: string) => object
