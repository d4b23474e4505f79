import { dialectOf, type Call, type Next, type SchemaModel } from '@prisma-brisk/core'
import { publish } from '../report/read-report.ts'
import { mayHaveWritten } from '../database-failure.ts'
import { InvalidCacheStrategyError } from '../errors.ts'
import type { KeySetTag } from '../entry/stamp.ts'
import { isPromise, type GuardedStore, type StoreFailure } from '../availability/guarded-store.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import {
  changesNoRows,
  mayCommitByItself,
  rawTagsOf,
  RawWriteWarning,
  sqlOf,
  writes,
} from '../raw/raw-write.ts'
import type { Statistics } from '../report/statistics.ts'
import { isSignedBy } from '../entry/stamp.ts'
import type { TagNames } from '../tag/tag-names.ts'
import { tagsBeforeWrite, tagsOfModels, writeTags, type WrittenTags } from '../tag/write-tags.ts'

/**
 * Invalidates what writes change: after they have succeeded, in a transaction after COMMIT, and in any case before the
 * caller's promise resolves.
 */
export class WriteInvalidation {
  private readonly warning: RawWriteWarning

  constructor(
    private readonly options: ResolvedCacheOptions,
    /** Null where there is no schema to tell what a write touches: then it touches everything. */
    private readonly schema: () => SchemaModel | null,
    private readonly names: TagNames,
    private readonly store: GuardedStore,
    private readonly stats: Statistics,
  ) {
    this.warning = new RawWriteWarning(options, () => stats.used)
  }

  write(call: Call, next: Next): Promise<unknown> {
    return this.invalidating(call, next, {
      before: () => this.tagsBefore(call),
      after: (result) => this.tagsAfter(call, result),
    })
  }

  rawWrite(call: Call, next: Next): Promise<unknown> {
    if (changesNoRows(sqlOf(call.args), dialectOf(call.host))) return next(call)
    const tags = this.tagsOfRaw(call)
    return tags.length === 0
      ? this.warning.send(call, next)
      : this.invalidating(call, next, {
          before: () => tags,
          after: () => all(tags),
          isAtomic: !mayCommitByItself(sqlOf(call.args)),
        })
  }

  /** `$queryRaw` is a read, unless its SQL says otherwise. */
  rawRead(call: Call, next: Next): Promise<unknown> {
    return writes(sqlOf(call.args)) ? this.rawWrite(call, next) : next(call)
  }

  /** @param by the write, or what else it was */
  invalidate(
    { tags, rows }: WrittenTags,
    by: { readonly model: string | null; readonly operation: string } = ASKED_FOR,
  ): void | Promise<void> {
    this.stats.invalidations++
    publish(() => ({
      type: 'invalidate',
      model: by.model,
      operation: by.operation,
      tags: tags.length,
      reach: this.names.reachOf(tags),
    }))
    const invalidated = this.store.invalidate(tags)
    if (rows === null) return invalidated
    const dropped = this.dropOtherKeySet(rows)
    return isPromise(invalidated) || isPromise(dropped)
      ? Promise.all([invalidated, dropped]).then(() => undefined)
      : undefined
  }

  /**
   * Rows may be cached by unique keys that this deployment does not know, because it is older or newer than the one that
   * cached them: then nothing else would tell that they have changed.
   */
  private dropOtherKeySet(rows: KeySetTag): void | Promise<void> {
    const drop = (stamps: readonly string[] | StoreFailure): void | Promise<void> => {
      const [stamp] = typeof stamps === 'string' ? [] : stamps
      if (stamp === undefined || !isSignedBy(stamp, rows.signature)) return this.store.invalidate([rows.tag])
    }
    const stamps = this.store.observe([rows.tag], rows)
    return isPromise(stamps) ? stamps.then(drop) : drop(stamps)
  }

  private async invalidating(call: Call, next: Next, tags: WriteTags): Promise<unknown> {
    const { strict } = this.options
    const marked = strict === null ? null : await this.mark(call, tags.before(), strict.lifetime)
    let result: unknown
    try {
      result = await next(call)
    } catch (error) {
      if (tags.isAtomic === false || mayHaveWritten(error, call))
        await this.after(call, all(tags.before()), marked)
      else await marked?.end(null)
      throw error
    }
    await this.after(call, tags.after(result), marked)
    return result
  }

