import type { Call, Host } from '@prisma-brisk/core'
import { UnboundedReadError, UnlimitableError } from '../errors.ts'
import { publishLimit } from '../limit-event.ts'
import { CallName, type ListBound, type ListName, type SelectedRelation } from '../list-bound.ts'
import { isBoundAtDriver } from '../pushdown/limit-plan.ts'
import type { LimitedSelection } from './selection.ts'

/** Holds what came back from the database against the bounds of the call. */
export class Enforcement {
  /** The places in the code that were warned about: once each, in whichever clients of the base client. */
  private readonly warned: Set<string>

  constructor(host: Host) {
    this.warned = host.state(WARNED, () => new Set())
  }

  /** Holds what came against the bounds; passes the promise on where there is nothing to hold. */
  enforce(
    call: Call,
    answer: Promise<unknown>,
    bound: ListBound | null,
    selection: LimitedSelection | null,
  ): Promise<unknown> {
    const checksRoot = bound?.rule === 'default' || bound?.rule === 'guard'
    const children =
      selection === null || selection.children.length === 0 ? null : enforcedRelations(selection.children)
    if (bound !== null && bound.rule !== 'free' && bound.rule !== 'given')
      publishLimit(call, { rule: bound.rule === 'clamped' ? 'clamp' : bound.rule, limit: bound.limit })
    if (!checksRoot && children === null) return answer
    return answer
      .catch((error: unknown) => failed(error, call, checksRoot))
      .then((result) => {
        const onCut = (list: ListName, limit: number) => this.cut(call, list, limit)
        if (checksRoot) enforceList(result, bound, new CallName(call), onCut)
        if (children !== null) enforceRelations(wrapped(result, call), children, onCut)
        return result
      })
  }

  /** Notes that rows were cut, and warns the first time it happens at a place in the code. */
  private cut(call: Call, list: ListName, limit: number): void {
    const { limit: note } = call.notes
    if (note !== undefined) note.cut = true
    const place = list.callSite() ?? list.name()
    if (this.warned.has(place)) return
    if (this.warned.size < 1000) this.warned.add(place)
    process.emitWarning(
      `prisma-brisk: ${list.name()} at ${place} was cut to its default limit of ${limit} rows. Give it a take, read it in pages with cursorPage() or paginate(), or say why all rows are needed: unbounded: 'nightly export'.`,
      { type: 'PrismaBriskWarning', code: 'W_LIST_CUT' },
    )
  }
}

const WARNED = Symbol('prisma-brisk.pagination.warned')

/** P2029: more values than a statement may bind. */
export function isTooLong(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'P2029'
}

/** Prisma splits a long `in` over several statements, but not together with the `take` that is the bound. */
function failed(error: unknown, call: Call, isBound: boolean): never {
  if (!isBound || !isTooLong(error) || isBoundAtDriver(call)) throw error
  throw new UnlimitableError(
    new CallName(call).name(),
    'its filter has more values than one statement may bind',
  )
}

/** A fluent call answers with what stands at the end of its path; the bounds are those of the whole path. */
function wrapped(result: unknown, call: Call): unknown {
  let value = result
  for (let index = call.dataPath.length - 1; index > 0; index -= 2)
    value = { [call.dataPath[index] as string]: value }
  return value
}

/** Reports a list that was cut to its default limit. */
type OnCut = (list: ListName, limit: number) => void

/**
 * Holds the bounds of lists without `take` against the rows that came: one row more was asked for, so a list that is
 * too long is seen. A default cuts it, a guard fails.
 */
function enforceList(rows: unknown, bound: ListBound, list: ListName, onCut: OnCut): void {
  if (!Array.isArray(rows) || rows.length <= bound.limit) return
  if (bound.rule === 'guard') throw new UnboundedReadError(list.name(), bound.limit, list.callSite(), 'more')
  if (bound.rule !== 'default') return
  rows.length = bound.limit
  onCut(list, bound.limit)
}

/** The relations of a selection that hold a list without `take`, or lead to one; null where there is none. */
function enforcedRelations(children: readonly SelectedRelation[]): readonly SelectedRelation[] | null {
  const kept = children.filter(
    ({ bound, children: inner }) =>
      bound?.rule === 'default' || bound?.rule === 'guard' || enforcedRelations(inner) !== null,
  )
  return kept.length === 0 ? null : kept
}

/** The same for the lists within a row, or within each row of a list. */
function enforceRelations(value: unknown, children: readonly SelectedRelation[], onCut: OnCut): void {
  if (Array.isArray(value)) {
    for (const row of value) enforceRow(row, children, onCut)
  } else enforceRow(value, children, onCut)
}

function enforceRow(row: unknown, children: readonly SelectedRelation[], onCut: OnCut): void {
  if (typeof row !== 'object' || row === null) return
  for (const { relation, bound, name, children: inner } of children) {
    const value = (row as Record<string, unknown>)[relation.field]
    if (bound !== null) enforceList(value, bound, name, onCut)
    if (inner.length > 0) enforceRelations(value, inner, onCut)
  }
}
