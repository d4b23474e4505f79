import type { TableStatistics } from '../../statistics/statistics.ts'
import { allTables, isAnyUnread, type ExplainedBlock, type ExplainedTable } from './explained-plan.ts'
import type { SelectClauses } from './select-clauses.ts'

/**
 * What a plan of MariaDB costs: **a half for each page that InnoDB is asked for, and a fifth for each row that is read, sorted or
 * written into a temporary table**. Both are counted by the server when it runs a statement, so a cost can be held against the truth,
 * and a row that is looked up through an index costs 1.2 as in the server's own reckoning. Its `Last_query_cost` is not that: it
 * knows no LIMIT, no sort that stops early, and of a statement with subqueries nothing.
 */
export const ROW = 0.2
export const PAGE = 0.5

/** Rows that a sort holds in memory at most when it keeps the first ones alone. */
const QUEUE = 4_000
/** Bytes of a join buffer. */
const BUFFER = 262_144

/** What the reckoning asks of the copy. */
export interface CostContext {
  /** Of the SELECTs, by their number from 1. */
  readonly clauses: readonly SelectClauses[]
  /** Numbers of the SELECTs that run again for each row around them. */
  readonly dependent: ReadonlySet<number>
  /** Undefined for what is no table of the database: a subquery written down. */
  tableOf(explained: ExplainedTable): TableStatistics | undefined
  /** Of an index, or of the table itself for `PRIMARY` and none. */
  sizeOf(
    table: TableStatistics,
    key: string | undefined,
  ): { readonly leaves: number; readonly height: number }
  /** Columns of an index of the table, in order. */
  keysOf(table: TableStatistics, key: string): readonly string[]
  /** How many rows a look into the index finds, where the server had to look into an empty one; null where it had not. */
  rangeRows(table: TableStatistics, explained: ExplainedTable): number | null
  /** How many the equalities at the beginning of its key find; null where it begins with none. */
  equalRows(
    table: TableStatistics,
    explained: ExplainedTable,
  ): { readonly rows: number; readonly columns: readonly string[] } | null
  /** Entries that its key finds before the first that the other conditions on the index keep, read in this direction. */
  skipped(table: TableStatistics, explained: ExplainedTable, order: 'asc' | 'desc'): number
  /** Of the rows that are read, the share that the conditions beside its key let through. */
  share(table: TableStatistics, explained: ExplainedTable): number
  /** Different values of these columns. */
  groups(table: TableStatistics, columns: readonly string[]): number | undefined
}

export interface Reckoned {
  readonly cost: number
  /** Rows that come out. */
  readonly rows: number
  /** What in it is not the server's word. */
  readonly estimated: string | undefined
}

/** Reckons the cost of a whole plan. */
export function reckonCost(block: ExplainedBlock, context: CostContext): Reckoned {
  const reckoning = new Reckoning(context)
  const { cost, rows } = reckoning.block(block)
  if (isAnyUnread(block)) reckoning.estimated.add('a part of the plan that is not known')
  return { cost, rows, estimated: [...reckoning.estimated].join(', ') || undefined }
}

interface Step {
  readonly explained: ExplainedTable
  /** How often it is looked into. */
  readonly probes: number
  /** Entries or rows that one look reads. */
  readonly each: number
  /** Rows that all looks let through. */
  readonly out: number
}

class Reckoning {
  readonly estimated = new Set<string>()
  readonly #context: CostContext

  constructor(context: CostContext) {
    this.#context = context
  }

