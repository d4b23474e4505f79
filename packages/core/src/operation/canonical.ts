import { hash } from 'node:crypto'
import { BriskError } from '../errors.ts'
import { processName } from '../process-name.ts'
import {
  isDate,
  isDecimal,
  isFieldReference,
  isObjectEnum,
  isPlain,
  isSkip,
  isSqlTemplate,
  isTypedSql,
  type SqlTemplate,
} from './prisma-value.ts'

/** An argument contains itself, so it has no canonical form; Prisma could not send it either. */
export class CyclicArgumentsError extends BriskError {
  constructor() {
    super('E_CYCLIC_ARGUMENTS', 'Arguments contain themselves. Pass plain data without cycles.')
  }
}

/**
 * The arguments of a call as text: equal text means equal arguments, different text different ones.
 *
 * Each value carries its type, so that `1`, `1n`, `'1'` and a Decimal of one differ, as do `null`, `undefined`, a missing
 * key, `Prisma.skip`, `DbNull`, `JsonNull` and `AnyNull`, `-0` and `0`, a Date and its text. Strings carry their length,
 * so that no text can pass for structure. Two Decimals are equal when they print alike, whatever copy of decimal.js made
 * them; so are two byte arrays of different classes. A hole in an array is `undefined`.
 *
 * **Order.** Of arrays it always matters (`orderBy`, `OR`, `in`). Of keys it does not, but in JSON values, where a
 * database may compare or keep it: under `equals`, `not`, `array_contains`, `array_starts_with`, `array_ends_with`, `data`,
 * `create` and `update`, and in the values of raw SQL.
 *
 * Functions, symbols, and objects that Prisma cannot send (Map, Set, …) are equal only to themselves and only within this process.
 *
 * Cost: 0.3–2 µs for the arguments of an ordinary `findMany`.
 * @throws CyclicArgumentsError
 * @example
 * canonicalize({ where: { id: 1 } }) !== canonicalize({ where: { id: 1n } })
 */
export function canonicalize(value: unknown): string {
  // [sql, ...values] is what raw operations get.
  return write(value, Array.isArray(value) && typeof value[0] === 'string', 0)
}

/**
 * As {@link canonicalize}, as if the outermost object had no such key: an argument of an extension's own.
 * @throws CyclicArgumentsError
 */
export function canonicalizeWithout(value: unknown, except: string): string {
  return isPlain(value) ? writeKeys(value, false, 0, except) : canonicalize(value)
}

/** SHA-256 of a canonical text, base64url: 43 characters. Cost: about 2 µs. */
export function identity(text: string): string {
  // UTF-8 has no form for half a surrogate pair: all of them would become one replacement character.
  return LONE_SURROGATE.test(text)
    ? hash('sha256', Buffer.from(`utf-16:${text}`, 'utf16le'), 'base64url')
    : hash('sha256', text, 'base64url')
}

const LONE_SURROGATE = /\p{Surrogate}/u

/** Under these keys stands JSON, whose key order is kept. */
const ORDERED = new Set([
  'equals',
  'not',
  'array_contains',
  'array_starts_with',
  'array_ends_with',
  'data',
  'create',
  'update',
])

function write(value: unknown, ordered: boolean, depth: number): string {
  switch (typeof value) {
    case 'string':
      return `s${value.length}:${value}`
    case 'number':
      return value === 0 && Object.is(value, -0) ? 'n-0' : `n${value}`
    case 'boolean':
      return value ? 't' : 'f'
    case 'undefined':
      return 'u'
    case 'bigint':
      return `i${value}`
    case 'object':
      return value === null ? 'z' : writeObject(value, ordered, depth)
    default:
      return opaque(value)
  }
}

