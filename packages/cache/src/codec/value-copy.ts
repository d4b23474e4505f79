import { types } from 'node:util'
import { UnserialisableValueError } from '../errors.ts'

/**
 * A separate copy of a query result: same values, same prototypes, same key order. Rows are copied by plain property
 * assignment, so that all copies of a shape share one hidden class; this is what makes a hit cheap.
 *
 * @throws UnserialisableValueError for anything Prisma does not return (functions, Maps, class instances)
 */
export function copyValue<T>(value: T): T {
  return copy(value) as T
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'function' || typeof value === 'symbol') {
      throw new UnserialisableValueError(`a ${typeof value}`)
    }
    return value
  }
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype) return copyObject(value as Record<string, unknown>)
  if (prototype === Array.prototype) return copyList(value as unknown[])
  // What rows are made of comes before whatever else there may be, which takes longer to tell.
  if (prototype === Date.prototype) return new Date((value as Date).getTime())
  if (prototype === decimalPrototype) return new (value as DecimalValue).constructor(value as DecimalValue)
  return copySpecial(value, prototype)
}

/** Of the decimal class that was met last; there is hardly ever another. */
let decimalPrototype: object | null = null

function copyList(source: readonly unknown[]): unknown[] {
  const target: unknown[] = []
  for (let index = 0; index < source.length; index++) target.push(copy(source[index]))
  return target
}

function copyObject(source: Record<string, unknown>): Record<string, unknown> {
  const target: Record<string, unknown> = {}
  for (const key in source) {
    const value = source[key]
    if (key === '__proto__') define(target, key, copy(value))
    else target[key] = typeof value === 'object' ? (value === null ? null : copy(value)) : copy(value)
  }
  return target
}

/** A Json column may hold the key `__proto__`, and assigning it would set the prototype. */
export function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true })
}

function copySpecial(value: object, prototype: object | null): unknown {
  if (types.isDate(value)) return new Date(value.getTime())
  if (Buffer.isBuffer(value)) return Buffer.from(value)
  if (types.isUint8Array(value)) return value.slice()
  if (isDecimal(value)) {
    decimalPrototype = prototype
    return new value.constructor(value)
  }
  if (Array.isArray(value)) return value.map(copy)
  if (prototype === null || isPlainPrototype(prototype)) {
    return Object.assign(Object.create(prototype) as object, copyObject({ ...value }))
  }
  throw new UnserialisableValueError(`an instance of ${value.constructor?.name ?? 'an unknown class'}`)
}

/** Another realm (jest, vm) has another `Object.prototype`. */
export function isPlainPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty')
}

/** The application's own decimal class: there may be several copies of decimal.js in one process. */
export type DecimalClass = new (value: string) => object

/** A value of it, known by its shape. */
export interface DecimalValue {
  readonly d: readonly number[]
  readonly e: number
  readonly s: number
  readonly constructor: new (value: DecimalValue) => DecimalValue
  valueOf(): string
}

export function isDecimal(value: object): value is DecimalValue {
  const candidate = value as Partial<Record<'d' | 'e' | 's' | 'toFixed', unknown>>
  return (
    typeof candidate.toFixed === 'function' &&
    typeof candidate.s === 'number' &&
    'd' in candidate &&
    'e' in candidate &&
    Object.getPrototypeOf(value) !== Object.prototype
  )
}
