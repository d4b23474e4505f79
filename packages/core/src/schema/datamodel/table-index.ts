/** A column of a key or an index. */
export interface IndexField {
  readonly name: string
  readonly sort: 'asc' | 'desc'
  /** Prefix length (MySQL), or null. */
  readonly length: number | null
  /** Operator class: Prisma's name (`JsonbPathOps`), or what `raw("…")` says; null for the default. */
  readonly ops: { readonly name: string; readonly raw: boolean } | null
}

/** `@id`, `@@id`, `@unique` or `@@unique` without a predicate: at most one row has these values. */
export interface Key {
  readonly kind: 'id' | 'unique'
  /**
   * The argument in `where`: the field itself, or for a compound key its `name`, else the fields joined by `_`
   * (`where: { userId_day: { userId, day } }`).
   */
  readonly name: string
  readonly isCompound: boolean
  readonly fields: readonly string[]
  /** The same fields with order, length and operator class. */
  readonly columns: readonly IndexField[]
  /** The constraint's name where the schema states one (`map:`), else null: Prisma's default name. */
  readonly dbName: string | null
  /** SQL Server only; null: the server's default. */
  readonly clustered: boolean | null
}

/** `@@index`, `@@fulltext`, or a unique with a predicate. */
export interface Index {
  readonly fields: readonly IndexField[]
  readonly isUnique: boolean
  /** The argument in `where` that Prisma derives for a partial unique, else null. */
  readonly name: string | null
  /** The index's name where the schema states one (`map:`), else null: Prisma's default name. */
  readonly dbName: string | null
  /** `BTree`, `Hash`, `Gin`, `Gist`, `SpGist`, `Brin` or `FullText`. */
  readonly type: string
  /** `where:` of a partial index, or null. */
  readonly predicate: IndexPredicate | null
  readonly clustered: boolean | null
}

/** `where: raw("…")`, or `where: { archivedAt: null, kind: { not: "x" } }` as conditions that all must hold. */
export type IndexPredicate =
  | { readonly kind: 'raw'; readonly sql: string }
  | { readonly kind: 'fields'; readonly conditions: readonly IndexCondition[] }

export interface IndexCondition {
  readonly field: string
  /** `{ not: value }`: unequal. */
  readonly not: boolean
  /** Numbers as the schema writes them. */
  readonly value: string | number | boolean | null
}
