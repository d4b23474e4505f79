import type { Model, SchemaModel } from '@prisma-brisk/core'

/** Rows at the top of a result: the length of a list, one for a row, none for null. */
export function rowsIn(result: unknown): number {
  if (Array.isArray(result)) return result.length
  return result === null || result === undefined ? 0 : 1
}

/**
 * Rows in a result, nested ones included. It visits the relations of every row, so it is asked only of results that
 * the database sent more rows for than stand at the top.
 */
export function rowsWithin(result: unknown, model: string | null, schema: SchemaModel | null): number {
  const of = schema?.models.get(model ?? '')
  if (of === undefined || schema === null) return rowsIn(result)
  return rowsOf(result, of, schema)
}

function rowsOf(value: unknown, model: Model, schema: SchemaModel): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, row) => sum + rowsOf(row, model, schema), 0)
  if (typeof value !== 'object' || value === null) return 0
  const row = value as Readonly<Record<string, unknown>>
  let rows = 1
  for (const { field, target } of model.relations) {
    const nested = row[field]
    const of = schema.models.get(target)
    if (typeof nested === 'object' && nested !== null && of !== undefined) rows += rowsOf(nested, of, schema)
  }
  return rows
}
