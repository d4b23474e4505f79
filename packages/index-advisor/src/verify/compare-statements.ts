import { compareText } from '../text-order.ts'
import type { Workload } from '../workload/workload.ts'

export interface ComparedStatement {
  readonly fingerprint: string
  readonly operation: string | null
  /** Where most of its calls came from; null where the log does not say. */
  readonly at: string | null
  readonly before: { readonly calls: number; readonly meanMs: number }
  /** Null where the log since then has none: all its calls were quicker than the log's threshold. */
  readonly after: { readonly calls: number; readonly meanMs: number } | null
  /** ms from which on the log since then holds a call; null where it does not say. */
  readonly thresholdMs: number | null
  /** `gone`: not in the log any more. `fewer`: slow in few calls now. `unsure`: slower, but too few calls to tell. */
  readonly verdict: 'gone' | 'fewer' | 'faster' | 'same' | 'slower' | 'unsure'
}

/** Less than this change is noise. */
const NOTICEABLE = 1.2
/** Nobody waits for less. */
const LEAST_MS = 5
/** So many calls before and after are needed to say that a statement is slower. */
const LEAST_CALLS = 20
/** So many times fewer slow calls are no noise. */
const FEWER = 5

/** What became of the statements of the log before. */
export function compareStatements(before: Workload, after: Workload): ComparedStatement[] {
  const later = new Map(after.queries.map((query) => [query.fingerprint, query]))
  const compared = before.queries.flatMap((query): ComparedStatement[] => {
    const now = later.get(query.fingerprint)
    if (query.totalMs <= 0) return []
    const old = { calls: query.calls, meanMs: round(query.totalMs / query.calls) }
    const fresh = now === undefined ? null : { calls: now.calls, meanMs: round(now.totalMs / now.calls) }
    const { fingerprint, operation } = query
    const { thresholdMs } = after
    const at = now?.at ?? query.at
    const verdict = verdictOf(old, fresh, thresholdMs !== null)
    return [{ fingerprint, operation, at, before: old, after: fresh, thresholdMs, verdict }]
  })
  const saved = ({ before: was, after: is }: ComparedStatement) =>
    (was.meanMs - (is?.meanMs ?? 0)) * was.calls
  return compared.sort(
    (a, b) => Math.abs(saved(b)) - Math.abs(saved(a)) || compareText(a.fingerprint, b.fingerprint),
  )
}

function verdictOf(
  before: ComparedStatement['before'],
  after: ComparedStatement['after'],
  onlySlow: boolean,
): ComparedStatement['verdict'] {
  if (after === null) return 'gone'
  if (after.meanMs * NOTICEABLE < before.meanMs) return 'faster'
  if (after.meanMs <= before.meanMs * NOTICEABLE || after.meanMs - before.meanMs < LEAST_MS)
    // A log of slow calls shows a mended statement by what it does not hold.
    return onlySlow && after.calls * FEWER <= before.calls ? 'fewer' : 'same'
  return Math.min(before.calls, after.calls) < LEAST_CALLS ? 'unsure' : 'slower'
}

/** For people. */
export function comparedText(each: ComparedStatement): string {
  const { before, after, verdict, thresholdMs } = each
  const mark = { gone: '✓', fewer: '✓', faster: '✓', same: '✓', slower: '✗', unsure: '?' }[verdict]
  const name = [each.operation, each.fingerprint, each.at].filter((part) => part !== null).join('  ')
  if (after === null) {
    const since = thresholdMs === null ? 'none since' : `none of more than ${thresholdMs} ms since`
    return `  ${mark} ${name}  no longer slow: ${counted(before.calls, 'call')} before, ${since}`
  }
  const few = Math.min(before.calls, after.calls)
  const said = {
    fewer: `fewer are slow: ${counted(before.calls, 'call')} before, ${after.calls} since`,
    unsure: `slower, but ${few} ${few === 1 ? 'call is' : 'calls are'} too few to tell`,
  }
  const words = verdict === 'fewer' || verdict === 'unsure' ? said[verdict] : verdict
  return `  ${mark} ${name}  ${before.meanMs} ms → ${after.meanMs} ms (${words})`
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
