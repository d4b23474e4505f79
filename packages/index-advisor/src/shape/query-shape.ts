import type { Provider, SortOrder } from '../catalog/catalog.ts'

/**
 * What one query asks of one table: the only thing candidates are made from, whether it was read in TypeScript, in
 * SQL or in a workload. An OR becomes one shape for each arm (`arm`), a relation filter a shape of its own.
 */
export interface QueryShape {
  /** The table's name in the database; with `schema` it finds the `CatalogTable`. */
  readonly table: string
  readonly schema: string | null
  readonly conditions: readonly Condition[]
  /** In the query's order. For `distinct` and `groupBy` the columns stand here too, with `sort: 'any'`. */
  readonly order: readonly OrderKey[]
  /** Rows asked for; null: all; 'unknown': bounded by a value that is not known here. */
  readonly limit: number | 'unknown' | null
  /** Rows skipped. */
  readonly offset: number | 'unknown' | null
  /** Set when the shape is one arm of an OR: arms of one OR share the number, within their query. */
  readonly arm: number | null
  /** It asks for more than stands here: of another table, or something that could not be read (a spread, a subquery). */
  readonly isPartial: boolean
  /** Columns that it writes in the rows it finds. Default: it writes none. */
  readonly sets?: readonly string[]
  readonly evidence: ShapeEvidence
}

export interface Condition {
  readonly column: string
  readonly operator: ConditionOperator
  /** Present only in some calls of this query (a conditional spread). */
  readonly isOptional: boolean
  /** It is only sometimes asked for because the statement itself says so: `(owner = $1 OR $1 IS NULL)`. */
  readonly isSwitched?: true
  /** The value where it is a literal in the source; undefined where it is a parameter or a secret of the workload. */
  readonly literal?: Literal
  /** Of a range whose bound is a literal. */
  readonly comparison?: Comparison
  /** Of an `expression`: what stands around the column. */
  readonly expression?: ComparedExpression
  /** Of an `in`, or a `not` of a list: the list, where all of it is literal. */
  readonly literals?: readonly NonNullable<Literal>[]
  /** Of a `not`: what it negates, where that is no equality. */
  readonly negates?: ConditionOperator
  /** Of a `not`: a list (`notIn`). */
  readonly isList?: true
  /** What is literal in the source reaches the server as a parameter, as all values of Prisma's own queries do. */
  readonly isBound?: boolean
}

export interface ComparedExpression {
  /** `part-of-time`: `date_trunc`, `EXTRACT`, `YEAR`, … */
  readonly call: 'lower' | 'upper' | 'date' | 'part-of-time' | 'to_tsvector' | 'other'
  readonly compared: 'equals' | 'in' | 'range' | 'other'
}

export type Literal = string | number | boolean | null
export type Comparison = '<' | '<=' | '>' | '>='

export type ConditionOperator =
  | 'equals'
  | 'in'
  | 'is-null'
  | 'is-not-null'
  | 'range'
  /** startsWith */
  | 'prefix'
  /** contains, endsWith, case-insensitive patterns: a trigram index at best */
  | 'pattern'
  /** a whole text in any case (`mode: 'insensitive'`), which Prisma sends as ILIKE */
  | 'any-case'
  /** a function or another expression around the column */
  | 'expression'
  /** not, notIn: no b-tree column */
  | 'not'
  /** has, hasEvery, hasSome on a list */
  | 'list'
  /** something inside a Json column that no index of the column finds: a path, … */
  | 'json'
  /** what a Json document holds: `@>`, `array_contains` without a path */
  | 'json-contains'
  /** a key of a Json document: `?`, `?|`, `?&` */
  | 'json-key'
  /** full-text search */
  | 'search'

export interface OrderKey {
  readonly column: string
  /** `any`: the order does not matter, equal values must only be neighbours (distinct, groupBy). */
  readonly sort: SortOrder | 'any'
  /** Where the NULLs shall be, if that is not where the database's indexes have them in this direction. */
  readonly nulls?: 'first' | 'last'
}

export interface ShapeEvidence {
  readonly kind: 'source' | 'workload'
  /** `src/post.ts:12:20`, relative to the working directory. */
  readonly at?: string
  readonly fingerprint?: string
  readonly calls?: number
  /** Total time of those calls, ms. */
  readonly totalMs?: number
  /** `Post.findMany`, for people. */
  readonly operation?: string
  /** Read by the names of model and operation alone: the type of the client is lost. Default: known by its type. */
  readonly isByName?: boolean
  /** How it asks, where that costs whatever the indexes. Default: in no such way. */
  readonly manner?: Manner
  /** A list of whole rows: no `select` and no `omit` leaves a column out. */
  readonly listsRows?: boolean
  /** 0: a test, a seed or a story, listed and never the ground of a recommendation. Default 1. */
  readonly weight?: number
}

/** What a call of Prisma Client makes of its rows. */
export interface Manner {
  /** It counts them and reads none. */
  readonly counts?: true
  /** Fields whose doubles Prisma takes out in memory. */
  readonly distinct?: readonly string[]
  /** `author.name`, `comments._count`: a page is sorted by what stands in another table. */
  readonly sortsBy?: string
  /** Its page is sorted by a column whose name is put together at run time. */
  readonly sortsUnread?: true
  /** A list without a limit within each row of another list, of so many rows. */
  readonly within?: OuterList & { readonly model: string; readonly field: string }
  /** The statement that Prisma makes of it. Default: a SELECT of the shape's own. */
  readonly statement?: PrismaStatement
}

/** What Prisma 7 sends, where it is not what the call says. */
export type PrismaStatement =
  /** A page without an order is sorted by the id. */
  | { readonly kind: 'page'; readonly columns: readonly string[] }
  /** `include`: the rows of all parents at once, by a list of their keys; a limit is kept in memory, `sortedBy` the id where no order is asked for. */
  | { readonly kind: 'children'; readonly columns: readonly string[]; readonly sortedBy?: readonly string[] }
  /** `_count`: all rows that match are counted by their parent. */
  | { readonly kind: 'counts'; readonly columns: readonly string[] }
  /** `some`, `none`: EXISTS for each row of another table. `is`: a join with it. */
  | {
      readonly kind: 'exists' | 'not-exists' | 'join'
      readonly columns: readonly string[]
      readonly outer: Pick<QueryShape, 'table' | 'schema' | 'conditions' | 'order' | 'limit' | 'offset'> & {
        readonly columns: readonly string[]
        /** Its rows are counted, and none read. */
        readonly counts?: true
      }
    }
  /** Another one, which is not known here. */
  | { readonly kind: 'unknown' }

/** A list that brings others with each of its rows. */
export interface OuterList {
  readonly limit: QueryShape['limit']
  /** What it asks for in every call. */
  readonly conditions: readonly Condition[]
  /** It asks for more than that. */
  readonly isPartial: boolean
}

/** PostgreSQL's indexes have NULLs last, the others' first; read backwards, the other way round. */
export function ownPlace(provider: Provider, sort: SortOrder): 'first' | 'last' {
  return (sort === 'asc') === (provider === 'postgresql') ? 'last' : 'first'
}
