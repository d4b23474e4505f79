import { operationTraits, type Call, type Next, type SchemaModel } from '@prisma-brisk/core'
import { randomUUID } from 'node:crypto'
import { publish } from './cache-event.ts'
import type { CacheKeys } from './cache-key.ts'
import type { Found } from './cache-store.ts'
import type { ResolvedStrategy } from './cache-strategy.ts'
import { isUnreachable } from './database-failure.ts'
import { isDueEarly } from './early-refresh.ts'
import { isMarked, isValid, lifetimeOf, type StoredEntry } from './entry.ts'
import { UnserialisableValueError } from './errors.ts'
import { Flight } from './flight.ts'
import { isPromise, type GuardedStore, type StoreFailure } from './guarded-store.ts'
import type { CacheStatus } from './info.ts'
import type { ResolvedCacheOptions } from './options.ts'
import { Places, type Place } from './places.ts'
import { bareCall, isEmpty, PlannedRead } from './planned-read.ts'
import type { ReadReport } from './read-report.ts'
import { isSignedBy, stampTime } from './stamp.ts'
import type { Statistics } from './statistics.ts'
import type { TagNames } from './tag.ts'
import { differ } from './verification.ts'

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
  private readonly places: Places
  private readonly stats: Statistics

  constructor(
    private readonly options: ResolvedCacheOptions,
    schema: SchemaModel,
    names: TagNames,
    keys: CacheKeys,
    private readonly store: GuardedStore,
    private readonly shared: SharedReads,
  ) {
    this.places = new Places(schema, names, keys)
    this.stats = shared.stats
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
    if (current !== null && this.isOwn(plan, current)) {
      const age = this.options.now() - current.createdAt
      const value = age < current.ttl ? open(current) : UNREADABLE
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
      this.report(plan, 'bypass', found)
      return plan.send()
    }
    const { strategy } = plan
    const { entry, stamps } = found
    if (entry === null || !this.isBelievable(plan, entry, stamps)) return this.miss(plan, stamps, null)
    const age = this.options.now() - entry.createdAt
    const value = age < lifetimeOf(entry) ? open(entry) : UNREADABLE
    if (value === UNREADABLE) return this.miss(plan, stamps, null)
    const { swr, grace } = strategy
    const ttl = freshFor(value, strategy)
    if (age < Math.min(entry.ttl, ttl)) return this.hit(plan, stamps, entry, age, value)
    if (age < Math.min(entry.ttl + entry.swr, ttl + swr)) return this.stale(plan, stamps, age, value)
    return this.miss(plan, stamps, age < ttl + swr + grace ? entry : null)
  }

  private isBelievable(plan: PlannedRead, entry: StoredEntry, stamps: readonly string[]): boolean {
    return this.isOwn(plan, entry) && isValid(entry, plan.tags.asked, stamps)
  }

  private isOwn(plan: PlannedRead, entry: StoredEntry): boolean {
    return entry.identity === plan.key.identity && entry.createdAt >= this.store.breaker.notBefore
  }

  /** @param stamps null where the store has compared them itself */
  private hit(
    plan: PlannedRead,
    stamps: readonly string[] | null,
    entry: StoredEntry,
    age: number,
    value: unknown,
  ): unknown {
    this.report(plan, 'hit', undefined, age)
    const { earlyRefresh, verify, random } = this.options
    if (earlyRefresh > 0 && isDueEarly(entry, age, earlyRefresh, random)) {
      const observed = stamps ?? this.store.observe(plan.tags.asked)
      if (typeof observed !== 'string' && !isPromise(observed)) this.refresh(plan, observed)
    }
    if (verify > 0 && random() < verify) void this.verify(plan, entry, age)
    return value
  }

  private stale(plan: PlannedRead, stamps: readonly string[], age: number, value: unknown): unknown {
    this.report(plan, 'stale', undefined, age)
    this.refresh(plan, stamps)
    return value
  }

  private miss(plan: PlannedRead, stamps: readonly string[], fallback: StoredEntry | null): Promise<unknown> {
    if (stamps.some(isMarked)) {
      this.report(plan, 'miss', 'write-under-way')
      return plan.send()
    }
    if (hasForeignRows(plan, stamps)) return this.missAmongForeignRows(plan)
    const flight = this.shared.flights.get(plan.key.key)
    if (flight !== undefined && flight.mayJoin(stamps)) return this.join(plan, flight)
    const led = this.lead(plan, stamps)
    return fallback === null ? led : this.orElse(plan, led, fallback)
  }

  /** Makes an end of those rows; where another is faster, this read is not stored. */
  private async missAmongForeignRows(plan: PlannedRead): Promise<unknown> {
    const { asked, signed } = plan.tags
    if (signed !== null) await this.store.invalidate([signed.tag])
    const stamps = await this.store.observe(asked, signed)
    if (typeof stamps !== 'string' && !stamps.some(isMarked) && !hasForeignRows(plan, stamps)) {
      return this.miss(plan, stamps, null)
    }
    this.report(plan, 'miss', 'other-deployment')
    return plan.send()
  }

  private async orElse(plan: PlannedRead, led: Promise<unknown>, fallback: StoredEntry): Promise<unknown> {
    try {
      return await led
    } catch (error) {
      const value = isUnreachable(error) ? open(fallback) : UNREADABLE
      if (value === UNREADABLE) throw error
      this.report(plan, 'stale', 'error', this.options.now() - fallback.createdAt)
      return value
    }
  }

  private async join(plan: PlannedRead, flight: Flight): Promise<unknown> {
    this.stats.joined++
    this.report(plan, 'miss', 'shared')
    try {
      return await flight.join()
    } catch (error) {
      if (error instanceof UnserialisableValueError) return plan.send()
      throw error
    }
  }

  /** Reads the database for this call and for all that join it. */
  private async lead(plan: PlannedRead, stamps: readonly string[]): Promise<unknown> {
    const { flights } = this.shared
    const { key } = plan.key
    const flight = new Flight(stamps)
    flights.set(key, flight)
    try {
      const { fillLock, now } = this.options
      const isEmbargoed = this.isEmbargoed(stamps)
      let value: unknown
      if (fillLock !== null && !isEmbargoed) value = await this.locked(plan, stamps, fillLock.lease)
      else {
        const createdAt = now()
        const startedAt = performance.now()
        value = await plan.send()
        this.report(plan, 'miss', isEmbargoed ? 'embargo' : undefined)
        if (!isEmbargoed) void this.keep(plan, stamps, value, createdAt, performance.now() - startedAt)
      }
      flight.land(value)
      return value
    } catch (error) {
      flight.fail(error)
      throw error
    } finally {
      if (flights.get(key) === flight) flights.delete(key)
    }
  }

  /** With a fill lock: one process reads, the others wait for its entry until the lease is over. */
  private async locked(plan: PlannedRead, stamps: readonly string[], lease: number): Promise<unknown> {
    const { key } = plan.key
    const token = randomUUID()
    const deadline = performance.now() + lease
    const isHeld = (): Promise<boolean> => this.store.lock(key, token, lease)
    let holds = await isHeld()
    while (!holds && performance.now() <= deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5 + this.options.random() * 10))
      const value = await this.lookAgain(plan)
      if (value !== UNREADABLE) return value
      holds = await isHeld()
    }
    let writing: unknown = null
    try {
      // Another process may have filled it between our look-up and the lock.
      const filled = holds ? await this.lookAgain(plan) : UNREADABLE
      if (filled !== UNREADABLE) return filled
      const createdAt = this.options.now()
      const startedAt = performance.now()
      const value = await plan.send()
      this.report(plan, 'miss')
      writing = this.keep(plan, stamps, value, createdAt, performance.now() - startedAt)
      return value
    } finally {
      if (holds) void Promise.resolve(writing).then(() => this.store.unlock(key, token))
    }
  }

  private async lookAgain(plan: PlannedRead): Promise<unknown> {
    const found = await this.store.lookup(plan.key.key, plan.tags.asked, plan.tags.signed)
    if (typeof found === 'string' || found.entry === null) return UNREADABLE
    const { entry, stamps } = found
    const age = this.options.now() - entry.createdAt
    if (!this.isBelievable(plan, entry, stamps) || age >= entry.ttl) return UNREADABLE
    const value = open(entry)
    if (value === UNREADABLE || age >= freshFor(value, plan.strategy)) return UNREADABLE
    this.report(plan, 'miss', 'shared', age)
    return value
  }

  /** Stores a result; a store of this process has it when this returns. */
  private keep(
    plan: PlannedRead,
    stamps: readonly string[],
    value: unknown,
    createdAt: number,
    cost: number,
  ): void | Promise<void> {
    const entry = plan.entryOf(value, stamps, createdAt, cost)
    if (entry === null) return
    const stored = this.store.write(plan.key.key, entry, value)
    if (!isPromise(stored)) return this.stored(stored)
    const { fills } = this.shared
    const writing = stored.then((isStored) => {
      this.stored(isStored)
      fills.delete(writing)
    })
    fills.add(writing)
    return writing
  }

  private stored(isStored: boolean): void {
    if (isStored) this.stats.fills++
    else this.stats.unstored++
  }

  /** In the background, once at a time for a key; an invalidation meanwhile makes its result worthless by itself. */
  private refresh(plan: PlannedRead, stamps: readonly string[]): void {
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

  private async refreshed(plan: PlannedRead, stamps: readonly string[]): Promise<void> {
    const { key } = plan.key
    const token = randomUUID()
    const lease = this.options.fillLock?.lease
    if (lease !== undefined && !(await this.store.lock(key, token, lease))) return
    const createdAt = this.options.now()
    const startedAt = performance.now()
    try {
      const value = await plan.send()
      await this.keep(plan, stamps, value, createdAt, performance.now() - startedAt)
    } catch {
      this.stats.refreshErrors++
    } finally {
      if (lease !== undefined) await this.store.unlock(key, token)
    }
  }

  /** Compares a hit with the database; what was invalidated meanwhile proves nothing. */
  private async verify(plan: PlannedRead, entry: StoredEntry, age: number): Promise<void> {
    const { call, key, tags } = plan
    try {
      const actual = await plan.send()
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

  private report(plan: PlannedRead, status: CacheStatus, reason?: string, age?: number): void {
    this.shared.report.read(plan.asked, status, { reason, age, tags: plan.strategy.tags, of: plan })
  }
}

/** Whether rows of this table are cached by a deployment that knows other keys of it. */
function hasForeignRows({ tags: { asked, signed } }: PlannedRead, stamps: readonly string[]): boolean {
  return signed !== null && !isSignedBy(stamps[asked.indexOf(signed.tag)] as string, signed.signature)
}

/** How long this caller takes a result for fresh; whoever stored it may have had other wishes for empty ones. */
function freshFor(value: unknown, { ttl, nullTtl }: ResolvedStrategy): number {
  return nullTtl !== null && nullTtl !== ttl && isEmpty(value) ? nullTtl : ttl
}

const UNREADABLE = Symbol('unreadable')

/** The value of an entry; {@link UNREADABLE} where it cannot be read. */
function open(entry: StoredEntry): unknown {
  try {
    return entry.open()
  } catch {
    return UNREADABLE
  }
}
