import { Prisma } from '@prisma/client/extension'
import type { SqlAdapterFactory } from './driver/connection/adapter-ports.ts'
import { DriverTap } from './driver/driver-tap.ts'
import { tellCallers, type SqlCommenter } from './driver/sql-comments.ts'
import { EngineTransactions, type WatchableEngine } from './prisma7/engine-transactions.ts'
import { InvalidOptionsError, UnsupportedClientError } from './errors.ts'
import { Host, providerOf } from './pipeline/host.ts'
import { compose, type Middleware } from './pipeline/middleware.ts'
import { loadSchemaModel, type SchemaOption } from './schema/load-schema.ts'
import { callDirectly } from './prisma7/direct/direct-methods.ts'
import { PipelineEntry, transactionsOf, type Requests } from './prisma7/pipeline-entry.ts'
import { decoratedClient, type ReadDecoration } from './prisma7/decorated-reads.ts'
import { giveOwnHooks, type ExtensionList } from './prisma7/client-extensions.ts'
import { queryHook } from './prisma7/query-hook.ts'
import type { InternalParams } from './prisma7/redirect.ts'
import { keepContexts, type RequestLoader } from './prisma7/request-loader.ts'
import { Replay } from './replay/replay.ts'
import { BaseRequests } from './prisma7/base-requests.ts'
import type { ForeignWrites } from './prisma7/write-followers.ts'

/** One package's part of a mounted extension. */
export interface Plugin {
  /** The package's short name; a client carries each at most once. */
  readonly name: string
  /** Makes the middleware, once per mount; null where the package only adds methods. */
  middleware?(host: Host): Middleware | null
  /** Members of the client, such as `$cache`; `extended` gives the client that will carry them. */
  client?(host: Host, client: object, extended: () => object): Record<string, unknown>
  /** Methods of every model, such as `paginate`; `this` is the model. */
  model?(host: Host, client: object): Record<string, unknown>
  /**
   * Follows the writes of all clients of the base client that pass the pipeline by, raw reads included, which may write.
   * Its middleware must call `next` exactly once.
   */
  foreignWrites?(host: Host): ForeignWrites | null
  /** Argument names of our own (`cacheStrategy`), which neither Prisma nor another extension must see. */
  readonly ownArguments?: readonly string[]
}

export interface MountOptions {
  /** Schema text, or a model made from it; by default the client's own schema is used. */
  readonly schema?: SchemaOption | undefined
  /**
   * Whether reads that Prisma has planned before may go to the driver directly; the first mount on a base client decides.
   * Default true, but for `BRISK_REPLAY=off` in the environment.
   */
  readonly replay?: boolean | undefined
}

/**
 * Mounts plugins, outermost first, as one extension with one query hook.
 *
 * @throws InvalidOptionsError when the client already carries a plugin of the same name
 * @throws UnsupportedClientError when the client cannot carry extensions of this suite
 */
export function mount(client: object, plugins: readonly Plugin[], options: MountOptions = {}): object {
  refuseTwice(client, plugins)
  const host = hostOf(client, options)
  const middlewares = plugins
    .map((plugin) => plugin.middleware?.(host) ?? null)
    .filter((each) => each !== null)
  const own = plugins.flatMap((plugin) => plugin.ownArguments ?? [])
  const base = ((client as PrivateClient)._originalClient ?? client) as PrivateClient
  const open = transactionsOf(base)
  const requests = BaseRequests.on(base, host, open, mayReplay(options) ? Replay.of(host) : null)
  const entry = new PipelineEntry(host, compose(middlewares), own, open, requests ?? unseen)
  const hook = queryHook(entry)
  const extension = {
    name: `prisma-brisk(${plugins.map((plugin) => plugin.name).join(', ')})`,
    query: { $allOperations: hook },
    client: Object.assign(
      {},
      ...plugins.map((plugin) => plugin.client?.(host, client, () => extended) ?? {}),
    ),
    model: { $allModels: Object.assign({}, ...plugins.map((plugin) => plugin.model?.(host, client) ?? {})) },
  }
  const extended: object = (client as PrivateClient).$extends(extension)
  mounted.set(extended, new Set(plugins.map((plugin) => plugin.name)))
  for (const { name } of plugins) host.carried.add(name)
  const { _extensions: list } = extended as PrivateClient
  const followed = plugins
    .map((plugin) => plugin.foreignWrites?.(host) ?? null)
    .filter((each) => each !== null)
  for (const writes of followed) requests?.follow(writes)
  const follows = followed.map(({ key }) => key)
  if (requests === null) {
    host.warnOnce(
      'W_REQUESTS_HIDDEN',
      'prisma-brisk: this version of Prisma hides its requests, so what an extension before the suite sends by itself is not seen; mount the suite before such extensions.',
    )
  }
  if (list !== undefined)
    requests?.carries(list, (client as PrivateClient)._extensions, { entry, hook, follows })
  if (!giveOwnHooks(list, (child, parent) => requests?.carries(child, parent))) {
    host.warnOnce(
      'W_EXTENSIONS_HIDDEN',
      'prisma-brisk: this version of Prisma hides its extensions; mount those that compute fields before the suite.',
    )
  }
  callDirectly(extended, client, entry)
  return extended
}

