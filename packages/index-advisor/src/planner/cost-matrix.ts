import type { Binding, PlannableQuery } from '../binding/binding.ts'
import type { Plan } from './plan.ts'
import type { HypotheticalIndex, Planner } from './planner.ts'

/** A query with the values it is judged with and the tables whose indexes can matter to it. */
export interface JudgedQuery extends PlannableQuery {
  readonly bindings: readonly Binding[]
  /** `schema.table`, as `tableKey` writes it. */
  readonly tables: ReadonlySet<string>
}

export interface JudgedPlan {
  readonly binding: Binding
  readonly plan: Plan
}

/**
 * Costs of queries under sets of indexes, with few plans. A planner takes the cheapest plan it finds, so a plan made
 * with the set T that uses only U is the plan for every set between U and T. A set S is therefore answered from
 * above: plan with all there are, take away what the plan used and S lacks, and plan again until it uses nothing
 * else. Sets share these steps, so a query with k useful indexes takes about k plans, not 2^k.
 */
export class CostMatrix {
  readonly #planner: Planner
  readonly #known = new Map<string, Map<string, Plan>>()
  #universe: readonly HypotheticalIndex[] = []
  #planned = 0

  constructor(planner: Planner) {
    this.#planner = planner
  }

  /** All indexes that sets will be made of. */
  setUniverse(indexes: readonly HypotheticalIndex[]): void {
    this.#universe = indexes
  }

  /** Plans asked of the planner so far. */
  get planned(): number {
    return this.#planned
  }

  /** Mean over the bindings. */
  async cost(query: JudgedQuery, indexes: readonly HypotheticalIndex[]): Promise<number> {
    let total = 0
    for (const { plan } of await this.plans(query, indexes)) total += plan.cost
    return total / query.bindings.length
  }

  async plans(query: JudgedQuery, indexes: readonly HypotheticalIndex[]): Promise<readonly JudgedPlan[]> {
    const wanted = new Set<string>()
    for (const index of indexes) if (isRelevant(query, index)) wanted.add(index.id)
    const all = new Map<string, HypotheticalIndex>()
    for (const index of [...this.#universe, ...indexes])
      if (isRelevant(query, index)) all.set(index.id, index)
    const plans: JudgedPlan[] = []
    for (const binding of query.bindings)
      plans.push({ binding, plan: await this.#plan(query, wanted, all, binding) })
    return plans
  }

  async #plan(
    query: JudgedQuery,
    wanted: ReadonlySet<string>,
    all: ReadonlyMap<string, HypotheticalIndex>,
    binding: Binding,
  ): Promise<Plan> {
    const key = `${query.fingerprint}\0${binding.kind}`
    const known = this.#known.get(key) ?? new Map<string, Plan>()
    this.#known.set(key, known)
    const present = new Map(all)
    for (;;) {
      const name = [...present.keys()].sort().join('\0')
      let plan = known.get(name)
      if (plan === undefined) {
        this.#planned++
        // Indexes of other tables stay as they are: to hide and show them costs more than to plan.
        const others = this.#universe.filter((index) => !isRelevant(query, index))
        plan = await this.#planner.plan(query, [...others, ...present.values()], binding)
        known.set(name, plan)
      }
      const superfluous = plan.uses.filter((id) => present.has(id) && !wanted.has(id))
      if (superfluous.length === 0) return plan
      for (const id of superfluous) present.delete(id)
    }
  }
}

function isRelevant(query: JudgedQuery, index: HypotheticalIndex): boolean {
  return query.tables.has(tableKey(index.schema, index.table))
}

export function tableKey(schema: string | null, table: string): string {
  return `${schema ?? ''}.${table}`
}
