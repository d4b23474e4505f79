import { types } from 'node:util'
import { isDecimal } from '../operation/prisma-value.ts'

/**
 * Whether two answers are the same to whoever looks: values, types, prototypes, and keys in their order. JSON that is nested too
 * deeply to be compared is not.
 */
export function isSameAnswer(one: unknown, other: unknown): boolean {
  try {
    return isSame(one, other)
  } catch {
    return false
  }
}

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false
  if (types.isDate(one)) return Object.is(+one, +(other as Date))
  if (types.isUint8Array(one)) return Buffer.compare(one, other as Uint8Array) === 0
  if (isDecimal(one)) return isDecimal(other) && one.valueOf() === other.valueOf()
  if (Array.isArray(one)) {
    const others = other as unknown[]
    return one.length === others.length && one.every((each, index) => isSame(each, others[index]))
  }
  const keys = Object.keys(one)
  const otherKeys = Object.keys(other)
  return (
    keys.length === otherKeys.length &&
    keys.every(
      (key, index) =>
        key === otherKeys[index] &&
        isSame((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
    )
  )
}
