import type { SelectedIndex, QueryProof } from './index-selector.ts'
import type { CostMatrix, JudgedPlan } from '../planner/cost-matrix.ts'
import type { PlannerName } from '../planner/planner.ts'
import type { Evidence, Remark } from '../advice/advice.ts'
import { type Candidate, candidateId, fieldOf } from '../candidate/candidate.ts'
import { standsFor, withServed } from '../candidate/merged-candidate.ts'
import { compareText } from '../text-order.ts'
import type { Statistics } from '../statistics/statistics.ts'
import type { WeighedQuery } from './judged-workload.ts'
import { LEAST_GAIN } from './planned-selection.ts'
import { WRITE_BOUND } from '../upkeep/insert-cost.ts'
import type { ProvableIndex } from './provable-index.ts'

/** An index of medium severity spares its best query this share of the cost; with less it is of low severity. */
const MEDIUM_GAIN = 0.5

/** InnoDB guesses how many rows a lookup finds, within a factor of two: where less is saved, the server may choose otherwise. */
const MARIADB_GAIN = 0.5

export interface ProofInput {
  readonly matrix: CostMatrix
  readonly statistics: Statistics
  readonly queries: readonly WeighedQuery[]
  readonly indexes: readonly ProvableIndex[]
  readonly chosen: readonly ProvableIndex[]
  /** All that were made by rules, chosen or not. */
  readonly candidates: readonly Candidate[]
  readonly planner: PlannerName
  /** What all queries cost without the chosen indexes. */
  readonly total: number
}

/** A recommendation with the plans that prove it: every query that uses the index, before and after, by binding. */
export async function proofOf(own: ProvableIndex, input: ProofInput): Promise<SelectedIndex> {
  const set = input.chosen.map((each) => each.index)
  const queries: QueryProof[] = []
  const served = input.candidates.filter(
    (each) => candidateId(each) !== own.item.id && standingFor(each, input.chosen) === own,
  )
  const candidate = withServed(own.candidate, served)
  const evidence: Evidence[] = [...candidate.evidence]
  let calls = 0
  let before = 0
  let after = 0
  let gain = 0
  // By one statement that is sent as it was planned, with no part of the plans that is not the planner's word.
  let isProved = false
  for (const weighed of input.queries) {
    if (!weighed.query.tables.has(own.item.table)) continue
    const old = await input.matrix.plans(weighed.query, [])
    const now = await input.matrix.plans(weighed.query, set)
    if (!now.some(({ plan }) => plan.uses.includes(own.item.id))) continue
    calls += weighed.calls
    const share = meanCost(now) / Math.max(1e-9, meanCost(old))
    gain = Math.max(gain, 1 - share)
    const isSure = [...old, ...now].every(({ plan }) => plan.estimated === undefined)
    const least = input.planner === 'mariadb' ? MARIADB_GAIN : LEAST_GAIN
    if (weighed.isExact && isSure && 1 - share >= least) isProved = true
    for (const [at, { binding, plan }] of now.entries()) {
      const was = old[at]?.plan ?? plan
      before += (was.cost * weighed.calls) / now.length
      after += (plan.cost * weighed.calls) / now.length
      queries.push({
        fingerprint: weighed.query.fingerprint,
        sql: weighed.query.sql,
        calls: weighed.origin === 'workload' ? weighed.calls : null,
        binding: binding.kind,
        before: { cost: round(was.cost), plan: was.root },
        after: { cost: round(plan.cost), plan: plan.root },
      })
    }
    if (
      weighed.origin === 'workload' &&
      !evidence.some((each) => each.fingerprint === weighed.query.fingerprint)
    ) {
      evidence.push({
        kind: 'workload',
        ...(weighed.observed?.at == null ? {} : { at: weighed.observed.at }),
        fingerprint: weighed.query.fingerprint,
        calls: weighed.calls,
      })
    }
  }
  const columns = new Set(own.index.keys.map((key) => key.column))
  const considered = input.indexes
    .filter((each) => each.item.table === own.item.table && !input.chosen.includes(each))
    .filter((each) => each.index.keys.some((key) => columns.has(key.column)))
    .map((each) => ({
      id: each.item.id,
      reason: own.item.excludes.has(each.item.id)
        ? 'one of the two is enough, and this one saves more'
        : 'it adds nothing that pays for it beside the chosen ones',
    }))
  return {
    candidate: { ...candidate, evidence },
    // Where values were left out of the statistics, ranges are foreseen by PostgreSQL's defaults. MariaDB's planner cannot look
    // into an index that is empty, and says what it reckons.
    confidence: input.statistics.values && isProved ? 'proved' : 'estimated',
    ...(candidate.severity === 'medium' && gain < MEDIUM_GAIN ? { severity: 'low' } : {}),
    before: { cost: round(before / Math.max(1e-9, calls)) },
    after: { cost: round(after / Math.max(1e-9, calls)) },
    sizeBytes: own.item.bytes,
    writeCost: own.upkeep.perRow,
    ...unsettledIn(own.upkeep),
    ...(own.upkeep.rows > 0 && own.upkeep.isCounted
      ? {
          writes: {
            rows: Math.round(own.upkeep.rows),
            share: round4(own.upkeep.total / Math.max(1e-9, input.total)),
          },
        }
      : {}),
    proof: { queries, considered },
  }
}

