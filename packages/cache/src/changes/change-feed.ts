import { ChangeWatch, realTimers, type Host, type ModelSet, type SchemaModel } from '@prisma-brisk/core'
import type { ChangeSink, ChangeSource, ChangeState, ChangeStats, TableChange } from '../change-source.ts'
import type { GuardedStore } from '../availability/guarded-store.ts'
import { publish } from '../report/read-report.ts'
import type { WriteInvalidation } from '../invalidation/write-invalidation.ts'
import type { TagNames } from '../tag/tag-names.ts'
import { InvalidationTimes } from '../availability/invalidation-times.ts'
import { tagsOfChange, type ChangedTags } from './change-tags.ts'
import { OwnWrites } from './own-writes.ts'

/** What the cache of one store and base client gives to a feed. */
export interface FollowedCache {
  readonly host: Host
  readonly names: TagNames
  readonly store: GuardedStore
  readonly writes: WriteInvalidation
}

/**
 * Follows a source for all caches that it was given to: invalidates what it tells, and says whether entries can be
 * believed. They can once everything that may have been missed is invalidated, and until the source is lost.
 */
export class ChangeFeed implements ChangeSink {
  private state: 'idle' | 'connecting' | 'live' | 'lost' = 'idle'
  private watched: ReadonlySet<string> = new Set()
  private readonly followers = new Set<ChangeFollower>()
  private readonly waiting = new Set<{ resolve(): void; reject(error: Error): void }>()
  private readonly counts = { events: 0, own: 0, tables: 0, losses: 0 }
  private lag: number | null = null
  private error: Error | null = null

  /** When the last sign of life was sent, by the clock that goes on while a machine sleeps. */
  private heardAt = -Infinity
  /** Keeps the process alive for those who wait. */
  private alive: ReturnType<typeof realTimers.setInterval> | null = null

  /** The feed of a source, one for all who were given it. */
  static of(source: ChangeSource): ChangeFeed {
    let feed = feeds.get(source)
    if (feed === undefined) feeds.set(source, (feed = new ChangeFeed(source)))
    return feed
  }

  private constructor(readonly source: ChangeSource) {}

  /** The follower of a cache; one for each store of a base client, however often that is extended. */
  follow(cache: FollowedCache): ChangeFollower {
    const { host, store } = cache
    const known = host.state(FOLLOWERS, () => new Map<ChangeFeed, Map<GuardedStore, ChangeFollower>>())
    let own = known.get(this)
    if (own === undefined) known.set(this, (own = new Map()))
    let follower = own.get(store)
    if (follower === undefined) {
      const made = new ChangeFollower(this, cache)
      own.set(store, (follower = made))
      ChangeWatch.of(host).add(this, () => this.stats(made))
      host.onDisconnect(() => this.leave(made), 'last')
    }
    return follower
  }

  enter(follower: ChangeFollower): void {
    if (this.followers.has(follower)) return
    this.followers.add(follower)
    if (this.state === 'idle') {
      this.state = 'connecting'
      this.source.start(this)
    } else if (this.state === 'live') this.catchUp(follower)
  }

  private async leave(follower: ChangeFollower): Promise<void> {
    if (!this.followers.delete(follower) || this.followers.size > 0) return
    this.state = 'idle'
    this.settle(new Error('the client has disconnected'))
    await this.source.stop()
  }

  /** Resolves once the source is live and all has been caught up with; rejects with the reason where it cannot be. */
  untilLive(follower: ChangeFollower): Promise<void> {
    this.enter(follower)
    if (this.stateOf(follower) === 'live') return Promise.resolve()
    this.alive ??= realTimers.setInterval(() => undefined, 60_000)
    return new Promise((resolve, reject) => this.waiting.add({ resolve, reject }))
  }

  stateOf(follower: ChangeFollower): ChangeState {
    if (this.state !== 'live') return this.state
    return follower.hasCaughtUp ? 'live' : 'catching-up'
  }

  stats(follower: ChangeFollower): ChangeStats {
    const { lag, error } = this
    return { source: this.source.name, state: this.stateOf(follower), lag, ...this.counts, error }
  }

  /** Whether it has been heard of lately: the process, or the machine, may have stood still since. */
  get isHeard(): boolean {
    const { heardWithin = Infinity } = this.source
    if (heardWithin === Infinity) return true
    const since = Date.now() - this.heardAt
    // Less than nothing: the clock was set back.
    return since >= 0 && since <= heardWithin
  }

  live(watched: ReadonlySet<string>): void {
    if (this.state === 'idle') return
    this.hear(0)
    this.state = 'live'
    this.watched = watched
    for (const follower of this.followers) this.catchUp(follower)
  }

  lost(error: Error): void {
    if (this.state === 'idle') return
    this.error = error
    if (this.state === 'live') {
      this.counts.losses++
      this.report('lost')
    }
    this.state = 'lost'
    for (const follower of this.followers) follower.lost(error)
    this.settle(error)
  }

  changed(change: TableChange | null): void {
    let isOwn = true
    for (const follower of this.followers) isOwn = follower.changed(change) && isOwn
    this.counts.events++
    if (isOwn) this.counts.own++
    else if (change?.rows == null) this.counts.tables++
  }

  beat(lag: number): void {
    this.lag = lag
    this.hear(lag)
  }

  private hear(lag: number): void {
    this.heardAt = Date.now() - Math.ceil(lag)
  }

  private catchUp(follower: ChangeFollower): void {
    void follower.catchUp(this.watched).then((isLatest) => {
      if (!isLatest || this.state !== 'live') return
      this.report('live')
      if ([...this.followers].every(({ hasCaughtUp }) => hasCaughtUp)) this.settle(null)
    })
  }

