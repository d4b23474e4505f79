import { Prisma } from '@prisma/client/extension'
import { Call, type Args, type CallNotes, type Dispatcher, type Middleware, type Next } from './call.ts'
import { noTransaction, type CallTransaction } from './call-transaction.ts'
import { channels, type QueryEvent } from './channels.ts'
import { currentCall, DriverTap, type SqlAdapterFactory } from './driver-tap.ts'
import { EngineTransactions, type WatchableEngine } from './engine-transactions.ts'
import { InvalidOptionsError, UnsupportedClientError } from './errors.ts'
import { Host, providerOf } from './host.ts'
import { compose } from './pipeline.ts'
import { loadSchemaModel, type SchemaModel } from './schema-model.ts'
import { TransactionRegistry } from './transaction-registry.ts'

/**
 * The one file of core that knows Prisma 7. Everything private that it touches is listed in
 * {@link PrivateClient} and {@link InternalParams}, probed before use, and replaced by nothing where absent.
 */

/** One package's part of a mounted extension. */
export interface Plugin {
  /** The package's short name; a client carries each at most once. */
  readonly name: string
  /** Makes the middleware, once per mount; null where the package only adds methods. */
  middleware?(host: Host): Middleware | null
  /** Members of the client, such as `$cache`. */
  client?(host: Host, client: object): Record<string, unknown>
  /** Methods of every model, such as `paginate`; `this` is the model. */
  model?(host: Host, client: object): Record<string, unknown>
  /** Argument names of our own (`cacheStrategy`), which Prisma must never see. */
  readonly ownArguments?: readonly string[]
}

export interface MountOptions {
  /** Schema text, or a model made from it; by default the client's own schema is used. */
  readonly schema?: string | SchemaModel | undefined
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
  const pipeline = compose(middlewares)
  const own = plugins.flatMap((plugin) => plugin.ownArguments ?? [])
  const extension = {
    name: `prisma-brisk(${plugins.map((plugin) => plugin.name).join(', ')})`,
    query: { $allOperations: queryHook(host, pipeline, own) },
    client: {
      ...Object.assign({}, ...plugins.map((plugin) => plugin.client?.(host, client) ?? {})),
      $disconnect: async () => {
        await host.disconnecting()
        await (client as PrivateClient).$disconnect()
      },
    },
    model: { $allModels: Object.assign({}, ...plugins.map((plugin) => plugin.model?.(host, client) ?? {})) },
  }
  const extended = (client as PrivateClient).$extends(extension)
  mounted.set(extended, new Set(plugins.map((plugin) => plugin.name)))
  return extended
}

/** Turns `mount` into what `$extends` takes, with the type that `shell` declares; see design.md, "Public API". */
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
  const transactions = new TransactionRegistry()
  const factory = base._engineConfig?.adapter
  const tap = factory === undefined ? null : DriverTap.on(factory, transactions)
  const host: Host = new Host({
    provider,
    tap,
    transactions: tap?.transactions ?? transactions,
    loadSchema: () =>
      loadSchemaModel({
        ...(options.schema === undefined ? {} : { option: options.schema }),
        ...(base._engineConfig?.inlineSchema === undefined
          ? {}
          : { inlineSchema: base._engineConfig.inlineSchema }),
        warn: (code, message) => host.warnOnce(code, message),
      }),
  })
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

/** Private members of a client, all of them optional: a Prisma without one loses the feature, not the query. */
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

interface InternalParams {
  args?: unknown
  dataPath?: readonly string[]
  action?: string
  model?: string | undefined
  jsModelName?: string | undefined
  clientMethod?: string
  callsite?: { _error?: Error }
  argsMapper?: ((args: never) => unknown) | undefined
  unpacker?: ((data: never) => unknown) | undefined
  transaction?:
    | { kind: 'itx'; id: string }
    | { kind: 'batch'; id: number; index: number; lock: PromiseLike<void> }
    | undefined
}

interface HookInput {
  model?: string
  operation: string
  args: Args
  query: (args: unknown, params?: InternalParams) => PromiseLike<unknown>
  __internalParams?: InternalParams
}

const hosts = new WeakMap<object, Host>()
const mounted = new WeakMap<object, ReadonlySet<string>>()
const emptyPath: readonly string[] = Object.freeze([])