  /** One run of it. */
  block(block: ExplainedBlock): { cost: number; rows: number } {
    if (block.united.length > 0) {
      const parts = block.united.map((each) => this.block(each))
      const rows = parts.reduce((sum, each) => sum + each.rows, 0)
      return { cost: parts.reduce((sum, each) => sum + each.cost, 0) + 2 * ROW * rows, rows }
    }
    const clauses = this.#context.clauses[block.selectId - 1]
    const steps = this.#steps(block)
    const found = steps.at(-1)?.out ?? 1
    const groups = this.#groups(block, clauses, found)
    const result = groups ?? found
    const wanted = clauses?.wanted ?? null
    // The first rows are there before the last ones are read, but where they are sorted or written down as a whole.
    const isWhole = block.isSorted || block.isTemporary || (clauses?.isGrouped === true && groups === null)
    const share = wanted === null || isWhole ? 1 : Math.min(1, wanted / Math.max(result, 1e-9))
    // MIN and MAX at the end of an index are read while the statement is planned.
    let cost = steps.length === 0 ? ROW : 0
    for (const [at, step] of steps.entries()) {
      const isFirst = at === 0
      // What is sorted, or gathered in a buffer, is read to its end.
      const isGathered = (isFirst && step.explained.isSorted) || steps[at + 1]?.explained.buffer !== undefined
      const part = isGathered ? 1 : share
      cost += this.#stepCost(step, part, clauses)
      if (isFirst && step.explained.isSorted)
        cost += this.#sortCost(step.out, steps.length === 1 ? wanted : null)
      if (part < 1 && isThinned(step)) this.estimated.add('how soon a LIMIT is reached')
    }
    if (block.isTemporary) {
      const kept = groups ?? found
      cost += ROW * (clauses?.isGrouped === true ? 2 * found + kept : found + kept)
      if (block.isSorted) cost += this.#sortCost(kept, wanted)
    } else if (block.isSorted) cost += this.#sortCost(found, steps.length === 1 ? wanted : null)
    const rows = Math.min(result, wanted ?? Infinity)
    const [scanned] = steps
    for (const { block: inner, isOnce } of block.subqueries) {
      const isDependent = !isOnce && this.#context.dependent.has(inner.selectId)
      const isCondition = block.tables.some((each) =>
        `${each.attachedCondition}${each.indexCondition}`.includes(`subquery#${inner.selectId}`),
      )
      const around = isCondition ? (scanned?.out ?? 1) * share : block.isSorted ? found : rows
      const times = isDependent ? Math.max(1, around) : 1
      const { cost: own, rows: given } = this.block(inner)
      cost += own * times
      if (isOnce) cost += ROW * (given + around)
      if (isCondition && wanted !== null) this.estimated.add('how soon a LIMIT is reached')
    }
    return { cost, rows }
  }

  #steps(block: ExplainedBlock): Step[] {
    const steps: Step[] = []
    const wanted = this.#context.clauses[block.selectId - 1]?.wanted ?? null
    let before = 1
    for (const [at, explained] of block.tables.entries()) {
      const table = this.#context.tableOf(explained)
      const isKeyed = explained.access !== 'ALL' && this.#isByGroup(explained)
      const reckoned =
        table === undefined
          ? isKeyed
            ? Math.min(1, explained.rows)
            : null
          : this.#context.rangeRows(table, explained)
      if (table !== undefined && reckoned !== null) this.estimated.add('how many rows a range finds')
      if (explained.access === 'index_merge') this.estimated.add('how many rows an index merge finds')
      const rows = reckoned ?? explained.rows
      const whole = table === undefined ? rows : Math.max(1, table.rows)
      // An index that is read for its order: the server says how many entries it reads until it has enough rows.
      const isCut = at === 0 && explained.access === 'index' && wanted !== null && rows < 0.99 * whole
      const each = isCut ? whole : rows
      const own = table === undefined ? explained.filtered : this.#context.share(table, explained)
      const passed = isCut && explained.attachedCondition !== '' ? Math.min(own, wanted / rows) : own
      const width = Math.max(
        1,
        steps.reduce((sum, each) => sum + this.#widthOf(each.explained), 0),
      )
      const probes =
        explained.buffer === undefined ? before : Math.max(1, Math.ceil((before * width) / BUFFER))
      const out = before * each * passed
      steps.push({ explained, probes, each, out: explained.isOuter ? Math.max(before, out) : out })
      before = steps.at(-1)?.out ?? before
    }
    return steps
  }

