import {
  defineExtension,
  InvalidOptionsError,
  isOwnHook,
  mount,
  type AddedArguments,
  type BriskExtension,
  type Host,
  type ModelReads,
  type Plugin,
} from '@prisma-brisk/core'
import { accessFrom, type AccelerateAccess } from './accelerate/accelerate-api.ts'
import { AccelerateCache } from './accelerate/accelerate-cache.ts'
import { isAccelerateStore, type AccelerateStore } from './store/accelerate-store.ts'
import type { CacheClient } from './cache-client.ts'
import type { CacheStore } from './cache-store.ts'
import type { DecimalClass } from './codec/value-copy.ts'
import type { CacheArgs } from './cache-strategy.ts'
import { Cache, type ClientFacts } from './cache.ts'
import { ComputedFields } from './read/computed-fields.ts'
import { adapterSchemaOf, databaseNameOf } from './key/database-name.ts'
import { resolveOptions, type CacheOptions, type ResolvedCacheOptions } from './options.ts'

/** What `$extends(cache())` adds to every model: its reads take {@link CacheArgs}. */
export interface CachedReads extends ModelReads {
  ' own:cache': AddedArguments<CacheArgs>
}

/**
 * Cached reads with tag invalidation. Reads that say so, or whose model does, are answered from a store; every write
 * through the client invalidates what it may have changed. Mount it last in a chain of `$extends`.
 *
 * @example
 * const prisma = new PrismaClient({ adapter }).$extends(cache({ models: { Exercise: { ttl: 3600 } } }))
 * await prisma.user.findMany({ where, cacheStrategy: { ttl: 60, swr: 30, tags: ['team:7'] } })
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) at once, and where the client has a cache already
 */
export function cache(options: CacheOptions = {}): BriskExtension<CachedReads, CacheClient> {
  const plugin = cachePlugin(options)
  return defineExtension((client) => mount(client, [plugin])) as never
}

/** The cache as a part of a larger extension, such as `brisk()`. */
export function cachePlugin(options: CacheOptions = {}): Plugin {
  const resolved = resolveOptions(options)
  const { store } = resolved
  return {
    name: 'cache',
    ownArguments: ['cacheStrategy'],
    ...(isAccelerateStore(store) ? onAccelerate(resolved, store) : onStore(resolved, store)),
  }
}

type Parts = Pick<Plugin, 'middleware' | 'client' | 'foreignWrites'>

function onStore(options: ResolvedCacheOptions, store: CacheStore | null): Parts {
  // `mount` asks for the middleware, then for the members, of one client after the other.
  let mounting: { cache: Cache; facts: ClientFacts | null } | null = null
  return {
    middleware(host) {
      const parts: { cache?: Cache; facts: ClientFacts | null } = { facts: null }
      const cache = new Cache(options, host, store, () => parts.facts as ClientFacts)
      mounting = Object.assign(parts, { cache })
      return cache.middleware
    },
    foreignWrites() {
      const { cache } = mounting as { cache: Cache }
      return { key: cache.invalidates, middleware: cache.following }
    },
    client(host, client, extended) {
      const mounted = mounting as { cache: Cache; facts: ClientFacts | null }
      const behind = new ComputedFields()
      mounted.facts = factsOf(host, client as PrivateClient, extended, behind)
      return {
        $cache: mounted.cache.methods,
        /** Looks at the extensions that are put behind the cache; each is applied as ever. */
        $extends(this: object, extension: unknown): object {
          look(host, options.scope !== null, extension, behind)
          return Reflect.apply((client as PrivateClient).$extends, this, [extension])
        },
      }
    },
  }
}

function onAccelerate(options: ResolvedCacheOptions, store: AccelerateStore): Parts {
  let mounting: ((client: PrivateClient) => AccelerateCache) | null = null
  return {
    middleware(host) {
      let own: AccelerateCache | null = null
      mounting = (client) => (own = new AccelerateCache(options, host, store, accessOf(client)))
      return (call, next) => (own as AccelerateCache).middleware(call, next)
    },
    client(_, client) {
      return { $cache: mounting?.(client as PrivateClient).methods }
    },
  }
}

