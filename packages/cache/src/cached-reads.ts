import { operationTraits, type Call, type Next, type SchemaModel } from '@prisma-brisk/core'
import { randomUUID } from 'node:crypto'
import { publish } from './cache-event.ts'
import type { CacheKey, CacheKeys } from './cache-key.ts'
import type { Found } from './cache-store.ts'
import type { ResolvedStrategy } from './cache-strategy.ts'
import { isUnreachable } from './database-failure.ts'
import { isDueEarly } from './early-refresh.ts'
import { isMarked, isValid, lifetimeOf, type Entry, type StoredEntry } from './entry.ts'
import { UnserialisableValueError } from './errors.ts'
import { Flight } from './flight.ts'
import { isPromise, type GuardedStore, type StoreFailure } from './guarded-store.ts'
import type { CacheStatus } from './info.ts'
import type { ResolvedCacheOptions } from './options.ts'
import { readTags, tagsOfRawRead, type ReadTags } from './read-tags.ts'
import type { ReadReport } from './read-report.ts'
import { isSignedBy, stampTime } from './stamp.ts'
import type { Statistics } from './statistics.ts'
import type { TagNames } from './tag.ts'
import { differ } from './verification.ts'

const RECENT = 1_000

/** Everything there is to know of a read before the store is asked. */
interface Plan {
  readonly call: Call
  readonly next: Next
  readonly strategy: ResolvedStrategy
  readonly key: CacheKey
  readonly tags: ReadTags
}

/** What all clients of one base client share. */
export interface SharedReads {
  readonly flights: Map<string, Flight>
  readonly refreshing: Set<string>
  /** Entries on their way to the store. */
  readonly fills: Set<Promise<unknown>>
  readonly stats: Statistics
  readonly report: ReadReport
}

/**
 * Answers reads from the store.
 *
 * One round trip gives the entry and the stamps its tags have now. Where they are the ones the entry was stored with,
 * it is the answer. Otherwise the database is read, and the result is stored with the stamps that were seen *before*
 * that: if anything it rests on is invalidated meanwhile, it will never be answered.
 */
