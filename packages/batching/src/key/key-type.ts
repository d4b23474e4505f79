import { isDecimal, type Field, type Provider } from '@prisma-brisk/core'
import type { ColumnFact } from './column-facts.ts'
import { anyCase, asciiCase, byteForByte, onlyAscii, sameBlanks, uuid, type TextFold } from './text-fold.ts'

/**
 * How values of a key column are compared.
 *
 * A merged statement selects `key IN (…)`, and each row must be matched to the callers of its key. JavaScript's equality is not
 * the database's: `'ABC' = 'abc'` under many collations, `1.50 = 1.5` always. So each type has a **fold**: a text or
 * number such that values which the database may hold equal have the same fold. The fold may be too coarse, never too fine. A
 * statement binds one spelling of each fold only, so a row with that fold can only have been found by that spelling, and
 * belongs to the callers who gave it.
 *
 * A value whose fold is not certain is not merged: its call is sent alone, and the database decides.
 */
export interface KeyType {
  /** The fold of a value that a caller gave; null where it is not certain. */
  fold(value: unknown): Fold | null
  /** The fold of a value that a row holds; null where it is not certain. */
  foldRow(value: unknown): Fold | null
  /** Whether equal folds are equal values, so that callers who spell a value differently may share its rows. */
  readonly isExact: boolean
  /** Whether a row holds a value as it is spelled here; default: where it is its own fold. */
  isAsStored?(value: unknown): boolean
  /** The value as the statement carries it; alike for all keys, so that Prisma sees one plain list. */
  send(value: unknown): unknown
}

/** Compared as Map keys are; of one type within a {@link KeyType}. */
export type Fold = string | number | bigint

/** The type of a key column, or null where no two of its values can be told apart with certainty. */
export function keyTypeOf(field: Field, provider: Provider, fact: ColumnFact | null): KeyType | null {
  if (field.kind === 'enum') return names
  switch (field.type) {
    case 'Int':
      return field.nativeType?.name === 'Year' ? null : integers(intBounds(field))
    case 'BigInt':
      return bigIntegers
    case 'Float':
      return floats
    case 'Bytes':
      return field.nativeType === null || plainBytes.has(field.nativeType.name) ? bytes : null
    case 'Decimal':
      if (field.nativeType?.name === 'Money') return null
      return provider === 'postgresql' ? exactDecimals : roundedDecimals
    case 'DateTime':
      return dateTimes(field, provider, fact)
    case 'String':
      return strings(field, provider, fact)
    case 'Boolean':
      return booleans
    default:
      return null
  }
}

/** Whether the type of the column must be read from the database before its values can be told apart. */
export function needsFact(field: Field, provider: Provider): boolean {
  if (field.kind === 'enum') return false
  if (provider === 'postgresql') return field.type === 'String' || field.type === 'DateTime'
  return provider === 'mysql' && field.type === 'String'
}

/** Whether a list of its values can be asked for: Prisma has no `in` for booleans. */
export const isListable = ({ type }: Field): boolean => type !== 'Boolean'

const asIs = (value: unknown): unknown => value

const names: KeyType = {
  fold: (value) => (typeof value === 'string' ? value : null),
  foldRow: (value) => (typeof value === 'string' ? value : null),
  isExact: true,
  send: asIs,
}

const booleans: KeyType = {
  fold: (value) => (typeof value === 'boolean' ? Number(value) : null),
  foldRow: (value) => (typeof value === 'boolean' ? Number(value) : null),
  isExact: true,
  send: asIs,
}

function integers([min, max]: readonly [number, number]): KeyType {
  const fold = (value: unknown) =>
    typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max ? value + 0 : null
  return { fold, foldRow: fold, isExact: true, send: asIs }
}

function intBounds({ nativeType }: Field): readonly [number, number] {
  switch (nativeType?.name) {
    case 'SmallInt':
      return [-0x8000, 0x7fff]
    case 'TinyInt':
      return [-0x80, 0x7f]
    case 'UnsignedTinyInt':
      return [0, 0xff]
    case 'UnsignedSmallInt':
      return [0, 0xffff]
    default:
      return [-0x80000000, 0x7fffffff]
  }
}

const bigIntegers: KeyType = {
  fold: (value) => {
    if (typeof value === 'bigint') return value >= -(2n ** 63n) && value < 2n ** 63n ? value : null
    return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : null
  },
  foldRow: (value) => (typeof value === 'bigint' ? value : null),
  isExact: true,
  send: (value) => BigInt(value as bigint | number),
}

/**
 * Single precision is coarser than any floating-point column. `-0` and `0` are equal to every database. Prisma carries
 * whole numbers beyond 32 bits through its compiler, which rounds them and all others of their list to 15 digits.
 */
const floats: KeyType = {
  fold: (value) =>
    typeof value === 'number' && (Number.isInteger(value) ? value === (value | 0) : Number.isFinite(value))
      ? Math.fround(value) + 0
      : null,
  foldRow: (value) => (typeof value === 'number' ? Math.fround(value) + 0 : null),
  isExact: false,
  send: asIs,
}

/** PostgreSQL compares decimals digit by digit. */
const exactDecimals: KeyType = {
  fold: (value) => mapDecimal(value, plainDecimal),
  foldRow: (value) => mapDecimal(value, plainDecimal),
  isExact: true,
  send: asIs,
}

/** MySQL and SQLite may compare decimals as doubles do: those a double cannot tell apart are not certain. */
const roundedDecimals: KeyType = {
  fold: (value) => mapDecimal(value, doubleDecimal),
  foldRow: (value) => mapDecimal(value, doubleDecimal),
  isExact: false,
  send: asIs,
}

