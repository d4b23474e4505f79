import { types } from 'node:util'
import { isDecimal } from './prisma-value.ts'

/**
 * Makes a function that copies what Prisma answers: same values, same prototypes, same key order. Rows are copied by plain
 * property assignment, so that all copies of a shape share one hidden class; this is what makes a copy cheap.
 *
 * @param uncommon copies what Prisma does not return (functions, Maps, instances of classes), or throws
 */
export function valueCopier(uncommon: (value: unknown) => unknown): <T>(value: T) => T {
  function copy(value: unknown): unknown {
    if (typeof value !== 'object' || value === null)
      return typeof value === 'function' || typeof value === 'symbol' ? uncommon(value) : value
    const prototype = Object.getPrototypeOf(value) as object | null
    if (prototype === Object.prototype) return copyObject(value as Record<string, unknown>)
    if (prototype === Array.prototype) return copyList(value as unknown[])
    // What rows are made of comes before whatever else there may be, which takes longer to tell.
    if (prototype === Date.prototype) return new Date((value as Date).getTime())
    if (prototype === decimalPrototype) return copyDecimal(value)
    return copySpecial(value, prototype)
  }

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

  function copySpecial(value: object, prototype: object | null): unknown {
    if (types.isDate(value)) return new Date(value.getTime())
    if (types.isUint8Array(value)) return copyBytes(value)
    if (isDecimal(value)) {
      decimalPrototype = prototype
      return copyDecimal(value)
    }
    if (Array.isArray(value)) return value.map(copy)
    if (prototype === null || isPlainPrototype(prototype))
      return Object.assign(Object.create(prototype) as object, copyObject({ ...value }))
    return uncommon(value)
  }

  return copy as <T>(value: T) => T
}

/** Of the decimal class that was met last; there is hardly ever another. */
let decimalPrototype: object | null = null

const copyDecimal = (value: object): object =>
  new (value.constructor as new (value: unknown) => object)(value)

/** A copy that shares no memory: `Buffer.prototype.slice` copies nothing, and Prisma's clones share it as well. */
export function copyBytes<T extends Uint8Array>(bytes: T): T {
  return (Buffer.isBuffer(bytes)
    ? Buffer.from(bytes)
    : Uint8Array.prototype.slice.call(bytes)) as Uint8Array as T
}

/** A Json column may hold the key `__proto__`, and assigning it would set the prototype. */
export function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true })
}

/** Another realm (jest, vm) has another `Object.prototype`. */
export function isPlainPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty')
}
