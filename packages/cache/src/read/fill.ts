import { UNREADABLE, valueOf } from './freshness.ts'
import { isUnreachable } from '../database-failure.ts'
import { isMarked, type StoredEntry } from '../entry/entry.ts'
import { UnserialisableValueError } from '../errors.ts'
import type { Fills } from './fills.ts'
import { Flight } from './single-flight.ts'
import type { GuardedStore } from '../availability/guarded-store.ts'
import { LockedReads } from './locked-reads.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import type { PlannedRead } from './read-plan.ts'
import type { SharedReads } from './shared-state.ts'
import { isSignedBy } from '../entry/stamp.ts'

/** Reads the database for what the store does not have: once for all who ask for it at the same time. */
export class Misses {
  private readonly lockedReads: LockedReads

  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly store: GuardedStore,
    private readonly shared: SharedReads,
    private readonly fills: Fills,
  ) {
    this.lockedReads = new LockedReads(options, store, shared, fills)
  }

  /**
   * @param stamps of the tags the read rests on, as they are now
   * @param fallback what to answer with where the database cannot be reached
   */
  read(plan: PlannedRead, stamps: readonly string[], fallback: StoredEntry | null): Promise<unknown> {
    if (stamps.some(isMarked)) {
      this.shared.report.planned(plan, 'miss', 'write-under-way')
      return plan.send()
    }
    if (hasForeignRows(plan, stamps)) return this.readAmongForeignRows(plan)
    const flight = this.shared.flights.get(plan.key.key)
    if (flight !== undefined && flight.mayJoin(stamps)) return this.join(plan, flight)
    const led = this.lead(plan, stamps)
    return fallback === null ? led : this.orElse(plan, led, fallback)
  }

  /** Makes an end of those rows; where another is faster, this read is not stored. */
  private async readAmongForeignRows(plan: PlannedRead): Promise<unknown> {
    const { asked, signed } = plan.tags
    if (signed !== null) await this.store.invalidate([signed.tag])
    const stamps = await this.store.observe(asked, signed)
    if (typeof stamps !== 'string' && !stamps.some(isMarked) && !hasForeignRows(plan, stamps)) {
      return this.read(plan, stamps, null)
    }
    this.shared.report.planned(plan, 'miss', 'other-deployment')
    return plan.send()
  }

  private async orElse(plan: PlannedRead, led: Promise<unknown>, fallback: StoredEntry): Promise<unknown> {
    try {
      return await led
    } catch (error) {
      const value = isUnreachable(error) ? valueOf(fallback) : UNREADABLE
      if (value === UNREADABLE) throw error
      this.shared.report.planned(plan, 'stale', 'error', this.options.now() - fallback.createdAt)
      return value
    }
  }

  private async join(plan: PlannedRead, flight: Flight): Promise<unknown> {
    this.shared.stats.joined++
    this.shared.report.planned(plan, 'miss', 'shared')
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
      const isEmbargoed = this.fills.isEmbargoed(stamps)
      let value: unknown
      if (fillLock !== null && !isEmbargoed) value = await this.lockedReads.read(plan, stamps, fillLock.lease)
      else {
        const createdAt = now()
        const startedAt = performance.now()
        value = await plan.send()
        this.shared.report.planned(plan, 'miss', isEmbargoed ? 'embargo' : undefined)
        if (!isEmbargoed) void this.fills.keep(plan, stamps, value, createdAt, performance.now() - startedAt)
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
}

/** Whether rows of this table are cached by a deployment that knows other keys of it. */
function hasForeignRows({ tags: { asked, signed } }: PlannedRead, stamps: readonly string[]): boolean {
  return signed !== null && !isSignedBy(stamps[asked.indexOf(signed.tag)] as string, signed.signature)
}
