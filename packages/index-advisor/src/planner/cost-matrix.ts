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
  #base: readonly HypotheticalIndex[] = []
  #planned = 0

  constructor(planner: Planner) {
    this.#planner = planner
  }

  /** All indexes that sets will be made of. */
  setUniverse(indexes: readonly HypotheticalIndex[]): void {
    this.#universe = indexes
  }

  /** Indexes that every plan is made with, as if they were built; before the first plan. */
  setBase(indexes: readonly HypotheticalIndex[]): void {
    this.#base = indexes
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
    const descents = query.bindings.map(
      (binding) => new Descent(binding, wanted, all, this.#plansOf(query, binding)),
    )
    for (;;) {
      const open = descents.filter((descent) => !descent.isDone())
      if (open.length === 0) break
      // The same set for several bindings in a row: to hide and show indexes costs as much as to plan.
      const [first] = open.map((descent) => descent.name).sort()
      for (const descent of open) if (descent.name === first) await this.#plan(query, descent)
    }
    return descents.map(({ binding, plan }) => ({ binding, plan }))
  }

  #plansOf(query: JudgedQuery, binding: Binding): Map<string, Plan> {
    const key = `${query.fingerprint}\0${binding.kind}`
    const known = this.#known.get(key) ?? new Map<string, Plan>()
    this.#known.set(key, known)
    return known
  }

  async #plan(query: JudgedQuery, descent: Descent): Promise<void> {
    this.#planned++
    // Indexes of other tables stay as they are.
    const others = this.#universe.filter((index) => !isRelevant(query, index))
    descent.learn(
      await this.#planner.plan(query, [...this.#base, ...others, ...descent.indexes], descent.binding),
    )
  }
}

/** The way down from all indexes to the plan that uses only the wanted ones, as far as it is known. */
class Descent {
  readonly binding: Binding
  readonly #wanted: ReadonlySet<string>
  readonly #present: Map<string, HypotheticalIndex>
  readonly #known: Map<string, Plan>
  #name: string

  constructor(
    binding: Binding,
    wanted: ReadonlySet<string>,
    all: ReadonlyMap<string, HypotheticalIndex>,
    known: Map<string, Plan>,
  ) {
    this.binding = binding
    this.#wanted = wanted
    this.#present = new Map(all)
    this.#known = known
    this.#name = nameOf(this.#present)
  }

  /** Of the set that is to be planned with next. */
  get name(): string {
    return this.#name
  }

  get indexes(): readonly HypotheticalIndex[] {
    return [...this.#present.values()]
  }

  get plan(): Plan {
    const plan = this.#known.get(this.#name)
    if (plan === undefined) throw new Error('not planned yet')
    return plan
  }

  learn(plan: Plan): void {
    this.#known.set(this.#name, plan)
  }

  isDone(): boolean {
    for (;;) {
      const plan = this.#known.get(this.#name)
      if (plan === undefined) return false
      const superfluous = plan.uses.filter((id) => this.#present.has(id) && !this.#wanted.has(id))
      if (superfluous.length === 0) return true
      for (const id of superfluous) this.#present.delete(id)
      this.#name = nameOf(this.#present)
    }
  }
}

function nameOf(present: ReadonlyMap<string, HypotheticalIndex>): string {
  return [...present.keys()].sort().join('\0')
}

function isRelevant(query: JudgedQuery, index: HypotheticalIndex): boolean {
  return query.tables.has(tableKey(index.schema, index.table))
}

export function tableKey(schema: string | null, table: string): string {
  return `${schema ?? ''}.${table}`
}
