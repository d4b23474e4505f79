import {
  operationTraits,
  sendApart,
  sendUniqueRead,
  type Call,
  type Host,
  readModels,
  type Middleware,
  type ModelSet,
  type Next,
  type Provider,
} from '@prisma-brisk/core'
import { ChangeFeed, type ChangeFollower } from './changes/change-feed.ts'
import { cacheMethods, type CacheMethods } from './cache-client.ts'
import { CacheKeys } from './key/cache-key.ts'
import type { CacheStore } from './cache-store.ts'
import type { DecimalClass } from './codec/value-copy.ts'
import {
  checkStrategy,
  type CacheStrategy,
  resolveStrategy,
  strategyOf,
  type ResolvedStrategy,
} from './cache-strategy.ts'
import { ReadThrough } from './read/read-through.ts'
import type { ComputedFields } from './read/computed-fields.ts'
import { GuardedStore, isPromise } from './availability/guarded-store.ts'
import { collector } from './report/cache-info.ts'
import { ForeignStatements } from './invalidation/foreign-statements.ts'
import { WriteInvalidation } from './invalidation/write-invalidation.ts'
import type { ResolvedCacheOptions } from './options.ts'
import { bareCall } from './read/read-plan.ts'
import { rawReadOf } from './raw/raw-read.ts'
import { wrappedCall } from './read/computed-value.ts'
import { SharedState } from './read/shared-state.ts'
import { keyInWhere } from './tag/row-key.ts'
import { TagNames, uniqueKeys } from './tag/tag-names.ts'

/** What the extension knows of the client that carries the cache. */
export interface ClientFacts {
  /** The client's global `omit`. */
  readonly omit: unknown
  /** What the result extensions before the cache make the database be asked for. */
  readonly computed: unknown
  /** The fields that result extensions behind the cache compute. */
  readonly computedBehind: ComputedFields
  /** Text that tells this database from others in every process; null where only the database itself can say. */
  readonly database: string | null
  /** The schema that the driver adapter was given; null where it was given none. */
  readonly adapterSchema: string | null
  /** The application's decimal class, or null where it cannot be had. */
  readonly decimal: () => Promise<DecimalClass | null>
  /** The client with the cache on it. */
  readonly client: () => object
}

