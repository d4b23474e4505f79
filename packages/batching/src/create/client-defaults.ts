import type { Args, Field, Model } from '@prisma-brisk/core'
import { generatorOf } from './generated-id.ts'

/** Whether every value reaches the driver as it is given, and what the rows leave out is the same for all. */
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

/** Prisma makes another value for each row: an id. */
const isMadeForEach = ({ default: given, isGenerated }: Field): boolean =>
  given?.kind === 'function' && !isGenerated && given.name !== 'now'

/** Values that Prisma passes on as they are, by type. Null is none: its type may be another. */
const plainValues: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['Int', (value) => Number.isInteger(value) && (value as number) === ((value as number) | 0)],
  ['String', (value) => typeof value === 'string' && !loneSurrogate.test(value)],
  ['Boolean', (value) => typeof value === 'boolean'],
])

const loneSurrogate = /\p{Surrogate}/u

/** The row with the ids that Prisma would make. */
export function completed(row: Args, { fields }: Model): Args {
  let complete: Record<string, unknown> | null = null
  for (const field of fields.values()) {
    if (row[field.name] !== undefined || !isMadeForEach(field)) continue
    complete ??= { ...row }
    complete[field.name] = generatorOf(field)?.()
  }
  return complete ?? row
}
