import {
  bag,
  boolean,
  callable,
  checkOptions,
  either,
  finite,
  integer,
  InvalidOptionsError,
  list,
  oneOf,
  record,
  text,
  type OptionCheck,
} from '@prisma-brisk/core'
import { isAccelerateStore, type AccelerateStore } from './store/accelerate-store.ts'
import type { CacheStore } from './cache-store.ts'
import type { ChangeSource } from './change-source.ts'
import { checkStrategy, type CacheStrategy, type StrategyDefaults } from './cache-strategy.ts'
import { InvalidCacheStrategyError } from './errors.ts'
import { enabledFromEnvironment, ttlFromEnvironment, type Environment } from './environment.ts'
import { modelStrategies, type ModelStrategies } from './model-strategies.ts'

/**
 * Options of {@link cache}; every one may be left out.
 *
 * One rule for units: how long results live is in **seconds**, as in `cacheStrategy` (`defaultTtl`, `nullTtl`,
 * `staleIfError`); everything that times the machinery is in **milliseconds** (`readTimeout`, `writeTimeout`,
 * `replicaLag`, `strict.lifetime`, `fillLock.lease`).
 */
export interface CacheOptions {
  /**
   * Where results are kept. Default: a `memoryStore()` that all clients extended from one base client share, so that
   * extending a client anew for each request does not begin with an empty cache.
   */
  readonly store?: CacheStore | AccelerateStore | undefined
  /**
   * Whether reads are answered from the cache and fill it. Default true, or what the environment variable
   * `BRISK_CACHE_ENABLED` says. Writes invalidate all the same, so that other processes, and this one once it is switched
   * on again, answer nothing old.
   */
  readonly enabled?: boolean | undefined
  /**
   * Seconds a result is fresh where neither the call nor its model says: `cacheStrategy: {}`. Default 0, or what
   * `BRISK_CACHE_DEFAULT_TTL` says. Reads that do not ask for the cache are left alone.
   */
  readonly defaultTtl?: number | undefined
  /**
   * How reads of a model are cached that say nothing themselves: `{ User: { ttl: 300, swr: 60 } }`. Default: none, only
   * calls with a `cacheStrategy` are cached. `cacheStrategy: false` excepts a call. In every package of the suite `models`
   * says what holds for one model; here a strategy, as a call would give it. `'*'`: reads of all models, by
   * `defaultStrategy`.
   *
   * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) for a name that the schema does not have
   */
  readonly models?: '*' | Readonly<Record<string, CacheStrategy | false>> | undefined
  /**
   * Beside `models: '*'`: the models whose rows are not cached by default. That holds for their own reads, and for every
   * read that rests on them, by an `include` or a filter. A call that has a `cacheStrategy` is cached all the same.
   *
   * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) for a name that the schema does not have, and without `models: '*'`
   */
  readonly except?: readonly string[] | undefined
  /**
   * Beside `models: '*'`: how reads are cached that say nothing themselves. Default `{}`; its `ttl` is `defaultTtl`, or 60
   * seconds where that is not given. Writes make results fresh before that.
   *
   * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) without `models: '*'`
   */
  readonly defaultStrategy?: CacheStrategy | undefined
  /**
   * Part of every key: the tenant, the user, the locale. Called once a read, so that it may look into AsyncLocalStorage.
   * Needed where what a query may return depends on something that is not in its arguments, such as row level security.
   */
  readonly scope?: (() => unknown) | undefined
  /** Prefix of every key and tag in the store. Default `brisk`. Applications of one namespace invalidate each other's. */
  readonly namespace?: string | undefined
  /**
   * Tells this database from others on the same store. Default: what the driver adapter says of host, database, schema,
   * session options and user, without the password; `localhost` is this machine's. Set it where one store serves several
   * databases and the adapter does not say, as where a pool's `connect` event sets the search path, and where several
   * machines reach one database as `localhost` and are to share its entries.
   */
  readonly database?: string | undefined
  /** Milliseconds to wait for the store before the database is asked. Default 50. */
  readonly readTimeout?: number | undefined
  /** Milliseconds a write waits for its invalidation before it is noted and sent later. Default 500. */
  readonly writeTimeout?: number | undefined
  /**
   * Share of hits that are also read from the database and compared, in the background: 0 (default) to 1. A difference
   * is reported on `prisma-brisk:cache` and in the statistics, and its entry removed. Costs that share of the queries.
   */
  readonly verify?: number | undefined
  /**
   * What raw writes do to the cache. `'derive'` (default): they invalidate the models of the tables that the statement names as
   * written, and those that cascades reach; everything, where it does not say (`CALL`, functions, DDL, tables that are none
   * of the schema's). `'warn'`: nothing, and one warning a call site; `'invalidateAll'`; `'ignore'`; or a function from the
   * SQL to the tags and models to invalidate.
   */
  readonly onRawWrite?: RawWriteAction | undefined
  /**
   * Tells the cache of writes that this client does not make: of psql, cron jobs, triggers, other services. Default: none,
   * and such a write is seen when the entry's lifetime ends. `postgresTriggers(url)` of `prisma-brisk/postgres-triggers`.
   *
   * A read that begins later after such a write's COMMIT than the source's lag and one heartbeat is not answered with what
   * was before it. The source starts with the first cached read, and ends when the client disconnects. Until it is live, and while it
   * is lost, reads go to the database (`changes-connecting`, `changes-lost`, and `changes-unheard` where the process itself stood still, in `bypassesByReason`),
   * unless the source's `onLost` says otherwise; reads that rest on tables which it does not watch always do (`changes-unwatched`).
   */
  readonly changes?: ChangeSource | undefined
  /** Seconds a null or empty result is fresh; 0: it is not kept at all. Default: as any other. */
  readonly nullTtl?: number | undefined
  /**
   * Seconds after `ttl + swr` during which an old result is served where the database cannot be reached. Default 0.
   * What has been invalidated is never served.
   */
  readonly staleIfError?: number | undefined
  /**
   * Announces each write in the store before it is sent, by a mark on its tags, so that an invalidation cannot be lost
   * with its process. Default false; `true` is `{ lifetime: 10_000 }`.
   *
   * - While a tag is marked nobody answers it from the cache: until the write's own invalidation, or for `lifetime` ms
   *   after the process died.
   * - Set it in every process of the namespace. One that does not look for marks may store what was before the write.
   * - It costs one more round trip to the store for each write, and one for each look-up.
   * - Marks are renewed as long as the write takes. Only a process whose event loop blocks for longer than `lifetime`, and
   *   that dies before its next turn, can leave an old value behind.
   * - Where the store cannot be reached the write goes on without a mark, with one warning, counted as `unmarked`.
   */
  readonly strict?: boolean | { readonly lifetime?: number | undefined } | undefined
  /**
   * Milliseconds after an invalidation during which results are not stored: the lag of the replicas that reads may go
   * to, plus the differences of the clocks. Default 0.
   */
  readonly replicaLag?: number | undefined
  /**
   * One process in the fleet reads the database for a missing entry, the others wait for its result, at most `lease` ms.
   * Default false; `true` is `{ lease: 2_000 }`. Within a process concurrent misses always share one read.
   */
  readonly fillLock?: boolean | { readonly lease?: number | undefined } | undefined
  /**
   * Entries that are about to expire are refreshed in the background a little before, the more likely the nearer the end
   * and the more expensive the read, so that many processes do not miss at once (XFetch). Default 1; 0 switches it off, larger is
   * earlier.
   */
  readonly earlyRefresh?: number | undefined
  /** The wall clock, in ms. For tests. */
  readonly now?: (() => number) | undefined
  /** Numbers from 0 to 1. For tests. */
  readonly random?: (() => number) | undefined
}

