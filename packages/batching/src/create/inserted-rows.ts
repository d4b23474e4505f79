import { canonicalize, isPlain, type Args, type Field, type Model } from '@prisma-brisk/core'
import { RowsNotToldApartError } from '../errors.ts'
import { uuid } from '../key/text-fold.ts'
import type { Row } from '../statement/merge-key.ts'

/**
 * Databases return inserted rows in the order of VALUES, though none promises it: rows that hold other values than were
 * given in their place are put where theirs were given. A trigger may have kept the database from storing some.
 *
 * @throws RowsNotToldApartError where rows are missing, and it is not certain whose
 */
export function inOrderOf(
  model: Model,
  data: readonly Args[],
  rows: readonly Row[],
): readonly (Row | null)[] {
  if (rows.length === data.length) return inTheirPlaces(model, data, rows)
  const kinds = new Map<string, number[]>()
  for (const [index, given] of data.entries()) {
    const text = canonicalize(given)
    const places = kinds.get(text)
    if (places === undefined) kinds.set(text, [index])
    else places.push(index)
  }
  const ordered: (Row | null)[] = data.map(() => null)
  for (const row of rows) {
    // Rows of equal data may change places; all others must fit one kind of data, and no other.
    const fitting = [...kinds.values()].filter(([first]) => holds(model, row, data[first as number] as Args))
    const places = fitting[0]
    const free = places?.find((place) => ordered[place] === null)
    if (fitting.length !== 1 || free === undefined)
      throw new RowsNotToldApartError(model.name, data.length, rows.length)
    ordered[free] = row
  }
  return ordered
}

function inTheirPlaces(model: Model, data: readonly Args[], rows: readonly Row[]): readonly Row[] {
  if (rows.every((row, index) => holds(model, row, data[index] as Args))) return rows
  const left = new Set(rows)
  const ordered = data.map((given) => {
    for (const row of left) {
      if (!holds(model, row, given)) continue
      left.delete(row)
      return row
    }
    return null
  })
  return left.size === 0 ? (ordered as readonly Row[]) : rows
}

/** Whether the row can be what came of these values. */
function holds({ fields }: Model, row: Row, given: Args): boolean {
  for (const name in given) {
    const field = fields.get(name)
    if (field !== undefined && given[name] !== undefined && differs(field, given[name], row[name]))
      return false
  }
  return true
}

/** Whether a value cannot have been stored as this one. What a database may round, pad or write anew is not compared. */
function differs({ type, kind, nativeType }: Field, given: unknown, stored: unknown): boolean {
  if (stored === undefined) return false
  if (given === null || stored === null) return given !== stored && !isJsonNull(given)
  if (kind === 'enum') return given !== stored
  switch (type) {
    case 'String':
      return textDiffers(given as string, stored as string)
    case 'Boolean':
      return given !== stored
    case 'Int':
    case 'BigInt':
      return `${given as number}` !== `${stored as number}`
    case 'Float':
      return Math.fround(Number(given)) !== Math.fround(Number(stored))
    case 'Decimal':
      return nativeType === null && decimalDiffers(Number(given), Number(stored))
    case 'DateTime':
      return nativeType === null && new Date(given as Date).getTime() !== new Date(stored as Date).getTime()
    case 'Bytes':
      return nativeType === null && hexOf(given as Uint8Array) !== hexOf(stored as Uint8Array)
    case 'Json':
      return isPlainJson(given) && jsonOf(given) !== jsonOf(stored)
    default:
      return false
  }
}

/** `char(n)` pads, and a UUID has many spellings. */
function textDiffers(given: string, stored: string): boolean {
  return given.trimEnd() !== stored.trimEnd() && (uuid(given) === null || uuid(given) !== uuid(stored))
}

/** SQLite keeps 15 digits. */
const decimalDiffers = (given: number, stored: number): boolean =>
  Math.abs(given - stored) > Math.abs(given) * 1e-12

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** `Prisma.JsonNull` and `Prisma.DbNull`. */
const isJsonNull = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !isPlainJson(value)

const isPlainJson = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || Array.isArray(value) || isPlain(value)

/** Keys in any order, without those that JSON leaves out. */
const jsonOf = (value: unknown): string =>
  canonicalize({ value: JSON.parse(JSON.stringify(value)) as unknown })
