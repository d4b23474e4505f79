import { isPromise, type GuardedStore } from '../availability/guarded-store.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import type { PlannedRead } from './read-plan.ts'
import type { SharedReads } from './shared-state.ts'
import { stampTime } from '../entry/stamp.ts'

/** Puts what was read from the database into the store. */
export class Fills {
  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly store: GuardedStore,
    private readonly shared: SharedReads,
  ) {}

  /** Whether a tag was invalidated so lately that a replica may not know the write yet: what it says is not kept. */
  isEmbargoed(stamps: readonly string[]): boolean {
    const { embargo, now } = this.options
    return embargo > 0 && stamps.some((stamp) => stampTime(stamp) + embargo > now())
  }

  /** Stores a result; a store of this process has it when this returns. */
  keep(
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
    if (isStored) this.shared.stats.fills++
    else this.shared.stats.unstored++
  }
}
