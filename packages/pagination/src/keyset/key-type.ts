import type { EnumType, Field, Provider, SchemaModel } from '@prisma-brisk/core'

/**
 * How a column's values travel in a cursor.
 *
 * A cursor is right only if the value it carries comes back to the database as exactly the value that was read: one bit off
 * and the page repeats a row or loses one. What cannot promise that is refused.
 */
export interface CursorKeyType {
  readonly kind: 'int' | 'bigint' | 'decimal' | 'float' | 'string' | 'datetime' | 'boolean' | 'enum'
  /** As JSON; undefined where this one value cannot be carried (NaN, infinity). */
  encode(value: unknown): string | number | boolean | undefined
  /** As an argument of `where`; undefined where it is not what `encode` makes. */
  decode(value: unknown): unknown
  /**
   * Columns of few values have no `gt` in Prisma: the values in schema order, whose order in the database is asked for.
   * Else null.
   */
  readonly enumType: EnumType | null
  /** What the driver reads is what is stored, whatever the form it is stored in. */
  readonly isExact: boolean
}

/** The type of a column as a sort key, or why it cannot be one. */
export function cursorKeyTypeOf(
  schema: SchemaModel,
  field: Field,
  provider: Provider,
): CursorKeyType | string {
  if (field.isList) return 'is a list'
  if (field.isIgnored || field.kind === 'unsupported') return 'is not in the client'
  if (field.kind === 'enum') {
    const enumType = schema.enums.get(field.type)
    return enumType === undefined
      ? 'is of an enum that the schema does not have'
      : { ...TEXT, kind: 'enum', enumType }
  }
  const native = field.nativeType?.name ?? null
  switch (field.type) {
    case 'Int':
      return INT
    case 'BigInt':
      return BIGINT
    case 'Decimal':
      return native === 'Money' ? 'is money, which the database prints by its locale' : DECIMAL
    case 'Float':
      if (provider === 'mysql' && native === 'Float')
        return 'is a FLOAT, which MySQL rounds when it hands it out; use Double'
      return native === 'Real' ? REAL : FLOAT
    case 'String':
      return native === null || TEXTS.has(native)
        ? provider === 'mysql'
          ? SHORT_TEXT
          : TEXT
        : `is ${native}`
    case 'DateTime':
      return dateTime(field, provider)
    case 'Boolean':
      return BOOLEAN
    default:
      return `is ${field.type}, which has no order that a cursor could carry`
  }
}

const TEXTS = new Set([
  'Text',
  'VarChar',
  'Char',
  'Citext',
  'Uuid',
  'Inet',
  'TinyText',
  'MediumText',
  'LongText',
  'String',
])

/** A JavaScript Date holds milliseconds: finer times would be cut, and rows within one millisecond lost. */
function dateTime({ nativeType }: Field, provider: Provider): CursorKeyType | string {
  if (nativeType === null || nativeType.name === 'Date') return DATE_TIME
  const { name, args } = nativeType
  if (name !== 'Timestamp' && name !== 'Timestamptz' && name !== 'DateTime') return `is ${name}`
  const digits = args[0] === undefined ? (provider === 'mysql' ? 0 : 6) : Number(args[0])
  if (digits <= 3) return DATE_TIME
  return `is ${name}(${digits}): a JavaScript Date would cut its microseconds, and pages would repeat or lose rows. Use ${name}(3)`
}

const number = (
  isValid: (value: number) => boolean,
  kind: 'int' | 'float',
  decode = (value: number) => value,
): CursorKeyType => ({
  kind,
  encode: (value) => (typeof value === 'number' && isValid(value) ? value : undefined),
  decode: (value) => (typeof value === 'number' && isValid(value) ? decode(value) : undefined),
  enumType: null,
  isExact: kind === 'int',
})

const INT = number(Number.isSafeInteger, 'int')
const FLOAT = number(Number.isFinite, 'float')
/** The database compares in double precision: `0.1` must be the double that a single 0.1 is. */
const REAL = number(Number.isFinite, 'float', Math.fround)

const BIGINT: CursorKeyType = {
  kind: 'bigint',
  encode: (value) => (typeof value === 'bigint' ? value.toString() : undefined),
  decode: (value) => (typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined),
  enumType: null,
  isExact: true,
}

const DECIMAL: CursorKeyType = {
  kind: 'decimal',
  encode: (value) => digits((value as { toFixed?: () => string } | null)?.toFixed?.()),
  decode: digits,
  enumType: null,
  isExact: false,
}

/** Decimals go to Prisma as text, which no float rounds. */
function digits(value: unknown): string | undefined {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? value : undefined
}

const text = (isValid: (value: string) => boolean): CursorKeyType => ({
  kind: 'string',
  encode: (value) => (typeof value === 'string' && isValid(value) ? value : undefined),
  decode: (value) => (typeof value === 'string' ? value : undefined),
  enumType: null,
  isExact: true,
})

const TEXT = text(() => true)
/** MySQL sorts by the first 1,024 bytes of a sort key (max_sort_length) and compares by all of them. */
const SHORT_TEXT = text((value) => sortKeyBytes(value) <= 1024)

/** The most bytes of a text in the sort key of any collation of one level. */
function sortKeyBytes(value: string): number {
  let bytes = 0
  for (const character of value) {
    const point = character.codePointAt(0) as number
    // Signs such as ﷺ stand for up to 18 letters; ideographs, Hangul and emoji for at most four weights.
    const isSign = point >= 0x2000 && !SINGLE.some(([first, last]) => point >= first && point <= last)
    bytes += point < 0x2000 ? 4 : isSign ? 36 : 8
  }
  return bytes
}

const SINGLE = [
  [0x3400, 0x9fff],
  [0xac00, 0xd7a3],
  [0x1f300, 0x1faff],
  [0x20000, 0x3ffff],
] as const

const DATE_TIME: CursorKeyType = {
  kind: 'datetime',
  encode: (value) => {
    const time = value instanceof Date ? value.getTime() : NaN
    return Number.isNaN(time) ? undefined : time
  },
  decode: (value) => (Number.isSafeInteger(value) ? new Date(value as number) : undefined),
  enumType: null,
  isExact: false,
}

const BOOLEAN: CursorKeyType = {
  kind: 'boolean',
  encode: (value) => (typeof value === 'boolean' ? value : undefined),
  decode: (value) => (typeof value === 'boolean' ? value : undefined),
  enumType: null,
  isExact: true,
}
