import { types } from 'node:util'
import type { DecimalClass } from './value-copy.ts'
import { UnserialisableValueError } from '../errors.ts'
import { isDecimal, isPlainPrototype } from '@prisma-brisk/core'

/**
 * Query results as JSON that comes back exactly: what JSON has no form for becomes text that starts with `$` and a
 * letter, and the user's own text that starts with `$` gets another `$` in front, so that neither can pass for the
 * other. Keys are never tagged.
 *
 * | text | value |
 * |---|---|
 * | `$d<ms>` | Date |
 * | `$i<digits>` | BigInt |
 * | `$m<digits>` | Decimal, of the application's class |
 * | `$b<base64>`, `$B<base64>` | Uint8Array, Buffer |
 * | `$nNaN`, `$nInfinity`, `$n-Infinity`, `$n-0` | number |
 * | `$u` | undefined |
 * | `$$…` | text that starts with `$` |
 */
export function encode(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(isTagged(value) ? `$${value}` : value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      return value === null ? 'null' : encodeObject(value)
    default: {
      const tag = tagOf(value)
      return tag === null ? String(value) : `"${tag}"`
    }
  }
}

/**
 * Brings an encoded value back; each time a separate one.
 *
 * @throws SyntaxError, TypeError and the like for text that {@link encode} did not make
 */
export function decode(text: string, decimal: DecimalClass | null): unknown {
  return revive(JSON.parse(text), decimal)
}

/** Whether text has the form of a tag, and so needs another `$` where it is the user's own. */
export function isTagged(text: string): boolean {
  return text.charCodeAt(0) === DOLLAR
}

const DOLLAR = 36

/**
 * The text of a value that JSON has no form for; null for a number that it has one for, and for other objects. It needs
 * no escaping.
 *
 * @throws UnserialisableValueError for a function or a symbol
 */
export function tagOf(value: unknown): string | null {
  switch (typeof value) {
    case 'number':
      if (Number.isFinite(value)) return Object.is(value, -0) ? '$n-0' : null
      return `$n${value}`
    case 'bigint':
      return `$i${value}`
    case 'undefined':
      return '$u'
    case 'object':
      return value === null ? null : tagOfObject(value)
    default:
      throw new UnserialisableValueError(`a ${typeof value}`)
  }
}

function tagOfObject(value: object): string | null {
  if (types.isDate(value)) return `$d${value.getTime()}`
  if (Buffer.isBuffer(value)) return `$B${value.toString('base64')}`
  if (types.isUint8Array(value)) {
    return `$b${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}`
  }
  return isDecimal(value) ? `$m${value.valueOf()}` : null
}

function encodeObject(value: object): string {
  if (Array.isArray(value)) {
    let text = ''
    for (let index = 0; index < value.length; index++) text += (index === 0 ? '' : ',') + encode(value[index])
    return `[${text}]`
  }
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype) return encodeFields(value as Record<string, unknown>)
  const tag = tagOfObject(value)
  if (tag !== null) return `"${tag}"`
  if (prototype !== null && isPlainPrototype(prototype)) return encodeFields(value as Record<string, unknown>)
  throw new UnserialisableValueError(`an instance of ${value.constructor?.name ?? 'an unknown class'}`)
}

function encodeFields(value: Record<string, unknown>): string {
  let text = ''
  for (const key in value) {
    text += `${text === '' ? '' : ','}${quoted(key)}:${encode(value[key])}`
  }
  return `{${text}}`
}

/** Field names come again and again: their quoted forms are kept. */
const quotedNames = new Map<string, string>()

function quoted(name: string): string {
  const known = quotedNames.get(name)
  if (known !== undefined) return known
  const text = JSON.stringify(name)
  if (quotedNames.size < 10_000) quotedNames.set(name, text)
  return text
}

function revive(value: unknown, decimal: DecimalClass | null): unknown {
  if (typeof value === 'string') return value.charCodeAt(0) === DOLLAR ? untag(value, decimal) : value
  if (typeof value === 'object' && value !== null) reviveWithin(value as Record<string, unknown>, decimal)
  return value
}

/** In place: what `JSON.parse` has made belongs to nobody else. */
function reviveWithin(value: Record<string, unknown>, decimal: DecimalClass | null): void {
  for (const key in value) {
    const each = value[key]
    if (typeof each === 'string') {
      if (each.charCodeAt(0) === DOLLAR) value[key] = untag(each, decimal)
    } else if (typeof each === 'object' && each !== null) {
      reviveWithin(each as Record<string, unknown>, decimal)
    }
  }
}

/** What a tagged text stands for. */
export function untag(text: string, decimal: DecimalClass | null): unknown {
  switch (text.charCodeAt(1)) {
    case DOLLAR:
      return text.slice(1)
    case 100: // d
      return new Date(Number(text.slice(2)))
    case 105: // i
      return BigInt(text.slice(2))
    case 109: // m
      if (decimal === null)
        throw new UnserialisableValueError('a Decimal, and the application has not shown its class')
      return new decimal(text.slice(2))
    case 98: // b
      return new Uint8Array(Buffer.from(text.slice(2), 'base64'))
    case 66: // B
      return Buffer.from(text.slice(2), 'base64')
    case 110: // n
      return Number(text.slice(2))
    case 117: // u
      return undefined
    default:
      throw new SyntaxError('This text was not encoded here.')
  }
}
