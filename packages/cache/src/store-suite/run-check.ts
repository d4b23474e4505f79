import type { CacheStore } from '../cache-store.ts'

/** Adds one test to the suite: the check is given a store on an empty backend. */
export type RunCheck = (title: string, check: (store: CacheStore) => Promise<void>) => void

/** Another store on the same backend; undefined where a backend has but one. */
export type CreatePeer = (() => Promise<CacheStore>) | undefined
