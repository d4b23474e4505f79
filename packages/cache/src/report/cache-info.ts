import { AsyncLocalStorage } from 'node:async_hooks'

/** What became of a read: from the cache, from the cache while it is refreshed, from the database, or past the cache. */
export type CacheStatus = 'hit' | 'stale' | 'miss' | 'bypass'

/** How one read was answered. */
export interface CacheInfo {
  readonly status: CacheStatus
  /**
   * Why, where the status alone does not say. Of a bypass: `no-strategy`, `off`, `disabled`, `no-lifetime`, `excepted`, `transaction`,
   * `no-schema`, `unkeyable`, `unknown-database`, `merged` (Accelerate alone), `extension-behind`, `computed-field`, `store-timeout`,
   * `store-error`, `store-down`, `invalidation-pending`; where no read was made at all, `no-read`. Of a miss:
   * `shared` (it joined another read of the same), `write-under-way`, `replica-lag`, `other-deployment` (whose schema has other unique keys). Of a stale answer: `error`.
   */
  readonly reason?: string
  /** Seconds since the database was read; absent where it was read for this call. */
  readonly age?: number
  /** The user's own tags. */
  readonly tags: readonly string[]
  /** The models the result rests on. */
  readonly models: readonly string[]
}

/** The reads within one `withInfo`. */
const collectors = new AsyncLocalStorage<CacheInfo[]>()
let active = 0

/** Runs `run` and gives, with its result, how the cached reads within it were answered. */
export async function collectInfo<T>(
  run: () => PromiseLike<T> | T,
): Promise<{ readonly data: T; readonly info: CacheInfo; readonly reads: readonly CacheInfo[] }> {
  const reads: CacheInfo[] = []
  active++
  try {
    // Prisma's promises start when they are awaited, which must happen in here.
    const data = await collectors.run(reads, async () => await run())
    return { data, info: reads[0] ?? NO_READ, reads }
  } finally {
    active--
  }
}

const NO_READ: CacheInfo = Object.freeze({ status: 'bypass', reason: 'no-read', tags: [], models: [] })

/** Where to put the information on a read, or null where nobody asks: the usual case, which costs a comparison. */
export function collector(): CacheInfo[] | null {
  return active === 0 ? null : (collectors.getStore() ?? null)
}
