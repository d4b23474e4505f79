/**
 * What is known of the database before any query is looked at: tables, columns, keys, indexes.
 *
 * Names come in pairs: `model`/`field` are Prisma's, `name`/`column` the database's. A composite of claims from the
 * schema, the migrations directory and (where one is given) a database, so each claim says where it was read.
 */
export interface Catalog {
  readonly provider: Provider
  /** `foreignKeys`: the database enforces (and on MySQL indexes) them; `prisma`: only Prisma Client does. */
  readonly relationMode: 'foreignKeys' | 'prisma'
  readonly previewFeatures: readonly string[]
  /** How the database compares text (`C`, `en_US.utf8`), where that is known: only `C` lets a b-tree find a prefix on PostgreSQL. */
  readonly collation: string | null
  /** Sorted by schema, then name. Views, ignored models and tables that no model maps are not in it. */
  readonly tables: readonly CatalogTable[]
  /** What was left out of `tables`, and why. */
  readonly omitted: readonly OmittedModel[]
  /** What could not be read: a migration in a dialect that is only partly understood, … */
  readonly warnings: readonly CatalogWarning[]
}

export interface CatalogWarning {
  /** `prisma/migrations/…/migration.sql:4`; default: it is about the project as a whole. */
  readonly at?: string | undefined
  /** One line. */
  readonly reason: string
}

export type Provider = 'postgresql' | 'mysql' | 'sqlite'

/** Where a claim was read. `line` counts from 1. */
export type ClaimSource =
  | { readonly kind: 'schema'; readonly file: string; readonly line: number }
  | { readonly kind: 'migration'; readonly file: string; readonly line: number }
  | { readonly kind: 'database' }
  /** Made by the server itself: InnoDB's index behind a foreign key. */
  | { readonly kind: 'server' }

export interface OmittedModel {
  readonly model: string
  readonly reason: string
}

export interface CatalogTable {
  /** The table's name in the database. */
  readonly name: string
  /** The database schema (`@@schema`), where the Prisma schema names one. */
  readonly schema: string | null
  readonly model: string
  readonly columns: readonly CatalogColumn[]
  /** Primary key and uniques included. */
  readonly indexes: readonly CatalogIndex[]
  readonly foreignKeys: readonly CatalogForeignKey[]
  /** Estimated rows, where statistics were given; never guessed from a schema. */
  readonly rows: number | null
  /** Its rows are in partitions: PostgreSQL builds and drops no index of it CONCURRENTLY. Default: it is not known to be. */
  readonly isPartitioned?: boolean | undefined
  /** PostgreSQL adds the conditions of its policies to every query. Default: row level security is not known to be on. */
  readonly rowSecurity?: RowSecurity | undefined
  readonly source: ClaimSource
}

/** What the policies of a table ask of each row, as far as it was read. */
export interface RowSecurity {
  /** Columns that every query compares by equality: `tenantId`. */
  readonly equal: readonly string[]
  /** They ask for nothing else. */
  readonly isReadWhole: boolean
}

/** The table as people are told of it: with its schema, where the Prisma schema names one. */
export function tableLabel({ schema, name }: Pick<CatalogTable, 'schema' | 'name'>): string {
  return schema === null ? name : `${schema}.${name}`
}

export interface CatalogColumn {
  /** The column's name in the database. */
  readonly name: string
  readonly field: string
  /** Prisma's scalar type (`Int`, `String`, `Json`, …), or the enum's name. */
  readonly type: string
  readonly isEnum: boolean
  /** Values of the enum that the database spells as the schema does; null for everything else. */
  readonly enumValues: readonly string[] | null
  readonly isList: boolean
  readonly isNullable: boolean
  /** `@db.VarChar(191)` → `{ name: 'VarChar', args: ['191'] }`. */
  readonly nativeType: { readonly name: string; readonly args: readonly string[] } | null
  /** False for `Unsupported(…)`: it can be in the table, not in a recommendation. */
  readonly isSupported: boolean
  /** Prisma writes it with every update of the row (`@updatedAt`). Default: only where it is named. */
  readonly isUpdatedAt?: true | undefined
  /** What the statistics say of its values, where they were given. */
  readonly statistics: ColumnStatistics | null
}

/** Fractions of the rows, 0–1. Holds no value of the column. */
export interface ColumnStatistics {
  readonly nullFraction: number
  /** Number of distinct values. */
  readonly distinct: number
  /** Share of the rows that hold the most common value. */
  readonly mostCommonFraction: number | null
  /** Average width in bytes. */
  readonly width: number | null
  /** Share of the rows by value (as text), where it is known. Decides, and is never printed. */
  readonly shares: ReadonlyMap<string, number> | null
}

export type IndexType =
  | 'BTree'
  | 'Hash'
  | 'Gin'
  | 'Gist'
  | 'SpGist'
  | 'Brin'
  | 'Fulltext'
  | 'Spatial'
  /** An access method by its own name (`other:bloom`). What it finds is not known: it serves, covers and replaces nothing. */
  | `other:${string}`
export type SortOrder = 'asc' | 'desc'

export interface CatalogIndex {
  /** The index's name in the database. */
  readonly name: string
  readonly kind: 'primary' | 'unique' | 'index'
  readonly keys: readonly IndexKey[]
  /** PostgreSQL's INCLUDE columns. */
  readonly include: readonly string[]
  /** The WHERE of a partial index, as SQL; null for a whole one. */
  readonly predicate: string | null
  readonly type: IndexType
  /** Why no query uses it though it is there: MySQL's `invisible`, PostgreSQL's `invalid`. Default: queries may use it. */
  readonly unusable?: 'invisible' | 'invalid' | undefined
  /** Of a unique one: NULLs count as equal, so there is at most one row with each of them too. Default: they do not. */
  readonly nullsNotDistinct?: boolean | undefined
  /** `WITH (…)`, `WITH PARSER …`: what else was said of how it is built, in one spelling. Default: nothing. */
  readonly options?: string | undefined
  /** The schema declares it with a class in words that Prisma's engine never reads back from a database. Default: it agrees. */
  readonly isUnread?: boolean | undefined
  /** The first is where the index was made known; a schema and a migration usually both claim it. */
  readonly sources: readonly [ClaimSource, ...ClaimSource[]]
}

export interface IndexKey {
  /** The database's column; null for an expression. */
  readonly column: string | null
  /** The expression's SQL; null for a column. */
  readonly expression: string | null
  readonly sort: SortOrder
  /** Where NULLs stand, where that is not the default of the direction. */
  readonly nulls?: 'first' | 'last'
  /** MySQL's prefix length. */
  readonly length: number | null
  /** Operator class as the database names it (`gin_trgm_ops`, `jsonb_path_ops`); null for the type's default. */
  readonly operatorClass: string | null
  /** A COLLATE other than the column's own: no comparison of the column uses it. Default: the column's. */
  readonly collation?: string | undefined
}

export interface CatalogForeignKey {
  /** The relation field that holds it, e.g. `author`. */
  readonly relationField: string
  /** The columns of this table, in the relation's order. */
  readonly columns: readonly string[]
  readonly referencedModel: string
  readonly referencedTable: string
  readonly referencedColumns: readonly string[]
  /** Prisma's action when the parent is deleted, its default filled in. */
  readonly onDelete: ReferentialAction
  readonly onUpdate: ReferentialAction
  readonly source: ClaimSource
}

export type ReferentialAction = 'Cascade' | 'Restrict' | 'NoAction' | 'SetNull' | 'SetDefault'
