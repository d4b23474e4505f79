import { copyBytes, isDecimal, isPlain } from '@prisma-brisk/core'

/** A value that a column can equal, whatever its type; not null, not a filter. */
export function isKeyValue(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return true
    case 'object':
      return value !== null && (value instanceof Date || ArrayBuffer.isView(value) || isDecimal(value))
    default:
      return false
  }
}

/** The value with all bytes in it copied; the value itself where there are none. */
export function ownBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return copyBytes(value)
  if (Array.isArray(value)) {
    const copies: unknown[] = value.map(ownBytes)
    return copies.some((copy, index) => copy !== value[index]) ? copies : value
  }
  if (!isPlain(value)) return value
  let changed: Record<string, unknown> | null = null
  for (const name in value) {
    const copy = ownBytes(value[name])
    if (copy !== value[name]) (changed ??= { ...value })[name] = copy
  }
  return changed ?? value
}

/** Whether something in it is given as undefined, which Prisma refuses where `strictUndefinedChecks` is on. */
export function holdsUndefined(value: unknown): boolean {
  if (value === undefined) return true
  if (Array.isArray(value)) return value.some(holdsUndefined)
  if (!isPlain(value)) return false
  for (const name in value) if (holdsUndefined(value[name])) return true
  return false
}
