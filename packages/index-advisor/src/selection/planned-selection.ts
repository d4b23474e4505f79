import type { CostMatrix } from '../planner/cost-matrix.ts'
import { chooseByExtend } from './extend.ts'
import type { WeighedQuery } from './judged-workload.ts'
import type { ProvableIndex } from './provable-index.ts'
import type { SelectionItem, Knapsack } from './knapsack.ts'

/** An index must save this share of a query's cost; less is within the error of any estimate. */
export const LEAST_GAIN = 0.1

/** Chooses among indexes by what the planner says the queries cost with them. */
export class PlannedSelection {
  readonly problem: Knapsack

  /** @param limits how many bytes all of them may take, and how many may be added to a table */
  constructor(
    private readonly matrix: CostMatrix,
    private readonly indexes: readonly ProvableIndex[],
    private readonly queries: readonly WeighedQuery[],
    limits: Pick<Knapsack, 'budgetBytes' | 'room'>,
  ) {
    this.problem = { ...limits, items: indexes.map((each) => each.item), cost: this.costs() }
  }

  /** What is chosen must help a query noticeably and may make none worse. */
  async choose(): Promise<readonly ProvableIndex[]> {
    const refused = new Set<string>()
    for (;;) {
      const items = await chooseByExtend({
        ...this.problem,
        items: this.problem.items.filter((item) => !refused.has(item.id)),
      })
      const chosen = this.indexes.filter((each) => items.includes(each.item))
      const weak = (await this.weakest(items, chosen)) ?? (await this.harmful(items, chosen))
      if (weak === null) return chosen
      refused.add(weak)
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
      for (const { query } of this.queries) {
        if (!query.tables.has(item.table)) continue
        const before = await this.matrix.cost(query, without)
        const after = await this.matrix.cost(query, set)
        gain = Math.max(gain, (before - after) / Math.max(before, 1e-9))
      }
      if (gain < LEAST_GAIN && (weakest === null || gain < weakest.gain)) weakest = { id: item.id, gain }
    }
    return weakest?.id ?? null
  }

  /** One that a query uses and is dearer for. */
  private async harmful(
    items: readonly SelectionItem[],
    chosen: readonly ProvableIndex[],
  ): Promise<string | null> {
    const set = chosen.map((each) => each.index)
    for (const { query } of this.queries) {
      const before = await this.matrix.plans(query, [])
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
