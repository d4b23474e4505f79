import { createHash, randomUUID } from 'node:crypto'
import type { ChangeFollower } from './changes/change-feed.ts'
import { checkedSelection, checkNames, type CacheSelection } from './cache-selection.ts'
import { checkStrategy, type CacheStrategy } from './cache-strategy.ts'
import { isMarked } from './entry/entry.ts'
import { InvalidCacheStrategyError } from './errors.ts'
import type { GuardedStore } from './availability/guarded-store.ts'
import { collectInfo, type CacheInfo } from './report/cache-info.ts'
import type { WriteInvalidation } from './invalidation/write-invalidation.ts'
import { runRawRead, type RawQuery } from './raw/raw-read.ts'
import { storeStats, type CacheStats, type Statistics } from './report/statistics.ts'
import type { TagNames } from './tag/tag-names.ts'

/** `prisma.$cache`. */
export interface CacheMethods {
  /**
   * Invalidates every entry that depends on one of these tags or models, here and in every process on the same store.
   * Resolves when it is so; where the store cannot be reached, when it is noted and this process no longer answers from
   * these entries. Cost: one round trip, whatever the number of entries.
   *
   * @throws InvalidCacheStrategyError
   * @example
   * await prisma.$cache.invalidate({ tags: ['team:7'], models: ['Post'] })
   */
  invalidate(selection: CacheSelection): Promise<void>
  /** As {@link CacheMethods.invalidate}, of everything in the namespace. */
  invalidateAll(): Promise<void>
  /**
   * Runs reads and tells how the first of them was answered; `reads` has them all.
   *
   * @example
   * const { data, info } = await prisma.$cache.withInfo(() => prisma.user.findMany({ cacheStrategy: { ttl: 60 } }))
   * response.setHeader('X-Cache', info.status)
   */
  withInfo<T>(
    run: () => PromiseLike<T> | T,
  ): Promise<{ readonly data: T; readonly info: CacheInfo; readonly reads: readonly CacheInfo[] }>
  /** Counts since the start, of all clients extended from one base client. Cost: proportional to the number of models. */
  stats(): CacheStats
  /**
   * Resolves once the source of the option `changes` is live, and everything is invalidated that was written before; at once
   * where there is no source. Reads that ask for the cache start it by themselves; await this where a start-up is to fail
   * without it.
   *
   * @throws ChangesError (`E_CHANGES_…`) where the source says that it cannot work, or not now; it goes on trying
   */
  untilLive(): Promise<void>
  /**
   * Runs reads so that later ones find their results; waits until these are stored. What fails is counted, not thrown.
   * Default `concurrency`: 4.
   *
   * @example
   * await prisma.$cache.warm(subjects.map((subject) => () => prisma.exercise.findMany({ where: { subject } })))
   */
  warm(
    runs: readonly (() => unknown)[],
    options?: { readonly concurrency?: number },
  ): Promise<{ readonly warmed: number; readonly failed: number }>
  /**
   * A text that changes whenever one of these tags or models is invalidated, the same in all processes on one store; a
   * route can answer 304 without asking the database. Take it **before** the data it is sent with. It changes without
   * need only where the store has lost a stamp: by eviction, or a day after it was made while nothing was cached under
   * it. Where the store cannot be reached, or the source of `changes` is not live, it is a new one each time. Cost: one round trip to the store.
   *
   * @throws InvalidCacheStrategyError
   * @example
   * const etag = await prisma.$cache.etag({ models: ['Message'], tags: [`conversation:${id}`] })
   * if (request.headers['if-none-match'] === etag) return response.status(304).end()
   */
  etag(selection: CacheSelection): Promise<string>
  /**
   * `$queryRaw` through the cache. Nobody can tell which tables a statement reads, so it rests on the tags and models
   * given, and on nothing else. Never within a transaction.
   *
   * @throws InvalidCacheStrategyError
   * @example
   * await prisma.$cache.queryRaw(Prisma.sql`SELECT count(*) FROM "User"`, { ttl: 60, models: ['User'] })
   */
  queryRaw<T = unknown>(sql: RawQuery, strategy: RawCacheStrategy): Promise<T>
  /**
   * A value that is not one read, through the cache: what several reads are made into, or another service's answer. It is
   * computed where the store does not have it, once for all who ask at the same time, and rests on the tags and models given,
   * and on nothing else: a write of one of these models makes it worthless, here and on every process of the store, and so it
   * does while the value is being computed. The option `scope` is a part of its key, the namespace too. `staleIfError` holds
   * for any error of `fn`; an error is thrown to everybody who waits for it, and nothing is stored.
   *
   * What is stored are plain objects, arrays, text, numbers, BigInt, Date, Decimal, bytes and null; anything else is
   * answered and not stored. Not for what is read in an open transaction: others would be given what may be rolled back.
   *
   * @param key what tells the value from others of this namespace; text. The same key must mean the same `fn`
   * @throws InvalidCacheStrategyError
   * @example
   * const board = await prisma.$cache.wrap(`leaderboard:${week}`, { ttl: 300, models: ['Rating'] }, async () =>
   *   rank(await prisma.rating.groupBy({ by: ['userId'], _avg: { stars: true } })),
   * )
   */
  wrap<T>(key: string, strategy: WrapStrategy, fn: () => T | PromiseLike<T>): Promise<Awaited<T>>
}

