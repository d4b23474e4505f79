import { randomUUID } from 'node:crypto'
import { ContextCaller, judgeFailure, StatementCallers, type StatementCaller } from '@prisma-brisk/core'
import { isPromise, type GuardedStore } from '../availability/guarded-store.ts'
import { isUnreachable } from '../database-failure.ts'
import { isMarked, type StoredEntry } from '../entry/entry.ts'
import { isSignedBy, stampTime } from '../entry/stamp.ts'
import { UnserialisableValueError } from '../errors.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import { waitForComputed } from './computed-value.ts'
import { UNREADABLE, usable, valueOf } from './freshness.ts'
import type { ReadPlan } from './read-plan.ts'
import type { SharedState } from './shared-state.ts'
import { Flight } from './single-flight.ts'

/**
 * Reads the database for what the store does not have, or has and is old, and stores what it says. `stamps` are those of
 * the tags a read rests on, as they were before: an invalidation meanwhile makes the result worthless by itself.
 */
export class Fill {
  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly store: GuardedStore,
    private readonly shared: SharedState,
  ) {}

  /**
   * Reads for a caller: once for all who ask for it at the same time.
   *
   * @param fallback what to answer with where the database cannot be reached
   */
  read(plan: ReadPlan, stamps: readonly string[], fallback: StoredEntry | null): Promise<unknown> {
    if (stamps.some(isMarked)) {
      this.shared.report.planned(plan, 'miss', 'write-under-way')
      return plan.send()
    }
    if (isOfOtherKeySet(plan, stamps)) return this.endOtherKeySet(plan)
    const flight = this.shared.flights.get(plan.key.key)
    if (flight !== undefined && flight.mayJoin(stamps)) return this.join(plan, flight)
    const led = this.lead(plan, stamps)
    return fallback === null ? led : this.orElse(plan, led, fallback)
  }

  /** Reads again in the background what was answered and is old, or soon will be: once at a time for a key. */
  refresh(plan: ReadPlan, stamps: readonly string[]): void {
    const { refreshing, fills, stats } = this.shared
    const { key } = plan.key
    if (refreshing.has(key) || this.isWithinReplicaLag(stamps)) return
    refreshing.add(key)
    stats.refreshes++
    const refreshed = this.revalidate(plan, stamps).then(() => {
      refreshing.delete(key)
      fills.delete(refreshed)
    })
    fills.add(refreshed)
  }

  private async revalidate(plan: ReadPlan, stamps: readonly string[]): Promise<void> {
    const lease = this.lease(plan)
    if (!(await lease.take())) return
    try {
      await (
        await this.load(plan, stamps)
      ).stored
    } catch {
      this.shared.stats.refreshErrors++
    } finally {
      await lease.release()
    }
  }

  /** Reads for this call and for all that join it. */
  private async lead(plan: ReadPlan, stamps: readonly string[]): Promise<unknown> {
    const { flights } = this.shared
    const { key } = plan.key
    const flight = new Flight(stamps)
    flights.set(key, flight)
    try {
      const value = await this.sent(plan, stamps, flight)
      flight.land(value)
      return value
    } catch (error) {
      flight.fail(error)
      throw error
    } finally {
      if (flights.get(key) === flight) flights.delete(key)
    }
  }

  private sent(plan: ReadPlan, stamps: readonly string[], { callers }: Flight): Promise<unknown> {
    if (!StatementCallers.areWatched) return this.valueFor(plan, stamps)
    const leader = callerOf(plan)
    callers.push(leader)
    return StatementCallers.send(callers, leader, () => this.valueFor(plan, stamps))
  }

  private async valueFor(plan: ReadPlan, stamps: readonly string[]): Promise<unknown> {
    if (this.isWithinReplicaLag(stamps)) {
      const value = await plan.send()
      this.shared.report.planned(plan, 'miss', 'replica-lag')
      return value
    }
    if (this.options.fillLock !== null) return this.leased(plan, stamps, this.options.fillLock.lease)
    const { value } = await this.load(plan, stamps)
    this.shared.report.planned(plan, 'miss')
    return value
  }

  /** With a fill lock one process of the fleet reads; the others wait for its entry until the lease is over. */
  private async leased(plan: ReadPlan, stamps: readonly string[], duration: number): Promise<unknown> {
    const lease = this.lease(plan)
    const deadline = performance.now() + duration
    let holds = await lease.take()
    while (!holds && performance.now() <= deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5 + this.options.random() * 10))
      const value = await this.filledMeanwhile(plan)
      if (value !== UNREADABLE) return value
      holds = await lease.take()
    }
    let stored: unknown = null
    try {
      // Another process may have filled it between our look-up and the lock.
      const filled = holds ? await this.filledMeanwhile(plan) : UNREADABLE
      if (filled !== UNREADABLE) return filled
      const loaded = await this.load(plan, stamps)
      stored = loaded.stored
      this.shared.report.planned(plan, 'miss')
      return loaded.value
    } finally {
      if (holds) void Promise.resolve(stored).then(() => lease.release())
    }
  }

  private lease({ key: { key } }: ReadPlan): { take(): Promise<boolean>; release(): Promise<void> } {
    const token = randomUUID()
    const { fillLock } = this.options
    return {
      take: async () => fillLock === null || this.store.lock(key, token, fillLock.lease),
      release: async () => (fillLock === null ? undefined : this.store.unlock(key, token)),
    }
  }

  private async filledMeanwhile(plan: ReadPlan): Promise<unknown> {
    const found = await this.store.lookup(plan.key.key, plan.tags.asked, plan.tags.keySet)
    if (typeof found === 'string') return UNREADABLE
    const notBefore = this.store.notBefore(plan.key.key, found.entry)
    const judged = usable(found.entry, plan, found.stamps, this.options.now(), notBefore)
    if (judged.status !== 'fresh') return UNREADABLE
    this.shared.report.planned(plan, 'miss', 'shared', judged.age)
    return judged.value
  }

  /** Sends the read, times it and stores its result; a store of this process has it when this resolves. */
  private async load(
    plan: ReadPlan,
    stamps: readonly string[],
  ): Promise<{ value: unknown; stored: void | Promise<void> }> {
    const createdAt = this.options.now()
    const startedAt = performance.now()
    const value = await plan.send()
    const entry = plan.entryOf(value, stamps, createdAt, performance.now() - startedAt)
    return { value, stored: entry === null ? undefined : this.keep(plan, entry, value) }
  }

  private keep(
    plan: ReadPlan,
    entry: Parameters<GuardedStore['write']>[1],
    value: unknown,
  ): void | Promise<void> {
    const { fills } = this.shared
    const written = this.store.write(plan.key.key, entry, value)
    if (!isPromise(written)) return this.count(written)
    const writing = written.then((isStored) => {
      this.count(isStored)
      fills.delete(writing)
    })
    fills.add(writing)
    return writing
  }

  private count(isStored: boolean): void {
    if (isStored) this.shared.stats.fills++
    else this.shared.stats.unstored++
  }

  /** Whether a tag was invalidated so lately that a replica may not know the write yet: what it says is not kept. */
  private isWithinReplicaLag(stamps: readonly string[]): boolean {
    const { replicaLag, now } = this.options
    return replicaLag > 0 && stamps.some((stamp) => stampTime(stamp) + replicaLag > now())
  }

  /** Invalidates the entries written with another key set; if a concurrent invalidation wins, this result is not stored. */
  private async endOtherKeySet(plan: ReadPlan): Promise<unknown> {
    const { asked, keySet } = plan.tags
    if (keySet !== null) await this.store.invalidate([keySet.tag])
    const stamps = await this.store.observe(asked, keySet)
    if (typeof stamps !== 'string' && !stamps.some(isMarked) && !isOfOtherKeySet(plan, stamps)) {
      return this.read(plan, stamps, null)
    }
    this.shared.report.planned(plan, 'miss', 'other-deployment')
    return plan.send()
  }

  private async orElse(plan: ReadPlan, led: Promise<unknown>, fallback: StoredEntry): Promise<unknown> {
    try {
      return await led
    } catch (error) {
      const isTold = plan.isComputed || isUnreachable(error)
      const value = isTold ? valueOf(fallback) : UNREADABLE
      if (value === UNREADABLE) throw error
      this.shared.report.planned(plan, 'stale', 'error', this.options.now() - fallback.createdAt)
      return value
    }
  }

  private async join(plan: ReadPlan, flight: Flight): Promise<unknown> {
    const answer = waited(plan, flight)
    if (answer === null) {
      this.shared.report.planned(plan, 'miss')
      return plan.send()
    }
    if (StatementCallers.areWatched) flight.callers.push(callerOf(plan))
    this.shared.stats.joined++
    this.shared.report.planned(plan, 'miss', 'shared')
    try {
      return await answer
    } catch (error) {
      if (error instanceof UnserialisableValueError) return plan.send()
      if (!isOneCallers(error)) throw error
      return this.joinNext(plan, flight)
    }
  }

  /** Reads again for those whose leader gave up: the first of them leads, once more. After that each reads by itself. */
  private async joinNext(plan: ReadPlan, { stamps }: Flight): Promise<unknown> {
    const next = this.shared.flights.get(plan.key.key)
    if (next === undefined) return this.lead(plan, stamps)
    const answer = next.mayJoin(stamps) ? waited(plan, next) : null
    if (answer === null) return plan.send()
    try {
      return await answer
    } catch (error) {
      if (!isOneCallers(error) && !(error instanceof UnserialisableValueError)) throw error
      return plan.send()
    }
  }
}

/** The answer of a flight; null where it waits for this very caller. */
function waited(plan: ReadPlan, flight: Flight): Promise<unknown> | null {
  return plan.isComputed ? waitForComputed(plan.key.key, () => flight.join()) : flight.join()
}

/** What computes a value has calls of its own. */
const callerOf = ({ isComputed, call }: ReadPlan): StatementCaller =>
  isComputed ? new ContextCaller() : new ContextCaller(call)

/** Whether a read was stopped for one caller, whose time was over or who hung up: that is no answer to the others. */
function isOneCallers(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return (
    judgeFailure(error).reason === 'cancelled' || code === 'E_QUERY_TIMEOUT' || code === 'E_QUERY_ABORTED'
  )
}

/** Whether rows of this table are cached by a deployment that knows other keys of it. */
function isOfOtherKeySet({ tags: { asked, keySet, yields } }: ReadPlan, stamps: readonly string[]): boolean {
  return (
    keySet !== null && !yields && !isSignedBy(stamps[asked.indexOf(keySet.tag)] as string, keySet.signature)
  )
}
