import type { RowSecurity } from '../catalog/catalog.ts'

/**
 * What a planner knows of a database: physical tables, sizes, value statistics, settings. `brisk statistics export`
 * prints one as JSON; planners rebuild an empty database from it that plans as the exported one would.
 *
 * It holds no row. Most-common values, histograms and their like are pieces of real data; with `values: false` they
 * are left out, and only how often the most common ones occur stays.
 */
export interface Statistics {
  readonly format: 'prisma-brisk/statistics'
  readonly version: 1
  readonly provider: StatisticsProvider
  readonly server: {
    /** `PostgreSQL 15.20`, for people. */
    readonly name: string
    /** As the server counts: 150020, 101119, 3045001. */
    readonly version: number
  }
  readonly values: boolean
  /** Where unqualified names are looked for. */
  readonly defaultSchema: string | null
  /** Settings that change plans, as the server prints them. */
  readonly settings: Readonly<Record<string, string>>
  readonly extensions: readonly { readonly name: string; readonly schema: string }[]
  readonly types: readonly UserType[]
  /** `schema.table` of tables left out because the role may not read their statistics. */
  readonly unreadable: readonly string[]
  /** Sorted by schema, then name. */
  readonly tables: readonly TableStatistics[]
}

export type StatisticsProvider = 'postgresql' | 'mysql' | 'sqlite'

export type UserType =
  | {
      readonly kind: 'enum'
      readonly schema: string
      readonly name: string
      readonly labels: readonly string[]
    }
  | { readonly kind: 'domain'; readonly schema: string; readonly name: string; readonly base: string }

export interface TableStatistics {
  readonly schema: string | null
  readonly name: string
  /** The statement that made it; SQLite only. */
  readonly definition?: string
  readonly partitioning: Partitioning | null
  /** Pages of 8 KiB in the heap now. */
  readonly pages: number
  /** Pages, rows and all-visible pages when it was last analysed; rows is -1 where it never was. */
  readonly analysedPages: number
  readonly rows: number
  readonly allVisiblePages: number
  readonly activity: TableActivity
  /** What row level security asks of each row, without a value; absent where it is off, or lets everybody see all. */
  readonly rowSecurity?: RowSecurity
  readonly columns: readonly TableColumn[]
  readonly indexes: readonly TableIndex[]
  readonly foreignKeys: readonly { readonly name: string; readonly definition: string }[]
  readonly extended: readonly ExtendedStatistics[]
}

export interface Partitioning {
  /** `RANGE ("createdAt")` where the table is split into partitions. */
  readonly key: string | null
  /** The table that this one is a part of. */
  readonly parent: { readonly schema: string; readonly name: string } | null
  /** `FOR VALUES FROM (…) TO (…)`; null for a table that merely inherits. */
  readonly bound: string | null
}

/** Counters of the server, since it last reset them. */
export interface TableActivity {
  readonly inserted: number
  readonly updated: number
  readonly hotUpdated: number
  readonly deleted: number
  readonly scans: number
  readonly indexScans: number
  readonly changedSinceAnalysed: number
}

/** Of a database that counts none of it. */
export const UNCOUNTED: TableActivity = Object.freeze({
  inserted: 0,
  updated: 0,
  hotUpdated: 0,
  deleted: 0,
  scans: 0,
  indexScans: 0,
  changedSinceAnalysed: 0,
})

export interface TableColumn {
  readonly name: string
  /** As SQL: `integer`, `character varying(191)`, `"public"."Role"`. */
  readonly type: string
  /** The type belongs to this extension. */
  readonly extension: string | null
  readonly isNullable: boolean
  /** How text sorts: `C` by bytes, `other` by any language's rules; null for types that have no collation. */
  readonly collation: 'C' | 'other' | null
  readonly statistics: ValueStatistics | null
  /** Of a table and everything that inherits from it. */
  readonly inheritedStatistics: ValueStatistics | null
}

export interface ValueStatistics {
  readonly nullFraction: number
  readonly averageWidth: number
  /** Least and greatest value of a number or a time, as text; MariaDB only, and only where values are exported. */
  readonly bounds?: readonly [string, string]
  /** Where between the bounds, from 0 to 1, each of equally many rows ends; where MariaDB keeps a histogram. */
  readonly quantiles?: readonly number[]
  /** As PostgreSQL keeps it: a number of values, or, negative, a share of the rows. */
  readonly distinct: number
  readonly correlation: number | null
  readonly common: CommonValues | null
  /** Bounds of parts of equal size, as an array literal. */
  readonly histogram: string | null
  readonly elements: CommonValues | null
  readonly elementCountHistogram: readonly number[] | null
  readonly rangeLengthHistogram: string | null
  readonly rangeEmptyFraction: number | null
  readonly rangeBoundsHistogram: string | null
}

/** All that is known of a column where a database keeps no values and no order. */
export function summaryOnly(
  summary: Pick<ValueStatistics, 'nullFraction' | 'averageWidth' | 'distinct'>,
): ValueStatistics {
  return {
    ...summary,
    correlation: null,
    common: null,
    histogram: null,
    elements: null,
    elementCountHistogram: null,
    rangeLengthHistogram: null,
    rangeEmptyFraction: null,
    rangeBoundsHistogram: null,
  }
}

export interface CommonValues {
  /** An array literal; null where values were left out. */
  readonly values: string | null
  readonly frequencies: readonly number[]
}

export interface TableIndex {
  readonly name: string
  readonly definition: string
  readonly method: string
  readonly isUnique: boolean
  readonly isPrimary: boolean
  readonly isConstraint: boolean
  readonly isValid: boolean
  /** Columns in order; null for an expression. INCLUDE columns are not in it. */
  readonly keys: readonly (string | null)[]
  readonly include: readonly string[]
  readonly predicate: string | null
  readonly pages: number
  readonly analysedPages: number
  readonly rows: number
  readonly scans: number
  readonly fillfactor: number | null
  /** SQLite's `sqlite_stat1.stat`: rows, then rows for each value of one, two, … keys. */
  readonly stat?: string
  /** MariaDB, MySQL: different values of the first key, the first two, … */
  readonly prefixes?: readonly number[]
  /** Of expression keys, by key position from 1. */
  readonly expressions: readonly { readonly position: number; readonly statistics: ValueStatistics }[]
  /** The index of the partitioned table that this one is a part of. */
  readonly parent: { readonly schema: string; readonly name: string } | null
}

export interface ExtendedStatistics {
  readonly name: string
  readonly definition: string
  /** PostgreSQL's JSON-like text: `{"1, 2": 100}`. */
  readonly distinct: string | null
  readonly dependencies: string | null
  /** It also holds a list of common combinations, which cannot be carried over. */
  readonly hasCommonValues: boolean
}

/** Number of distinct values, whichever way it is kept. */
export function distinctValues(statistics: ValueStatistics, rows: number): number {
  const count = statistics.distinct < 0 ? -statistics.distinct * Math.max(rows, 0) : statistics.distinct
  return Math.max(1, Math.round(count))
}

export function findTable(
  statistics: Statistics,
  schema: string | null,
  name: string,
): TableStatistics | undefined {
  const wanted = schema ?? statistics.defaultSchema
  return statistics.tables.find(
    (table) => table.name === name && (wanted === null || table.schema === wanted),
  )
}

/** Rows there are now, as PostgreSQL reckons: the density of the last analysis times the pages of today. */
export function currentRows(table: TableStatistics): number {
  if (table.rows < 0) return 0
  if (table.analysedPages <= 0) return table.rows
  return table.rows * (table.pages / table.analysedPages)
}
