import type { LiveCall } from '@prisma-brisk/slow-query'
import type { History } from '../history/history.ts'

/** Statements of a request that were not sent. */
export interface Saved {
  /** Calls that a statement of another call answered. */
  readonly merged: number
  /** Reads that the cache answered. */
  readonly cached: number
  /**
   * Milliseconds that {@link timed} of them would have taken, each the median of what calls of its place took that were sent by
   * themselves; null where none was.
   */
  readonly ms: number | null
  readonly timed: number
}

export function savedBy(timeline: readonly LiveCall[], history: Pick<History, 'loneMs'>): Saved {
  const merged = timeline.filter(isMerged)
  const cached = timeline.filter(isCached)
  const times = [...merged, ...cached].flatMap((call) => history.loneMs(call) ?? [])
  return {
    merged: merged.length,
    cached: cached.length,
    ms: times.length === 0 ? null : Math.round(times.reduce((sum, ms) => sum + ms, 0) * 1000) / 1000,
    timed: times.length,
  }
}

/** Whether another call's statement answered it; a batch that could not be merged sends each call's own. */
export function isMerged({ batch, statements, error }: LiveCall): boolean {
  return batch !== undefined && batch.calls > 1 && statements.length === 0 && error === undefined
}

export function isCached({ cache }: LiveCall): boolean {
  return cache === 'hit' || cache === 'stale'
}
