import type { Call, Next, SchemaModel } from '@prisma-brisk/core'
import { isPromise, type GuardedStore, type StoreFailure } from '../availability/guarded-store.ts'
import type { CacheLookup } from '../cache-store.ts'
import type { ResolvedStrategy } from '../cache-strategy.ts'
import type { StoredEntry } from '../entry/entry.ts'
import type { CacheKeys } from '../key/cache-key.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import type { TagNames } from '../tag/tag-names.ts'
import { Fill } from './fill.ts'
import { isDueEarly, usable } from './freshness.ts'
import { bareCall, ReadPlanner, type ReadPlan } from './read-plan.ts'
import type { SharedState } from './shared-state.ts'
import { Verification } from './verification.ts'

/**
 * Answers reads from the store.
 *
 * One round trip gives the entry and the stamps its tags have now. Where they are the ones the entry was stored with,
 * it is the answer. Otherwise the database is read, and the result is stored with the stamps that were seen *before*
 * that: if anything it rests on is invalidated meanwhile, it will never be answered.
 */
export class ReadThrough {
  private readonly planner: ReadPlanner
  private readonly fill: Fill
  private readonly verification: Verification

  constructor(
    private readonly options: ResolvedCacheOptions,
    schema: SchemaModel,
    names: TagNames,
    keys: CacheKeys,
    private readonly store: GuardedStore,
    private readonly shared: SharedState,
  ) {
    this.planner = new ReadPlanner(schema, names, keys)
    this.fill = new Fill(options, store, shared)
    this.verification = new Verification(options, store, shared.stats)
  }

  /**
   * The answer, or a promise of it: a hit in a local store costs no turn of the microtask queue.
   *
   * @param models the models a raw query reads, which its text does not tell
   */
  read(call: Call, next: Next, strategy: ResolvedStrategy, models: readonly string[] | null = null): unknown {
    if (strategy.ttl + strategy.swr <= 0) return this.bypass(call, next, 'no-lifetime', strategy)
    const plan = this.planner.plan(call, next, strategy, models)
    if (plan === null) return this.bypass(call, next, 'unkeyable', strategy)
    if (plan.isExcepted) return this.bypass(call, next, 'excepted', strategy)
    const current = this.store.current(plan.key.key)
    if (current !== null) {
      const judged = usable(
        current,
        plan,
        null,
        this.options.now(),
        this.store.notBefore(plan.key.key, current),
      )
      if (judged.status === 'fresh') return this.hit(plan, null, current, judged.age, judged.value)
    }
    const asked = this.store.lookup(plan.key.key, plan.tags.asked, plan.tags.keySet)
    return isPromise(asked) ? asked.then((found) => this.answer(plan, found)) : this.answer(plan, asked)
  }

  private bypass(call: Call, next: Next, reason: string, { tags }: ResolvedStrategy): Promise<unknown> {
    const bare = bareCall(call)
    this.shared.report.read(bare, 'bypass', { reason, tags })
    return next(bare)
  }

  private answer(plan: ReadPlan, found: CacheLookup | StoreFailure): unknown {
    if (typeof found === 'string') {
      this.shared.report.planned(plan, 'bypass', found)
      return plan.send()
    }
    const { entry, stamps } = found
    const judged = usable(entry, plan, stamps, this.options.now(), this.store.notBefore(plan.key.key, entry))
    switch (judged.status) {
      case 'fresh':
        return this.hit(plan, stamps, entry as StoredEntry, judged.age, judged.value)
      case 'stale':
        this.shared.report.planned(plan, 'stale', undefined, judged.age)
        this.fill.refresh(plan, stamps)
        return judged.value
      default:
        return this.fill.read(plan, stamps, judged.fallback)
    }
  }

  /** @param stamps null where the store has compared them itself */
  private hit(
    plan: ReadPlan,
    stamps: readonly string[] | null,
    entry: StoredEntry,
    age: number,
    value: unknown,
  ): unknown {
    this.shared.report.planned(plan, 'hit', undefined, age)
    const { earlyRefresh, verify, random } = this.options
    if (earlyRefresh > 0 && isDueEarly(entry, age, earlyRefresh, random)) {
      const observed = stamps ?? this.store.observe(plan.tags.asked)
      if (typeof observed !== 'string' && !isPromise(observed)) this.fill.refresh(plan, observed)
    }
    if (verify > 0 && !plan.isComputed && random() < verify) void this.verification.verify(plan, entry, age)
    return value
  }
}
