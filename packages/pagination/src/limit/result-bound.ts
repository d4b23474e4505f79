import type { SelectedRelation } from './selection.ts'
import type { ListBound, ListName } from '../list-bound.ts'
import { UnboundedReadError } from '../errors.ts'

/** Hears of a list that was cut to its default limit. */
export type OnCut = (list: ListName, limit: number) => void

/**
 * Holds the bounds of lists without `take` against the rows that came: one row more was asked for, so a list that is
 * too long is seen. A default cuts it, a guard fails.
 */
export function settleList(rows: unknown, bound: ListBound, list: ListName, onCut: OnCut): void {
  if (!Array.isArray(rows) || rows.length <= bound.limit) return
  if (bound.rule === 'guard') throw new UnboundedReadError(list.name(), bound.limit, list.callSite(), 'more')
  if (bound.rule !== 'default') return
  rows.length = bound.limit
  onCut(list, bound.limit)
}

/** The relations of a selection that hold a list without `take`, or lead to one; null where there is none. */
export function settledRelations(children: readonly SelectedRelation[]): readonly SelectedRelation[] | null {
  const kept = children.filter(
    ({ bound, children: inner }) =>
      bound?.rule === 'default' || bound?.rule === 'guard' || settledRelations(inner) !== null,
  )
  return kept.length === 0 ? null : kept
}

/** The same for the lists within a row, or within each row of a list. */
export function settleRelations(value: unknown, children: readonly SelectedRelation[], onCut: OnCut): void {
  if (Array.isArray(value)) {
    for (const row of value) settleRow(row, children, onCut)
  } else settleRow(value, children, onCut)
}

function settleRow(row: unknown, children: readonly SelectedRelation[], onCut: OnCut): void {
  if (typeof row !== 'object' || row === null) return
  for (const { relation, bound, name, children: inner } of children) {
    const value = (row as Record<string, unknown>)[relation.field]
    if (bound !== null) settleList(value, bound, name, onCut)
    if (inner.length > 0) settleRelations(value, inner, onCut)
  }
}
