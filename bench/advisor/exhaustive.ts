import {
  inOrder,
  isAllowed,
  isBetter,
  type SelectionItem,
  type Knapsack,
  totalCost,
} from '../../packages/index-advisor/src/selection/knapsack/knapsack.ts'

/**
 * The best of all subsets of `items` beside the ones that are `fixed`. 2^n costs: for a dozen items, and as the
 * yardstick of every other way of choosing.
 */
export async function chooseExhaustively(
  problem: Knapsack,
  items: readonly SelectionItem[] = problem.items,
  fixed: readonly SelectionItem[] = [],
): Promise<readonly SelectionItem[]> {
  let best: { cost: number; chosen: readonly SelectionItem[] } | null = null
  const visit = async (at: number, chosen: readonly SelectionItem[]): Promise<void> => {
    // Every rule only forbids more as more is chosen.
    if (!isAllowed(problem, chosen)) return
    const item = items[at]
    if (item === undefined) {
      const ordered = inOrder(chosen)
      const candidate = { cost: await totalCost(problem, ordered), chosen: ordered }
      if (best === null || isBetter(candidate, best)) best = candidate
      return
    }
    await visit(at + 1, chosen)
    await visit(at + 1, [...chosen, item])
  }
  await visit(0, fixed)
  return (best as { chosen: readonly SelectionItem[] } | null)?.chosen ?? fixed
}