  /** A subquery that is written down with one row a group, and is asked for a group. */
  #isByGroup({ materialized, usedKeys }: ExplainedTable): boolean {
    const groups =
      materialized === undefined ? null : this.#context.clauses[materialized.selectId - 1]?.groups
    return groups?.every((each) => usedKeys.includes(each)) === true
  }

  /** @param part of it that is read until there are enough rows */
  #stepCost({ explained, probes, each }: Step, part: number, clauses: SelectClauses | undefined): number {
    const looks = probes * part
    // Of a look the first entries, or as many looks as it takes.
    const isWithinOne = probes >= 1 && looks < 1
    const times = isWithinOne ? 1 : looks
    const entries = isWithinOne ? Math.max(1, each * looks) : each
    const table = this.#context.tableOf(explained)
    const skipped =
      table === undefined || part === 1 || probes > 1 || clauses?.order == null
        ? 0
        : this.#context.skipped(table, explained, clauses.order)
    if (table !== undefined && skipped > 0) {
      const { leaves } = this.#context.sizeOf(table, explained.key)
      const rest = Math.max(1, (each - skipped) * part)
      return (
        (PAGE * leaves * skipped) / Math.max(1, table.rows) +
        ROW * skipped +
        this.#lookCost(table, { ...explained, comparisons: [] }, rest, 1)
      )
    }
    if (table !== undefined)
      return times * this.#lookCost(table, explained, entries, clauses?.isGrouped === true ? 2 : 1)
    if (explained.materialized === undefined) return ROW * times * entries
    const { cost, rows } = this.block(explained.materialized)
    return cost * (explained.isLateral ? times : 1) + ROW * (rows + times * entries)
  }

  /**
   * One look into a table, that reads `entries`.
   *
   * @param looksPerGroup from group to group: where the least or the greatest of each is asked for, to that and to the next one
   */
  #lookCost(
    table: TableStatistics,
    explained: ExplainedTable,
    entries: number,
    looksPerGroup: number,
  ): number {
    const { access, key, isCovering, isGroupScan } = explained
    const rows = Math.max(1, table.rows)
    const base = this.#context.sizeOf(table, undefined)
    const priced = (pages: number, read: number) => PAGE * pages + ROW * read
    const size = this.#context.sizeOf(table, key)
    const isTable = key === undefined || key === 'PRIMARY'
    if (access === 'const' || access === 'eq_ref' || access === 'system')
      return priced((isTable ? 0 : size.height) + (isTable || !isCovering ? base.height : 0), 1)
    if (access === 'ALL' || (isTable && access === 'index'))
      return priced(Math.max(1, base.leaves * Math.min(1, entries / rows)), entries)
    if (access === 'index_merge')
      return priced(entries * base.height + explained.keys.length * base.height, 2 * entries)
    // From group to group it goes down the tree anew.
    if (isGroupScan) return priced(entries * looksPerGroup * size.height, entries * looksPerGroup)
    const looks = Math.min(entries, looksOf(explained))
    const walked = looks * size.height + size.leaves * Math.min(1, entries / rows)
    const lookups = isCovering || isTable ? 0 : this.#lookups(table, explained, entries)
    return priced(walked + lookups * base.height, entries + looks)
  }

  /** Rows that are fetched for entries: what the index can tell apart is not. */
  #lookups(table: TableStatistics, explained: ExplainedTable, entries: number): number {
    if (explained.rowFilter !== undefined) return entries * explained.rowFilter
    const keys = this.#context.keysOf(table, explained.key ?? '')
    const rest = keys.slice(explained.usedKeys.length)
    const inIndex = explained.comparisons.filter((each) => each.isInIndex && rest.includes(each.column))
    if (inIndex.length === 0) return entries
    return entries * this.#context.share(table, { ...explained, filtered: 1, comparisons: inIndex })
  }

  /** How many rows a SELECT makes of those it finds; null where that is not known before all are read. */
  #groups(block: ExplainedBlock, clauses: SelectClauses | undefined, found: number): number | null {
    if (clauses === undefined || (!clauses.isGrouped && !clauses.isDistinct)) return found
    const [first] = block.tables
    if (clauses.groups === null || first === undefined) return clauses.isGrouped ? null : found
    if (first.isGroupScan) return first.rows
    const table = this.#context.tableOf(first)
    const groups = table === undefined ? undefined : this.#context.groups(table, clauses.groups)
    return groups === undefined ? (clauses.isGrouped ? null : found) : Math.min(found, groups)
  }

  #sortCost(rows: number, wanted: number | null): number {
    const isQueue = wanted !== null && wanted <= QUEUE && wanted < rows / 3
    return ROW * (isQueue ? wanted + 1 : rows)
  }

  #widthOf(explained: ExplainedTable): number {
    const table = this.#context.tableOf(explained)
    if (table === undefined) return 16
    return table.columns.reduce((sum, each) => sum + (each.statistics?.averageWidth ?? 8), 0)
  }
}

