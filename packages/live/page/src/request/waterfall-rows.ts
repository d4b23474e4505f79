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
  /** Statements that answered all of them together. */
  readonly merged: { readonly calls: number; readonly statements: number } | null
  readonly transaction: string | null
}

export function waterfallRows({ timeline, folded, batches }: RequestView): WaterfallRow[] {
  const calls = new Map(timeline.map((call) => [call.call, call]))
  return folded.flatMap(({ name, callSite, count, calls: numbers }) => {
    const members = numbers.flatMap((number) => calls.get(number) ?? [])
    const [first] = members
    if (first === undefined) return []
    const ids = new Set(
      members.flatMap(({ batch }) => (batch === undefined || batch.calls < 2 ? [] : [batch.id])),
    )
    const own = batches.filter(({ batch }) => ids.has(batch))
    return [
      {
        key: `${first.call}`,
        name,
        callSite,
        calls: members,
        count,
        from: Math.min(...members.map(({ at }) => at)),
        to: Math.max(...members.map(endOf)),
        depth: depthOf(first, calls),
        merged:
          ids.size === 0
            ? null
            : {
                calls: members.filter(({ batch }) => batch !== undefined && ids.has(batch.id)).length,
                statements:
                  own.length > 0
                    ? own.reduce((sum, each) => sum + each.statements, 0)
                    : members.reduce((sum, each) => sum + each.statements.length, 0),
              },
        transaction: first.transaction?.id ?? null,
      },
    ]
  })
}

/** One call as a line of its own. */
export function callRow(call: Call, within: WaterfallRow): WaterfallRow {
  return {
    key: `${within.key}-${call.call}`,
    name: call.model === null ? call.operation : `${call.model}.${call.operation}`,
    callSite: call.callSite,
    calls: [call],
    count: 1,
    from: call.at,
    to: endOf(call),
    depth: within.depth + 1,
    merged: null,
    transaction: call.transaction?.id ?? null,
  }
}

export function endOf({ at, ms, waitMs, transactionMs }: Call): number {
  return at + ms + waitMs + transactionMs
}

function depthOf(call: Call, calls: ReadonlyMap<number, Call>): number {
  let depth = 0
  for (let up = call.parent; up !== undefined && depth < 8; up = calls.get(up)?.parent) depth++
  return depth
}

/** Round numbers of milliseconds up to `end`, four or five of them. */
export function ticks(end: number): number[] {
  const raw = end / 4
  const power = 10 ** Math.floor(Math.log10(raw || 1))
  const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= raw) ?? raw
  const list: number[] = []
  for (let at = 0; at <= end; at += step) list.push(Number(at.toPrecision(6)))
  return list
}

export function isHit({ cache }: Call): boolean {
  return cache === 'hit' || cache === 'stale'
}