function queryHook(host: Host, pipeline: Next, own: readonly string[]) {
  return (input: HookInput): Promise<unknown> => {
    const params = input.__internalParams
    if (params === undefined) {
      host.warnOnce(
        'W_NO_INTERNALS',
        'prisma-brisk: this version of Prisma passes no internals to extensions; caching and merging are off.',
      )
    }
    const notes: CallNotes = {}
    const dispatcher = new PrismaDispatcher(input, own)
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
    const answer =
      params?.transaction?.kind === 'batch' ? dispatcher.settleArray(pipeline(call), call) : pipeline(call)
    return channels.query.hasSubscribers ? published(call, answer) : answer
  }
}

function transactionOf(host: Host, params: InternalParams | undefined): CallTransaction {
  if (params === undefined) return unrecognised
  const { transaction } = params
  if (transaction === undefined) return noTransaction
  return transaction.kind === 'itx'
    ? host.transactions.scope('interactive', transaction.id)
    : host.transactions.scope('array', `${host.id}:${transaction.id}`)
}

const unrecognised: CallTransaction = Object.freeze<CallTransaction>({
  ...noTransaction,
  kind: 'unrecognised',
})

class PrismaDispatcher implements Dispatcher {
  private sent = false

  constructor(
    private readonly input: HookInput,
    private readonly own: readonly string[],
  ) {}

  dispatch(call: Call, args: Args): Promise<unknown> {
    const { query } = this.input
    const sent = this.strip(args)
    const { transaction } = this.input.__internalParams ?? {}
    if (transaction?.kind === 'batch') return this.dispatchMember(call, sent, transaction.lock)
    // `query` is lazy: it must be awaited inside the context, or the context is lost.
    return currentCall.run(call, start, query(sent))
  }

  send(call: Call, operation: string, args: Args, model: string | null): Promise<unknown> {
    const { query, __internalParams: params } = this.input
    if (params === undefined)
      throw new UnsupportedClientError('Prisma passed no internals.', 'Use call.dispatch().')
    return currentCall.run(call, start, query(this.strip(args), redirected(params, operation, args, model)))
  }

  get redirects(): boolean {
    return this.input.__internalParams?.action !== undefined
  }

  callSiteStack(): string | null {
    return this.input.__internalParams?.callsite?._error?.stack ?? null
  }

  /**
   * Members of an array transaction wait for each other inside Prisma. Where a middleware refuses one, the
   * others would wait for ever; they are rejected with the same error instead, and nothing is sent.
   */
  settleArray(answer: Promise<unknown>, call: Call): Promise<unknown> {
    const { transaction } = this.input.__internalParams ?? {}
    if (transaction?.kind !== 'batch') return answer
    return answer.then(
      (result) => {
        // Never sent: count this member as arrived, so that the others go on.
        if (!this.sent) void transaction.lock.then()
        return result
      },
      (error: unknown) => {
        if (!this.sent) refusalOf(transaction.lock).refuse(error)
        throw error
      },
    )
  }

  private async dispatchMember(call: Call, args: Args, lock: PromiseLike<void>): Promise<unknown> {
    const refusal = refusalOf(lock)
    if (refusal.error !== undefined) throw refusal.error.reason
    this.sent = true
    const scope = call.host.transactions.find(call.transaction.id ?? '')
    try {
      const result = await Promise.race([
        currentCall.run(call, start, this.input.query(args)),
        refusal.refused,
      ])
      // Members resolve after COMMIT; where the driver is not tapped this is how we learn of it.
      await scope?.settle('committed')
      return result
    } catch (error) {
      await scope?.settle(refusal.error === undefined ? 'unknown' : 'rolledBack')
      throw error
    }
  }

  private strip(args: Args): Args {
    for (const name of this.own) {
      if (args !== undefined && name in args) {
        const { [name]: _, ...rest } = args
        return this.strip(rest)
      }
    }
    return args
  }
}

const start = (query: PromiseLike<unknown>): Promise<unknown> => query.then(identity) as Promise<unknown>
const identity = <T>(value: T): T => value

interface Refusal {
  error: { reason: unknown } | undefined
  readonly refused: Promise<never>
  refuse(reason: unknown): void
}

const refusals = new WeakMap<object, Refusal>()

function refusalOf(lock: PromiseLike<void>): Refusal {
  const known = refusals.get(lock)
  if (known !== undefined) return known
  let reject: (reason: unknown) => void = () => undefined
  const refused = new Promise<never>((_, rejectRefused) => (reject = rejectRefused))
  refused.catch(() => undefined)
  const refusal: Refusal = {
    error: undefined,
    refused,
    refuse(reason) {
      refusal.error ??= { reason }
      reject(reason)
    },
  }
  refusals.set(lock, refusal)
  return refusal
}

