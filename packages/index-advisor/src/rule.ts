import type { Candidate, RejectedCandidate } from './candidate/candidate.ts'
import type { Catalog, CatalogTable } from './catalog/catalog.ts'
import type { QueryShape } from './shape/query-shape.ts'
import type { Remark } from './advice/advice.ts'

/** One thing the advisor knows about indexes. Its documentation is generated from here (docs/guide/index-rules.md). */
export interface Rule {
  /** Kebab-case; stands in reports and in SARIF as the rule's id. */
  readonly name: string
  /** One line. */
  readonly summary: string
  /** Why it matters, for people; Markdown. */
  readonly why: string
  /** When it stays silent, one line each. */
  readonly silent: readonly string[]
  readonly example: { readonly given: string; readonly then: string }
  apply(context: RuleContext): RuleOutcome
}

export interface RuleContext {
  readonly catalog: Catalog
  readonly shapes: readonly QueryShape[]
  /** The schema has the preview feature `partialIndexes` on. */
  readonly allowPartial: boolean
}

export interface RuleOutcome {
  readonly candidates?: readonly Candidate[]
  readonly rejected?: readonly RejectedCandidate[]
  readonly findings?: readonly Remark[]
  /** Remarks that an index which is recommended may mend. */
  readonly mendable?: readonly Mendable[]
  /** Advice beside indexes, with what a planner shall be asked where there is one. */
  readonly advice?: readonly Advised[]
}

/** What is said unless one of the recommended indexes mends it. */
export interface Mendable {
  readonly remark: Remark
  isMendedBy(candidate: Candidate): boolean
}

/** A way of asking that costs, and one that costs less. */
export interface Advised {
  readonly remark: Remark
  /** What is asked today, and what the change would ask. Default: nothing that a planner could compare. */
  readonly asked?: { readonly now: QueryShape; readonly then: QueryShape | null }
}

const tablesByName = new WeakMap<Catalog, Map<string, CatalogTable>>()

/** The table a shape speaks of. */
export function tableOf(catalog: Catalog, shape: QueryShape): CatalogTable | undefined {
  let tables = tablesByName.get(catalog)
  if (tables === undefined) {
    tables = new Map(catalog.tables.map((table) => [keyOf(table.schema, table.name), table]))
    tablesByName.set(catalog, tables)
  }
  return tables.get(keyOf(shape.schema, shape.table))
}

function keyOf(schema: string | null, table: string): string {
  return `${schema ?? ''}\u0000${table}`
}

/** `BlogPost` → `blogPost`, as the client names it. */
export function clientName(model: string): string {
  return model.charAt(0).toLowerCase() + model.slice(1)
}
