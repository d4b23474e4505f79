import type { CacheStore } from '../cache-store.ts'
import type { CacheEntry } from '../entry/entry.ts'

/** Writes a value under a key as a cache would: with the stamps its tags have now. */
export async function stored(
  store: CacheStore,
  key: string,
  tags: readonly string[],
  value: unknown,
): Promise<CacheEntry> {
  const entry = entryOf(tags, await store.observe(tags))
  await store.write(key, entry, value)
  return entry
}

export function entryOf(tags: readonly string[], stamps: readonly string[]): CacheEntry {
  return {
    identity: 'Model.operation#digest',
    tags,
    stamps,
    createdAt: Date.now(),
    ttl: 60_000,
    swr: 30_000,
    staleIfError: 10_000,
    cost: 5,
  }
}

/** An entry without what opens it. */
export function headerOf({
  identity,
  tags,
  stamps,
  createdAt,
  ttl,
  swr,
  staleIfError,
  cost,
}: CacheEntry): unknown {
  return { identity, tags: [...tags], stamps: [...stamps], createdAt, ttl, swr, staleIfError, cost }
}
