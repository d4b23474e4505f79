import { Prisma } from '@prisma/client/extension'
import { Call, type CallNotes } from './pipeline/call.ts'
import { noTransaction, type CallTransaction } from './pipeline/call-transaction.ts'
import type { SqlAdapterFactory } from './driver/connection/adapter-ports.ts'
import { DriverTap } from './driver/driver-tap.ts'
import { EngineTransactions, type WatchableEngine } from './prisma7/engine-transactions.ts'
import { InvalidOptionsError, UnsupportedClientError } from './errors.ts'
import { Host, providerOf } from './pipeline/host.ts'
import { compose, type Middleware } from './pipeline/middleware.ts'
import { loadSchemaModel, type SchemaOption } from './schema/load-schema.ts'
import { PrismaDispatcher } from './prisma7/dispatcher.ts'
import { callDirectly } from './prisma7/direct/direct-methods.ts'
import { PipelineEntry } from './prisma7/pipeline-entry.ts'
import { giveDescendantsOwnHooks } from './prisma7/descendants.ts'
import { transactionsOf } from './prisma7/own-transaction.ts'
import { notesKey, type HookInput, type InternalParams } from './prisma7/redirect.ts'
import { TransactionRegistry } from './transaction/transaction-registry.ts'

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
  /** Argument names of our own (`cacheStrategy`), which Prisma must never see. */
  readonly ownArguments?: readonly string[]
}

export interface MountOptions {
  /** Schema text, or a model made from it; by default the client's own schema is used. */
  readonly schema?: SchemaOption | undefined
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
  const base = (client as PrivateClient)._originalClient ?? client
  const entry = new PipelineEntry(host, compose(middlewares), own, transactionsOf(base))
  const extension = {
    name: `prisma-brisk(${plugins.map((plugin) => plugin.name).join(', ')})`,
    query: { $allOperations: queryHook(entry) },
    client: {
      ...Object.assign({}, ...plugins.map((plugin) => plugin.client?.(host, client, () => extended) ?? {})),
      $disconnect: async () => {
        await host.disconnecting()
        await (client as PrivateClient).$disconnect()
      },
    },
    model: { $allModels: Object.assign({}, ...plugins.map((plugin) => plugin.model?.(host, client) ?? {})) },
  }
  const extended: object = (client as PrivateClient).$extends(extension)
  mounted.set(extended, new Set(plugins.map((plugin) => plugin.name)))
  if (!giveDescendantsOwnHooks(extended)) {
    host.warnOnce(
      'W_EXTENSIONS_HIDDEN',
      'prisma-brisk: this version of Prisma hides its extensions; mount those that compute fields before the suite.',
    )
  }
  callDirectly(extended, client, entry)
  return extended
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
  })
  tap?.attach(host)
  if (tap === null) {
    host.warnOnce(
      'W_NO_DRIVER_ADAPTER',
      'prisma-brisk: this client has no driver adapter, so statements cannot be seen: slow-query logs operations without SQL, and transactions are followed through Prisma alone.',
    )
  }
  if (base._engine !== undefined) new EngineTransactions(host).watch(base._engine)
  hosts.set(base, host)
  return host
}

/**
 * Private members of a client. All are probed before use, and done without where they are absent: the feature is lost,
 * never the query. What Prisma hands a hook is listed in {@link InternalParams}.
 */
interface PrivateClient {
  $extends(extension: object): object
  $disconnect(): Promise<void>
  _originalClient?: object
  _appliedParent?: object
  _activeProvider?: string
  _clientVersion?: string
  _engineConfig?: { adapter?: SqlAdapterFactory; inlineSchema?: string }
  _engine?: WatchableEngine
}

const hosts = new WeakMap<object, Host>()
const mounted = new WeakMap<object, ReadonlySet<string>>()
const emptyPath: readonly string[] = Object.freeze([])

function queryHook(entry: PipelineEntry) {
  const { host } = entry
  // Prisma calls hooks as members of the client's list of them (`hooks[i](…)`): `this` tells clients apart that
  // were extended further, which share this very function.
  return function hook(this: unknown, input: HookInput): Promise<unknown> {
    const params = input.__internalParams
    if (params === undefined) {
      host.warnOnce(
        'W_NO_INTERNALS',
        'prisma-brisk: this version of Prisma passes no internals to extensions; caching and merging are off.',
      )
    }
    const notes = notesOf(params, hook)
    const dispatcher = new PrismaDispatcher(input, entry, Array.isArray(this) ? this : null, hook)
    const call = new Call(
      host,
      input.model ?? null,
      input.operation,
      input.args,
      params?.dataPath ?? emptyPath,
      transactionOf(host, params),
      notes,
      dispatcher,
    )
    const isMember = params?.transaction?.kind === 'batch'
    return entry.enter(call, isMember ? (pipeline) => dispatcher.settleMember(pipeline, call) : null)
  }
}

/**
 * The notes of an operation are one for all packages, also where each was mounted with a `$extends` of its own: Prisma
 * hands the same internals to every hook of an operation. A hook that is run again begins anew, and so does one that
 * gets a copy of the internals. (A WeakMap of them costs the garbage collector more than all else that we do.)
 */
function notesOf(params: InternalParams | undefined, hook: unknown): CallNotes {
  if (params === undefined) return {}
  const known = params[notesKey]
  if (known !== undefined && known.params === params && known.hook !== hook) return known.notes
  const notes: CallNotes = {}
  params[notesKey] = { params, hook, notes }
  return notes
}

function transactionOf(host: Host, params: InternalParams | undefined): CallTransaction {
  if (params === undefined) return unrecognised
  const { transaction } = params
  if (transaction === undefined) return noTransaction
  const transactions = TransactionRegistry.of(host)
  return transaction.kind === 'itx'
    ? transactions.scope('interactive', transaction.id)
    : transactions.scope('array', `${host.id}:${transaction.id}`)
}

const unrecognised: CallTransaction = Object.freeze<CallTransaction>({
  ...noTransaction,
  kind: 'unrecognised',
})

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
