import { randomUUID } from 'node:crypto'
import { freshFor, isBelievable, UNREADABLE, valueOf } from './freshness.ts'
import type { Fills } from './fills.ts'
import type { GuardedStore } from '../availability/guarded-store.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import type { PlannedRead } from './read-plan.ts'
import type { SharedReads } from './shared-state.ts'

/** With a fill lock: one process reads, the others wait for its entry until the lease is over. */
export class LockedReads {
  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly store: GuardedStore,
    private readonly shared: SharedReads,
    private readonly fills: Fills,
  ) {}

  async read(plan: PlannedRead, stamps: readonly string[], lease: number): Promise<unknown> {
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
      this.shared.report.planned(plan, 'miss')
      writing = this.fills.keep(plan, stamps, value, createdAt, performance.now() - startedAt)
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
    if (!isBelievable(plan, entry, stamps, this.store) || age >= entry.ttl) return UNREADABLE
    const value = valueOf(entry)
    if (value === UNREADABLE || age >= freshFor(value, plan.strategy)) return UNREADABLE
    this.shared.report.planned(plan, 'miss', 'shared', age)
    return value
  }
}
