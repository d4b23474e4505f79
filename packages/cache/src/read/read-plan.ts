import type { Call, Next } from '@prisma-brisk/core'
import type { CacheKey } from '../key/cache-key.ts'
import { withoutStrategy, type ResolvedStrategy } from '../cache-strategy.ts'
import { lifetimeOf, type Entry } from '../entry/entry.ts'
import type { Place, Places } from './places.ts'
import type { ReadTags } from '../tag/read-tags.ts'

/** Everything there is to know of a read before the store is asked; what a hit does not need is found when it is. */
export class PlannedRead {
  private bare: Call | null = null

  constructor(
    readonly asked: Call,
    private readonly next: Next,
    readonly strategy: ResolvedStrategy,
    private readonly rawModels: readonly string[] | null,
    private readonly places: Places,
    private readonly place: Place,
  ) {}

  get key(): CacheKey {
    return this.place.key
  }

  get tags(): ReadTags {
    return (this.place.tags ??= this.places.tagsOf(this.call, this.strategy.tags, this.rawModels))
  }

  /** The models the result rests on. */
  get models(): readonly string[] {
    return this.tags.models
  }

  /** What stands behind must see equal arguments for equal queries, whatever their strategies. */
  get call(): Call {
    return (this.bare ??= bareCall(this.asked))
  }

  /** Reads the database. */
  send(): Promise<unknown> {
    return this.next(this.call)
  }

  /**
   * What is to be stored of a result; null where it has no lifetime.
   *
   * @param stamps those of {@link ReadTags.asked}, as they were before the database was read
   */
  entryOf(value: unknown, stamps: readonly string[], createdAt: number, cost: number): Entry | null {
    const { key, tags, strategy } = this
    const resting = tags.restingOn(value)
    const entry: Entry = {
      identity: key.identity,
      tags: resting,
      stamps:
        resting === tags.asked ? stamps : resting.map((tag) => stamps[tags.asked.indexOf(tag)] as string),
      createdAt,
      ttl: isEmpty(value) ? (strategy.nullTtl ?? strategy.ttl) : strategy.ttl,
      swr: strategy.swr,
      grace: strategy.grace,
      cost,
    }
    return lifetimeOf(entry) > 0 ? entry : null
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
