import {
  operationTraits,
  readModels,
  writtenModels,
  type Call,
  type FetchDecorator,
  type Host,
  type Middleware,
  type Next,
  type SchemaModel,
} from '@prisma-brisk/core'
import { randomUUID } from 'node:crypto'
import { invalidateAtAccelerate, type AccelerateAccess } from './accelerate-api.ts'
import type { AccelerateStore } from '../store/accelerate-store.ts'
import { accelerateTags, invalidationRequests } from './accelerate-tags.ts'
import { warm, type CacheMethods } from '../cache-client.ts'
import { checkedSelection } from '../cache-selection.ts'
import type { CacheStore } from '../cache-store.ts'
import {
  checkStrategy,
  resolveStrategy,
  strategyOf,
  withoutStrategy,
  type ResolvedStrategy,
} from '../cache-strategy.ts'
import { mayHaveWritten } from '../database-failure.ts'
import { InvalidCacheStrategyError } from '../errors.ts'
import { GuardedStore } from '../availability/guarded-store.ts'
import { collectInfo, type CacheStatus } from '../report/cache-info.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import { rawTagsOf, RawWriteWarning, sqlOf, writes } from '../raw/raw-write.ts'
import { publish, ReadReport } from '../report/read-report.ts'
import { Statistics, storeStats } from '../report/statistics.ts'

/** What an invalidation names: `*` everything, `t<tag>` a tag of the user's, `m<model>` a model. */
const EVERYTHING = '*'
const ACCELERATE_WRITE_TIMEOUT = 5_000

