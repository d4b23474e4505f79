import type { Candidate, RejectedCandidate } from '../candidate/candidate.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import type { UnsettledRows } from '../upkeep/unsettled.ts'
import type { Confidence, Remark, Severity } from '../advice/advice.ts'

/**
 * The seam between "might be worth having" and "recommended". `ruleSelector` (rules alone) is the default; a selector
 * that holds a workload, statistics and a planner is made by the caller and handed to `advise({ selector })`.
 */
export interface IndexSelector {
  select(problem: SelectionProblem): Promise<IndexSelection>
  /**
   * What the shape costs by the planner, in its units, once the chosen indexes are built; null where it cannot be planned. Only where
   * there is a planner.
   */
  costOf?(catalog: Catalog, shape: QueryShape, chosen: readonly Candidate[]): Promise<number | null>
}

export interface SelectionProblem {
  readonly catalog: Catalog
  /** Of the source and of the workload. */
  readonly shapes: readonly QueryShape[]
  /** Already without what an existing index covers. May hold both `[a]` and `[a, b]`; the selection must not. */
  readonly candidates: readonly Candidate[]
  /** `--min-rows`: smaller tables get no index. */
  readonly minRows: number
  /** `--max-indexes-per-table`; Infinity where none was given. */
  readonly maxIndexesPerTable: number
  /** `--write-weight`: how much a write counts beside a read; from 2 on, an index that finds the rows in part is enough. Default 1. */
  readonly writeWeight?: number | undefined
}

export interface IndexSelection {
  readonly chosen: readonly SelectedIndex[]
  readonly rejected: readonly RejectedCandidate[]
  readonly findings: readonly Remark[]
  /** What it was decided by, in one sentence: the same project is advised otherwise when more is known. */
  readonly basis?: string
}

export interface SelectedIndex {
  readonly candidate: Candidate
  readonly confidence: Confidence
  /** Where the proof says otherwise than the rule. */
  readonly severity?: Severity
  readonly reason?: string
  readonly before?: { readonly cost: number }
  readonly after?: { readonly cost: number }
  readonly sizeBytes?: number
  readonly writeCost?: number
  /** Where writes were counted: rows with an entry in it, and its upkeep's share of what the workload costs. */
  readonly writes?: { readonly rows: number; readonly share: number }
  /** Updates that are no longer heap-only (HOT) with it; PostgreSQL alone. Default: none. */
  readonly unsettled?: UnsettledRows
  /** For the reports for people; never in JSON. */
  readonly proof?: Proof
}

export interface Proof {
  readonly queries: readonly QueryProof[]
  /** What else was considered for those queries, and why not. */
  readonly considered: readonly { readonly id: string; readonly reason: string }[]
}

export interface QueryProof {
  readonly fingerprint: string
  /** The statement with its values as placeholders. */
  readonly sql: string
  readonly calls: number | null
  /** Which values it was planned with. */
  readonly binding: 'common' | 'median' | 'rare' | 'generic'
  readonly before: { readonly cost: number; readonly plan: unknown }
  readonly after: { readonly cost: number; readonly plan: unknown }
}
