/** Times of a waterfall as they are drawn: bounded in number, however many calls a line stands for. */

/** From and to, in milliseconds of the request. */
export type Interval = readonly [from: number, to: number]

/** A stretch of a bar. */
export interface Piece {
  readonly from: number
  readonly to: number
  /** Of it that is covered, 0…1. */
  readonly share: number
}

/** Pieces of a bar that are drawn one by one; of more each cell of the width says how full it is. */
const MAX_PIECES = 120
const CELLS = 200

/** What intervals cover together of `0…end`: each piece by itself, or the density of many. */
export function covered(intervals: readonly Interval[], end: number): Piece[] {
  const union = unionOf(intervals)
  if (union.length <= MAX_PIECES) return union.map(([from, to]) => ({ from, to, share: 1 }))
  const cell = end / CELLS
  const sums = Array.from({ length: CELLS }, () => 0)
  for (const [from, to] of union)
    for (let at = cellOf(from, end); at <= cellOf(to, end); at++)
      sums[at] = (sums[at] ?? 0) + Math.max(0, Math.min(to, (at + 1) * cell) - Math.max(from, at * cell))
  const seen = new Set(union.flatMap(([from, to]) => [cellOf(from, end), cellOf(to, end)]))
  const pieces: Piece[] = []
  for (const [at, sum] of sums.entries()) {
    // Something is seen of the shortest statement.
    const share = sum > 0 || seen.has(at) ? Math.max(0.2, Math.min(1, Math.round((10 * sum) / cell) / 10)) : 0
    const last = pieces.at(-1)
    const [from, to] = [at * cell, (at + 1) * cell]
    if (share === 0) continue
    if (last !== undefined && last.share === share && cellOf(last.to, end) === at)
      pieces[pieces.length - 1] = { ...last, to }
    else pieces.push({ from, to, share })
  }
  return pieces
}

/** Moments that can be told apart on the width, each once. */
export function apart(moments: readonly number[], end: number): number[] {
  const seen = new Map<number, number>()
  for (const at of moments) if (!seen.has(cellOf(at, end))) seen.set(cellOf(at, end), at)
  return [...seen.values()]
}

function unionOf(intervals: readonly Interval[]): Interval[] {
  const union: [number, number][] = []
  for (const [from, to] of intervals.toSorted(([a], [b]) => a - b)) {
    const last = union.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else union.push([from, to])
  }
  return union
}

function cellOf(at: number, end: number): number {
  return Math.min(CELLS - 1, Math.max(0, Math.floor((at / end) * CELLS + 1e-6)))
}

/** Round numbers of milliseconds up to `end`, four or five of them. */
export function ticks(end: number): number[] {
  const raw = end / 4
  const power = 10 ** Math.floor(Math.log10(raw || 1))
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((each) => each >= raw) ?? raw
  const list: number[] = []
  for (let at = 0; at <= end; at += step) list.push(Number(at.toPrecision(6)))
  return list
}

/** A tick in all of its digits, which are few: `0`, `2.5 ms`, `100 ms`, `1.25 s`. */
export function tickText(ms: number): string {
  if (ms === 0) return '0'
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(6))} s` : `${ms} ms`
}
