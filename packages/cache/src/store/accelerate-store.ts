import { callable, checkOptions } from '@prisma-brisk/core'

export interface AccelerateStoreOptions {
  /** What requests are sent with. Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
}

/** Results are kept by Prisma Accelerate; see {@link accelerateStore}. */
export interface AccelerateStore {
  readonly name: 'accelerate'
  readonly fetch: typeof fetch
}

/**
 * Leaves results to Prisma Accelerate, for a client that is connected through it (`accelerateUrl`): `ttl`, `swr` and tags
 * are passed on, the models a read touches become tags by themselves, and every write invalidates what it may have
 * changed. `withAccelerate()` is not needed beside it.
 *
 * Accelerate has no stamps: a read that was under way while its tags were invalidated may be kept there until its `ttl` is
 * over. `scope`, `strict`, `verify`, `replicaLag`, `fillLock`, `$cache.etag` and `$cache.queryRaw` have no meaning there.
 *
 * @example
 * const prisma = new PrismaClient({ accelerateUrl }).$extends(cache({ store: accelerateStore() }))
 *
 * @deprecated it ends with Prisma Accelerate, on 1 December 2026. Connect by a driver adapter and take another store;
 * `withAccelerate` of `@prisma-brisk/cache/accelerate` keeps Accelerate's names.
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) when the client has no `accelerateUrl`, or it has no `api_key`
 */
export function accelerateStore(options: AccelerateStoreOptions = {}): AccelerateStore {
  checkOptions('accelerateStore', options, { fetch: callable })
  return Object.freeze({ name: 'accelerate', fetch: options.fetch ?? fetch })
}

export function isAccelerateStore(store: unknown): store is AccelerateStore {
  const candidate = store as Partial<AccelerateStore> | null
  return candidate?.name === 'accelerate' && typeof candidate.fetch === 'function' && !('lookup' in candidate)
}
