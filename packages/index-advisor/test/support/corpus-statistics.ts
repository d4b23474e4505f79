import { readFileSync } from 'node:fs'
import type { CatalogStatistics } from '../../src/catalog/with-statistics.ts'

interface CaseColumn {
  readonly nullFraction?: number
  readonly distinct?: number
  readonly width?: number
  readonly shares?: Readonly<Record<string, number>>
}

/** `{ "Post": { "rows": 100000, "columns": { "published": { "shares": { "true": 0.01 } } } } }` */
export function readCaseStatistics(path: string): CatalogStatistics[] {
  const given = JSON.parse(readFileSync(path, 'utf8')) as Record<
    string,
    { rows: number; columns?: Record<string, CaseColumn> }
  >
  return Object.entries(given).map(([table, { rows, columns = {} }]) => ({
    table,
    schema: null,
    rows,
    columns: new Map(
      Object.entries(columns).map(([name, { nullFraction = 0, distinct = rows, width = null, shares }]) => [
        name,
        {
          nullFraction,
          distinct,
          width,
          mostCommonFraction: shares === undefined ? null : Math.max(...Object.values(shares)),
          shares: shares === undefined ? null : new Map(Object.entries(shares)),
        },
      ]),
    ),
  }))
}
