import type { CatalogTable, IndexKey, IndexType } from '../catalog/catalog.ts'
import type { Evidence, Severity } from '../advice/advice.ts'

/** An index that might be worth having. Rules make them, a selector keeps or rejects them. */
export interface Candidate {
  readonly table: CatalogTable
  readonly keys: readonly CandidateKey[]
  /** So many of the first keys are compared by equality: any order among them would do as well. */
  readonly freeKeys: number
  /** As the database prints it (`("deletedAt" IS NULL)`); null for a whole index. */
  readonly predicate: string | null
  /** The `where:` of Prisma's `@@index` for the predicate. */
  readonly prismaWhere: string | null
  /** Share of the rows that the predicate keeps, where the statistics tell. Default: not known. */
  readonly kept?: number | undefined
  readonly type: IndexType
  /** Rule that made it, e.g. `unindexed-foreign-key`. */
  readonly rule: string
  readonly severity: Severity
  /** One sentence for people: why. */
  readonly reason: string
  readonly evidence: readonly Evidence[]
  /** Names of existing indexes that this one makes redundant. */
  readonly replaces: readonly string[]
  /**
   * False for the second way to serve a query that can be served in two (its range or its sort, with or without a
   * column that is only sometimes asked for): for a planner to decide; without one it is rejected.
   */
  readonly isFirstChoice: boolean
}

/** A key of a candidate is always a column. */
export type CandidateKey = IndexKey & { readonly column: string; readonly expression: null }

export interface RejectedCandidate {
  readonly model: string
  readonly fields: readonly string[]
  readonly reason: string
}

/** One string for one index, the same in every run: `Post(authorId, createdAt desc) where …`. */
export function candidateId(candidate: Pick<Candidate, 'table' | 'keys' | 'predicate' | 'type'>): string {
  const keys = candidate.keys.map((key) => {
    const length = key.length === null ? '' : `(${key.length})`
    const opclass = key.operatorClass === null ? '' : ` ${key.operatorClass}`
    return `${fieldOf(candidate.table, key.column)}${length}${opclass}${key.sort === 'desc' ? ' desc' : ''}`
  })
  const using = candidate.type === 'BTree' ? '' : ` using ${candidate.type}`
  const where = candidate.predicate === null ? '' : ` where ${candidate.predicate}`
  return `${candidate.table.model}(${keys.join(', ')})${using}${where}`
}

/** Prisma's name of a column. */
export function fieldOf(table: CatalogTable, column: string): string {
  return table.columns.find((each) => each.name === column)?.field ?? column
}

export function plainKeys(columns: readonly string[]): CandidateKey[] {
  return columns.map((column) => ({
    column,
    expression: null,
    sort: 'asc',
    length: null,
    operatorClass: null,
  }))
}
