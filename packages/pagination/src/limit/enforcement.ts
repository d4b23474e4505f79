import type { Call } from '@prisma-brisk/core'
import { nameOf } from '../call-name.ts'
import { UnlimitableError } from '../errors.ts'
import { tellLimit } from '../limit-event.ts'
import type { ListBound, ListName } from '../list-bound.ts'
import { settledRelations, settleList, settleRelations } from './result-bound.ts'
import type { LimitedSelection } from './selection.ts'

/** Holds what came back from the database against the bounds of the call. */
export class Settlement {
  private readonly warned = new Set<string>()

  /** Holds what came against the bounds; passes the promise on where there is nothing to hold. */
  settle(
    call: Call,
    answer: Promise<unknown>,
    bound: ListBound | null,
    selection: LimitedSelection | null,
  ): Promise<unknown> {
    const checksRoot = bound?.rule === 'default' || bound?.rule === 'guard'
    const children =
      selection === null || selection.children.length === 0 ? null : settledRelations(selection.children)
    if (bound !== null && bound.rule !== 'free' && bound.rule !== 'given')
      tellLimit(call, { rule: bound.rule === 'clamped' ? 'clamp' : bound.rule, limit: bound.limit })
    if (!checksRoot && children === null) return answer
    return answer
      .catch((error: unknown) => failed(error, call, checksRoot))
      .then((result) => {
        const onCut = (list: ListName, limit: number) => this.cut(call, list, limit)
        if (checksRoot) settleList(result, bound, nameOf(call), onCut)
        if (children !== null) settleRelations(wrapped(result, call), children, onCut)
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

/** Prisma splits a long `in` over several statements, but not together with the `take` that is the bound. */
function failed(error: unknown, call: Call, isBound: boolean): never {
  if (!isBound || (error as { code?: unknown } | null)?.code !== 'P2029') throw error
  throw new UnlimitableError(nameOf(call).name(), 'its filter has more values than one statement may bind')
}

/** A fluent call answers with what stands at the end of its path; the bounds are those of the whole path. */
function wrapped(result: unknown, call: Call): unknown {
  let value = result
  for (let index = call.dataPath.length - 1; index > 0; index -= 2)
    value = { [call.dataPath[index] as string]: value }
  return value
}
