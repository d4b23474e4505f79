import type { Call, SchemaModel } from '@prisma-brisk/core'
import type { CacheKey, CacheKeys } from '../key/cache-key.ts'
import { readTags, tagsOfRawRead, type ReadTags } from '../tag/read-tags.ts'
import { RecentReads } from '../key/argument-trie.ts'
import type { TagNames } from '../tag/tag-names.ts'

/** Where a read is stored, and what it rests on. */
export interface Place {
  readonly key: CacheKey
  /** Null until they are needed. */
  tags: ReadTags | null
}

/** Finds the places of one client's reads. */
export class Places {
  private readonly recent = new RecentReads<Place>()

  constructor(
    private readonly schema: SchemaModel,
    private readonly names: TagNames,
    private readonly keys: CacheKeys,
  ) {}

  /**
   * @param own the user's tags
   * @param models the models a raw query reads, which its text does not tell
   * @throws CyclicArgumentsError, InvalidCacheStrategyError
   */
  of(call: Call, own: readonly string[], models: readonly string[] | null): Place {
    const surroundings = this.keys.surroundingsOf(call)
    const known = this.recent.placeOf(call, surroundings, own, models)
    if (known === null) return { key: this.keys.of(call, surroundings, own, models), tags: null }
    return (known.content ??= { key: this.keys.of(call, surroundings, own, models), tags: null })
  }

  tagsOf(call: Call, own: readonly string[], models: readonly string[] | null): ReadTags {
    const { names, schema } = this
    return models === null ? readTags(names, schema, call, own) : tagsOfRawRead(names, schema, models, own)
  }
}
