import { isAbsent, type Call } from '@prisma-brisk/core'
import { sameLimit, tableKey, type RowLimit } from './row-limit.ts'

/**
 * The limits of one call.
 *
 * A statement does not say which list of the call it reads. Each limit is therefore marked in the arguments: the unique columns that
 * decide ties stand at the end of `orderBy` not once but several times. That changes neither the rows nor their order, and shows in the
 * SQL. No two different limits of a table have the same number of marks.
 */
export class LimitPlan {
  private readonly marked = new Map<string, RowLimit[]>()
  private readonly roots = new Map<string, RowLimit>()

  /** Limits of lists in no order of their own, which their table and the column of their parents tell. */
  private readonly unordered: RowLimit[] = []
  /** Nothing of the call may be sent: only Prisma's own word on its arguments is wanted. */
  isRefusing = false

  /** The bound of the call's own list, to be put into its statements as they are; null where Prisma has a `take` for it. */
  ownBound: OwnBound | null = null

  /** Adds a limit, and returns how often its mark must stand. */
  mark(limit: RowLimit): number {
    const limits = this.marked.get(limit.table) ?? []
    this.marked.set(limit.table, limits)
    let index = limits.findIndex((each) => sameLimit(each, limit))
    if (index < 0) index = limits.push(limit) - 1
    return index + FEWEST
  }

  /** Adds a limit without marks; false where a list of the same relation has another one. */
  leaveUnordered(limit: RowLimit): boolean {
    const same = this.unordered.find((each) => each.table === limit.table && isSameLink(each, limit))
    if (same !== undefined) return sameLimit(same, limit)
    this.unordered.push(limit)
    return true
  }

  get hasUnordered(): boolean {
    return this.unordered.length > 0
  }

  findUnordered(table: string): readonly RowLimit[] {
    return this.unordered.filter((limit) => limit.table === table)
  }

  /** What tells the limits without marks from those of other calls with the same arguments. */
  unorderedLimits(): string {
    return this.unordered.map(({ table, keep }) => `${table} ${keep}`).join(', ')
  }

  /** The limit of the call's own list where its order must stay as it is: known by its table and its cursor. */
  root(limit: RowLimit): void {
    this.roots.set(limit.table, limit)
  }

  /** The key of a table as a statement names it: with its schema always, in the schema model only where there are several. */
  keyOf(table: string, dbSchema: string | null): string {
    const key = tableKey(dbSchema, table)
    const isKnown = this.marked.has(key) || this.roots.has(key) || this.findUnordered(key).length > 0
    return isKnown ? key : table
  }

  find(table: string, copies: number): RowLimit | null {
    return this.marked.get(table)?.[copies - FEWEST] ?? null
  }

  findRoot(table: string): RowLimit | null {
    return this.roots.get(table) ?? null
  }

  /** Columns that decide ties in the table; null where none of its lists is limited. */
  tiebreakerOf(table: string): readonly string[] | null {
    return (this.marked.get(table)?.[0] ?? this.roots.get(table))?.tiebreaker ?? null
  }
}

/** A bound without marks: it holds for the statements that read the call's own list. */
export interface OwnBound {
  readonly keep: number
  /** No relations are selected: all statements of the call read its own list. */
  readonly isFlat: boolean
  /** The list has been read, so that further statements read relations. */
  isRead: boolean
}

/** Copies of the first mark: nobody writes the same column three times. */
const FEWEST = 3

const plans = new WeakMap<object, LimitPlan>()

/** The plan of a call, made where it has none. Notes are what all copies of a call share. */
export function planFor(call: Call): LimitPlan {
  let plan = plans.get(call.notes)
  if (plan === undefined) plans.set(call.notes, (plan = new LimitPlan()))
  return plan
}

/** The plan of a call, or null. */
export function planOf(call: Call): LimitPlan | null {
  return plans.get(call.notes) ?? null
}

/** Begins a call's plan anew. */
export function newPlanFor(call: Call): LimitPlan {
  plans.delete(call.notes)
  return planFor(call)
}

/** Whether the bound of a call's own list is the driver's, and Prisma has got the call without a `take`. */
export function isBoundAtDriver(call: Call): boolean {
  const bound = planOf(call)?.ownBound
  return bound !== undefined && bound !== null
}

function isSameLink(a: RowLimit, b: RowLimit): boolean {
  return JSON.stringify(a.link) === JSON.stringify(b.link)
}

/** `orderBy` with the tiebreaker at its end exactly that many times. */
export function markedOrder(
  orderBy: unknown,
  tiebreaker: readonly string[],
  copies: number,
): Record<string, unknown>[] {
  const terms = (isAbsent(orderBy) ? [] : [orderBy].flat()) as Record<string, unknown>[]
  while (endsWith(terms, tiebreaker)) terms.splice(-tiebreaker.length)
  const sequence = tiebreaker.map((field) => ({ [field]: 'asc' }))
  return [...terms, ...Array.from({ length: copies }, () => sequence).flat()]
}

function endsWith(terms: readonly Record<string, unknown>[], tiebreaker: readonly string[]): boolean {
  if (terms.length < tiebreaker.length) return false
  return tiebreaker.every((field, index) => {
    const term = terms[terms.length - tiebreaker.length + index] as Record<string, unknown>
    return term[field] === 'asc' && Object.keys(term).length === 1
  })
}
