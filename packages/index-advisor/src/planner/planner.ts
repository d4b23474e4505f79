import type { Binding, PlannableQuery } from '../binding/binding.ts'
import type { Plan } from './plan.ts'

/**
 * Answers "what would this query cost if these indexes were there?" without running the query. Every planner passes
 * one conformance suite, so a verdict does not depend on which of them gave it.
 */
export interface Planner {
  readonly name: PlannerName
  /** What it does not know of the database, so that plans which touch it are less than certain. */
  readonly gaps?: readonly PlannerGap[]
  /** Why this planner cannot judge the index; null when it can. */
  decline(index: HypotheticalIndex): Promise<string | null>
  /**
   * Plans the query as it would be planned if, beside what exists, exactly `indexes` existed.
   * Rejects with `UnplannableQueryError` where the query itself cannot be planned.
   */
  plan(query: PlannableQuery, indexes: readonly HypotheticalIndex[], binding: Binding): Promise<Plan>
  /**
   * Plans made while `work` runs are made as if the index that exists were not there. Default: what exists cannot be hidden.
   */
  hiding?<T>(index: ExistingIndex, work: () => Promise<T>): Promise<T>
  /** Bytes of the index once it is built. */
  indexBytes(index: HypotheticalIndex): Promise<number>
  /** Leaves nothing behind. Safe to call twice. */
  close(): Promise<void>
}

export interface PlannerGap {
  readonly schema: string | null
  /** Null: not of one table. */
  readonly table: string | null
  readonly reason: string
}

export type PlannerName = 'pglite' | 'hypopg' | 'transaction' | 'sqlite' | 'mariadb'

/** An index of the statistics. */
export interface ExistingIndex {
  readonly schema: string | null
  readonly name: string
}

/** An index that does not exist yet, in the database's own names. */
export interface HypotheticalIndex {
  /** The same for the same index in every run. */
  readonly id: string
  readonly schema: string | null
  readonly table: string
  readonly keys: readonly HypotheticalKey[]
  /** WHERE of a partial index, as SQL. */
  readonly predicate: string | null
  /** Share of the rows that the predicate keeps, where it is known. */
  readonly kept?: number | undefined
  /** `btree`, `hash`, `gin`, `gist`, `spgist`, `brin`. */
  readonly method: string
}

export interface HypotheticalKey {
  /** Null for an expression. */
  readonly column: string | null
  readonly expression: string | null
  readonly sort: 'asc' | 'desc'
  readonly operatorClass: string | null
}

/** The database cannot plan this statement: it names something that is not there, or is no query at all. */
export class UnplannableQueryError extends Error {
  override readonly name = 'UnplannableQueryError'
  readonly code = 'E_UNPLANNABLE_QUERY'
}