function mapDecimal(value: unknown, fold: (decimal: string) => string | null): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? fold(String(value)) : null
  if (typeof value === 'string') return /^-?\d{1,100}(\.\d{1,100})?$/.test(value) ? fold(value) : null
  if (typeof value !== 'object' || value === null || !isDecimal(value)) return null
  const fixed = value.toFixed()
  return /^-?[\d.]+$/.test(fixed) ? fold(fixed) : null
}

function plainDecimal(decimal: string): string {
  const [, sign, whole, fraction = ''] = /^(-?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(decimal) as unknown as [
    string,
    string,
    string,
    string?,
  ]
  const digits = fraction === '' ? whole : `${whole}.${fraction}`
  return digits === '' ? '0' : sign + digits
}

function doubleDecimal(decimal: string): string | null {
  const plain = plainDecimal(decimal)
  return plain.replace(/^-?\.?0*/, '').replace('.', '').length <= 15 ? String(Number(plain)) : null
}

const bytes: KeyType = {
  fold: (value) => (ArrayBuffer.isView(value) ? hexOf(value) : null),
  foldRow: (value) => (ArrayBuffer.isView(value) ? hexOf(value) : null),
  isExact: true,
  send: asIs,
}

const hexOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('hex')

const plainBytes = new Set(['ByteA', 'VarBinary', 'Blob', 'TinyBlob', 'MediumBlob', 'LongBlob'])

function dateTimes({ nativeType }: Field, provider: Provider, fact: ColumnFact | null): KeyType | null {
  const declared = nativeType?.name ?? 'default'
  if (declared === 'Timetz') return null
  if (provider === 'postgresql' && (fact === null || !temporal[declared]?.includes(fact.type))) return null
  return declared === 'Date' ? days : declared === 'Time' ? times : instants
}

const temporal: Readonly<Record<string, readonly string[]>> = {
  default: ['timestamp'],
  Timestamp: ['timestamp'],
  Timestamptz: ['timestamptz'],
  Date: ['date'],
  Time: ['time'],
}

const DAY = 86_400_000

/** Prisma carries milliseconds. A row with microseconds matches no Date, and so no caller. */
const instants = moments((ms) => ms, true)
const days = moments((ms) => Math.floor(ms / DAY), false)
const times = moments((ms) => ((ms % DAY) + DAY) % DAY, false)

function moments(part: (ms: number) => number, isExact: boolean): KeyType {
  return {
    fold: (value) => {
      const ms = millisecondsOf(value)
      return ms === null ? null : part(ms)
    },
    foldRow: (value) => (isDate(value) && !Number.isNaN(value.getTime()) ? part(value.getTime()) : null),
    isExact,
    send: (value) => new Date(millisecondsOf(value) as number),
  }
}

const isDate = (value: unknown): value is Date => Object.prototype.toString.call(value) === '[object Date]'

const iso =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/

/** Of a Date, or of text that no reader of ISO 8601 takes for anything else; years as drivers print them plainly. */
function millisecondsOf(value: unknown): number | null {
  let ms: number
  if (isDate(value)) ms = value.getTime()
  else {
    const parts = typeof value === 'string' ? iso.exec(value) : null
    if (parts === null) return null
    const [, year, month, day] = parts.map(Number) as [number, number, number, number]
    if (new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day || month < 1 || month > 12) return null
    ms = Date.parse(value as string)
  }
  return ms >= Date.UTC(1000, 0, 1) && ms < Date.UTC(9999, 11, 31) ? ms : null
}

function strings({ nativeType }: Field, provider: Provider, fact: ColumnFact | null): KeyType | null {
  switch (provider) {
    case 'postgresql':
      return fact === null ? null : postgresStrings(fact)
    case 'mysql':
      return fact === null || fact.collation === null ? null : mysqlStrings(fact.collation)
    // BINARY, NOCASE and RTRIM, the only collations there are, all lie within this fold.
    case 'sqlite':
      return nativeType === null ? text(asciiCase, false) : null
    default:
      return null
  }
}

function postgresStrings({ type, isDeterministic }: ColumnFact): KeyType | null {
  if (type === 'uuid') return { ...text(uuid, true), isAsStored: isCanonicalUuid }
  if (!isDeterministic) return null
  switch (type) {
    case 'text':
    case 'varchar':
      return text(byteForByte, true)
    case 'bpchar':
      // A row holds the blanks too.
      return { ...text(sameBlanks, true), isAsStored: () => false }
    case 'citext':
      return text(anyCase, false)
    default:
      return null
  }
}

const isCanonicalUuid = (value: unknown): boolean =>
  typeof value === 'string' && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(value)

/** Collations whose rules for printable ASCII are known; collations of a language may hold more letters equal. */
const knownCollations =
  /^(utf8mb4|utf8mb3|utf8|latin1|ascii)_(general|unicode|unicode_520|0900|uca1400)(_nopad)?(_ai|_as)?_(ci|cs)$/

function mysqlStrings(collation: string): KeyType | null {
  if (collation.endsWith('_bin')) return text(sameBlanks, false)
  return knownCollations.test(collation) || collation === 'latin1_swedish_ci' ? text(onlyAscii, false) : null
}

function text(fold: TextFold, isExact: boolean): KeyType {
  const sure = (value: unknown) =>
    typeof value === 'string' && !value.includes('\0') && isWellFormed(value) ? fold(value) : null
  return {
    fold: sure,
    foldRow: (value) => (typeof value === 'string' ? fold(value) : null),
    isExact,
    send: asIs,
  }
}

/** Half a surrogate pair: drivers send it as U+FFFD. */
const isWellFormed = (value: string): boolean => !/\p{Surrogate}/u.test(value)
