import type { CacheStore } from './cache-store.ts'
import { testEntries } from './store-suite/entries.ts'
import { testLocks } from './store-suite/locks.ts'
import type { RunCheck } from './store-suite/run-check.ts'
import { testStamps } from './store-suite/stamps.ts'
import { testValues } from './store-suite/values.ts'

/** How the suite makes and unmakes what it tests. */
export interface CacheStoreTests {
  /** The test function of the framework: jest's and vitest's `test`, or that of `node:test`. */
  readonly test: (title: string, run: () => Promise<void>) => unknown
  /** A store on an empty backend, or one whose keys nobody else uses. */
  readonly create: () => CacheStore | Promise<CacheStore>
  /** Another store on the same backend, where the backend is shared: what another process would see. */
  readonly createPeer?: () => CacheStore | Promise<CacheStore>
  /** Runs after each test. */
  readonly destroy?: (store: CacheStore) => unknown
  /** The application's decimal class. Without one, decimals are left out. */
  readonly decimal?: new (value: string) => object
  /** Waits for the backend's own clock, where it has one. Default: real time. */
  readonly wait?: (ms: number) => Promise<void>
}

/**
 * What every store promises, as tests: it never gives a stamp that was invalidated, hands out separate copies, and
 * brings values back exactly or not at all. Without all of it the cache above would give wrong answers.
 *
 * @example
 * import { testCacheStore } from '@prisma-brisk/cache/testing'
 * describe('my store', () => testCacheStore({ test, create: () => myStore(), decimal: Prisma.Decimal }))
 */
export function testCacheStore(tests: CacheStoreTests): void {
  const { decimal, wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) } = tests
  const opened = async (create: CacheStoreTests['create']): Promise<CacheStore> => {
    const store = await create()
    if (decimal !== undefined) store.useDecimal?.(decimal)
    return store
  }
  const run: RunCheck = (title, check) => {
    tests.test(title, async () => {
      const store = await opened(tests.create)
      try {
        await check(store)
      } finally {
        await tests.destroy?.(store)
        await store.close?.()
      }
    })
  }
  const { createPeer } = tests
  const peer = createPeer === undefined ? undefined : () => opened(createPeer)

  testStamps(run, peer)
  testEntries(run, peer)
  testValues(run, decimal)
  testLocks(run, wait)
}
