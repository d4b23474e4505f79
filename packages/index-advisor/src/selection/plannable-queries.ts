import type { CostMatrix } from '../planner/cost-matrix.ts'
import { tableKey } from '../planner/cost-matrix.ts'
import { UnplannableQueryError } from '../planner/planner.ts'
import type { Remark } from '../advice/advice.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { schemaOf, type WeighedQuery } from './judged-workload.ts'

/** ms that one unit of cost can take at the very most: a read from a slow disk for each page. */
const SLOWEST_UNIT_MS = 2.5

export interface PlannableQueries {
  readonly usable: readonly WeighedQuery[]
  /** Fingerprints of those that are slow though their plans are cheap. */
  readonly cheap: ReadonlySet<string>
  /** Statements of the workload that the planner cannot plan. */
  readonly findings: readonly Remark[]
}

/** Leaves out what the planner cannot plan, and what is slow though its plan is cheap. */
export async function plannableQueries(
  queries: readonly WeighedQuery[],
  matrix: CostMatrix,
): Promise<PlannableQueries> {
  const usable: WeighedQuery[] = []
  const cheap = new Set<string>()
  const findings: Remark[] = []
  for (const each of queries) {
    const { fingerprint } = each.query
    try {
      const cost = Math.max(...(await matrix.plans(each.query, [])).map(({ plan }) => plan.cost))
      if (each.meanMs !== null && each.meanMs > 10 + cost * SLOWEST_UNIT_MS) cheap.add(fingerprint)
      else usable.push(each)
    } catch (error) {
      if (!(error instanceof UnplannableQueryError)) throw error
      if (each.origin !== 'workload') continue
      const place = each.observed?.at ?? null
      const name = [each.operation, fingerprint].filter((part) => part !== null).join(' ')
      const reason = `${name}${place === null ? '' : ` at ${place}`} is not judged: ${error.message}.`
      findings.push({ kind: 'unread', model: '', index: fingerprint, reason })
    }
  }
  return { usable, cheap, findings }
}

/** Without a workload nobody says how often a query of the source runs; how often its table is scanned is known. */
export function weighedByScans(
  queries: readonly WeighedQuery[],
  statistics: Statistics,
): readonly WeighedQuery[] {
  const scanning = new Map<string, number>()
  for (const each of queries) {
    if (each.origin === 'source')
      for (const table of each.query.tables) scanning.set(table, (scanning.get(table) ?? 0) + 1)
  }
  return queries.map((each) => {
    if (each.origin !== 'source') return each
    const scans = each.roles.tables.map(({ schema, name }) => {
      const found = findTable(statistics, schemaOf(statistics, schema), name)
      const shared = scanning.get(tableKey(schemaOf(statistics, schema), name)) ?? 1
      return (found?.activity.scans ?? 0) / shared
    })
    return { ...each, calls: Math.max(1, ...scans) * each.calls }
  })
}
