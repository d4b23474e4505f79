import type { IndexType, SortOrder } from '../catalog/catalog.ts'

/** What `brisk advise --format json` prints: sorted and without a clock in it. */
export interface Advice {
  readonly version: 1
  /** As the schema names it; recommendations are made for PostgreSQL, MySQL and SQLite. */
  readonly provider: string
  readonly recommendations: readonly Recommendation[]
  readonly rejected: readonly Rejection[]
  readonly findings: readonly Finding[]
}

export interface Recommendation {
  /** The same in every run: `Post(authorId, createdAt desc)`. */
  readonly id: string
  readonly model: string
  /** The table's name in the database. */
  readonly table: string
  readonly fields: readonly string[]
  readonly columns: readonly string[]
  readonly sort: readonly SortOrder[]
  /** Predicate of a partial index, as SQL. */
  readonly where: string | null
  readonly type: IndexType
  readonly unique: false
  readonly severity: Severity
  /**
   * `proved`: planned before and after; `estimated`: by statistics; `static`: by schema and source alone; `by-name`: by
   * calls whose client's type is lost, known by the names of model and operation.
   */
  readonly confidence: Confidence
  /** Name of the rule that made it: `query-index`. */
  readonly rule: string
  readonly reason: string
  readonly evidence: readonly Evidence[]
  readonly before?: { readonly cost: number }
  readonly after?: { readonly cost: number }
  readonly sizeBytes?: number
  /** Cost added to each write, in the planner's units. */
  readonly writeCost?: number
  readonly writes: WriteCost
  /** The statement that makes the index. */
  readonly sql: string
  /** The line for the Prisma schema. */
  readonly prisma: string
}

/** What an index costs writes. Shares are of 1: 0.23 is 23 % dearer. */
export interface WriteCost {
  /** Indexes that the table has already, the primary key's included. */
  readonly indexes: number
  /** By how much it makes a row dearer that is inserted by itself. */
  readonly single: number
  /** By how much it makes each row dearer where many are inserted at once. */
  readonly bulk: number
  /** The row has more than one entry in it (GIN): it costs more than that. */
  readonly isAtLeast?: true
  /** Rows that get an entry while the workload runs; only where writes were counted. */
  readonly rows?: number
  /** Fields of the index that updates set which are heap-only (HOT) without it; PostgreSQL alone. Default: none. */
  readonly unsettles?: readonly string[]
  /** Rows of those updates while the workload runs; only where writes were counted. */
  readonly unsettledRows?: number
  /** Its upkeep as a share of what the workload costs without it; only where writes were counted. */
  readonly share?: number
}

export type Severity = 'high' | 'medium' | 'low'
export type Confidence = 'proved' | 'estimated' | 'static' | 'by-name'

export interface Evidence {
  readonly kind: 'relation' | 'source' | 'workload' | 'on-delete'
  /** `src/post.ts:12:20` or `prisma/schema.prisma:31`. */
  readonly at?: string
  readonly fingerprint?: string
  readonly calls?: number
  /** A call that is known by the names of its model and operation alone. Default: by the type of its client. */
  readonly isByName?: boolean
}

export interface Rejection {
  readonly model: string
  readonly fields: readonly string[]
  readonly reason: string
}

/** A finding as whoever makes it knows it. */
export interface Remark {
  readonly kind: FindingKind
  readonly model: string
  /** The index, or the column or query the finding is about. */
  readonly index: string
  readonly reason: string
  /** Default: where the index or the model is declared. */
  readonly at?: string | undefined
  /** What to write instead, in code or in the schema; a remark with it is advice. */
  readonly change?: string
  readonly cost?: FindingCost
}

/** What a way of asking costs each time, as far as it is known. */
export interface FindingCost {
  /** Rows that are read, by the statistics. */
  readonly rows?: number
  /** Bytes of those rows that are read for it. */
  readonly bytes?: number
  /** By the planner, in its units: as it is asked, and as the change asks. */
  readonly before?: number
  readonly after?: number
}

export interface Finding extends Remark {
  /** `src/post.ts:12:20` or `prisma/schema.prisma:31`, relative to the working directory; there always is one. */
  readonly at: string
}

/** The name of the rule that says it, as in the guide to the rules; or what else there is to say of the run. */
export type FindingKind =
  | 'redundant-index'
  | 'duplicate-index'
  | 'undeclared-index'
  | 'partly-indexed-foreign-key'
  | 'partial-index'
  | 'pattern-search'
  | 'compared-expression'
  | 'large-offset'
  | 'optional-parameter'
  | 'whole-count'
  | 'excluded-list'
  | 'distinct-in-memory'
  | 'sorted-by-relation'
  | 'nulls-order'
  | 'unbounded-include'
  | 'key-types'
  | 'soft-deleted-unique'
  | 'old-rows'
  | 'heavy-text'
  /** Said of an index that is recommended. */
  | 'write-cost'
  | 'statistics'
  | 'unsupported'
  | 'unread'
