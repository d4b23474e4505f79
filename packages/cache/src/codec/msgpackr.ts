import { types } from 'node:util'
import { Packr } from 'msgpackr'
import type { DecimalClass } from './value-copy.ts'
import { UnserialisableValueError } from '../errors.ts'
import type { ValueCodec } from './payload.ts'
import { isTagged, tagOf, untag } from './tagged-json.ts'
import { define, isPlainPrototype } from '@prisma-brisk/core'

/**
 * Results as MessagePack, by the package `msgpackr`, which is yours to install: about half the bytes of the default codec.
 * Stores that share entries must have the same codec; one takes the other's entries for missing and overwrites them.
 *
 * MessagePack has no form for some values, and msgpackr changes others without a word (-0, keys named `__proto__`, half
 * surrogate pairs). They become tagged text, as in the default codec. Its extension types are left alone: they are global
 * to a process, and may have another meaning in the application. So are its records, which do not keep every key.
 *
 * @example
 * import { msgpackr } from '@prisma-brisk/cache/msgpackr'
 * prisma.$extends(cache({ store: redisStore(redis, { codec: msgpackr }) }))
 */
export const msgpackr: ValueCodec = { name: 'msgpack1', encode, decode }

const packr = new Packr({ useRecords: false, mapsAsObjects: true })

function encode(value: unknown): string {
  return packr.pack(packable(value)).toString('base64')
}

function decode(text: string, decimal: DecimalClass | null): unknown {
  return revived(packr.unpack(Buffer.from(text, 'base64')), decimal)
}

function packable(value: unknown): unknown {
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      if (!LONE_SURROGATE.test(value)) return isTagged(value) ? `$${value}` : value
      return `$w${Buffer.from(value, 'utf16le').toString('base64')}`
    case 'object':
      return value === null ? null : packableObject(value)
    default:
      return tagOf(value) ?? value
  }
}

/** No text of UTF-8 has half a surrogate pair. */
const LONE_SURROGATE = /\p{Surrogate}/u

function packableObject(value: object): unknown {
  if (Array.isArray(value)) return packableRows(value) ?? Array.from(value, packable)
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype) return packableFields(value as Record<string, unknown>)
  if (types.isDate(value)) return isTimestamp(value.getTime()) ? new Date(value) : tagOf(value)
  if (types.isUint8Array(value) && !Buffer.isBuffer(value)) return value
  const tag = tagOf(value)
  if (tag !== null) return tag
  if (prototype !== null && isPlainPrototype(prototype))
    return packableFields(value as Record<string, unknown>)
  throw new UnserialisableValueError(`an instance of ${value.constructor?.name ?? 'an unknown class'}`)
}

/**
 * Rows name their fields once: `['$r', names, value, value, …]`. No list of the user's begins with this text, since theirs
 * would get another `$`.
 */
function packableRows(list: readonly unknown[]): unknown[] | null {
  const [first] = list
  if (list.length < 2 || !isPlain(first)) return null
  const names = Object.keys(first)
  if (names.length === 0 || !list.every((row) => isPlain(row) && hasKeys(row, names))) return null
  names.forEach(checkKey)
  const packed: unknown[] = [ROWS, names]
  for (const row of list as readonly Record<string, unknown>[]) {
    for (const key of names) packed.push(packable(row[key]))
  }
  return packed
}

const ROWS = '$r'

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** Whether it has these keys in this order, and no others. */
function hasKeys(row: Record<string, unknown>, names: readonly string[]): boolean {
  let at = 0
  for (const key in row) if (key !== names[at++]) return false
  return at === names.length
}

/** What a MessagePack timestamp of 64 bits holds exactly. */
function isTimestamp(ms: number): boolean {
  return ms >= 1000 && ms < 2 ** 32 * 1000
}

function packableFields(value: Record<string, unknown>): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const key in value) fields[packableKey(key)] = packable(value[key])
  return fields
}

/** Keys by which msgpackr tells what an object is, or which it renames, get a `$` in front. */
function packableKey(key: string): string {
  checkKey(key)
  return isTagged(key) || SPECIAL.has(key) ? `$${key}` : key
}

const SPECIAL = new Set(['__proto__', 'constructor', 'toJSON'])

function checkKey(key: string): void {
  if (LONE_SURROGATE.test(key)) throw new UnserialisableValueError('a key with half a surrogate pair')
}

/** In place: what was unpacked belongs to nobody else. */
function revived(value: unknown, decimal: DecimalClass | null): unknown {
  if (typeof value === 'string') return isTagged(value) ? revivedText(value, decimal) : value
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (types.isUint8Array(value)) return new Uint8Array(value)
  if (Array.isArray(value)) {
    if (value[0] === ROWS) return revivedRows(value, decimal)
    for (let index = 0; index < value.length; index++) value[index] = revived(value[index], decimal)
    return value
  }
  if (!isPlain(value)) throw new SyntaxError('This was not packed here.')
  return revivedFields(value, decimal)
}

function revivedRows(packed: readonly unknown[], decimal: DecimalClass | null): unknown[] {
  const names = packed[1] as readonly string[]
  const rows: unknown[] = []
  for (let at = 2; at < packed.length; at += names.length) {
    const row: Record<string, unknown> = {}
    for (let index = 0; index < names.length; index++) {
      const key = names[index] as string
      const value = revived(packed[at + index], decimal)
      if (key === '__proto__') define(row, key, value)
      else row[key] = value
    }
    rows.push(row)
  }
  return rows
}

function revivedFields(
  fields: Record<string, unknown>,
  decimal: DecimalClass | null,
): Record<string, unknown> {
  for (const key in fields) if (isTagged(key)) return renamed(fields, decimal)
  for (const key in fields) {
    const value = fields[key]
    if (typeof value === 'string' ? isTagged(value) : typeof value === 'object') {
      fields[key] = revived(value, decimal)
    }
  }
  return fields
}

/** Anew, for the sake of the order of the keys. */
function renamed(fields: Record<string, unknown>, decimal: DecimalClass | null): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const key in fields) {
    const name = isTagged(key) ? key.slice(1) : key
    define(result, name, revived(fields[key], decimal))
  }
  return result
}

function revivedText(text: string, decimal: DecimalClass | null): unknown {
  return text.startsWith('$w')
    ? Buffer.from(text.slice(2), 'base64').toString('utf16le')
    : untag(text, decimal)
}
