import type { Catalog, ColumnStatistics, RowSecurity } from './catalog.ts'

/** What is known of a table's rows, from wherever it was read. */
export interface CatalogStatistics {
  readonly table: string
  /** Null: whatever schema the table is in. */
  readonly schema: string | null
  /** Null: the table was never analysed. */
  readonly rows: number | null
  /** Its rows are in partitions. Default: it is not known to be. */
  readonly isPartitioned?: boolean | undefined
  /** As the database has it. Default: it is off there, or not known. */
  readonly rowSecurity?: RowSecurity | undefined
  /** By the database's column names. */
  readonly columns: ReadonlyMap<string, ColumnStatistics>
}

/** The catalog with row counts and value shares filled in; tables it does not hold are passed over. */
export function withStatistics(catalog: Catalog, statistics: readonly CatalogStatistics[]): Catalog {
  return {
    ...catalog,
    tables: catalog.tables.map((table) => {
      const known = statistics.find(
        (each) =>
          each.table === table.name && (each.schema === null || each.schema === (table.schema ?? 'public')),
      )
      if (known === undefined) return table
      return {
        ...table,
        rows: known.rows,
        ...(known.isPartitioned === true ? { isPartitioned: true } : {}),
        ...(known.rowSecurity === undefined ? {} : { rowSecurity: known.rowSecurity }),
        columns: table.columns.map((column) => ({
          ...column,
          statistics: known.columns.get(column.name) ?? null,
        })),
      }
    }),
  }
}
