import { ListWatch, type Call, type Host } from '@prisma-brisk/core'
import { UnboundedReadError, UnlimitableError } from '../errors.ts'
import { publishLimit } from '../limit-event.ts'
import {
  CallName,
  type Leniency,
  type ListBound,
  type ListName,
  type SelectedRelation,
} from '../list-bound.ts'
import { isBoundAtDriver } from '../pushdown/limit-plan.ts'
import type { LimitedSelection } from './selection.ts'

/** Holds what came back from the database against the bounds of the call. */
export class Enforcement {
  private readonly watch: ListWatch

  constructor(host: Host) {
    this.watch = ListWatch.of(host)
  }

  /** Holds what came against the bounds; passes the promise on where there is nothing to hold. */
  enforce(
    call: Call,
    answer: Promise<unknown>,
    bound: ListBound | null,
    selection: LimitedSelection | null,
  ): Promise<unknown> {
    const checksRoot = isCounted(bound)
    const isBound = bound?.rule === 'default' || bound?.rule === 'guard'
    const children =
      selection === null || selection.children.length === 0 ? null : enforcedRelations(selection.children)
    if (bound !== null && bound.rule !== 'free' && bound.rule !== 'given')
      publishLimit(call, { rule: bound.rule === 'clamped' ? 'clamp' : bound.rule, limit: bound.limit })
    const refused = selection?.refused
    if (!checksRoot && children === null && (refused === undefined || refused.size === 0)) return answer
    return answer
      .catch((error: unknown) => failed(error, call, isBound))
      .then((result) => {
        const found = new FoundLists()
        for (const [list, leniency] of refused ?? []) found.came(leniency, 0, list)
        if (checksRoot) enforceList(result, bound, new CallName(call), found)
        if (children !== null) enforceRelations(wrapped(result, call), children, found)
        this.told(call, found)
        return result
      })
  }

  /** Tells what a guard would have said of a call, once it is answered. */
  async tell(call: Call, answer: Promise<unknown>, leniency: Leniency): Promise<unknown> {
    const result = await answer
    const found = new FoundLists()
    found.came(leniency, rowsOf(result), new CallName(call))
    this.told(call, found)
    return result
  }

  /** Tells lists that are longer than a guard would have had them, and those that were cut. */
  private told(call: Call, { lenient, cuts }: FoundLists): void {
    const { model, operation } = call
    const place = { model: model ?? '', operation }
    for (const [list, { leniency, rows }] of lenient) {
      const { policy, limit, code } = leniency
      if (!leniency.isRefused) this.watch.judged(rows, limit)
      if (!leniency.isRefused && rows <= limit) continue
      this.watch.add({ ...place, list: list.name(), callSite: list.callSite(), policy, code, limit, rows })
    }
    for (const [list, limit] of cuts) {
      const { limit: note } = call.notes
      if (note !== undefined) note.cut = true
      const cut = { policy: 'cut', code: 'W_LIST_CUT', limit, rows: limit } as const
      this.watch.add({ ...place, list: list.name(), callSite: list.callSite(), ...cut })
    }
  }
}

/** Lists of one call that are to be told or counted: once each, however many parents they stand under. */
class FoundLists {
  readonly lenient = new Map<ListName, { readonly leniency: Leniency; rows: number }>()
  readonly cuts = new Map<ListName, number>()

  came(leniency: Leniency, rows: number, list: ListName): void {
    const known = this.lenient.get(list)
    if (known === undefined) this.lenient.set(list, { leniency, rows })
    else if (rows > known.rows) known.rows = rows
  }
}

/** Whether the rows of a list are looked at. */
function isCounted(bound: ListBound | null): bound is ListBound {
  return bound !== null && (bound.rule === 'default' || bound.rule === 'guard' || bound.leniency !== null)
}

function rowsOf(result: unknown): number {
  return Array.isArray(result) ? result.length : result === null || result === undefined ? 0 : 1
}

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

/**
 * Holds the bounds of lists without `take` against the rows that came: one row more was asked for, so a list that is
 * too long is seen. A default cuts it, a guard fails, a lenient policy counts it.
 */
function enforceList(rows: unknown, bound: ListBound, list: ListName, found: FoundLists): void {
  if (bound.leniency !== null) found.came(bound.leniency, rowsOf(rows), list)
  if (!Array.isArray(rows) || rows.length <= bound.limit) return
  if (bound.rule === 'guard') throw new UnboundedReadError(list.name(), bound.limit, list.callSite(), 'more')
  if (bound.rule !== 'default') return
  rows.length = bound.limit
  found.cuts.set(list, bound.limit)
}

/** The relations of a selection that hold a list without `take`, or lead to one; null where there is none. */
function enforcedRelations(children: readonly SelectedRelation[]): readonly SelectedRelation[] | null {
  const kept = children.filter(
    ({ bound, children: inner }) => isCounted(bound) || enforcedRelations(inner) !== null,
  )
  return kept.length === 0 ? null : kept
}

/** The same for the lists within a row, or within each row of a list. */
function enforceRelations(value: unknown, children: readonly SelectedRelation[], found: FoundLists): void {
  if (Array.isArray(value)) {
    for (const row of value) enforceRow(row, children, found)
  } else enforceRow(value, children, found)
}

function enforceRow(row: unknown, children: readonly SelectedRelation[], found: FoundLists): void {
  if (typeof row !== 'object' || row === null) return
  for (const { relation, bound, name, children: inner } of children) {
    const value = (row as Record<string, unknown>)[relation.field]
    if (bound !== null) enforceList(value, bound, name, found)
    if (inner.length > 0) enforceRelations(value, inner, found)
  }
}