/** Tags and models that a raw statement invalidates. */
export type RawWriteTags =
  readonly string[] | { readonly tags?: readonly string[]; readonly models?: readonly string[] }

/** What `$executeRaw` does to the cache; see {@link CacheOptions.onRawWrite}. */
export type RawWriteAction = 'derive' | 'warn' | 'invalidateAll' | 'ignore' | ((sql: string) => RawWriteTags)

export interface ResolvedCacheOptions {
  readonly store: CacheStore | AccelerateStore | null
  readonly enabled: boolean
  readonly models: ModelStrategies
  readonly scope: (() => unknown) | null
  readonly namespace: string
  readonly database: string | null
  readonly readTimeout: number
  readonly writeTimeout: number
  readonly verify: number
  readonly onRawWrite: RawWriteAction
  readonly changes: ChangeSource | null
  /** What a strategy leaves open. */
  readonly defaults: StrategyDefaults
  readonly strict: { readonly lifetime: number } | null
  readonly replicaLag: number
  readonly fillLock: { readonly lease: number } | null
  readonly earlyRefresh: number
  readonly now: () => number
  readonly random: () => number
}

/** @throws InvalidOptionsError (`E_INVALID_OPTIONS`) */
export function resolveOptions(
  options: CacheOptions = {},
  environment: Environment = process.env,
): ResolvedCacheOptions {
  checkOptions('cache', options, CHECKS)
  if (isAccelerateStore(options.store)) refuseWithAccelerate(options)
  const { strict = false, fillLock = false } = options
  const defaultTtl = options.defaultTtl ?? ttlFromEnvironment(environment)
  return Object.freeze<ResolvedCacheOptions>({
    store: options.store ?? null,
    enabled: options.enabled ?? enabledFromEnvironment(environment) ?? true,
    models: modelStrategies(options, defaultTtl),
    scope: options.scope ?? null,
    namespace: options.namespace ?? 'brisk',
    database: options.database ?? null,
    readTimeout: options.readTimeout ?? 50,
    writeTimeout: options.writeTimeout ?? 500,
    verify: options.verify ?? 0,
    onRawWrite: options.onRawWrite ?? 'derive',
    changes: options.changes ?? null,
    defaults: Object.freeze({
      ttl: defaultTtl ?? 0,
      nullTtl: options.nullTtl ?? null,
      staleIfError: options.staleIfError ?? 0,
    }),
    strict: strict === false ? null : { lifetime: (strict === true ? {} : strict).lifetime ?? 10_000 },
    replicaLag: options.replicaLag ?? 0,
    fillLock: fillLock === false ? null : { lease: (fillLock === true ? {} : fillLock).lease ?? 2_000 },
    earlyRefresh: options.earlyRefresh ?? 1,
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
  })
}

