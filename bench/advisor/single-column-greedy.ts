import {
  inOrder,
  isAllowed,
  isBetter,
  type SelectionItem,
  type Knapsack,
} from '../../packages/index-advisor/src/selection/knapsack/knapsack.ts'

/**
 * What common tools do, for comparison: each query gets the single-column index that helps it most, whatever the
 * others have got.
 */
export async function chooseSingleColumns(
  problem: Knapsack,
  perQuery: readonly ((chosen: readonly SelectionItem[]) => Promise<number>)[],
  isSingle: (item: SelectionItem) => boolean,
): Promise<readonly SelectionItem[]> {
  const chosen = new Set<SelectionItem>()
  const singles = problem.items.filter(isSingle)
  for (const cost of perQuery) {
    let best: { cost: number; chosen: readonly SelectionItem[] } = { cost: await cost([]), chosen: [] }
    for (const item of singles) {
      const candidate = { cost: await cost([item]), chosen: [item] }
      if (isAllowed(problem, inOrder([...chosen, item])) && isBetter(candidate, best)) best = candidate
    }
    for (const item of best.chosen) chosen.add(item)
  }
  return inOrder(chosen)
}
