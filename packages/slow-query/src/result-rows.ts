/** Rows at the top of a result: the length of a list, one for a row, none for null. */
export function rowsIn(result: unknown): number {
  if (Array.isArray(result)) return result.length
  return result === null || result === undefined ? 0 : 1
}

/**
 * Rows in a result, nested ones included. It visits every value, so it is asked only of results that the
 * database sent more rows for than stand at the top.
 */
export function rowsWithin(result: unknown): number {
  if (Array.isArray(result)) return result.reduce<number>((sum, row) => sum + rowsWithin(row), 0)
  if (!isRow(result)) return 0
  let rows = 1
  for (const value of Object.values(result)) {
    if (Array.isArray(value)) {
      // A list of rows, or a scalar list or a JSON array, whose items are no rows of their own.
      if (value.some(isRow)) rows += rowsWithin(value)
    } else if (isRow(value)) rows += rowsWithin(value)
  }
  return rows
}

function isRow(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
