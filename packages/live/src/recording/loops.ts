import type { RecordedCall } from '@prisma-brisk/slow-query'

/** Calls that make a loop: test data are few. */
const LOOP = 3

/**
 * Calls of the largest loop among calls of one form in one request, and where it is: from one place, with several values. What batching
 * or Prisma answered together, a walk through one list, a retry and the pieces of an import are none.
 *
 * @param calls in the order in which they began
 */
export function largestLoop(
  calls: readonly RecordedCall[],
): { readonly count: number; readonly site: string | null } | null {
  const places = new Map<string | null, RecordedCall[]>()
  for (const call of calls) {
    if (call.failed === true || call.isBulk === true || call.transaction === 'array' || call.kind === 'raw')
      continue
    const place = places.get(call.site)
    if (place === undefined) places.set(call.site, [call])
    else place.push(call)
  }
  let largest: { count: number; site: string | null } | null = null
  for (const [site, group] of places)
    if (group.length > (largest?.count ?? LOOP - 1) && isLoop(group)) largest = { count: group.length, site }
  return largest
}

function isLoop(group: readonly RecordedCall[]): boolean {
  const merged = group.filter(isMerged).length
  if (merged > group.length - merged) return false
  if (group[0]?.kind === 'write') return true
  const isConcurrent = group.some((call, at) => at > 0 && call.from < (group[at - 1]?.to ?? 0))
  return new Set(group.map(({ args, list }) => (isConcurrent ? args : list))).size >= LOOP
}

/** Whether another call's statement answered it. */
export function isMerged({ statements, cache, failed }: RecordedCall): boolean {
  return statements.length === 0 && cache === undefined && failed !== true
}

/**
 * Reads of one request that ask again for what was read before, with no write of the model between them; by form.
 *
 * @param calls in the order in which they began
 */
export function duplicateReads(calls: readonly RecordedCall[]): Map<string, RecordedCall[]> {
  const seen = new Set<string>()
  const writes = new Map<string | null, number>()
  const duplicates = new Map<string, RecordedCall[]>()
  let raw = 0
  for (const call of calls) {
    const { kind, model, signature, args } = call
    // Raw SQL may write anything.
    if (kind === 'raw') raw++
    else if (kind === 'write') writes.set(model, (writes.get(model) ?? 0) + 1)
    else if (call.failed !== true && call.transaction === undefined) {
      const key = `${raw} ${writes.get(model) ?? 0} ${signature} ${args}`
      if (!seen.has(key)) seen.add(key)
      else duplicates.set(signature, [...(duplicates.get(signature) ?? []), call])
    }
  }
  return duplicates
}
