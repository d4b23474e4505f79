import type { CostMatrix } from '../planner/cost-matrix.ts'
import { chooseByExtend } from './knapsack/extend.ts'
import type { WeighedQuery } from './judged-workload.ts'
import type { ProvableIndex } from './provable-index.ts'
import { inOrder, type Knapsack, type SelectionItem, totalBytes, upkeepBeside } from './knapsack/knapsack.ts'

/** An index must save this share of a query's cost; less is within the error of any estimate. */
export const LEAST_GAIN = 0.1
/**
 * Of a query that is found quickly as it is, an index more must save half, or so much of what reading the whole table costs.
 * The measure is the table and not what the query cost before, so that it is the same once the others are built.
 */
const HALF = 0.5
const SHARE_OF_SCAN = 0.02
/** A choice that does not come to rest is left as it is. */
const MOST_ROUNDS = 8

/** Chooses among indexes by what the planner says the queries cost with them. */
export class PlannedSelection {
  readonly problem: Knapsack

  /**
   * @param limits how many bytes all of them may take, and how many may be added to a table
   * @param scanCost what reading a whole table costs, by its key
   */
  constructor(
    private readonly matrix: CostMatrix,
    private readonly indexes: readonly ProvableIndex[],
    private readonly queries: readonly WeighedQuery[],
    limits: Pick<Knapsack, 'budgetBytes' | 'room'>,
    private readonly scanCost: (table: string) => Promise<number>,
  ) {
    this.problem = { ...limits, items: indexes.map((each) => each.item), cost: this.costs() }
  }

  /**
   * What is chosen must help a query noticeably beside the others, may make none worse, and nothing else may speak against it.
   * What was refused is looked at again beside what was chosen, as it will be once that is built, until nothing is left that
   * would be advised then.
   *
   * @param refuse of a choice, the ids of those that cannot stay
   */
  async choose(
    refuse: (chosen: readonly ProvableIndex[]) => Promise<Iterable<string>>,
  ): Promise<readonly ProvableIndex[]> {
    let fixed: readonly ProvableIndex[] = []
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const more = await this.chooseBeside(fixed, refuse)
      if (more.length === 0) break
      fixed = await this.withoutNeedless(
        this.indexes.filter((each) => fixed.includes(each) || more.includes(each)),
      )
    }
    return fixed
  }

  /** What came later may leave nothing to do for what was there, or less than its upkeep. */
  private async withoutNeedless(chosen: readonly ProvableIndex[]): Promise<readonly ProvableIndex[]> {
    const items = chosen.map((each) => each.item)
    const needless = (await this.weakest(items, chosen)) ?? (await this.unpaid(items))
    return needless === null
      ? chosen
      : this.withoutNeedless(chosen.filter((each) => each.item.id !== needless))
  }

  private async unpaid(items: readonly SelectionItem[]): Promise<string | null> {
    const ordered = inOrder(items)
    const cost = await this.problem.cost(ordered)
    for (const item of ordered) {
      const others = ordered.filter((each) => each !== item)
      if ((await this.problem.cost(others)) - cost <= upkeepBeside(item, others)) return item.id
    }
    return null
  }

  private async chooseBeside(
    fixed: readonly ProvableIndex[],
    refuse: (chosen: readonly ProvableIndex[]) => Promise<Iterable<string>>,
  ): Promise<readonly ProvableIndex[]> {
    const refused = new Set<string>()
    const there = fixed.map((each) => each.item)
    const problem: Knapsack = {
      budgetBytes: this.problem.budgetBytes - totalBytes(there),
      room: (table) => this.problem.room(table) - there.filter((item) => item.table === table).length,
      cost: (chosen) => this.problem.cost(inOrder([...there, ...chosen])),
      items: this.problem.items.filter(
        (item) => !there.includes(item) && !there.some((other) => other.excludes.has(item.id)),
      ),
    }
    for (;;) {
      const items = await chooseByExtend({
        ...problem,
        items: problem.items.filter((item) => !refused.has(item.id)),
      })
      const chosen = this.indexes.filter((each) => items.includes(each.item))
      const beside = [...fixed, ...chosen]
      const weak = (await this.weakest(items, beside)) ?? (await this.harmful(items, fixed, beside))
      const wrong = weak === null ? await refuse(beside) : [weak]
      const known = new Set(items.map((item) => item.id))
      const refusals = [...wrong].filter((id) => known.has(id))
      if (refusals.length === 0) return chosen
      for (const id of refusals) refused.add(id)
    }
  }

  /** Thousands of sets are asked for; what a query costs depends on the indexes of its own tables alone. */
  private costs(): Knapsack['cost'] {
    const byItem = new Map(this.indexes.map((each) => [each.item.id, each.index]))
    const known = new Map<string, number>()
    return async (chosen) => {
      const ofTable = new Map<string, string>()
      for (const item of chosen) ofTable.set(item.table, `${ofTable.get(item.table) ?? ''}${item.id}|`)
      let total = 0
      for (const [at, { query, calls }] of this.queries.entries()) {
        let key = String(at)
        for (const table of query.tables) key += `|${ofTable.get(table) ?? ''}`
        let cost = known.get(key)
        if (cost === undefined) {
          const set = chosen.flatMap((item) =>
            query.tables.has(item.table) ? (byItem.get(item.id) ?? []) : [],
          )
          cost = await this.matrix.cost(query, set)
          known.set(key, cost)
        }
        total += cost * calls
      }
      return total
    }
  }

  /** The one that helps its best query least, if that is too little. */
  private async weakest(
    items: readonly SelectionItem[],
    chosen: readonly ProvableIndex[],
  ): Promise<string | null> {
    const set = chosen.map((each) => each.index)
    let weakest: { id: string; gain: number } | null = null
    for (const item of items) {
      const without = set.filter((index) => index.id !== item.id)
      let gain = 0
      let isWorth = false
      for (const { query } of this.queries) {
        if (!query.tables.has(item.table)) continue
        const before = await this.matrix.cost(query, without)
        const saved = before - (await this.matrix.cost(query, set))
        const share = saved / Math.max(before, 1e-9)
        gain = Math.max(gain, share)
        isWorth ||=
          share >= LEAST_GAIN && (share >= HALF || saved >= SHARE_OF_SCAN * (await this.scanCost(item.table)))
      }
      if (!isWorth && (weakest === null || gain < weakest.gain)) weakest = { id: item.id, gain }
    }
    return weakest?.id ?? null
  }

  /** One that a query uses and is dearer for. */
  private async harmful(
    items: readonly SelectionItem[],
    fixed: readonly ProvableIndex[],
    chosen: readonly ProvableIndex[],
  ): Promise<string | null> {
    const set = chosen.map((each) => each.index)
    const there = fixed.map((each) => each.index)
    for (const { query } of this.queries) {
      const before = await this.matrix.plans(query, there)
      const after = await this.matrix.plans(query, set)
      for (const [at, { plan }] of after.entries()) {
        const old = before[at]?.plan.cost ?? Infinity
        if (plan.cost <= old * 1.01) continue
        const guilty = plan.uses.find((id) => items.some((item) => item.id === id))
        if (guilty !== undefined) return guilty
      }
    }
    return null
  }
}
