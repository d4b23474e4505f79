import type { Model } from '@prisma-brisk/core'

/**
 * A total order: without one, rows that tie may change places between two statements, and a page shows one twice or never.
 */

/** The fields of the key that decides ties: the id, else the first unique key whose fields cannot be null. */
export function tiebreakerOf(model: Model): readonly string[] | null {
  const keys = model.id === null ? model.uniques : [model.id, ...model.uniques]
  const key = keys.find(({ fields }) => fields.every((field) => isComparable(model, field)))
  return key?.fields ?? null
}

function isComparable(model: Model, name: string): boolean {
  const field = model.fields.get(name)
  return (
    field !== undefined &&
    field.isRequired &&
    !field.isList &&
    !field.isIgnored &&
    field.kind !== 'unsupported'
  )
}

/** Whether these fields, taken together, never repeat. */
export function isUnique(model: Model, fields: ReadonlySet<string>): boolean {
  const keys = model.id === null ? model.uniques : [model.id, ...model.uniques]
  return keys.some((key) => key.fields.every((field) => fields.has(field) && isComparable(model, field)))
}

/** `orderBy` with the tiebreaker appended where it does not decide ties itself. No order stays none: Prisma then takes the id. */
export function withTiebreaker(model: Model | undefined, orderBy: unknown): unknown {
  if (model === undefined || orderBy === undefined) return orderBy
  const terms = (Array.isArray(orderBy) ? orderBy : [orderBy]) as Record<string, unknown>[]
  const fields = new Set(terms.flatMap((term) => Object.keys(term ?? {})))
  const tiebreaker = tiebreakerOf(model)
  if (fields.size === 0 || tiebreaker === null || isUnique(model, fields)) return orderBy
  return [...terms, ...tiebreaker.filter((field) => !fields.has(field)).map((field) => ({ [field]: 'asc' }))]
}
