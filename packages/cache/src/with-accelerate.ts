import { randomUUID } from 'node:crypto'
import {
  callable,
  canonicalizeWithout,
  checkOptions,
  decorateReads,
  defineExtension,
  identity,
  InvalidOptionsError,
  mount,
  plainObject,
  text,
  type BriskExtension,
  type DecoratedRead,
  type LazyRead,
  type PrismaPromise,
  type PromiseMembers,
  type ReadDecoration,
} from '@prisma-brisk/core'
import type { CacheClient, CacheMethods } from './cache-client.ts'
import { cachePlugin, type CachedReads } from './extension.ts'
import type { CacheOptions } from './options.ts'
import { collectInfo, type CacheInfo } from './report/cache-info.ts'

export type { CacheArgs as PrismaCacheStrategy } from './cache-strategy.ts'

/** Options of {@link withAccelerate}; every one may be left out. */
export interface WithAccelerateOptions {
  /**
   * The cache that is mounted where the client has none. Default: that of `cache()`.
   *
   * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) where the client has a cache already
   */
  readonly cache?: CacheOptions | undefined
  /** What `info.region` says. Default `unspecified`, as Accelerate's extension says where it does not know. */
  readonly region?: string | undefined
  /**
   * Accelerate's option of this name is taken, and ignored: nothing is fetched any more.
   *
   * @deprecated leave it out
   */
  fetch?(
    this: void,
    input: Parameters<typeof fetch>[0],
    init?: Parameters<typeof fetch>[1],
  ): Promise<Response>
}

/** How Accelerate tells what became of a read. */
export interface AccelerateInfo {
  /**
   * - `ttl`: answered from the cache, fresh; the database was not asked.
   * - `swr`: answered from the cache after `ttl`, while the database is asked in the background.
   * - `miss`: the read has a strategy, and the database was asked.
   * - `none`: it has none, so the database was asked.
   */
  cacheStatus: 'ttl' | 'swr' | 'miss' | 'none'
  /** When the database was asked for this result. */
  lastModified: Date
  /** The option `region`. */
  region: string
  /** A new one for each read. */
  requestId: string
  /** The same for the same operation of the same model with the same arguments, whatever its `cacheStrategy`. */
  signature: string
}

/** What to invalidate. Accelerate took five tags of letters, digits and `_` at a time; here any number, of any text. */
export interface AccelerateInvalidateInput {
  tags: readonly string[]
}

/** `prisma.$accelerate`. */
export interface AccelerateMethods {
  /**
   * As `$cache.invalidate({ tags })`. Rarely needed here: writes through the client invalidate by themselves. Accelerate's error
   * `P6003` (too many a day) does not exist.
   *
   * @throws InvalidCacheStrategyError (`E_INVALID_CACHE_STRATEGY`)
   */
  invalidate(input: AccelerateInvalidateInput): Promise<{ requestId: string }>
  /** As `$cache.invalidateAll()`. */
  invalidateAll(): Promise<{ requestId: string }>
}

export interface AccelerateClient extends CacheClient {
  readonly $accelerate: AccelerateMethods
}

/** The promise of a read. */
export interface AcceleratePromise<T> extends PrismaPromise<T> {
  /** Makes the read and tells how it was answered. Lazy, as every promise of Prisma, and fit for an array transaction. */
  withAccelerateInfo(): PrismaPromise<{ data: T; info: AccelerateInfo | null }>
}

/** What {@link AccelerateReads} adds to the promise of a read. */
export interface AccelerateMembers extends PromiseMembers {
  readonly members: Pick<AcceleratePromise<this['data']>, 'withAccelerateInfo'>
}

/** What `$extends(withAccelerate())` adds to every model. */
export interface AccelerateReads extends CachedReads {
  ' promise': AccelerateMembers
}