/** The internals that make Prisma run `operation` in place of the hooked one, as its own methods would. */
function redirected(
  params: InternalParams,
  operation: string,
  args: Args,
  model: string | null,
): InternalParams {
  if (model === null) {
    const action = operation.startsWith('$execute') ? 'executeRaw' : 'queryRaw'
    const { transaction, callsite } = params
    return {
      ...rawParams(args as unknown as readonly unknown[]),
      dataPath: [],
      action,
      model: undefined,
      jsModelName: undefined,
      clientMethod: operation,
      unpacker: undefined,
      transaction,
      ...(callsite === undefined ? {} : { callsite }),
    }
  }
  const jsModelName = model.charAt(0).toLowerCase() + model.slice(1)
  return {
    ...params,
    dataPath: [],
    action: operation,
    model,
    jsModelName,
    clientMethod: `${jsModelName}.${operation}`,
    ...aggregateMapping(operation, args),
  }
}

/** Prisma desugars aggregates with an argument mapper and unpacks their results; a redirected one needs both. */
function aggregateMapping(operation: string, args: Args): Pick<InternalParams, 'argsMapper' | 'unpacker'> {
  if (operation === 'count') {
    const selected = typeof args['select'] === 'object'
    return {
      argsMapper: ({ select, ...rest }: Args) =>
        desugarAggregate({ ...rest, _count: typeof select === 'object' ? select : { _all: true } }),
      unpacker: (data: { _count: Args }) => (selected ? data._count : data._count['_all']),
    }
  }
  if (operation !== 'aggregate' && operation !== 'groupBy')
    return { argsMapper: undefined, unpacker: undefined }
  const bare = typeof args['_count'] === 'boolean'
  const unpackRow = (row: Record<string, unknown>) => {
    if (bare) row['_count'] = (row['_count'] as Args)['_all']
    return row
  }
  return {
    argsMapper: (raw: Args) => {
      const desugared = desugarAggregate(raw)
      for (const key of operation === 'groupBy' ? [raw['by']].flat() : []) {
        if (typeof key === 'string') desugared.select[key] = true
      }
      return desugared
    },
    unpacker: (data: Record<string, unknown> & Record<string, unknown>[]) =>
      operation === 'groupBy' ? data.map(unpackRow) : unpackRow(data),
  }
}

const aggregates = new Set(['_avg', '_count', '_sum', '_min', '_max'])

function desugarAggregate(args: Args): { select: Record<string, unknown> } & Record<string, unknown> {
  const desugared: { select: Record<string, unknown> } & Record<string, unknown> = { select: {} }
  for (const [key, value] of Object.entries(args)) {
    if (!aggregates.has(key)) desugared[key] = value
    else
      desugared.select[key] = {
        select: key === '_count' && typeof value === 'boolean' ? { _all: value } : value,
      }
  }
  return desugared
}

/** Raw SQL through Prisma's own parameter encoding: the hooked call's mapper is not there, so it is taken from one. */
function rawParams(args: readonly unknown[]): Pick<InternalParams, 'argsMapper'> {
  void args
  return {
    argsMapper: (list: readonly unknown[]) => ({
      query: list[0],
      parameters: { values: encodeRawValues(list.slice(1)), __prismaRawParameters__: true },
    }),
  }
}

/** Prisma's wire form of raw parameters (`serializeRawParameters`): JSON with tagged bigint, date, decimal, bytes. */
function encodeRawValues(values: readonly unknown[]): string {
  return JSON.stringify(values.map(encodeRawValue))
}

function encodeRawValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(encodeRawValue)
  if (typeof value === 'bigint') return { prisma__type: 'bigint', prisma__value: value.toString() }
  if (value instanceof Date) return { prisma__type: 'date', prisma__value: value.toJSON() }
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value
    return {
      prisma__type: 'bytes',
      prisma__value: Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
    }
  }
  if (isDecimal(value)) return { prisma__type: 'decimal', prisma__value: value.toFixed() }
  return value
}

function isDecimal(value: unknown): value is { toFixed(): string } {
  const candidate = value as { d?: unknown; e?: unknown; s?: unknown; toFixed?: unknown } | null
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    Array.isArray(candidate.d) &&
    typeof candidate.e === 'number' &&
    typeof candidate.toFixed === 'function'
  )
}

async function published(call: Call, answer: Promise<unknown>): Promise<unknown> {
  const startedAt = performance.now()
  let failure: unknown
  try {
    return await answer
  } catch (error) {
    failure = error
    throw error
  } finally {
    const event: QueryEvent = {
      model: call.model,
      operation: call.operation,
      ms: performance.now() - startedAt,
      error: failure,
      notes: call.notes,
    }
    channels.query.publish(event)
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
