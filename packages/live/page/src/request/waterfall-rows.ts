import { nameOf } from '../../../src/answer/folded-calls.ts'
import { isMerged } from '../../../src/answer/saved.ts'
import type { RequestView } from '../../../src/index.ts'

export type Call = RequestView['timeline'][number]
export type Statement = Call['statements'][number]

/** A line of the waterfall: one call, or calls that are shown as one. */
export interface WaterfallRow {
  readonly key: string
  readonly name: string
  readonly callSite: string | null
  readonly calls: readonly Call[]
  /** More than one: `× 38`. */
  readonly count: number
  /** Milliseconds of the request. */
  readonly from: number
  readonly to: number
  /** Calls that it was made within. */
  readonly depth: number
  /** Calls that a statement of another one answered. */
  readonly merged: number
  readonly transaction: string | null
  /** Its number among the calls of a loop. */
  readonly turn: number | null
  /** Made at another place than what it is shown within. */
  readonly isElsewhere: boolean
}

export function waterfallRows({ timeline, folded }: RequestView): WaterfallRow[] {
  const calls = new Map(timeline.map((call) => [call.call, call]))
  return folded.flatMap(({ name, callSite, count, calls: numbers }) => {
    const members = numbers.flatMap((number) => calls.get(number) ?? [])
    const [first] = members
    if (first === undefined) return []
    return [
      {
        key: `${first.call}`,
        name,
        callSite,
        calls: members,
        count,
        from: members.reduce((least, { at }) => Math.min(least, at), Infinity),
        to: members.reduce((most, call) => Math.max(most, endOf(call)), 0),
        depth: depthOf(first, calls),
        merged: members.filter(isMerged).length,
        transaction: transactionOf(first),
        turn: null,
        isElsewhere: true,
      },
    ]
  })
}

/** One call as a line of its own. */
export function callRow(call: Call, within: WaterfallRow, turn: number): WaterfallRow {
  return {
    key: `${within.key}-${call.call}`,
    name: nameOf(call),
    callSite: call.callSite,
    calls: [call],
    count: 1,
    from: call.at,
    to: endOf(call),
    depth: within.depth + 1,
    merged: isMerged(call) ? 1 : 0,
    transaction: transactionOf(call),
    turn,
    isElsewhere: call.callSite !== within.callSite,
  }
}

export function endOf({ at, ms, waitMs, transactionMs }: Call): number {
  return at + ms + waitMs + transactionMs
}

function transactionOf({ transaction }: Call): string | null {
  return transaction === undefined ? null : (transaction.id ?? transaction.kind)
}

function depthOf(call: Call, calls: ReadonlyMap<number, Call>): number {
  let depth = 0
  for (let up = call.parent; up !== undefined && depth < 8; up = calls.get(up)?.parent) depth++
  return depth
}
