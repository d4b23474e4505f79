import type { Field, Key, Model } from '@prisma-brisk/core'

/**
 * Values of a unique key as text that stands for the row, or null where they cannot: equal rows must have equal texts.
 * `exact` says that the texts are the row's own wherever they come from. Text columns are not: a collation may find
 * `Ada` by `ADA`, so only what the database has returned can be trusted.
 */
export interface RowValues {
  readonly texts: readonly string[]
  readonly exact: boolean
}

/** The key that a unique `where` names, with its values; the id is preferred. */
export function keyInWhere(
  keys: readonly Key[],
  model: Model,
  where: unknown,
): { key: Key; values: RowValues } | null {
  for (const key of keys) {
    const values = valuesInWhere(key, model, where)
    if (values !== null) return { key, values }
  }
  return null
}

export function valuesInWhere(key: Key, model: Model, where: unknown): RowValues | null {
  if (typeof where !== 'object' || where === null) return null
  const given = key.isCompound ? (where as Record<string, unknown>)[key.name] : where
  return valuesIn(key, model, given)
}

/** The key's values in a row or in an object of values; null where one is missing or of no fit type. */
export function valuesIn(key: Key, model: Model, row: unknown): RowValues | null {
  if (typeof row !== 'object' || row === null) return null
  const texts: string[] = []
  let exact = true
  for (const name of key.fields) {
    const field = model.fields.get(name)
    const text = field === undefined ? null : textOf(field, (row as Record<string, unknown>)[name])
    if (field === undefined || text === null) return null
    texts.push(text)
    exact &&= field.kind === 'enum' || field.type !== 'String'
  }
  return { texts, exact }
}

function textOf(field: Field, value: unknown): string | null {
  if (field.isList) return null
  if (field.kind === 'enum') return typeof value === 'string' ? value : null
  if (field.kind !== 'scalar') return null
  switch (field.type) {
    case 'Int':
      return Number.isSafeInteger(value) ? String(value) : null
    case 'BigInt':
      return typeof value === 'bigint' || Number.isSafeInteger(value) ? String(value) : null
    case 'Boolean':
      return typeof value === 'boolean' ? String(value) : null
    case 'String':
      return typeof value === 'string' ? value : null
    default:
      return null
  }
}
