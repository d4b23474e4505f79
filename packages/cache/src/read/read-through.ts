import type { Call, Next, SchemaModel } from '@prisma-brisk/core'
import { freshFor, isBelievable, isOwn, UNREADABLE, valueOf } from './freshness.ts'
import type { CacheKeys } from '../key/cache-key.ts'
import type { Found } from '../cache-store.ts'
import type { ResolvedStrategy } from '../cache-strategy.ts'
import { isDueEarly } from './early-refresh.ts'
import { lifetimeOf, type StoredEntry } from '../entry/entry.ts'
import { Fills } from './fills.ts'
import { isPromise, type GuardedStore, type StoreFailure } from '../availability/guarded-store.ts'
import { Misses } from './fill.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import { Places, type Place } from './places.ts'
import { bareCall, PlannedRead } from './read-plan.ts'
import { Refreshes } from './refreshes.ts'
import type { SharedReads } from './shared-state.ts'
import type { TagNames } from '../tag/tag-names.ts'
import { Verification } from './verification.ts'

/**
 * Answers reads from the store.
 *
 * One round trip gives the entry and the stamps its tags have now. Where they are the ones the entry was stored with,
 * it is the answer. Otherwise the database is read, and the result is stored with the stamps that were seen *before*
 * that: if anything it rests on is invalidated meanwhile, it will never be answered.
 */
export class CachedReads {
  private readonly places: Places
  private readonly misses: Misses
  private readonly refreshes: Refreshes
  private readonly verification: Verification

  constructor(
    private readonly options: ResolvedCacheOptions,
    schema: SchemaModel,
    names: TagNames,
    keys: CacheKeys,
    private readonly store: GuardedStore,
    private readonly shared: SharedReads,
  ) {
    this.places = new Places(schema, names, keys)
    const fills = new Fills(options, store, shared)
    this.misses = new Misses(options, store, shared, fills)
    this.refreshes = new Refreshes(options, store, shared, fills)
    this.verification = new Verification(options, store, shared.stats)
  }

  /**
   * The answer, or a promise of it: a hit in a local store costs no turn of the microtask queue.
   *
   * @param models the models a raw query reads, which its text does not tell
   */
  read(call: Call, next: Next, strategy: ResolvedStrategy, models: readonly string[] | null = null): unknown {
    const place = strategy.ttl + strategy.swr > 0 ? this.placeOf(call, strategy, models) : null
    if (place === null) {
      const bare = bareCall(call)
      const reason = strategy.ttl + strategy.swr > 0 ? 'unkeyable' : 'no-lifetime'
      this.shared.report.read(bare, 'bypass', { reason, tags: strategy.tags })
      return next(bare)
    }
    const plan = new PlannedRead(call, next, strategy, models, this.places, place)
    const current = this.store.current(plan.key.key)
    if (current !== null && isOwn(plan, current, this.store)) {
      const age = this.options.now() - current.createdAt
      const value = age < current.ttl ? valueOf(current) : UNREADABLE
      if (value !== UNREADABLE && age < freshFor(value, strategy))
        return this.hit(plan, null, current, age, value)
    }
    const asked = this.store.lookup(plan.key.key, plan.tags.asked, plan.tags.signed)
    return isPromise(asked) ? asked.then((found) => this.answer(plan, found)) : this.answer(plan, asked)
  }

  /** Null for arguments that have no canonical form. */
  private placeOf(call: Call, { tags }: ResolvedStrategy, models: readonly string[] | null): Place | null {
    try {
      return this.places.of(call, tags, models)
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === 'E_CYCLIC_ARGUMENTS') return null
      throw error
    }
  }

  private answer(plan: PlannedRead, found: Found | StoreFailure): unknown {
    if (typeof found === 'string') {
      this.shared.report.planned(plan, 'bypass', found)
      return plan.send()
    }
    const { strategy } = plan
    const { entry, stamps } = found
    if (entry === null || !isBelievable(plan, entry, stamps, this.store))
      return this.misses.read(plan, stamps, null)
    const age = this.options.now() - entry.createdAt
    const value = age < lifetimeOf(entry) ? valueOf(entry) : UNREADABLE
    if (value === UNREADABLE) return this.misses.read(plan, stamps, null)
    const { swr, grace } = strategy
    const ttl = freshFor(value, strategy)
    if (age < Math.min(entry.ttl, ttl)) return this.hit(plan, stamps, entry, age, value)
    if (age < Math.min(entry.ttl + entry.swr, ttl + swr)) return this.stale(plan, stamps, age, value)
    return this.misses.read(plan, stamps, age < ttl + swr + grace ? entry : null)
  }

  /** @param stamps null where the store has compared them itself */
  private hit(
    plan: PlannedRead,
    stamps: readonly string[] | null,
    entry: StoredEntry,
    age: number,
    value: unknown,
  ): unknown {
    this.shared.report.planned(plan, 'hit', undefined, age)
    const { earlyRefresh, verify, random } = this.options
    if (earlyRefresh > 0 && isDueEarly(entry, age, earlyRefresh, random)) {
      const observed = stamps ?? this.store.observe(plan.tags.asked)
      if (typeof observed !== 'string' && !isPromise(observed)) this.refreshes.begin(plan, observed)
    }
    if (verify > 0 && random() < verify) void this.verification.verify(plan, entry, age)
    return value
  }

  private stale(plan: PlannedRead, stamps: readonly string[], age: number, value: unknown): unknown {
    this.shared.report.planned(plan, 'stale', undefined, age)
    this.refreshes.begin(plan, stamps)
    return value
  }
}
