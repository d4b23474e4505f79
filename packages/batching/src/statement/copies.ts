import { isDecimal, isPlain } from '@prisma-brisk/core'
import { copyOfBytes } from '../key/argument-value.ts'

/** A deep copy of an answer: callers own what they get, and may change it. */
export function copyOf(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer
  if (Array.isArray(answer)) return answer.map(copyOf)
  const prototype: unknown = Object.getPrototypeOf(answer)
  if (prototype === Object.prototype || prototype === null) {
    const copy = (prototype === null ? Object.create(null) : {}) as Record<string, unknown>
    for (const name of Object.keys(answer)) {
      const value = copyOf((answer as Record<string, unknown>)[name])
      // JSON may hold a key of this name, which an assignment would take for something else.
      if (name === '__proto__')
        Object.defineProperty(copy, name, { value, writable: true, enumerable: true, configurable: true })
      else copy[name] = value
    }
    return copy
  }
  if (answer instanceof Date) return new Date(answer.getTime())
  if (ArrayBuffer.isView(answer)) return copyOfBytes(answer)
  if (isDecimal(answer)) return new (answer.constructor as new (value: unknown) => unknown)(answer)
  return structuredClone(answer)
}

/** A copy of an error for another caller, so that neither sees what the other adds to it. */
export function copyOfError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const copy = Object.create(
    Object.getPrototypeOf(error) as object,
    Object.getOwnPropertyDescriptors(error),
  ) as Error & { meta?: unknown }
  if (isPlain(copy.meta)) copy.meta = { ...copy.meta }
  return copy
}
