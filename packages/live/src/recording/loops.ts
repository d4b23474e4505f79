import type { RecordedCall } from '@prisma-brisk/slow-query'

/** Calls that make a loop, and different values among them: test data are few. Polling and retries have one. */
const LOOP = 3
const VALUES = 2

/**
 * Calls of the largest loop among calls of one form in one request, and where it is: from one place, with several values. What batching
 * merges where it runs beside each other, a walk through one list, a retry and the pieces of an import are none.
 *
 * @param calls in the order in which they began
 */
export function largestLoop(
  calls: readonly RecordedCall[],
): { readonly count: number; readonly site: string | null } | null {
  const places = new Map<string, RecordedCall[]>()
  for (const call of calls) {
    const { site, branch = '', isMergeable, kind } = call
    if (call.failed === true || call.isBulk === true || call.transaction === 'array' || kind === 'raw')
      continue
    // Members of one Promise.all run beside each other, and are merged or not as the moment has it: each may still loop by itself.
    const key = `${site} ${isMergeable === true ? branch : ''}`
    const place = places.get(key)
    if (place === undefined) places.set(key, [call])
    else place.push(call)
  }
  let largest: { count: number; site: string | null } | null = null
  for (const group of places.values())
    if (group.length > (largest?.count ?? LOOP - 1) && isLoop(group))
      largest = { count: group.length, site: group[0]?.site ?? null }
  return largest
}

function isLoop(group: readonly RecordedCall[]): boolean {
  const [first] = group
  if (first?.kind === 'write') return true
  const isBeside = runBeside(group)
  if (isBeside && first?.isMergeable === true) return false
  const merged = group.filter(isMerged).length
  if (merged > group.length - merged) return false
  return new Set(group.map(({ args, list }) => (isBeside ? args : list))).size >= VALUES
}

/** Whether one began before another had ended, or may have. */
export function runBeside(calls: readonly RecordedCall[]): boolean {
  return (
    new Set(calls.map(({ branch = '' }) => branch)).size > 1 ||
    calls.some((call, at) => at > 0 && call.from < (calls[at - 1]?.to ?? 0))
  )
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
