import type { Candidate } from '../candidate/candidate.ts'
import { candidateId } from '../candidate/candidate.ts'
import type { CostMatrix } from '../planner/cost-matrix.ts'
import type { WeighedQuery } from './judged-workload.ts'
import { LEAST_GAIN } from './planned-selection.ts'
import type { ProvableIndex } from './provable-index.ts'
import { type Knapsack, upkeepBeside } from './knapsack/knapsack.ts'

export interface RejectionInput {
  readonly matrix: CostMatrix
  readonly problem: Knapsack
  readonly queries: readonly WeighedQuery[]
  readonly indexes: readonly ProvableIndex[]
  readonly chosen: readonly ProvableIndex[]
  /** Fingerprints of queries that are slow though their plans are cheap. */
  readonly cheap: ReadonlySet<string>
  /** Fingerprints of queries that ran once. */
  readonly oneOff: ReadonlySet<string>
}

/** Why a candidate was not chosen; null for one that was, or that the planner declined as a whole. */
export async function rejectionReason(candidate: Candidate, input: RejectionInput): Promise<string | null> {
  const { indexes, chosen } = input
  const id = candidateId(candidate)
  if (chosen.some((each) => each.item.id === id)) return null
  const own = indexes.find((each) => each.item.id === id)
  if (own === undefined) return null
  const cover = chosen.find((each) => own.item.excludes.has(each.item.id))
  if (cover !== undefined) {
    const how = cover.item.bytes < own.item.bytes ? 'nearly as well at a smaller size' : 'as well'
    return `The recommended ${cover.item.id} serves its queries ${how}.`
  }
  return reasonOfQueries(candidate, input) ?? reasonOfCost(own, input)
}

/** No index helps any of the queries it was made for. */
function reasonOfQueries(candidate: Candidate, { cheap, oneOff }: RejectionInput): string | null {
  const fingerprints = candidate.evidence.flatMap((each) => each.fingerprint ?? [])
  const isJudged = fingerprints.some((each) => !cheap.has(each) && !oneOff.has(each))
  if (fingerprints.length === 0 || isJudged) return null
  return fingerprints.some((each) => cheap.has(each))
    ? 'Its query is slow although its plan is cheap: it waits for a lock, the network or the pool, and no index changes that.'
    : 'Its query ran only once: a one-off report is no reason for an index.'
}

async function reasonOfCost(own: ProvableIndex, input: RejectionInput): Promise<string> {
  const { used, gain } = await worth(own, input)
  if (used === 0) return 'The planner would use it for none of the queries.'
  const kept = upkeepBeside(
    own.item,
    input.chosen.map((each) => each.item),
  )
  if (gain <= kept) {
    const saved = Math.round(gain)
    const upkeep = Math.round(kept)
    return kept > 0
      ? `Writes would pay more for it (${upkeep}) than reads would save (${saved}, in the planner's units).`
      : 'Beside the recommended indexes it saves nothing.'
  }
  const { problem } = input
  const chosen = input.chosen.map((each) => each.item)
  const onTable = chosen.filter((item) => item.table === own.item.table).length
  if (onTable >= problem.room(own.item.table)) {
    return 'The table has as many indexes as --max-indexes-per-table allows, and others save more.'
  }
  if (chosen.reduce((sum, item) => sum + item.bytes, own.item.bytes) > problem.budgetBytes) {
    return 'It does not fit into the budget beside indexes that save more per byte.'
  }
  return `It would save less than ${LEAST_GAIN * 100} % of any query beside the recommended indexes, or less than half of one that they find quickly.`
}

/** What it would add to the chosen ones: queries that would use it, and what all calls would save, in the planner's units. */
async function worth(
  own: ProvableIndex,
  { matrix, queries, chosen }: RejectionInput,
): Promise<{ used: number; gain: number }> {
  const set = chosen.map((each) => each.index)
  let gain = 0
  let used = 0
  for (const { query, calls } of queries) {
    if (!query.tables.has(own.item.table)) continue
    const before = await matrix.cost(query, set)
    const plans = await matrix.plans(query, [...set, own.index])
    if (plans.some(({ plan }) => plan.uses.includes(own.item.id))) used++
    gain += (before - plans.reduce((sum, { plan }) => sum + plan.cost, 0) / plans.length) * calls
  }
  return { used, gain }
}
