/** The little of a database driver the advisor needs: `pg` and PGlite both fit it in a line. */
export interface SqlClient {
  /** One statement with `$n` parameters; rows by column name. */
  query(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>
}

export type Row = Readonly<Record<string, unknown>>

/** What drivers hand out for a column of text or numbers. */
type Scalar = string | number | bigint | boolean | null | undefined

// Drivers differ in how they hand out numbers, arrays and nulls; the catalog is read through these.

export function text(row: Row, column: string): string {
  return String((row[column] as Scalar) ?? '')
}

export function textOrNull(row: Row, column: string): string | null {
  const value = row[column] as Scalar
  return value === null || value === undefined ? null : String(value)
}

export function count(row: Row, column: string): number {
  const value = Number(row[column] ?? 0)
  return Number.isFinite(value) ? value : 0
}

export function countOrNull(row: Row, column: string): number | null {
  const value = row[column]
  return value === null || value === undefined ? null : Number(value)
}

export function flag(row: Row, column: string): boolean {
  const value = row[column]
  return value === true || value === 't' || value === 1 || value === '1'
}

/** A JSON array, decoded by the driver or not. */
export function jsonArray(row: Row, column: string): unknown[] | null {
  const value = row[column]
  if (value === null || value === undefined) return null
  return (typeof value === 'string' ? JSON.parse(value) : value) as unknown[]
}