/**
 * Prisma Accelerate's own names on the cache of this suite: `cacheStrategy` and `.withAccelerateInfo()` on every read,
 * `$accelerate.invalidate` and `$accelerate.invalidateAll` on the client. It has the name of what it replaces, so that a
 * migration changes the import and nothing else: any other name would have to be written into every file that mounts it.
 *
 * On a client with `brisk()` or `cache()` it adds the names alone; on any other it mounts `cache()` first. What it adds is
 * there on clients that are extended further and within interactive transactions too.
 *
 * Nothing is sent to Accelerate. `info` is measured here: `region` is an option, `requestId` is made anew for each read, and
 * `lastModified` is when the database was asked. A write makes a cached result a `miss` at once, where Accelerate kept it
 * until its `ttl` was over.
 *
 * @example
 * import { withAccelerate } from 'prisma-brisk/accelerate'
 *
 * const prisma = new PrismaClient({ adapter }).$extends(withAccelerate())
 * const { data, info } = await prisma.user.findMany({ cacheStrategy: { ttl: 60, swr: 30 } }).withAccelerateInfo()
 * await prisma.$accelerate.invalidate({ tags: ['team_7'] })
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) at once, and for `cache` on a client that has one
 */
export function withAccelerate(
  options: WithAccelerateOptions = {},
): BriskExtension<AccelerateReads, AccelerateClient> {
  checkOptions('withAccelerate', options, { cache: plainObject, region: text, fetch: callable })
  const { cache, region = 'unspecified' } = options
  const plugin = cachePlugin(cache)
  return defineExtension((client) => {
    const hasCache = cacheOf(client) !== undefined
    if (hasCache && cache !== undefined) {
      throw new InvalidOptionsError(
        'withAccelerate.cache',
        'nothing on a client that has a cache',
        cache,
        'Give these options to brisk({ cache: … }) or cache(…).',
      )
    }
    const cached = hasCache ? client : mount(client, [plugin])
    return decorateReads(cached, decorationOf(cacheOf(cached) as CacheMethods, region))
  }) as never
}

function cacheOf(client: object): CacheMethods | undefined {
  return (client as { readonly $cache?: CacheMethods }).$cache
}

function decorationOf(cache: CacheMethods, region: string): ReadDecoration {
  const $accelerate: AccelerateMethods = {
    async invalidate({ tags }) {
      await cache.invalidate({ tags })
      return { requestId: randomUUID() }
    },
    async invalidateAll() {
      await cache.invalidateAll()
      return { requestId: randomUUID() }
    },
  }
  return {
    client: { $accelerate },
    promise: { withAccelerateInfo: (again, read) => () => informed(again, read, region) },
  }
}

type Informed = Awaited<ReturnType<AcceleratePromise<unknown>['withAccelerateInfo']>>

/** Prisma's lazy promise of a read and its information. */
function informed(again: () => LazyRead, read: DecoratedRead, region: string): PrismaPromise<Informed> {
  const ask = async (send: (promise: LazyRead) => PromiseLike<unknown>): Promise<Informed> => {
    const { data, info, reads } = await collectInfo(() => send(again()))
    return { data, info: reads.length === 0 ? null : accelerateInfo(info, read, region) }
  }
  let answer: Promise<Informed> | null = null
  const begun = (): Promise<Informed> => (answer ??= ask((promise) => promise))
  const promise = {
    // eslint-disable-next-line unicorn/no-thenable
    then: (onFulfilled, onRejected) => begun().then(onFulfilled, onRejected),
    catch: (onRejected) => begun().catch(onRejected),
    finally: (onFinally) => begun().finally(onFinally),
    requestTransaction: (transaction: unknown) => ask((one) => one.requestTransaction?.(transaction) ?? one),
    [Symbol.toStringTag]: 'PrismaPromise',
  } satisfies Promise<Informed> & { requestTransaction(transaction: unknown): Promise<Informed> }
  return promise as PrismaPromise<Informed>
}

function accelerateInfo(info: CacheInfo, read: DecoratedRead, region: string): AccelerateInfo {
  return {
    cacheStatus: statusOf(info),
    lastModified: new Date(Date.now() - (info.age ?? 0) * 1000),
    region,
    requestId: randomUUID(),
    signature: signatureOf(read),
  }
}

function statusOf({ status, reason = '' }: CacheInfo): AccelerateInfo['cacheStatus'] {
  if (status === 'hit') return 'ttl'
  if (status === 'stale') return 'swr'
  return status === 'bypass' && UNASKED.has(reason) ? 'none' : 'miss'
}

/** Why a read that has no strategy, or none that lasts, passes the cache by. */
const UNASKED: ReadonlySet<string> = new Set(['no-strategy', 'off', 'no-lifetime', 'excepted'])

function signatureOf({ model, operation, args }: DecoratedRead): string {
  return identity(`${model}.${operation} ${canonicalizeWithout(args ?? {}, 'cacheStrategy')}`)
}