  private after(call: Call, tags: WrittenTags, marked: Marked | null): void | Promise<void> {
    if (marked === null) return call.transaction.afterCommit(() => this.invalidate(tags, call))
    call.transaction.afterRollback(() => marked.end(null))
    return call.transaction.afterCommit(() => marked.end(tags))
  }

  private tagsAfter(call: Call, result: unknown): WrittenTags {
    const schema = this.schema()
    if (schema === null || call.hasForeignBehind) return all([this.names.everything])
    return writeTags(this.names, schema, call, result)
  }

  private tagsBefore(call: Call): readonly string[] {
    const schema = this.schema()
    if (schema === null || call.hasForeignBehind) return [this.names.everything]
    return tagsBeforeWrite(this.names, schema, call)
  }

  private async mark(call: Call, tags: readonly string[], lifetime: number): Promise<Marked> {
    const mark = await this.store.mark(tags, lifetime)
    if (mark === null) {
      if (this.store.store.marks !== undefined) call.host.warnOnce('W_CACHE_UNMARKED', UNMARKED)
      return { end: (written) => (written === null ? undefined : this.invalidate(written, call)) }
    }
    const { store } = this
    let hasEnded = false
    const end = async (): Promise<void> => {
      // Where the invalidation has not reached the store, the mark holds its place.
      if (store.journal.holds(tags)) return
      clearInterval(renewal)
      await store.unmark(mark, tags)
    }
    // A write that takes longer than its mark lives must not lose it.
    const renewal = setInterval(() => {
      void store.renewMark(mark, tags, lifetime)
      if (hasEnded) void end()
    }, lifetime / 3)
    renewal.unref()
    return {
      end: async (written) => {
        if (written !== null) await this.invalidate(written, call)
        hasEnded = true
        await end()
      },
    }
  }

  private tagsOfRaw(call: Call): readonly string[] {
    return rawTagsOf(this.options.onRawWrite, call, {
      everything: this.names.everything,
      schema: this.schema(),
      own: (tag) => this.names.own(tag),
      models: (names, path) => this.tagsOfModelNames(names, path),
    })
  }

  /** Invalidates all that rests on these models; everything for null. */
  invalidateModels(models: ReadonlySet<string> | null): void | Promise<void> {
    if (models?.size === 0) return
    const tags = models === null ? [this.names.everything] : this.tagsOfModelNames([...models], 'models')
    return this.invalidate(all(tags))
  }

  /**
   * The tags of models by name; everything where there is no schema.
   * @throws InvalidCacheStrategyError for a model that does not exist
   */
  tagsOfModelNames(models: readonly string[], path: string): readonly string[] {
    const schema = this.schema()
    if (schema === null) return models.length === 0 ? [] : [this.names.everything]
    return tagsOfModels(
      this.names,
      schema,
      models.map((name, index) => {
        const model = schema.models.get(name)
        if (model !== undefined) return model
        throw new InvalidCacheStrategyError(`${path}[${index}]`, 'the name of a model', name)
      }),
    )
  }
}

const ASKED_FOR = { model: null, operation: '$cache.invalidate' } as const

const UNMARKED =
  'prisma-brisk: the store could not be reached to mark a write of a client with `strict`, and the write went on without. ' +
  'Its invalidation is kept in this process until the store is back, and lost with it. See `unmarked` of $cache.stats().store.'

/** What a write may change before it is sent, and what it has changed by its result. */
interface WriteTags {
  readonly before: () => readonly string[]
  readonly after: (result: unknown) => WrittenTags
  /** False where a part of it may be kept though it failed. */
  readonly isAtomic?: boolean
}

function all(tags: readonly string[]): WrittenTags {
  return { tags, rows: null }
}

interface Marked {
  /** Ends the marks, and invalidates what was written, if anything. */
  end(written: WrittenTags | null): void | Promise<void>
}