function unsettledIn({ lost, isCounted }: ProvableIndex['upkeep']): Pick<SelectedIndex, 'unsettled'> {
  if (lost.length === 0) return {}
  const rows = lost.reduce((sum, each) => sum + each.rows, 0)
  return {
    unsettled: {
      columns: [...new Set(lost.flatMap((each) => each.columns))],
      updates: lost.map(({ update }) => update.name),
      rows: isCounted ? rows : null,
    },
  }
}

/** The one that takes its place, of several the shortest: what speaks for a candidate speaks for one index. */
function standingFor(candidate: Candidate, chosen: readonly ProvableIndex[]): ProvableIndex | undefined {
  return chosen
    .filter((each) => standsFor(each.candidate, candidate))
    .sort((a, b) => a.candidate.keys.length - b.candidate.keys.length || compareText(a.item.id, b.item.id))[0]
}

/** That an index is worth its upkeep does not say that nobody feels the upkeep. */
export function dearWrites(model: string, { candidate, writes }: SelectedIndex): Remark[] {
  if (writes === undefined || writes.share <= WRITE_BOUND) return []
  const reason =
    `Keeping ${candidateId(candidate)} takes ${Math.round(writes.share * 100)} % of what the workload costs ` +
    `(${writes.rows.toLocaleString('en')} rows written): more than ${WRITE_BOUND * 100} %. Reads save more than that; with --write-weight writes count for more.`
  return [
    {
      kind: 'write-cost',
      model,
      index: candidate.keys.map((key) => fieldOf(candidate.table, key.column)).join(', '),
      reason,
    },
  ]
}

function meanCost(plans: readonly JudgedPlan[]): number {
  return plans.reduce((sum, { plan }) => sum + plan.cost, 0) / Math.max(1, plans.length)
}

/** Why not the longer index that rules alone would have made; null where none was considered. */
export async function shorterReason(own: ProvableIndex, input: ProofInput): Promise<string | null> {
  const longer = input.indexes.find(
    (each) => each.candidate.isFirstChoice && each.item.extends.has(own.item.id) && each !== own,
  )
  if (longer === undefined) return null
  const set = input.chosen.map((each) => each.index)
  const swapped = set.map((index) => (index === own.index ? longer.index : index))
  let [cost, other] = [0, 0]
  for (const { query, calls } of input.queries) {
    if (!query.tables.has(own.item.table)) continue
    cost += (await input.matrix.cost(query, set)) * calls
    other += (await input.matrix.cost(query, swapped)) * calls
  }
  const saved = Math.max(0, Math.round((100 * (cost - other)) / Math.max(cost, 1e-9)))
  return `${longer.item.id} would save ${saved === 0 ? 'nothing' : `${saved} %`} more for ${megabytes(longer.item.bytes)} in place of ${megabytes(own.item.bytes)}.`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function round4(share: number): number {
  return Math.round(share * 10_000) / 10_000
}

function round(cost: number): number {
  return Math.round(cost * 100) / 100
}
