import { chooseExactly } from './branch-and-bound.ts'
import {
  inOrder,
  isAllowed,
  isBetter,
  type SelectionItem,
  type Knapsack,
  totalBytes,
  totalCost,
} from './knapsack.ts'

/**
 * Extend (Schlosser, Kossmann, Boissier: "Efficient Scalable Multi-Attribute Index Selection Using Recursive
 * Strategies", ICDE 2019): from nothing, take again and again the step that gains most per byte, where a step adds an
 * index or lengthens a chosen one. Indexes that later steps made useless are dropped. A greedy walk can end beside the
 * best set, so each table is then searched through, the other tables held still, until nothing changes (all tables at
 * once where there are few candidates); a table with too many for that is mended by exchanges.
 */
export async function chooseByExtend(problem: Knapsack): Promise<readonly SelectionItem[]> {
  let state = await stateOf(problem, [])
  for (;;) {
    const next = await bestStep(problem, state)
    if (next === null) break
    state = next
  }
  state = await dropUseless(problem, state)
  if (problem.items.length <= FEW) {
    const exact = await chooseExactly(problem, problem.items, [], state, PATIENCE)
    if (exact !== null) return exact.chosen
  }
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = state
    for (const table of [...new Set(problem.items.map((item) => item.table))].sort()) {
      state = await refine(problem, state, table)
    }
    if (!isBetter(state, before)) break
  }
  return state.chosen
}

/** Up to here all tables are searched at once. */
const FEW = 12
/** Sets that are looked at for one table before the search gives up: all there are of a dozen candidates. */
const PATIENCE = 2 ** 13
const MOST_ROUNDS = 8
const PAGE = 8192

interface State {
  readonly chosen: readonly SelectionItem[]
  readonly cost: number
}

async function stateOf(problem: Knapsack, chosen: Iterable<SelectionItem>): Promise<State> {
  const ordered = inOrder(chosen)
  return { chosen: ordered, cost: await totalCost(problem, ordered) }
}

async function bestStep(problem: Knapsack, state: State): Promise<State | null> {
  let best: { state: State; ratio: number } | null = null
  for (const item of problem.items) {
    if (state.chosen.includes(item)) continue
    // What it begins with is replaced: that is the step that extends.
    const kept = state.chosen.filter((other) => !item.extends.has(other.id))
    const chosen = [...kept, item]
    if (!isAllowed(problem, chosen)) continue
    const next = await stateOf(problem, chosen)
    const gain = state.cost - next.cost
    if (gain <= 1e-9 * Math.max(1, Math.abs(state.cost))) continue
    const ratio = gain / Math.max(PAGE, totalBytes(next.chosen) - totalBytes(state.chosen))
    if (best === null || ratio > best.ratio || (ratio === best.ratio && isBetter(next, best.state))) {
      best = { state: next, ratio }
    }
  }
  return best === null ? null : best.state
}

async function dropUseless(problem: Knapsack, state: State): Promise<State> {
  for (;;) {
    let best: State | null = null
    for (const item of state.chosen) {
      const without = await stateOf(
        problem,
        state.chosen.filter((other) => other !== item),
      )
      if (isBetter(without, best ?? state)) best = without
    }
    if (best === null) return state
    state = best
  }
}

async function refine(problem: Knapsack, state: State, table: string): Promise<State> {
  const items = problem.items.filter((item) => item.table === table)
  const others = state.chosen.filter((item) => item.table !== table)
  const exact = await chooseExactly(problem, items, others, state, PATIENCE)
  if (exact !== null) return exact
  for (;;) {
    let best: State | null = null
    for (const item of items) {
      if (state.chosen.includes(item)) continue
      for (const leaving of [null, ...state.chosen.filter((other) => other.table === table)]) {
        const chosen = [
          ...state.chosen.filter((other) => other !== leaving && !item.extends.has(other.id)),
          item,
        ]
        if (!isAllowed(problem, chosen)) continue
        const next = await stateOf(problem, chosen)
        if (isBetter(next, best ?? state)) best = next
      }
    }
    if (best === null) return state
    state = await dropUseless(problem, best)
  }
}
