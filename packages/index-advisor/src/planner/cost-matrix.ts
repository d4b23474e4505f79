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
 * Costs of queries under sets of indexes, planned once each. A planner takes the cheapest plan it finds, so where the
 * plan for a set S uses only U, every set between U and S has the same plan: a query with k useful indexes takes
 * about k + 1 plans, not 2^k.
 */
export class CostMatrix {
  readonly #planner: Planner
  readonly #known = new Map<string, KnownPlan[]>()
  #planned = 0

  constructor(planner: Planner) {
    this.#planner = planner
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
    const relevant = indexes.filter((index) => query.tables.has(tableKey(index.schema, index.table)))
    const plans: JudgedPlan[] = []
    for (const binding of query.bindings)
      plans.push({ binding, plan: await this.#plan(query, relevant, binding) })
    return plans
  }

  async #plan(query: JudgedQuery, indexes: readonly HypotheticalIndex[], binding: Binding): Promise<Plan> {
    const key = `${query.fingerprint}\0${binding.kind}`
    const known = this.#known.get(key) ?? []
    this.#known.set(key, known)
    const wanted = new Set(indexes.map((index) => index.id))
    const found = known.find(
      (each) => each.uses.every((id) => wanted.has(id)) && [...wanted].every((id) => each.present.has(id)),
    )
    if (found !== undefined) return found.plan
    this.#planned++
    const plan = await this.#planner.plan(query, indexes, binding)
    known.push({ present: wanted, uses: plan.uses.filter((id) => wanted.has(id)), plan })
    return plan
  }
}

interface KnownPlan {
  readonly present: ReadonlySet<string>
  readonly uses: readonly string[]
  readonly plan: Plan
}

export function tableKey(schema: string | null, table: string): string {
  return `${schema ?? ''}.${table}`
}