/** The cache of a client whose results Prisma Accelerate keeps. */
export class AccelerateCache {
  readonly methods: CacheMethods
  private readonly stats: Statistics
  private readonly report: ReadReport
  private readonly guard: GuardedStore
  private readonly warning: RawWriteWarning

  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly host: Host,
    private readonly store: AccelerateStore,
    private readonly access: AccelerateAccess,
  ) {
    this.stats = host.state(STATS, () => new Statistics())
    this.report = new ReadReport(this.stats)
    const timeout = Math.max(options.writeTimeout, ACCELERATE_WRITE_TIMEOUT)
    const tags = { everything: EVERYTHING, probe: 'mbrisk_probe', servers: '' }
    this.guard = new GuardedStore(this.backend(), tags, { read: timeout, write: timeout }, options.now)
    this.warning = new RawWriteWarning(options, () => this.stats.used)
    this.methods = this.makeMethods()
    const schema = options.models.isEmpty ? null : host.schema()
    if (schema !== null) options.models.check(schema)
  }

  readonly middleware: Middleware = (call, next) => {
    switch (operationTraits(call.operation).kind) {
      case 'read':
        return this.read(call, next)
      case 'rawRead':
        return writes(sqlOf(call.args)) ? this.rawWrite(call, next) : next(call)
      case 'rawWrite':
        return this.rawWrite(call, next)
      default:
        return this.write(call, next, () => this.tagsOfWrite(call))
    }
  }

  private async read(call: Call, next: Next): Promise<unknown> {
    const given = strategyOf(call.args, call.dataPath)
    const { models: strategies, defaults } = this.options
    const model = strategies.of(call.model as string)
    if (given === undefined && model === undefined) return next(call)
    if (given !== undefined && given !== false) checkStrategy(given)
    const bare = call.withArgs(withoutStrategy(call.args, call.dataPath))
    const asked = given === false || given === undefined ? {} : given
    const except = given === undefined ? strategies.except : undefined
    const strategy = resolveStrategy(asked, model, defaults, except)
    const schema = this.host.schema()
    const models =
      schema === null ? null : modelsOf(schema, readModels(schema, call.model, call.operation, bare.args))
    const obstacle = this.obstacle(given, call, strategy, models)
    if (obstacle !== null || models === null) {
      this.report.read(call, 'bypass', { reason: obstacle ?? 'no-schema', tags: strategy.tags })
      return next(bare)
    }
    return this.ask(bare, next, strategy, models)
  }

  private obstacle(
    given: unknown,
    call: Call,
    strategy: ResolvedStrategy,
    models: readonly string[] | null,
  ): string | null {
    if (given === false) return 'off'
    if (!this.options.enabled) return 'disabled'
    if (call.transaction.kind !== 'none') return 'transaction'
    if (strategy.ttl + strategy.swr <= 0) return 'no-lifetime'
    if (models === null) return 'no-schema'
    return strategy.except.size > 0 && models.some((each) => strategy.except.has(each)) ? 'excepted' : null
  }

  private async ask(
    call: Call,
    next: Next,
    strategy: ResolvedStrategy,
    models: readonly string[],
  ): Promise<unknown> {
    const { tags } = strategy
    let answered: CacheStatus | null = null
    call.notes.decorateFetch = decorator(
      strategy,
      accelerateTags(tags, models),
      (status) => (answered = status),
    )
    const result = await next(call)
    // Prisma has sent it together with others, past the cache.
    if (answered === null) this.report.read(call, 'bypass', { reason: 'merged', tags, of: { models } })
    else this.report.read(call, answered, { tags, of: { models } })
    return result
  }

  private async write(call: Call, next: Next, tagsOf: () => readonly string[]): Promise<unknown> {
    const after = (): void | Promise<void> => {
      const tags = tagsOf()
      if (tags.length > 0) return call.transaction.afterCommit(() => this.invalidate(tags, call))
    }
    try {
      const result = await next(call)
      await after()
      return result
    } catch (error) {
      if (mayHaveWritten(error, call)) await after()
      throw error
    }
  }

  private rawWrite(call: Call, next: Next): Promise<unknown> {
    return this.write(
      call,
      (sent) => this.warning.send(sent, next),
      () => rawTagsOf(this.options.onRawWrite, call, { ...this.tagging, schema: this.host.schema() }),
    )
  }

  private tagsOfWrite(call: Call): readonly string[] {
    const schema = this.host.schema()
    const models =
      schema === null || call.hasForeignBehind
        ? '*'
        : writtenModels(schema, call.model, call.operation, call.args)
    return models === '*' ? [EVERYTHING] : [...models].map((model) => `m${model}`)
  }

  private readonly tagging = {
    everything: EVERYTHING,
    own: (tag: string) => `t${tag}`,
    models: (names: readonly string[], path: string) =>
      this.checkedModels(names, path).map((name) => `m${name}`),
  }

  private checkedModels(names: readonly string[], path: string): readonly string[] {
    const schema = this.host.schema()
    names.forEach((name, index) => {
      if (schema !== null && !schema.models.has(name)) {
        throw new InvalidCacheStrategyError(`${path}[${index}]`, 'the name of a model', name)
      }
    })
    return names
  }

  private invalidate(tags: readonly string[], call: Call): void | Promise<void> {
    this.stats.invalidations++
    const { model, operation } = call
    publish(() => ({ type: 'invalidate', model, operation, tags: tags.length }))
    return this.guard.invalidate(tags)
  }

  /** Sends to Accelerate; a request takes five tags, and all must arrive. */
  private async send(tags: readonly string[]): Promise<void> {
    const { access, store } = this
    if (tags.includes(EVERYTHING)) return invalidateAtAccelerate(access, 'all', store.fetch)
    const named = (kind: string): string[] =>
      tags.filter((tag) => tag.startsWith(kind)).map((tag) => tag.slice(1))
    const requests = invalidationRequests(named('t'), named('m'))
    await Promise.all(requests.map((each) => invalidateAtAccelerate(access, each, store.fetch)))
  }

  /** Only its invalidations are used: they are sent again until Accelerate has confirmed them. */
  private backend(): CacheStore {
    const nothing = (): never => {
      throw new Error('Accelerate keeps its entries to itself.')
    }
    return {
      name: 'accelerate',
      lookup: nothing,
      observe: nothing,
      write: nothing,
      remove: nothing,
      invalidate: async (tags) => {
        try {
          await this.send(tags)
        } catch (error) {
          this.host.warnOnce('W_ACCELERATE_INVALIDATION', `prisma-brisk: ${(error as Error).message}`)
          throw error
        }
      },
    }
  }

  private makeMethods(): CacheMethods {
    const unsupported = (method: string) =>
      new InvalidCacheStrategyError(method, 'a store that gives stamps', 'accelerateStore()')
    return {
      invalidate: async (selection) => {
        const { tags = [], models = [] } = checkedSelection(selection, '$cache.invalidate')
        const { own, models: named } = this.tagging
        this.stats.invalidations++
        await this.send([...tags.map(own), ...named(models, '$cache.invalidate.models')])
      },
      invalidateAll: async () => {
        this.stats.invalidations++
        await this.send([EVERYTHING])
      },
      withInfo: collectInfo,
      stats: () => this.stats.snapshot(storeStats(this.guard)),
      untilLive: () => Promise.resolve(),
      warm: (runs, options) => warm(runs, options, new Set()),
      etag: async (selection) => {
        checkedSelection(selection, '$cache.etag')
        // Accelerate tells nobody what was invalidated: an etag that never matches is never wrong.
        return `"${randomUUID()}"`
      },
      queryRaw: async () => {
        throw unsupported('$cache.queryRaw')
      },
      wrap: async () => {
        throw unsupported('$cache.wrap')
      },
    }
  }
}

const STATS = Symbol('prisma-brisk accelerate')

function modelsOf(schema: SchemaModel, models: ReadonlySet<string> | '*'): readonly string[] {
  return models === '*' ? [...schema.models.keys()] : [...models]
}

function decorator(
  { ttl, swr }: ResolvedStrategy,
  tags: readonly string[],
  answered: (status: CacheStatus) => void,
): FetchDecorator {
  const control = [`max-age=${ttl / 1000}`, ...(swr > 0 ? [`stale-while-revalidate=${swr / 1000}`] : [])]
  return (send) => async (input, init) => {
    const headers = { ...(init?.headers as Record<string, string> | undefined) }
    headers['cache-control'] = control.join(',')
    headers['accelerate-cache-tags'] = tags.join(',')
    const response = await send(input, { ...init, headers })
    answered(STATUS[response.headers.get('accelerate-cache-status') ?? ''] ?? 'bypass')
    return response
  }
}

const STATUS: Readonly<Record<string, CacheStatus>> = {
  ttl: 'hit',
  swr: 'stale',
  miss: 'miss',
  none: 'bypass',
}
