/** One index that may be chosen, as the selection sees it: numbers and whom it competes with. */
export interface SelectionItem {
  /** Decides among equals, so that the same input gives the same selection. */
  readonly id: string
  readonly table: string
  readonly bytes: number
  /** Cost of keeping it up to date over the whole workload, in the planner's units, heap-only updates aside. */
  readonly upkeep: number
  /** Updates that are no longer heap-only once it is there. Default: none. */
  readonly unsettles?: UnsettledUpdates
  /** Items that must not be chosen beside it: `[a]` and `[a, b]`. */
  readonly excludes: ReadonlySet<string>
  /** Items it begins with: `[a, b]` extends `[a]`. */
  readonly extends: ReadonlySet<string>
}

/** An update that one chosen index makes write to all indexes costs no more for the next that holds a column of it. */
export interface UnsettledUpdates {
  /** Rows by update. */
  readonly rows: ReadonlyMap<string, number>
  /** What an entry in this index costs. */
  readonly entry: number
  /** What the entries in the indexes that are there cost. */
  readonly others: number
}

export interface Knapsack {
  readonly items: readonly SelectionItem[]
  /** Cost of the whole workload when exactly these are there, upkeep aside. */
  cost(chosen: readonly SelectionItem[]): Promise<number>
  readonly budgetBytes: number
  /** How many may be added to a table. */
  room(table: string): number
}

/** Workload and upkeep together; what the selection makes small. */
export async function totalCost(problem: Knapsack, chosen: readonly SelectionItem[]): Promise<number> {
  return (await problem.cost(chosen)) + totalUpkeep(chosen)
}

/** Never less with more of them. */
export function totalUpkeep(chosen: readonly SelectionItem[]): number {
  let total = 0
  const tables = new Map<string, { rows: Map<string, number>; entries: number; others: number }>()
  for (const { table, upkeep, unsettles } of chosen) {
    total += upkeep
    if (unsettles === undefined) continue
    const there = tables.get(table) ?? { rows: new Map(), entries: 0, others: unsettles.others }
    for (const [update, rows] of unsettles.rows) there.rows.set(update, rows)
    there.entries += unsettles.entry
    tables.set(table, there)
  }
  for (const { rows, entries, others } of tables.values())
    for (const each of rows.values()) total += each * (entries + others)
  return total
}

/** What it adds to that of the others. */
export function upkeepBeside(item: SelectionItem, others: readonly SelectionItem[]): number {
  return totalUpkeep([...others, item]) - totalUpkeep(others)
}

export function totalBytes(chosen: readonly SelectionItem[]): number {
  return chosen.reduce((sum, item) => sum + item.bytes, 0)
}

export function isAllowed(problem: Knapsack, chosen: readonly SelectionItem[]): boolean {
  if (totalBytes(chosen) > problem.budgetBytes) return false
  const perTable = new Map<string, number>()
  for (const item of chosen) {
    const count = (perTable.get(item.table) ?? 0) + 1
    if (count > problem.room(item.table)) return false
    perTable.set(item.table, count)
    if (chosen.some((other) => item.excludes.has(other.id))) return false
  }
  return true
}

/** The same set in the same order, however it was come by. */
export function inOrder(chosen: Iterable<SelectionItem>): SelectionItem[] {
  return [...chosen].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
}

/** Less cost wins; of equal costs fewer bytes, then the first by name. */
export function isBetter(
  a: { readonly cost: number; readonly chosen: readonly SelectionItem[] },
  b: { readonly cost: number; readonly chosen: readonly SelectionItem[] },
): boolean {
  const tolerance = 1e-9 * Math.max(1, Math.abs(b.cost))
  if (Math.abs(a.cost - b.cost) > tolerance) return a.cost < b.cost
  const bytes = totalBytes(a.chosen) - totalBytes(b.chosen)
  if (bytes !== 0) return bytes < 0
  const names = (chosen: readonly SelectionItem[]) => chosen.map((item) => item.id).join('\0')
  return names(a.chosen) < names(b.chosen)
}
