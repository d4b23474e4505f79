import type { Call, Next, SchemaModel } from '@prisma-brisk/core'
import { withoutStrategy, type ResolvedStrategy } from '../cache-strategy.ts'
import { lifetimeOf, type CacheEntry } from '../entry/entry.ts'
import { ArgumentTrie } from '../key/argument-trie.ts'
import type { CacheKey, CacheKeys } from '../key/cache-key.ts'
import { compute, WRAP } from './computed-value.ts'
import { readTags, tagsOfRawRead, type ReadTags } from '../tag/read-tags.ts'
import type { TagNames } from '../tag/tag-names.ts'

/** Everything there is to know of a read before the store is asked; what a hit does not need is found when it is. */
export class ReadPlan {
  private bare: Call | null = null

  constructor(
    readonly asked: Call,
    private readonly next: Next,
    readonly strategy: ResolvedStrategy,
    private readonly rawModels: readonly string[] | null,
    private readonly planner: ReadPlanner,
    private readonly readKey: ReadKey,
  ) {}

  /** Whether its value is not one read, so that its errors are not the database's alone. */
  get isComputed(): boolean {
    return this.asked.operation === WRAP
  }

  get key(): CacheKey {
    return this.readKey.key
  }

  get tags(): ReadTags {
    return (this.readKey.tags ??= this.planner.tagsOf(this.call, this.strategy.tags, this.rawModels))
  }

  /** The models the result rests on. */
  get models(): readonly string[] {
    return this.tags.models
  }

  /** Whether the result rests on a model whose rows are not to be cached. */
  get isExcepted(): boolean {
    const { except } = this.strategy
    return except.size > 0 && this.models.some((model) => except.has(model))
  }

  /** What stands behind must see equal arguments for equal queries, whatever their strategies. */
  get call(): Call {
    return (this.bare ??= bareCall(this.asked))
  }

  /** Reads the database, or computes the value. */
  send(): Promise<unknown> {
    this.call.notes.isStored = true
    const read = () => this.next(this.call)
    return this.isComputed ? compute(this.key.key, read) : read()
  }

  /**
   * What is to be stored of a result; null where it has no lifetime.
   *
   * @param stamps those of {@link ReadTags.asked}, as they were before the database was read
   */
  entryOf(value: unknown, stamps: readonly string[], createdAt: number, cost: number): CacheEntry | null {
    const { key, tags, strategy } = this
    if (strategy.nullTtl === 0 && isEmpty(value)) return null
    const resting = tags.restingOn(value, stamps)
    const entry: CacheEntry = {
      identity: key.identity,
      tags: resting,
      stamps:
        resting === tags.asked ? stamps : resting.map((tag) => stamps[tags.asked.indexOf(tag)] as string),
      createdAt,
      ttl: isEmpty(value) ? (strategy.nullTtl ?? strategy.ttl) : strategy.ttl,
      swr: strategy.swr,
      staleIfError: strategy.staleIfError,
      cost,
    }
    return lifetimeOf(entry) > 0 ? entry : null
  }
}

/** The key of a read, and the tags it rests on once they are needed. */
interface ReadKey {
  readonly key: CacheKey
  tags: ReadTags | null
}

/** Plans the reads of one client. */
export class ReadPlanner {
  private readonly recent = new ArgumentTrie<ReadKey>()

  constructor(
    private readonly schema: SchemaModel,
    private readonly names: TagNames,
    private readonly keys: CacheKeys,
  ) {}

  /**
   * The plan of a read; null for arguments that have no canonical form.
   *
   * @param models the models a raw query reads, which its text does not tell
   * @throws InvalidCacheStrategyError
   */
  plan(
    call: Call,
    next: Next,
    strategy: ResolvedStrategy,
    models: readonly string[] | null,
  ): ReadPlan | null {
    try {
      return new ReadPlan(call, next, strategy, models, this, this.keyOf(call, strategy.tags, models))
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === 'E_CYCLIC_ARGUMENTS') return null
      throw error
    }
  }

  tagsOf(call: Call, own: readonly string[], models: readonly string[] | null): ReadTags {
    const { names, schema } = this
    return models === null ? readTags(names, schema, call, own) : tagsOfRawRead(names, schema, models, own)
  }

  /** @param own the user's tags */
  private keyOf(call: Call, own: readonly string[], models: readonly string[] | null): ReadKey {
    const surroundings = this.keys.surroundings()
    const known = this.recent.slotOf(call, surroundings, own, models)
    if (known === null) return { key: this.keys.of(call, surroundings, own, models), tags: null }
    return (known.content ??= { key: this.keys.of(call, surroundings, own, models), tags: null })
  }
}

/** The call without its strategies. */
export function bareCall(call: Call): Call {
  const bare = withoutStrategy(call.args, call.dataPath)
  return bare === call.args ? call : call.withArgs(bare)
}

/** Null or a list of nothing, which has a lifetime of its own. */
export function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0)
}
