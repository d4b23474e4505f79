import type { ResolvedStrategy } from '../cache-strategy.ts'
import { isValid, type StoredEntry } from '../entry/entry.ts'
import type { GuardedStore } from '../availability/guarded-store.ts'
import { isEmpty, type PlannedRead } from './read-plan.ts'

/** Whether an entry was stored for this very read, and not before an outage in which invalidations may have been lost. */
export function isOwn(plan: PlannedRead, entry: StoredEntry, { breaker }: GuardedStore): boolean {
  return entry.identity === plan.key.identity && entry.createdAt >= breaker.notBefore
}

/** Whether it is also as good as when it was stored: its tags still have their stamps. */
export function isBelievable(
  plan: PlannedRead,
  entry: StoredEntry,
  stamps: readonly string[],
  store: GuardedStore,
): boolean {
  return isOwn(plan, entry, store) && isValid(entry, plan.tags.asked, stamps)
}

/** How long this caller takes a result for fresh; whoever stored it may have had other wishes for empty ones. */
export function freshFor(value: unknown, { ttl, nullTtl }: ResolvedStrategy): number {
  return nullTtl !== null && nullTtl !== ttl && isEmpty(value) ? nullTtl : ttl
}

export const UNREADABLE = Symbol('unreadable')

/** The value of an entry; {@link UNREADABLE} where it cannot be read. */
export function valueOf(entry: StoredEntry): unknown {
  try {
    return entry.open()
  } catch {
    return UNREADABLE
  }
}
