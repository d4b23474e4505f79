import type { ValueStatistics } from '../statistics/statistics.ts'

/**
 * Pages of a GIN index over arrays or JSON, right after it is built. A row pointer in a posting list is the distance
 * to the one before it in 7-bit bytes: the rarer the element, the longer.
 */
export function ginPages(rows: number, heapPages: number, statistics: ValueStatistics | null): number {
  if (rows < 1) return 2
  const histogram = statistics?.elementCountHistogram ?? null
  const perRow = histogram?.at(-1) ?? Math.max(1, (statistics?.averageWidth ?? 32) / 12)
  const total = rows * (1 - (statistics?.nullFraction ?? 0)) * perRow
  // The last three shares are the smallest, the greatest and that of nulls.
  const shares = (statistics?.elements?.frequencies ?? []).slice(0, -3)
  let bytes = 0
  let rest = total
  for (const share of shares) {
    const pointers = Math.min(rest, share * rows)
    if (pointers < 1) break
    bytes += 32 + pointers * pointerBytes(heapPages / pointers)
    rest -= pointers
  }
  if (rest >= 1) {
    const elements = Math.max(1, rest / Math.max(1, (shares.at(-1) ?? 0.0001) * rows * 0.5))
    const each = rest / elements
    bytes += elements * (40 + each * pointerBytes(heapPages / each))
  }
  return 2 + Math.ceil(bytes / 8000)
}

/** `gap` is the distance in heap pages between one row of an element and the next. */
function pointerBytes(gap: number): number {
  const distance = Math.max(1, gap * 2048)
  return Math.min(6, Math.max(1, Math.ceil(Math.log2(distance + 1) / 7)))
}