function writeObject(value: object, ordered: boolean, depth: number): string {
  if (depth >= SUSPICIOUS_DEPTH && depth % SUSPICIOUS_DEPTH === 0) refuseCycle(value, new Set())
  if (Array.isArray(value)) return writeArray(value, ordered, depth)
  if (!isPlain(value)) {
    const special = writeSpecial(value, depth)
    if (special !== null) return special
  }
  const { toJSON } = value as { toJSON?: unknown }
  // Prisma sends the arguments themselves key by key, whatever methods they have.
  if (depth > 0 && typeof toJSON === 'function') return `j${write(toJSON.call(value), true, depth + 1)}`
  return writeKeys(value as Record<string, unknown>, ordered, depth, null)
}

function writeArray(value: readonly unknown[], ordered: boolean, depth: number): string {
  let text = '['
  for (let index = 0; index < value.length; index++) text += `${write(value[index], ordered, depth + 1)},`
  return `${text}]`
}

function writeKeys(
  value: Record<string, unknown>,
  ordered: boolean,
  depth: number,
  except: string | null,
): string {
  if (!ordered && !isSorted(value)) return writeSorted(value, depth, except)
  let text = '{'
  // Inherited keys too: Prisma sends them.
  for (const key in value) {
    if (key !== except) text += writeKey(key, value[key], ordered, depth)
  }
  return `${text}}`
}

/** As most objects are: those of one key, and those that were written by hand in the order of the alphabet. */
function isSorted(value: object): boolean {
  let last = ''
  for (const key in value) {
    if (key < last) return false
    last = key
  }
  return true
}

function writeSorted(value: Record<string, unknown>, depth: number, except: string | null): string {
  const keys: string[] = []
  for (const key in value) keys.push(key)
  keys.sort()
  let text = '{'
  for (const key of keys) {
    if (key !== except) text += writeKey(key, value[key], false, depth)
  }
  return `${text}}`
}

function writeKey(key: string, value: unknown, ordered: boolean, depth: number): string {
  return `${key.length}:${key}${write(value, ordered || ORDERED.has(key), depth + 1)},`
}

/** Everything that is neither an array nor a plain object; null for an instance of a class of the application's. */
function writeSpecial(value: object, depth: number): string | null {
  if (isDate(value)) return `d${value.getTime()}`
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return `b${bytes.length}:${bytes.toString('latin1')}`
  }
  if (isDecimal(value)) return `m${value.toFixed()}`
  if (isObjectEnum(value)) return `e${text(value._getNamespace())}${text(value._getName())}`
  if (isFieldReference(value)) return `r${text(value.modelName)}${text(value.name)}`
  if (isSkip(value)) return 'k'
  if (isSqlTemplate(value)) return writeSql(value, depth)
  if (isTypedSql(value)) return `q${text(value.sql)}${writeArray(value.values, true, depth)}`
  return EXOTIC.has(Object.prototype.toString.call(value)) ? opaque(value) : null
}

function writeSql({ strings, values }: SqlTemplate, depth: number): string {
  return `Q${writeArray(strings, true, depth)}${writeArray(values, true, depth)}`
}

function text(value: string): string {
  return `${value.length}:${value}`
}

const EXOTIC = new Set(
  ['Map', 'Set', 'WeakMap', 'WeakSet', 'Promise', 'RegExp', 'ArrayBuffer', 'SharedArrayBuffer', 'Error'].map(
    (name) => `[object ${name}]`,
  ),
)

/** Equal only to itself, in this process alone. */
function opaque(value: unknown): string {
  if (typeof value === 'symbol') {
    const shared = Symbol.keyFor(value)
    if (shared !== undefined) return `y${text(shared)}`
  }
  const key = value as WeakKey
  let number = opaqueNumbers.get(key)
  if (number === undefined) opaqueNumbers.set(key, (number = nextOpaque++))
  return `o${processName()}:${number}`
}

const opaqueNumbers = new WeakMap<WeakKey, number>()
let nextOpaque = 1

// Prisma's own arguments are a dozen levels deep; only what is far deeper can be a cycle worth looking for.
const SUSPICIOUS_DEPTH = 256

function refuseCycle(value: object, ancestors: Set<object>): void {
  if (ancestors.has(value)) throw new CyclicArgumentsError()
  ancestors.add(value)
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) refuseCycle(child, ancestors)
  }
  ancestors.delete(value)
}
