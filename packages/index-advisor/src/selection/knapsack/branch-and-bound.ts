import {
  inOrder,
  isAllowed,
  isBetter,
  type SelectionItem,
  type Knapsack,
  totalCost,
  totalUpkeep,
} from './knapsack.ts'

export interface Selected {
  readonly chosen: readonly SelectionItem[]
  readonly cost: number
}

/**
 * The best subset of `items` beside the ones that are `fixed`, without looking at all of them: more indexes never make
 * a query dearer, so a branch can cost no less than with everything still open in it, at the upkeep of what is in it
 * already. `start` is a good set that is known. Null when more than `patience` sets would have to be looked at.
 */
export async function chooseExactly(
  problem: Knapsack,
  items: readonly SelectionItem[],
  fixed: readonly SelectionItem[],
  start: Selected,
  patience: number,
): Promise<Selected | null> {
  let best = start
  let looked = 0
  const visit = async (
    chosen: readonly SelectionItem[],
    open: readonly SelectionItem[],
  ): Promise<boolean> => {
    if (!isAllowed(problem, chosen)) return true
    if (++looked > patience) return false
    const bound = (await problem.cost([...chosen, ...open])) + totalUpkeep(chosen)
    if (bound > best.cost * (1 + 1e-12)) return true
    const [item, ...rest] = open
    if (item === undefined) {
      const ordered = inOrder(chosen)
      const found = { chosen: ordered, cost: await totalCost(problem, ordered) }
      if (isBetter(found, best)) best = found
      return true
    }
    const left = rest.filter((other) => !item.excludes.has(other.id))
    return (await visit([...chosen, item], left)) && (await visit(chosen, rest))
  }
  return (await visit(fixed, items)) ? best : null
}