export class CachedReads {
  private readonly recent = new Map<string, Pick<Plan, 'key' | 'tags'>>()

  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly schema: SchemaModel,
    private readonly names: TagNames,
    private readonly keys: CacheKeys,
    private readonly store: GuardedStore,
    private readonly shared: SharedReads,
  ) {}

  private get stats(): Statistics {
    return this.shared.stats
  }

  /**
   * The answer, or a promise of it: a hit in a local store costs no turn of the microtask queue.
   *
   * @param models the models a raw query reads, which its text does not tell
   */
  read(call: Call, next: Next, strategy: ResolvedStrategy, models: readonly string[] | null = null): unknown {
    if (strategy.ttl + strategy.swr <= 0) return this.bypass(call, next, strategy.tags, 'no-lifetime')
    const plan = this.plan(call, next, strategy, models)
    if (plan === null) return this.bypass(call, next, strategy.tags, 'unkeyable')
    const asked = this.store.lookup(plan.key.key, plan.tags.asked, plan.tags.signed)
    return isPromise(asked) ? asked.then((found) => this.answer(plan, found)) : this.answer(plan, asked)
  }

  private answer(plan: Plan, found: Found | StoreFailure): unknown {
    const { call, next, strategy } = plan
    if (typeof found === 'string') return this.bypass(call, next, strategy.tags, found)
    const { entry } = found
    if (entry === null || !this.isBelievable(plan, entry, found)) return this.miss(plan, found, null)
    const age = this.options.now() - entry.createdAt
    const { swr, grace } = strategy
    const ttl = freshFor(entry, strategy)
    if (age < Math.min(entry.ttl, ttl)) return this.hit(plan, found, entry, age)
    if (age < Math.min(entry.ttl + entry.swr, ttl + swr)) return this.stale(plan, found, entry, age)
    const mayServe = age < Math.min(lifetimeOf(entry), ttl + swr + grace)
    return this.miss(plan, found, mayServe ? entry : null)
  }

  private bypass(call: Call, next: Next, tags: readonly string[], reason: string): Promise<unknown> {
    this.shared.report.read(call, 'bypass', { reason, tags })
    return next(call)
  }

  private plan(
    call: Call,
    next: Next,
    strategy: ResolvedStrategy,
    models: readonly string[] | null,
  ): Plan | null {
    try {
      const tags =
        models === null ? strategy.tags : [...strategy.tags, ...models.map((each) => `model ${each}`)]
      const text = this.keys.textOf(call, tags)
      const known = this.recent.get(text)
      if (known !== undefined) return { call, next, strategy, ...known }
      const place = { key: this.keys.of(call, text), tags: this.tagsOf(call, strategy, models) }
      // The same reads come again and again: what follows from their text alone is kept for the latest of them.
      if (this.recent.size >= RECENT) this.recent.clear()
      this.recent.set(text, place)
      return { call, next, strategy, ...place }
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code === 'E_CYCLIC_ARGUMENTS') return null
      throw error
    }
  }

  private tagsOf(call: Call, { tags }: ResolvedStrategy, models: readonly string[] | null): ReadTags {
    const { names, schema } = this
    return models === null ? readTags(names, schema, call, tags) : tagsOfRawRead(names, schema, models, tags)
  }

  private isBelievable({ key, tags }: Plan, entry: StoredEntry, { stamps }: Found): boolean {
    return (
      entry.identity === key.identity &&
      entry.createdAt >= this.store.breaker.notBefore &&
      isValid(entry, tags.asked, stamps)
    )
  }

  private hit(plan: Plan, found: Found, entry: StoredEntry, age: number): unknown {
    const opened = open(entry)
    if (opened === null) return this.miss(plan, found, null)
    this.report(plan, 'hit', undefined, age)
    const { earlyRefresh, verify, random } = this.options
    if (earlyRefresh > 0 && isDueEarly(entry, age, earlyRefresh, random)) this.refresh(plan, found)
    if (verify > 0 && random() < verify) void this.verify(plan, entry, age)
    return opened.value
  }

  private stale(plan: Plan, found: Found, entry: StoredEntry, age: number): unknown {
    const opened = open(entry)
    if (opened === null) return this.miss(plan, found, null)
    this.report(plan, 'stale', undefined, age)
    this.refresh(plan, found)
    return opened.value
  }

  private async miss(plan: Plan, found: Found, fallback: StoredEntry | null): Promise<unknown> {
    if (found.stamps.some(isMarked)) {
      this.report(plan, 'miss', 'write-under-way')
      return plan.next(plan.call)
    }
    if (this.hasForeignRows(plan, found)) return this.missAmongForeignRows(plan)
    const flight = this.shared.flights.get(plan.key.key)
    if (flight !== undefined && flight.mayJoin(found.stamps)) return this.join(plan, flight)
    const isEmbargoed = this.isEmbargoed(found.stamps)
    try {
      return await this.lead(plan, found.stamps, isEmbargoed)
    } catch (error) {
      const opened = fallback !== null && isUnreachable(error) ? open(fallback) : null
      if (opened === null) throw error
      this.report(plan, 'stale', 'error', this.options.now() - (fallback?.createdAt ?? 0))
      return opened.value
    }
  }

  /** Rows of this table are cached by a deployment that knows other keys of it. */
  private hasForeignRows({ tags: { asked, signed } }: Plan, { stamps }: Found): boolean {
    return signed !== null && !isSignedBy(stamps[asked.indexOf(signed.tag)] as string, signed.signature)
  }

  /** Makes an end of those rows; where another is faster, this read is not stored. */
  private async missAmongForeignRows(plan: Plan): Promise<unknown> {
    const { asked, signed } = plan.tags
    if (signed !== null) await this.store.invalidate([signed.tag])
    const stamps = await this.store.observe(asked, signed)
    if (typeof stamps !== 'string' && !stamps.some(isMarked)) {
      const found: Found = { entry: null, stamps }
      if (!this.hasForeignRows(plan, found)) return this.miss(plan, found, null)
    }
    this.report(plan, 'miss', 'other-deployment')
    return plan.next(plan.call)
  }

  private async join(plan: Plan, flight: Flight): Promise<unknown> {
    this.stats.joined++
    this.report(plan, 'miss', 'shared')
    try {
      return await flight.join()
    } catch (error) {
      if (error instanceof UnserialisableValueError) return plan.next(plan.call)
      throw error
    }
  }

  /** Reads the database for this call and for all that join it. */
  private async lead(plan: Plan, stamps: readonly string[], isEmbargoed: boolean): Promise<unknown> {
    const { flights } = this.shared
    const { key } = plan.key
    const flight = new Flight(stamps)
    flights.set(key, flight)
    try {
      const value = await this.locked(plan, stamps, isEmbargoed)
      flight.land(value)
      return value
    } catch (error) {
      flight.fail(error)
      throw error
    } finally {
      if (flights.get(key) === flight) flights.delete(key)
    }
  }

  /** Reads the database and stores the result; what cannot be stored is answered all the same. */
  private async fill(
    plan: Plan,
    stamps: readonly string[],
    isEmbargoed: boolean,
    stored?: (writing: Promise<unknown>) => void,
  ): Promise<unknown> {
    const createdAt = this.options.now()
    const startedAt = performance.now()
    const value = await plan.next(plan.call)
    this.report(plan, 'miss', isEmbargoed ? 'embargo' : undefined)
    if (!isEmbargoed) {
      const writing = this.keep(plan, stamps, value, createdAt, performance.now() - startedAt)
      stored?.(writing)
    }
    return value
  }

  private keep(
    plan: Plan,
    stamps: readonly string[],
    value: unknown,
    createdAt: number,
    cost: number,
  ): Promise<unknown> {
    const { strategy, tags, key } = plan
    const ttl = isEmpty(value) ? (strategy.nullTtl ?? strategy.ttl) : strategy.ttl
    const resting = tags.restingOn(value)
    const entry: Entry = {
      identity: key.identity,
      tags: resting,
      stamps:
        resting === tags.asked ? stamps : resting.map((tag) => stamps[tags.asked.indexOf(tag)] as string),
      createdAt,
      ttl,
      swr: strategy.swr,
      grace: strategy.grace,
      cost,
    }
    if (lifetimeOf(entry) <= 0) return Promise.resolve()
    const { fills } = this.shared
    const writing = this.store.write(key.key, entry, value).then((stored) => {
      if (stored) this.stats.fills++
      else this.stats.unstored++
      fills.delete(writing)
    })
    fills.add(writing)
    return writing
  }

  /** With a fill lock: one process reads, the others wait for its entry until the lease is over. */
  private async locked(plan: Plan, stamps: readonly string[], isEmbargoed: boolean): Promise<unknown> {
    const { fillLock } = this.options
    if (fillLock === null || isEmbargoed) return this.fill(plan, stamps, isEmbargoed)
    const { key } = plan.key
    const token = randomUUID()
    const deadline = performance.now() + fillLock.lease
    while (!(await this.store.lock(key, token, fillLock.lease))) {
      const opened = await this.awaited(plan)
      if (opened !== null) return opened.value
      if (performance.now() > deadline) return this.fill(plan, stamps, isEmbargoed)
    }
    let writing: Promise<unknown> = Promise.resolve()
    try {
      // Another process may have filled it between our look-up and the lock.
      const opened = await this.lookAgain(plan)
      if (opened !== null) return opened.value
      return await this.fill(plan, stamps, isEmbargoed, (stored) => (writing = stored))
    } finally {
      void writing.then(() => this.store.unlock(key, token))
    }
  }

  private async awaited(plan: Plan): Promise<{ value: unknown } | null> {
    await new Promise((resolve) => setTimeout(resolve, 5 + this.options.random() * 10))
    return this.lookAgain(plan)
  }

  private async lookAgain(plan: Plan): Promise<{ value: unknown } | null> {
    const found = await this.store.lookup(plan.key.key, plan.tags.asked, plan.tags.signed)
    if (typeof found === 'string' || found.entry === null) return null
    const { entry } = found
    const age = this.options.now() - entry.createdAt
    if (!this.isBelievable(plan, entry, found) || age >= Math.min(entry.ttl, freshFor(entry, plan.strategy)))
      return null
    const opened = open(entry)
    if (opened !== null) this.report(plan, 'miss', 'shared', age)
    return opened
  }

  /** In the background, once at a time for a key; an invalidation meanwhile makes its result worthless by itself. */
  private refresh(plan: Plan, { stamps }: Found): void {
    const { refreshing } = this.shared
    const { key } = plan.key
    if (refreshing.has(key) || this.isEmbargoed(stamps)) return
    refreshing.add(key)
    this.stats.refreshes++
    const refreshed = this.refreshed(plan, stamps).then(() => {
      refreshing.delete(key)
      this.shared.fills.delete(refreshed)
    })
    this.shared.fills.add(refreshed)
  }

  private async refreshed(plan: Plan, stamps: readonly string[]): Promise<void> {
    const { key } = plan.key
    const token = randomUUID()
    const lease = this.options.fillLock?.lease
    if (lease !== undefined && !(await this.store.lock(key, token, lease))) return
    const createdAt = this.options.now()
    const startedAt = performance.now()
    try {
      const value = await plan.next(plan.call)
      await this.keep(plan, stamps, value, createdAt, performance.now() - startedAt)
    } catch {
      this.stats.refreshErrors++
    } finally {
      if (lease !== undefined) await this.store.unlock(key, token)
    }
  }

  /** Compares a hit with the database; what was invalidated meanwhile proves nothing. */
  private async verify(plan: Plan, entry: StoredEntry, age: number): Promise<void> {
    const { call, next, key, tags } = plan
    try {
      const actual = await next(call)
      const ordered = call.args?.['orderBy'] !== undefined || !operationTraits(call.operation).returnsMany
      const differs = differ(entry.open(), actual, ordered)
      // A write may have been committed whose invalidation is on its way: then nothing has been written past us.
      if (differs) await new Promise((resolve) => setTimeout(resolve, this.options.writeTimeout).unref())
      const stamps = differs ? await this.store.observe(tags.asked) : 'equal'
      this.stats.verified++
      if (typeof stamps === 'string' || !isValid(entry, tags.asked, stamps)) return
      this.stats.mismatches++
      publish(() => ({ type: 'mismatch', model: call.model, operation: call.operation, age: age / 1000 }))
      call.host.warnOnce(
        `W_CACHE_MISMATCH_${call.model}_${call.operation}`,
        `prisma-brisk: a cached ${call.model ?? ''}.${call.operation} of ${(age / 1000).toFixed(1)} s ago differs from the database; ` +
          'something writes past this client: raw SQL, a trigger, another program. Invalidate by tags, or shorten its ttl.',
      )
      await this.store.remove(key.key)
    } catch {
      // The database could not be asked: nothing is proved.
    }
  }

  private isEmbargoed(stamps: readonly string[]): boolean {
    const { embargo, now } = this.options
    return embargo > 0 && stamps.some((stamp) => stampTime(stamp) + embargo > now())
  }

  private report(plan: Plan, status: CacheStatus, reason?: string, age?: number): void {
    const { tags } = plan.strategy
    this.shared.report.read(plan.call, status, { reason, age, tags, models: plan.tags.models })
  }
}

/** The value of an entry, or null where it cannot be read. */
function open(entry: StoredEntry): { value: unknown } | null {
  try {
    return { value: entry.open() }
  } catch {
    return null
  }
}

/** How long this caller takes the entry for fresh; whoever stored it may have had other wishes for empty results. */
function freshFor(entry: StoredEntry, { ttl, nullTtl }: ResolvedStrategy): number {
  if (nullTtl === null || nullTtl === ttl) return ttl
  const opened = open(entry)
  return opened !== null && isEmpty(opened.value) ? nullTtl : ttl
}

function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0)
}