/** One for each value of a list that the key is compared with. */
function looksOf({ access, usedKeys, comparisons }: ExplainedTable): number {
  if (access !== 'range') return 1
  return comparisons
    .filter((each) => each.operator === 'in' && usedKeys.includes(each.column))
    .reduce((product, each) => product * each.values.length, 1)
}

/** Where the rest of its conditions keeps rows away, nobody knows where in the order the others stand. */
function isThinned({ explained, out, probes, each }: Step): boolean {
  return explained.attachedCondition !== '' && out < 0.999 * probes * each
}

/** What the server compares when it chooses between ways to one result; before version 11. */
export function priceOf(block: ExplainedBlock, queryCost: number, context: CostContext): number {
  let price = queryCost
  for (const each of allTables(block)) price += rangePrice(each, context)
  price += followersPrice(block, context)
  const clauses = context.clauses[block.selectId - 1]
  const [first] = block.tables
  const table = first === undefined ? undefined : context.tableOf(first)
  if (first === undefined || table === undefined || clauses?.wanted == null) return price
  if (clauses.order === null || clauses.isGrouped || block.isSorted || block.isTemporary || first.isSorted)
    return price
  // For the order's sake it reads as many entries as it takes to find the rows, one unit each.
  if (first.access === 'index') return Math.min(price, first.rows)
  const rows = context.rangeRows(table, first)
  if (rows === null) return price
  const matching = guess(table, first, rows, context) * context.share(table, first)
  return clauses.wanted > matching ? price : Math.min(price, (clauses.wanted * table.rows) / matching)
}

/** What a range costs more than the server says of an empty index: by the range, or by the equalities that its key begins with. */
function rangePrice(explained: ExplainedTable, context: CostContext): number {
  const table = context.tableOf(explained)
  const rows = table === undefined ? null : context.rangeRows(table, explained)
  if (table === undefined || rows === null) return 0
  const prices = [
    (guess(table, explained, rows, context) - explained.rows) * (explained.isCovering ? 0.4 : 1.4),
  ]
  const equal = context.equalRows(table, explained)
  if (equal !== null) prices.push(equal.rows * (explained.isCovering ? 0.2 : 1.2))
  return Math.max(0, Math.min(...prices))
}

/** What the tables behind a range cost more: the server looks into them for the one row that it finds in an empty index. */
function followersPrice(block: ExplainedBlock, context: CostContext): number {
  let [said, real, price] = [1, 1, 0]
  for (const each of block.tables) {
    const table = context.tableOf(each)
    if (table === undefined) return price
    const look = each.buffer !== undefined || each.isCovering ? 0.2 * each.rows : 1.2 * each.rows
    price += (real - said) * look
    said *= each.rows * each.filtered
    real *=
      (context.rangeRows(table, each) ?? each.rows) *
      (each.access === 'range' ? context.share(table, each) : each.filtered)
  }
  return Math.max(0, price)
}

/** Where the equalities that a key begins with are cheaper than the range behind them, the server takes them, and tests the rest in the index. */
export function withLookups(block: ExplainedBlock, context: CostContext): ExplainedBlock {
  return {
    ...block,
    tables: block.tables.map((each) => {
      const table = context.tableOf(each)
      const rows = table === undefined ? null : context.rangeRows(table, each)
      const equal = table === undefined || rows === null ? null : context.equalRows(table, each)
      if (table === undefined || rows === null || equal === null) return each
      if (
        equal.rows * (each.isCovering ? 0.2 : 1.2) >=
        guess(table, each, rows, context) * (each.isCovering ? 0.4 : 1.4)
      )
        return each
      const attachedCondition = [each.indexCondition, each.attachedCondition]
        .filter((text) => text !== '')
        .join(' and ')
      return {
        ...each,
        access: 'ref',
        usedKeys: equal.columns,
        rows: equal.rows,
        filtered: 1,
        attachedCondition,
      }
    }),
  }
}

/** Leaf pages that InnoDB reads to count what a range finds. */
const COUNTED = 9

/** How many rows InnoDB says that a range finds: of more than a few pages about twice as many, of no index more than half. */
function guess(
  table: TableStatistics,
  explained: ExplainedTable,
  rows: number,
  context: CostContext,
): number {
  const { leaves } = context.sizeOf(table, explained.key)
  return (leaves * rows) / Math.max(1, table.rows) <= COUNTED ? rows : Math.min(2 * rows, table.rows / 2)
}