  private settle(error: Error | null): void {
    const waiting = [...this.waiting]
    this.waiting.clear()
    if (this.alive !== null) realTimers.clearInterval(this.alive)
    this.alive = null
    for (const { resolve, reject } of waiting)
      if (error === null) resolve()
      else reject(error)
  }

  private report(state: 'live' | 'lost'): void {
    publish(() => ({ type: 'changes', source: this.source.name, state }))
  }
}

const feeds = new WeakMap<ChangeSource, ChangeFeed>()
const FOLLOWERS = Symbol('prisma-brisk cache changes')

/** One store of one base client that follows a feed. */
export class ChangeFollower {
  private caughtUp: ReadonlySet<string> | null = null
  private unwatched: ReadonlySet<string> = new Set()
  private readonly own: OwnWrites | null = null

  constructor(
    private readonly feed: ChangeFeed,
    private readonly cache: FollowedCache,
  ) {
    if (feed.source.tellsTransactions !== true) return
    this.own = OwnWrites.of(cache.host)
    cache.store.times ??= new InvalidationTimes()
  }

  /**
   * Why what rests on these models must not be answered from the cache; null where it may.
   *
   * @param models asked for only where some are not watched
   */
  obstacle(models: () => ModelSet): string | null {
    this.feed.enter(this)
    const state = this.feed.stateOf(this)
    if (state !== 'live') return this.feed.source.onLost === 'ttl' ? null : `changes-${state}`
    if (!this.feed.isHeard) return this.feed.source.onLost === 'ttl' ? null : 'changes-unheard'
    if (this.unwatched.size === 0) return null
    const read = models()
    const isWatched = read !== '*' && [...read].every((model) => !this.unwatched.has(model))
    return isWatched ? null : 'changes-unwatched'
  }

  get hasCaughtUp(): boolean {
    return this.caughtUp !== null
  }

  untilLive(): Promise<void> {
    return this.feed.untilLive(this)
  }

  stats(): ChangeStats {
    return this.feed.stats(this)
  }

  /** Invalidates everything that may have been missed; false where another round has begun meanwhile. */
  async catchUp(watched: ReadonlySet<string>): Promise<boolean> {
    const { names, store, host } = this.cache
    this.caughtUp = null
    const round = (this.round = {})
    const schema = host.schema()
    this.unwatched = schema === null ? new Set() : unwatchedModels(schema, names, watched)
    if (this.unwatched.size > 0) this.warnOfUnwatched()
    await store.invalidate([names.everything])
    if (this.round !== round) return false
    this.caughtUp = watched
    if (this.own !== null) this.own.isOn = true
    return true
  }

  private round: object = {}

  lost(error: Error): void {
    this.round = {}
    this.caughtUp = null
    this.own?.forget()
    const { onLost, name } = this.feed.source
    const now =
      onLost === 'bypass'
        ? 'Reads go to the database until it is back.'
        : 'Entries live until their ttl ends.'
    this.cache.host.warnOnce(
      'W_CACHE_CHANGES_LOST',
      `prisma-brisk: ${name}() is not live: ${error.message} ${now}`,
    )
  }

  /** Whether the change was this process's own, and nothing was left to do. */
  changed(change: TableChange | null): boolean {
    const { names, writes, host, store } = this.cache
    const schema = host.schema()
    if (change === null || schema === null) {
      ChangeWatch.of(host).tell(null)
      void store.invalidate([names.everything])
      return false
    }
    const found = tagsOfChange(names, schema, change)
    ChangeWatch.of(host).tell(new Set(found.map(({ model }) => model)))
    let isOwn = found.length > 0
    for (const changed of found) {
      const tags = this.unseen(change, changed)
      if (tags.length === 0) continue
      isOwn = false
      void writes.invalidate({ ...changed.written, tags }, { model: changed.model, operation: 'change' })
    }
    return isOwn
  }

  /** What the change invalidates, but for what this process has invalidated since it made the change. */
  private unseen({ transaction }: TableChange, { written: { tags }, wider }: ChangedTags): readonly string[] {
    const { store, names } = this.cache
    const since = transaction === undefined ? null : (this.own?.committedSince(transaction) ?? null)
    if (since === null) return tags
    return tags.filter(
      (tag) => store.times?.hasAnySince([tag, names.everything, ...(wider.get(tag) ?? [])], since) !== true,
    )
  }

  private warnOfUnwatched(): void {
    const some = [...this.unwatched].slice(0, 5).join(', ')
    this.cache.host.warnOnce(
      'W_CACHE_CHANGES_UNWATCHED',
      `prisma-brisk: ${this.feed.source.name}() does not watch the tables of ${this.unwatched.size} models (${some}${this.unwatched.size > 5 ? ', …' : ''}). Reads that rest on them are not answered from the cache. ` +
        'See docs/guide/changes.md; on PostgreSQL `npx brisk changes install` writes the migration that has them watched (with --partitions where a table has some).',
    )
  }
}

/** Models of which the source does not hear, or whose links to others it does not. */
function unwatchedModels(
  schema: SchemaModel,
  names: TagNames,
  watched: ReadonlySet<string>,
): ReadonlySet<string> {
  const unwatched = new Set<string>()
  for (const model of schema.models.values()) {
    if (model.isView || model.isIgnored) continue
    const links = model.relations.flatMap(({ manyToMany }) => (manyToMany === null ? [] : [manyToMany]))
    const tables = [model, ...links].map((each) => names.tableOf(each))
    if (tables.some((table) => !watched.has(table))) unwatched.add(model.name)
  }
  return unwatched
}
