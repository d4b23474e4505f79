import type { Call } from '@prisma-brisk/core'
import { isAbsent } from '../list-bound.ts'
import { sameCut, type RowCut } from './row-limit.ts'

/**
 * The cuts of one call.
 *
 * A statement does not say which list of the call it reads. Each cut is therefore marked in the arguments: the unique columns that
 * decide ties stand at the end of `orderBy` not once but several times. That changes neither the rows nor their order, shows in the
 * SQL, and no two different cuts of a table have the same number.
 */
export class CutPlan {
  private readonly marked = new Map<string, RowCut[]>()
  private readonly roots = new Map<string, RowCut>()

  /** Takes a cut in and says how often its mark is to stand. */
  mark(cut: RowCut): number {
    const cuts = this.marked.get(cut.table) ?? []
    this.marked.set(cut.table, cuts)
    let index = cuts.findIndex((each) => sameCut(each, cut))
    if (index < 0) index = cuts.push(cut) - 1
    return index + FEWEST
  }

  /** The cut of the call's own list where its order must stay as it is: known by its table and its cursor. */
  root(cut: RowCut): void {
    this.roots.set(cut.table, cut)
  }

  find(table: string, copies: number): RowCut | null {
    return this.marked.get(table)?.[copies - FEWEST] ?? null
  }

  findRoot(table: string): RowCut | null {
    return this.roots.get(table) ?? null
  }

  /** Columns that decide ties in the table; null where nothing of it is cut. */
  tiebreakerOf(table: string): readonly string[] | null {
    return (this.marked.get(table)?.[0] ?? this.roots.get(table))?.tiebreaker ?? null
  }
}

/** Copies of the first mark: nobody writes the same column three times. */
const FEWEST = 3

const plans = new WeakMap<object, CutPlan>()

/** The plan of a call, made where it has none. Notes are what all copies of a call share. */
export function planFor(call: Call): CutPlan {
  let plan = plans.get(call.notes)
  if (plan === undefined) plans.set(call.notes, (plan = new CutPlan()))
  return plan
}

/** The plan of a call, or null. */
export function planOf(call: Call): CutPlan | null {
  return plans.get(call.notes) ?? null
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