/**
 * Gives the promises of a client's reads members of the suite's own, on every client that descends from it too. Nothing is
 * hooked: reads go the way they went.
 */
export function decorateReads(client: object, decoration: ReadDecoration): object {
  const decorated = decoratedClient(client, decoration)
  const names = mounted.get(client)
  if (names !== undefined) mounted.set(decorated, names)
  return decorated
}

/** Turns `mount` into what `$extends` takes, which the caller gives the type of its own methods. */
export function defineExtension(apply: (client: object) => object): (client: unknown) => unknown {
  return Prisma.defineExtension((client) => apply(client) as typeof client) as (client: unknown) => unknown
}

/** The shared state of a client's base client, made the first time. */
export function hostOf(client: object, options: MountOptions = {}): Host {
  const base = ((client as PrivateClient)._originalClient ?? client) as PrivateClient
  const known = hosts.get(base)
  if (known !== undefined) return known
  if (typeof base.$extends !== 'function') {
    throw new InvalidOptionsError('client', 'a PrismaClient', client, 'Mount with prisma.$extends(…).')
  }
  checkVersion(base)
  const provider = providerOf(base._activeProvider ?? 'postgresql')
  if (provider === 'mongodb') {
    throw new UnsupportedClientError(
      'MongoDB is not supported.',
      'The suite works on SQL databases: PostgreSQL, MySQL, MariaDB and SQLite.',
    )
  }
  const factory = base._engineConfig?.adapter
  const tap = factory === undefined ? null : DriverTap.on(factory)
  const host: Host = new Host({
    provider,
    maxBindValues: () => tap?.adapter?.getConnectionInfo?.().maxBindValues,
    loadSchema: () =>
      loadSchemaModel({
        ...(options.schema === undefined ? {} : { option: options.schema }),
        ...(base._engineConfig?.inlineSchema === undefined
          ? {}
          : { inlineSchema: base._engineConfig.inlineSchema }),
        warn: (code, message) => host.warnOnce(code, message),
      }),
    connect: async () => base.$connect(),
    omittedFields: (model) => omittedFields(base._globalOmit, model),
    batchesByTimer: isForEdge(base._engineConfig?.inlineSchema),
  })
  tap?.attach(host)
  if (tap === null) {
    host.warnOnce(
      'W_NO_DRIVER_ADAPTER',
      'prisma-brisk: this client has no driver adapter, so statements cannot be seen: slow-query logs operations without SQL, and transactions are followed through Prisma alone.',
    )
  }
  if (!keepContexts(base._requestHandler?.dataloader)) {
    host.warnOnce(
      'W_REQUEST_LOADER_UNKNOWN',
      'prisma-brisk: this version of Prisma collects the requests of a tick in a way that is not known, so statements of array transactions that run at once may be taken for one another. Use a version that the suite was tested with.',
    )
  }
  const config = base._engineConfig
  if (config?.sqlCommenters !== undefined) config.sqlCommenters = tellCallers(config.sqlCommenters)
  if (base._engine !== undefined) new EngineTransactions(host).watch(base._engine)
  closeBeforeDisconnect(base, host)
  hosts.set(base, host)
  return host
}