/** {@link CacheStrategy} of a raw query, with the models that it reads. */
export interface RawCacheStrategy extends CacheStrategy {
  readonly models?: readonly string[] | undefined
}

/** {@link CacheStrategy} of a computed value, with the models that it is made of. */
export interface WrapStrategy extends CacheStrategy {
  readonly models?: readonly string[] | undefined
}

export interface CacheClient {
  readonly $cache: CacheMethods
}

interface Parts {
  readonly names: TagNames
  readonly store: GuardedStore
  readonly stats: Statistics
  readonly writes: WriteInvalidation
  readonly fills: ReadonlySet<Promise<unknown>>
  /** Null where nobody tells of writes from elsewhere. */
  readonly changes: ChangeFollower | null
  /** The client that carries this cache. */
  readonly client: () => object
  readonly wrap: (
    key: string,
    strategy: CacheStrategy,
    models: readonly string[],
    run: () => unknown,
  ) => Promise<unknown>
}

export function cacheMethods({
  names,
  store,
  stats,
  writes,
  fills,
  changes,
  client,
  wrap,
}: Parts): CacheMethods {
  const tagsOf = (selection: CacheSelection, method: string): readonly string[] => {
    const { tags = [], models = [] } = checkedSelection(selection, method)
    return [...tags.map((tag) => names.own(tag)), ...writes.tagsOfModelNames(models, `${method}.models`)]
  }
  return {
    async invalidate(selection) {
      await writes.invalidate({ tags: tagsOf(selection, '$cache.invalidate'), rows: null })
    },
    async invalidateAll() {
      await writes.invalidate({ tags: [names.everything], rows: null })
    },
    withInfo: collectInfo,
    stats: () => stats.snapshot(storeStats(store), changes?.stats()),
    untilLive: async () => changes?.untilLive(),
    warm: (runs, options) => warm(runs, options, fills),
    async etag(selection) {
      // Of models, the tag that every write of them changes is enough. That of their rows is signed by whoever caches one first.
      const { tags = [], models = [] } = checkedSelection(selection, '$cache.etag')
      const written = writes
        .tagsOfModelNames(models, '$cache.etag.models')
        .filter((tag) => !names.isOfRows(tag))
      const own = tags.map((tag) => names.own(tag))
      const isBlind =
        models.length > 0 && changes !== null && changes.obstacle(() => new Set(models)) !== null
      if (isBlind) return `"${randomUUID()}"`
      const stamps = await store.observe([names.everything, ...own, ...written])
      if (typeof stamps === 'string' || stamps.some(isMarked)) return `"${randomUUID()}"`
      const hash = createHash('sha256')
      for (const stamp of stamps) hash.update(stamp).update(' ')
      return `"${hash.digest('base64url').slice(0, 27)}"`
    },
    async queryRaw(sql, strategy) {
      const { models = [], ...rest } = strategy ?? {}
      checkStrategy(rest, '$cache.queryRaw')
      checkNames(models, '$cache.queryRaw.models')
      return runRawRead(client(), sql, { strategy: rest, models }) as Promise<never>
    },
    async wrap(key, strategy, fn) {
      const { models = [], ...rest } = strategy ?? {}
      checkStrategy(rest, '$cache.wrap')
      checkNames(models, '$cache.wrap.models')
      writes.tagsOfModelNames(models, '$cache.wrap.models')
      return wrap(key, rest, models, fn) as Promise<never>
    },
  }
}

/** Runs reads a few at a time, then waits for what they brought into the store. */
export async function warm(
  runs: readonly (() => unknown)[],
  { concurrency = 4 }: { readonly concurrency?: number } = {},
  fills: ReadonlySet<Promise<unknown>>,
): Promise<{ warmed: number; failed: number }> {
  if (!Array.isArray(runs) || !runs.every((run) => typeof run === 'function')) {
    throw new InvalidCacheStrategyError('$cache.warm', 'a list of functions that read', runs)
  }
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new InvalidCacheStrategyError('$cache.warm.concurrency', 'an integer, at least 1', concurrency)
  }
  let warmed = 0
  let failed = 0
  const queue = runs[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (const run of queue) {
      try {
        await run()
        warmed++
      } catch {
        failed++
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, runs.length) }, worker))
  await Promise.all(fills)
  return { warmed, failed }
}