/** The cache of one extended client. */
export class Cache {
  readonly methods: CacheMethods
  private readonly names: TagNames
  private readonly store: GuardedStore
  private readonly shared: SharedState
  private readonly writes: WriteInvalidation
  /** Null where nobody tells of writes from elsewhere. */
  private readonly changes: ChangeFollower | null
  private reads: ReadThrough | null = null

  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly host: Host,
    /** Null: the one that all clients of one base client share. */
    store: CacheStore | null,
    private readonly facts: () => ClientFacts,
  ) {
    this.shared = SharedState.of(host)
    const kept = store ?? this.shared.defaultStore()
    this.names = new TagNames(options.namespace, kept.isLocal, () =>
      defaultSchemaOf(host.provider, facts().adapterSchema),
    )
    this.store = GuardedStore.of(kept, options.namespace, () => {
      const timeouts = { read: options.readTimeout, write: options.writeTimeout }
      return new GuardedStore(kept, this.names, timeouts, options.now)
    })
    this.shared.stores.add(this.store)
    const { stats, fills } = this.shared
    const { names } = this
    this.writes = new WriteInvalidation(options, () => host.schema(), names, this.store, stats)
    this.changes =
      options.changes === null
        ? null
        : ChangeFeed.of(options.changes).follow({ host, names, store: this.store, writes: this.writes })
    this.methods = cacheMethods({
      names,
      store: this.store,
      stats,
      fills,
      writes: this.writes,
      changes: this.changes,
      client: () => facts().client(),
      wrap: (key, strategy, models, run) => this.wrap(key, strategy, models, run),
    })
    ForeignStatements.watch(host, this.store, this.writes)
    this.checkModels()
    if (options.strict !== null) this.store.store.marks?.watch()
  }

  /** What writes invalidate, one object for all caches that share it. */
  get invalidates(): object {
    return this.store
  }

  readonly middleware: Middleware = (call, next) => {
    switch (operationTraits(call.operation).kind) {
      case 'read':
        return this.read(call, next)
      case 'rawRead':
        return this.rawRead(call, next)
      case 'rawWrite':
        return this.writes.rawWrite(call, next)
      default:
        return this.writes.write(call, next)
    }
  }

  /** For what passes by the client that carries the cache: nothing is answered from it, and writes invalidate. */
  readonly following: Middleware = (call, next) => {
    switch (operationTraits(call.operation).kind) {
      case 'rawRead':
        return this.writes.rawRead(call, next)
      case 'rawWrite':
        return this.writes.rawWrite(call, next)
      case 'write':
        return this.writes.write(call, next)
      default:
        return next(call)
    }
  }

  /** The usual read, which asks for nothing, passes at the cost of two look-ups. */
  private read(call: Call, next: Next): Promise<unknown> {
    const given = strategyOf(call.args, call.dataPath)
    if (given !== undefined) return this.cached(call, next, given)
    const { models } = this.options
    if (models.isEmpty || models.of(call.model as string) === undefined) return unasked(call, next)
    return this.cached(call, next, given)
  }

  private cached(call: Call, next: Next, given: unknown): Promise<unknown> {
    try {
      const strategy = this.strategyFor(call, given)
      if (given === false) return this.bypass(call, next, 'off', strategy)
      return this.answered(call, next, strategy, null)
    } catch (error) {
      return rejected(error)
    }
  }

  private strategyFor(call: Call, given: unknown): ResolvedStrategy {
    const { models, defaults } = this.options
    const model = models.of(call.model as string)
    if (given === false || given === undefined) return resolveStrategy(UNSAID, model, defaults, models.except)
    checkStrategy(given)
    return resolveStrategy(given, model, defaults)
  }

  private rawRead(call: Call, next: Next): Promise<unknown> {
    const raw = rawReadOf(call)
    if (raw === null) return this.writes.rawRead(call, next)
    return this.answered(
      call,
      next,
      resolveStrategy(raw.strategy, undefined, this.options.defaults),
      raw.models,
    )
  }

  /** A value that is not one read: computed where the store does not have it. */
  private wrap(
    key: string,
    strategy: CacheStrategy,
    models: readonly string[],
    run: () => unknown,
  ): Promise<unknown> {
    const call = wrappedCall(this.host, key, run, () => this.facts().client())
    const resolved = resolveStrategy(strategy, undefined, this.options.defaults)
    return this.answered(call, async () => await run(), resolved, models)
  }

  /** @param models those of a raw read or of a computed value */
  private answered(
    call: Call,
    next: Next,
    strategy: ResolvedStrategy,
    models: readonly string[] | null,
  ): Promise<unknown> {
    if (!this.options.enabled) return this.bypass(call, next, 'disabled', strategy)
    if (call.transaction.kind !== 'none') return this.bypass(call, next, 'transaction', strategy)
    // What a hook behind makes of a query may hang on anything, such as a tenant; the user's word on it is `scope`.
    if (call.hasForeignBehind && this.options.scope === null) {
      return this.bypass(call, next, 'extension-behind', strategy)
    }
    const obstacle =
      this.changes?.obstacle(() => (models === null ? this.modelsOf(call) : new Set(models))) ?? null
    if (obstacle !== null) return this.bypass(call, next, obstacle, strategy)
    if (this.reads === null) return this.answeredWhenReady(call, next, strategy, models)
    const { computedBehind, omit } = this.facts()
    if (models === null && computedBehind.mayChange(this.host.schema(), call, omit)) {
      return this.bypass(call, next, 'computed-field', strategy)
    }
    const answer = this.reads.read(call, models === null ? this.alone(call, next) : next, strategy, models)
    return isPromise(answer) ? answer : Promise.resolve(answer)
  }

  /**
   * The unique reads of a tick are one batch to Prisma, which compares keys in JavaScript: what is equal to the database alone
   * it does not find, and that would be stored. Such a read is sent by itself; where there is batching, it sees to that.
   */
  private alone(call: Call, next: Next): Next {
    if (!operationTraits(call.operation).isUniqueRead || this.host.carried.has('batching')) return next
    return (sent) => {
      const model = this.host.schema()?.models.get(sent.model as string)
      const found = model === undefined ? null : keyInWhere(uniqueKeys(model), model, sent.args['where'])
      return found?.values.exact === true ? sendUniqueRead(sent, next) : sendApart(() => next(sent))
    }
  }

  private modelsOf({ model, operation, args }: Call): ModelSet {
    const schema = this.host.schema()
    return schema === null ? '*' : readModels(schema, model, operation, args)
  }

  private async answeredWhenReady(
    call: Call,
    next: Next,
    strategy: ResolvedStrategy,
    models: readonly string[] | null,
  ): Promise<unknown> {
    const reads = await this.ready(call)
    this.reads ??= reads
    if (this.reads === null) return this.bypass(call, next, this.obstacle(), strategy)
    return this.answered(call, next, strategy, models)
  }

  private bypass(call: Call, next: Next, reason: string, { tags }: ResolvedStrategy): Promise<unknown> {
    this.shared.report.read(call, 'bypass', { reason, tags })
    return next(bareCall(call))
  }

  private obstacle(): string {
    return this.host.schema() === null ? 'no-schema' : 'unknown-database'
  }

  /** Makes what answers reads as soon as it is known which database this is; null where it cannot be. */
  private async ready(call: Call): Promise<ReadThrough | null> {
    const schema = this.host.schema()
    if (schema === null) return null
    const database = this.databaseName() ?? (await this.shared.askDatabase(call))
    if (database === null) return null
    const { omit, computed, decimal } = this.facts()
    if (this.store.store.useDecimal !== undefined) {
      const found = await decimal()
      if (found !== null) this.store.store.useDecimal(found)
    }
    const { names, store, shared, options } = this
    const { namespace, scope } = options
    const isLocal = store.store.isLocal === true
    const keys = new CacheKeys({
      namespace,
      schemaHash: schema.hash,
      database,
      omit,
      computed,
      scope,
      isLocal,
    })
    return new ReadThrough(options, schema, names, keys, store, shared)
  }

  /** In a store that only this process sees, a client whose database has no name keeps to itself; no statement has to ask. */
  private databaseName(): string | null {
    const { database } = this.options.database === null ? this.facts() : this.options
    return database ?? (this.store.store.isLocal === true ? `client ${this.host.id}` : null)
  }

  private checkModels(): void {
    const { models } = this.options
    const schema = models.isEmpty ? null : this.host.schema()
    if (schema !== null) models.check(schema)
  }
}

function unasked(call: Call, next: Next): Promise<unknown> {
  collector()?.push({ status: 'bypass', reason: 'no-strategy', tags: [], models: [] })
  return next(call)
}

/** The schema in which Prisma looks for the table of a model that names none. */
function defaultSchemaOf(provider: Provider, adapterSchema: string | null): string | null {
  if (provider === 'mysql' || provider === 'sqlite' || provider === 'mongodb') return null
  return adapterSchema ?? (provider === 'sqlserver' ? 'dbo' : 'public')
}

/** Where neither the call nor the model says more. */
const UNSAID: CacheStrategy = Object.freeze({})

async function rejected(error: unknown): Promise<never> {
  throw error
}