/**
 * Private members of a client. All are probed before use, and done without where they are absent: the feature is lost,
 * never the query. What Prisma hands a hook is listed in {@link InternalParams}.
 */
interface PrivateClient {
  $extends(extension: object): object
  $connect(): Promise<void>
  $disconnect(): Promise<void>
  _globalOmit?: GlobalOmit
  _originalClient?: object
  _appliedParent?: object
  _activeProvider?: string
  _clientVersion?: string
  _engineConfig?: {
    adapter?: SqlAdapterFactory
    inlineSchema?: string
    sqlCommenters?: SqlCommenter[] | undefined
  }
  _engine?: WatchableEngine
  _requestHandler?: { readonly dataloader?: RequestLoader }
  _extensions?: ExtensionList
  _request?(params: InternalParams): Promise<unknown>
}

/** The client's option `omit`, by models as its members are called. */
type GlobalOmit = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>

function omittedFields(omit: GlobalOmit | undefined, model: string): readonly string[] {
  const fields = omit?.[model.charAt(0).toLowerCase() + model.slice(1)] ?? {}
  return Object.keys(fields).filter((field) => fields[field] === true)
}

/** Prisma's clients for edge runtimes have a `process` of their own, whose `nextTick` is a timer. */
function isForEdge(inlineSchema: string | undefined): boolean {
  const { navigator, EdgeRuntime } = globalThis as {
    navigator?: { userAgent?: string }
    EdgeRuntime?: unknown
  }
  if (EdgeRuntime !== undefined || navigator?.userAgent === 'Cloudflare-Workers') return true
  return /^\s*runtime\s*=\s*"(?:workerd|cloudflare|vercel-edge|edge-light)"/m.test(inlineSchema ?? '')
}

function mayReplay({ replay = true }: MountOptions): boolean {
  return replay && globalThis.process?.env?.['BRISK_REPLAY'] !== 'off'
}

/** Where Prisma has no method that all requests pass. */
const unseen: Requests = {
  send: (client, params) => (client as PrivateClient)._request!(params),
  pass: (_, byPrisma) => byPrisma(),
  isFollowedBeside: () => false,
}

const hosts = new WeakMap<object, Host>()
const mounted = new WeakMap<object, ReadonlySet<string>>()

/** Whichever client of a base client disconnects, it is the base client's connection that ends. */
function closeBeforeDisconnect(base: PrivateClient, host: Host): void {
  const { $disconnect } = base
  base.$disconnect = async function (this: PrivateClient) {
    try {
      await host.disconnecting()
    } finally {
      await $disconnect.call(this)
    }
  }
}

/** A client carries each package once: two caches would each believe to be the only one. */
function refuseTwice(client: object, plugins: readonly Plugin[]): void {
  for (let each: object | undefined = client, depth = 0; each !== undefined && depth < 1000; depth++) {
    const names = mounted.get(each)
    const twice = plugins.find((plugin) => names?.has(plugin.name) === true)
    if (twice !== undefined) {
      throw new InvalidOptionsError(
        twice.name,
        'a client that does not have it yet',
        `${twice.name}() mounted twice`,
        'Mount each package once per client; brisk() holds all of them.',
      )
    }
    const parent: object | undefined = (each as PrivateClient)._appliedParent
    each = parent === each ? undefined : parent
  }
}

/** The peer range of every package: ≥ 7.4.2 < 8 (7.4.0 returned empty pages for some cursors). */
function checkVersion(base: PrivateClient): void {
  const [major, minor, patch] = (base._clientVersion ?? '').split(/[.-]/).map(Number)
  if (major === undefined || Number.isNaN(major)) return
  const number = major * 1e6 + (minor ?? 0) * 1e3 + (patch ?? 0)
  if (number >= 7_004_002 && number < 8_000_000) return
  throw new UnsupportedClientError(
    `@prisma/client ${base._clientVersion} is outside the supported range >=7.4.2 <8.`,
    'Install a supported version, and regenerate the client.',
  )
}
