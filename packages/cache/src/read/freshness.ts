import type { ResolvedStrategy } from '../cache-strategy.ts'
import { isValid, lifetimeOf, type CacheEntry, type StoredEntry } from '../entry/entry.ts'
import { isEmpty, type ReadPlan } from './read-plan.ts'

/** Whether an entry may be answered (RFC 9111 §4.2), and with what. */
export type Freshness =
  | { readonly status: 'fresh' | 'stale'; readonly age: number; readonly value: unknown }
  /** Too old to be answered, except where the database cannot be reached and `fallback` is not null. */
  | { readonly status: 'no'; readonly fallback: StoredEntry | null }

/**
 * The one judge of an entry. It must have been stored for this very read, not before an outage, its tags must still
 * have its stamps, and it must be young enough for both its writer and this caller.
 *
 * @param stamps those of {@link ReadTags.asked}, as they are now; null where the store has compared them itself
 * @param notBefore entries made before it are distrusted: the store may have lost their invalidations in an outage
 */
export function usable(
  entry: StoredEntry | null,
  plan: ReadPlan,
  stamps: readonly string[] | null,
  now: number,
  notBefore: number,
): Freshness {
  if (entry === null || entry.identity !== plan.key.identity || entry.createdAt < notBefore) return NO
  if (stamps !== null && !isValid(entry, plan.tags.asked, stamps)) return NO
  const age = now - entry.createdAt
  if (age >= lifetimeOf(entry)) return NO
  const value = valueOf(entry)
  if (value === UNREADABLE) return NO
  const { strategy } = plan
  const ttl = freshFor(value, strategy)
  if (age < Math.min(entry.ttl, ttl)) return { status: 'fresh', age, value }
  // Who gives empty results no lifetime wants none of them served, not for `swr` either.
  if (ttl === 0 && strategy.nullTtl === 0 && isEmpty(value)) return NO
  if (age < Math.min(entry.ttl + entry.swr, ttl + strategy.swr)) return { status: 'stale', age, value }
  return age < ttl + strategy.swr + strategy.staleIfError ? { status: 'no', fallback: entry } : NO
}

const NO: Freshness = Object.freeze({ status: 'no', fallback: null })

/** How long this caller takes a result for fresh. The caller that stored it may have used another `nullTtl`. */
function freshFor(value: unknown, { ttl, nullTtl }: ResolvedStrategy): number {
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

/**
 * XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015): an entry is
 * refreshed before its time with a probability that grows towards its end, scaled by what the read costs. Of many
 * processes one or two refresh early, and none misses.
 */
export function isDueEarly(entry: CacheEntry, age: number, beta: number, random: () => number): boolean {
  const left = entry.ttl - age
  // More than 30 costs away the probability is below 1e-13: not worth a logarithm.
  if (left > entry.cost * beta * 30) return false
  return -Math.log(1 - random()) * entry.cost * beta >= left
}