/** Accelerate knows nothing of these: silence would be a promise broken. */
function refuseWithAccelerate(options: CacheOptions): void {
  for (const name of [
    'scope',
    'strict',
    'verify',
    'replicaLag',
    'fillLock',
    'nullTtl',
    'staleIfError',
    'changes',
  ] as const) {
    const value = options[name]
    if (value === undefined || value === false || value === 0) continue
    throw new InvalidOptionsError(
      `cache.${name}`,
      'nothing beside accelerateStore()',
      value,
      'Accelerate has no such thing.',
    )
  }
}

const seconds = finite({ min: 0 })
const milliseconds = integer({ min: 1, max: 2 ** 31 - 1 })

const store: OptionCheck = (value, path) => {
  if (isAccelerateStore(value)) return
  const methods = ['lookup', 'observe', 'write', 'remove', 'invalidate']
  const candidate = value as Record<string, unknown> | null
  if (typeof candidate === 'object' && candidate !== null) {
    if (methods.every((method) => typeof candidate[method] === 'function')) return
  }
  throw new InvalidOptionsError(
    path,
    'a store: memoryStore(), redisStore(client), postgresStore(pool), tieredStore({ near, far }) or accelerateStore()',
    value,
  )
}

const changes: OptionCheck = (value, path) => {
  const { name, start, stop } = Object(value) as Partial<ChangeSource>
  if (typeof name === 'string' && typeof start === 'function' && typeof stop === 'function') return
  throw new InvalidOptionsError(path, 'a source of changes, such as postgresTriggers(url)', value)
}

const strategy: OptionCheck = (value, path) => {
  try {
    checkStrategy(value, path)
  } catch (error) {
    if (!(error instanceof InvalidCacheStrategyError)) throw error
    throw new InvalidOptionsError(error.path, 'a cache strategy', value, error.message)
  }
}

const strategies = record((value, path) => {
  if (value !== false) strategy(value, path)
})

const CHECKS: Readonly<Record<string, OptionCheck>> = {
  store,
  enabled: boolean,
  defaultTtl: seconds,
  models: (value, path) => {
    if (value !== '*') strategies(value, path)
  },
  except: list(text),
  defaultStrategy: strategy,
  scope: callable,
  namespace: text,
  database: text,
  readTimeout: milliseconds,
  writeTimeout: milliseconds,
  verify: finite({ min: 0, max: 1 }),
  onRawWrite: either(
    `'derive' | 'warn' | 'invalidateAll' | 'ignore' | a function`,
    oneOf('derive', 'warn', 'invalidateAll', 'ignore'),
    callable,
  ),
  changes,
  nullTtl: seconds,
  staleIfError: seconds,
  strict: either(
    'true, false or { lifetime: ms }',
    boolean,
    bag({ lifetime: integer({ min: 100, max: 3_600_000 }) }),
  ),
  replicaLag: finite({ min: 0, max: 2 ** 31 - 1 }),
  fillLock: either(
    'true, false or { lease: ms }',
    boolean,
    bag({ lease: integer({ min: 10, max: 600_000 }) }),
  ),
  earlyRefresh: finite({ min: 0, max: 100 }),
  now: callable,
  random: callable,
}
