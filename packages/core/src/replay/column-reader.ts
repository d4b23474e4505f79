import { types } from 'node:util'
import type { Field } from '../schema/datamodel/field.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'

/** Thrown, and never seen outside of this room: what a driver answered is not as expected, so Prisma is to judge it. */
export const DOUBT = Symbol('doubt')

export type DecimalClass = new (digits: string | number) => object

/** What Prisma makes of the values of one column. */
export interface ColumnReader {
  read(this: void, value: unknown, decimal: DecimalClass | null): unknown
  /** The same as code, of the value `$` and a function `doubt`; null where it has to be called. */
  readonly code: string | null
  readonly isDecimal: boolean
  /** Whether there is anything of the type in it: neither NULL nor an empty list. */
  isValue(value: unknown): boolean
}

/** The reader of a field's values; null for a type that Prisma reads in a way that is not known. */
export function columnReader(schema: SchemaModel, field: Field): ColumnReader | null {
  const item = field.kind === 'enum' ? enumReader(schema, field.type) : (scalars[field.type] ?? null)
  if (item === null || field.kind === 'relation' || field.kind === 'unsupported') return null
  const { read, code } = item
  const isDecimal = field.type === 'Decimal'
  if (!field.isList) {
    return {
      read: (value, decimal) => (value === null ? null : read(value, decimal)),
      code: code === null ? null : `($ === null ? null : ${code})`,
      isDecimal,
      isValue: (value) => value !== null,
    }
  }
  return {
    read: (value, decimal) => {
      if (value === null) return []
      if (!Array.isArray(value)) throw DOUBT
      return value.map((each: unknown) => read(each, decimal))
    },
    code: null,
    isDecimal,
    isValue: (value) => value !== null && (value as unknown[]).length > 0,
  }
}

interface ItemReader {
  read(this: void, value: unknown, decimal: DecimalClass | null): unknown
  readonly code: string | null
}

const doubt = (): never => {
  throw DOUBT
}

const scalars: Readonly<Record<string, ItemReader>> = {
  String: {
    read: (value) => (typeof value === 'string' ? value : doubt()),
    code: `typeof $ === 'string' ? $ : doubt()`,
  },
  Int: {
    read: (value) => (Number.isSafeInteger(value) ? value : doubt()),
    code: `Number.isSafeInteger($) ? $ : doubt()`,
  },
  Float: {
    read: (value) => {
      if (typeof value === 'number') return value
      if (typeof value !== 'string' || value.trim() === '') return doubt()
      const number = Number(value)
      return Number.isNaN(number) ? doubt() : number
    },
    code: null,
  },
  Boolean: {
    read: (value) => {
      if (typeof value === 'boolean') return value
      if (typeof value === 'number') return value === 1
      return types.isUint8Array(value) ? value.some((bits) => bits !== 0) : doubt()
    },
    code: null,
  },
  BigInt: {
    read: (value) => {
      if (typeof value === 'string' && DIGITS.test(value)) return BigInt(value)
      return Number.isSafeInteger(value) ? BigInt(value as number) : doubt()
    },
    code: null,
  },
  Decimal: {
    read: (value, decimal) => {
      if (decimal === null || (typeof value !== 'string' && typeof value !== 'number')) return doubt()
      try {
        return new decimal(value)
      } catch {
        return doubt()
      }
    },
    code: null,
  },
  DateTime: { read: readDate, code: null },
  Json: {
    read: (value) => {
      if (typeof value !== 'string' && typeof value !== 'number') return doubt()
      try {
        return JSON.parse(String(value))
      } catch {
        return doubt()
      }
    },
    code: null,
  },
  Bytes: {
    // Prisma's way is through base64, and gives bytes of their own.
    read: (value) => (types.isUint8Array(value) ? new Uint8Array(value) : doubt()),
    code: null,
  },
}

const DIGITS = /^-?\d{1,40}$/
/** `2024-01-31`, `T` or a space, `23:59:59`, fraction, zone. */
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/
const DATE = /^\d{4}-\d{2}-\d{2}$/
const TIME = /^\d{2}:\d{2}:\d{2}(?:\.\d+)?$/

/** Texts that are a time by ECMAScript alone; Prisma reads the rest. */
function readDate(value: unknown): Date {
  if (typeof value !== 'string') return doubt()
  const time = timeOf(value)
  if (time !== null) return new Date(time)
  if (TIMESTAMP.test(value)) return new Date(value)
  if (DATE.test(value)) return new Date(`${value}T00:00:00Z`)
  return TIME.test(value) ? new Date(`1970-01-01T${value}Z`) : doubt()
}

/**
 * `2024-01-31T23:59:59+00:00`, with or without thousandths, as most columns have it, in a fifth of the time that V8 takes; null
 * for any other text.
 */
function timeOf(text: string): number | null {
  const { length } = text
  const rest = length - 19
  if (rest !== 6 && rest !== 10 && rest !== 1 && rest !== 5) return null
  const zone = rest > 6 || rest === 5 ? 23 : 19
  if (text.charCodeAt(zone) === PLUS ? !text.endsWith('+00:00') : text.charCodeAt(zone) !== UPPER_Z)
    return null
  if (text.charCodeAt(4) !== MINUS || text.charCodeAt(7) !== MINUS || text.charCodeAt(10) !== UPPER_T)
    return null
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return null
  const year = two(text, 0) * 100 + two(text, 2)
  const month = two(text, 5)
  const day = two(text, 8)
  const hour = two(text, 11)
  const minute = two(text, 14)
  const second = two(text, 17)
  let thousandths = 0
  if (zone === 23) {
    if (text.charCodeAt(19) !== POINT) return null
    thousandths = two(text, 20) * 10 + digit(text, 22)
  }
  // Not a number where anything is no digit. V8 judges days that not every month has, and years before 100.
  const isUsual = year >= 100 && month >= 1 && month <= 12 && day >= 1 && day <= 28
  if (!isUsual || !(hour < 24 && minute < 60 && second < 60 && thousandths >= 0 && thousandths < 1000))
    return null
  return Date.UTC(year, month - 1, day, hour, minute, second, thousandths)
}

const ZERO = 48
const [PLUS, MINUS, POINT, COLON, UPPER_T, UPPER_Z] = [43, 45, 46, 58, 84, 90]

const two = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1)

/** Not a number where there is no digit. */
function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - ZERO
  return value >= 0 && value <= 9 ? value : Number.NaN
}

function enumReader(schema: SchemaModel, name: string): ItemReader | null {
  const known = schema.enums.get(name)
  if (known === undefined) return null
  const names = new Map<unknown, string>(known.values.map((value) => [value.dbName, value.name]))
  return { read: (value) => names.get(value) ?? doubt(), code: null }
}