/** @throws InvalidOptionsError where the client is not connected through Accelerate, or has no key for it */
function accessOf(client: PrivateClient): AccelerateAccess {
  const url = (client._originalClient ?? client)._engineConfig?.accelerateUrl
  const access = typeof url === 'string' ? accessFrom(url) : null
  if (access === null) {
    throw new InvalidOptionsError(
      'cache.store',
      'a client with `accelerateUrl`',
      'accelerateStore() on a client without',
      'Use memoryStore(), redisStore() or tieredStore() with a driver adapter.',
    )
  }
  if (access.apiKey === null) {
    throw new InvalidOptionsError('accelerateUrl', 'a connection string with api_key', 'one without')
  }
  return access
}

/** Private members of a client, all of them optional. */
interface PrivateClient {
  $extends(extension: unknown): object
  _originalClient?: PrivateClient
  _globalOmit?: unknown
  _runtimeDataModel?: { models?: Record<string, unknown> }
  _extensions?: {
    isEmpty?(): boolean
    getAllComputedFields?(model: string): Record<string, { needs?: readonly string[] }> | undefined
  }
  _engineConfig?: { adapter?: unknown; accelerateUrl?: unknown }
}

function factsOf(
  host: Host,
  client: PrivateClient,
  extended: () => object,
  behind: ComputedFields,
): ClientFacts {
  const base = client._originalClient ?? client
  return {
    omit: base._globalOmit,
    computed: computedFieldsOf(client),
    computedBehind: behind,
    database: databaseNameOf(base._engineConfig?.adapter, host.id),
    adapterSchema: adapterSchemaOf(base._engineConfig?.adapter),
    decimal: () => decimalClassOf(base),
    client: extended,
  }
}

/**
 * The application's decimal class. Prisma copies arguments for its hooks and makes every decimal one of its own class:
 * a hook that answers with its arguments, and sends nothing, shows that class.
 */
async function decimalClassOf(base: PrivateClient): Promise<DecimalClass | null> {
  try {
    const mirror = base.$extends({ query: { $allOperations: ({ args }: { args: unknown }) => args } })
    const like = { d: [1], e: 0, s: 1, toFixed: () => '1' }
    const args = (await (mirror as RawClient).$queryRawUnsafe('SELECT 1', like)) as readonly unknown[]
    const { constructor } = Object(args[1]) as { constructor: unknown }
    return typeof constructor === 'function' && constructor !== Object ? (constructor as DecimalClass) : null
  } catch {
    return null
  }
}

interface RawClient {
  $queryRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<unknown>
}

/** Names and needs of computed fields: they add columns to what is asked of the database. */
function computedFieldsOf(client: PrivateClient): unknown {
  const { _extensions: extensions, _runtimeDataModel: dataModel } = client
  if (extensions?.getAllComputedFields === undefined || extensions.isEmpty?.() === true) return undefined
  const computed: Record<string, unknown> = {}
  for (const model of Object.keys(dataModel?.models ?? {})) {
    const fields = extensions.getAllComputedFields(model)
    if (fields === undefined) continue
    computed[model] = Object.entries(fields).map(([name, { needs }]) => [name, needs ?? []])
  }
  return Object.keys(computed).length === 0 ? undefined : computed
}

function look(host: Host, hasScope: boolean, extension: unknown, behind: ComputedFields): void {
  // A function extends the client itself, and is seen when it does.
  if (typeof extension !== 'object' || extension === null) return
  const { query, result, name } = extension as { query?: unknown; result?: unknown; name?: unknown }
  if (result !== undefined) behind.add(result)
  if (query === undefined || hasScope || isOwnHook((query as { $allOperations?: unknown }).$allOperations))
    return
  host.warnOnce(
    'W_CACHE_EXTENSION_BEHIND',
    `prisma-brisk: the extension ${typeof name === 'string' ? `"${name}" ` : ''}was added after the cache, which cannot see what it does to a query, ` +
      'such as adding a tenant. The operations that it hooks are therefore not cached on this client, and its writes invalidate everything. ' +
      'Put it before the cache. Where it changes no result, or `scope` tells its results apart, set the option `scope` (a constant in the first case).',
  )
}
