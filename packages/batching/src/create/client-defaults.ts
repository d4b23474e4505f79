import { randomBytes, randomUUID } from 'node:crypto'
import type { Args, Field, Model } from '@prisma-brisk/core'

/** Whether every value reaches the driver as it is given, and omitted columns get the same value in all rows. */
export function isExpandable(model: Model, data: readonly Args[]): boolean {
  const [first] = data as readonly [Args]
  for (const field of model.fields.values()) {
    if (first[field.name] === undefined) {
      if (isMadeForEach(field) && generatorOf(field) === null) return false
    } else {
      const isPlainValue = field.kind === 'scalar' && !field.isList ? plainValues.get(field.type) : undefined
      if (isPlainValue === undefined || !data.every((row) => isPlainValue(row[field.name]))) return false
    }
  }
  return true
}

/** Prisma generates a value for each row: an id. */
const isMadeForEach = ({ default: given, isGenerated }: Field): boolean =>
  given?.kind === 'function' && !isGenerated && given.name !== 'now'

/** Values that Prisma passes on as they are, by type. Null is none: its type may be another. */
const plainValues: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['Int', (value) => Number.isInteger(value) && (value as number) === ((value as number) | 0)],
  ['String', (value) => typeof value === 'string' && !loneSurrogate.test(value)],
  ['Boolean', (value) => typeof value === 'boolean'],
])

const loneSurrogate = /\p{Surrogate}/u

/** The row with the ids that Prisma would generate. */
export function completed(row: Args, { fields }: Model): Args {
  let complete: Record<string, unknown> | null = null
  for (const field of fields.values()) {
    if (row[field.name] !== undefined || !isMadeForEach(field)) continue
    complete ??= { ...row }
    complete[field.name] = generatorOf(field)?.()
  }
  return complete ?? row
}

/** Generates values as Prisma does for the field's default; null where only Prisma or the database can. */
export function generatorOf({ default: given }: Field): (() => string) | null {
  if (given?.kind !== 'function' || given.name !== 'uuid' || given.args.length > 1) return null
  const [version = 4] = given.args
  return version === 4 ? randomUUID : version === 7 ? uuid7 : null
}

/** Version 7 of RFC 9562: milliseconds since 1970, then random bits. */
function uuid7(): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = 0x70 | ((bytes[6] as number) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] as number) & 0x3f)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
