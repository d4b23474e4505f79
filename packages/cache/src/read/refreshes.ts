import { randomUUID } from 'node:crypto'
import type { Fills } from './fills.ts'
import type { GuardedStore } from '../availability/guarded-store.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import type { PlannedRead } from './read-plan.ts'
import type { SharedReads } from './shared-state.ts'

/** Reads the database again for results that were answered and are old, or soon will be. */
export class Refreshes {
  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly store: GuardedStore,
    private readonly shared: SharedReads,
    private readonly fills: Fills,
  ) {}

  /** In the background, once at a time for a key; an invalidation meanwhile makes its result worthless by itself. */
  begin(plan: PlannedRead, stamps: readonly string[]): void {
    const { refreshing } = this.shared
    const { key } = plan.key
    if (refreshing.has(key) || this.fills.isEmbargoed(stamps)) return
    refreshing.add(key)
    this.shared.stats.refreshes++
    const refreshed = this.read(plan, stamps).then(() => {
      refreshing.delete(key)
      this.shared.fills.delete(refreshed)
    })
    this.shared.fills.add(refreshed)
  }

  private async read(plan: PlannedRead, stamps: readonly string[]): Promise<void> {
    const { key } = plan.key
    const token = randomUUID()
    const lease = this.options.fillLock?.lease
    if (lease !== undefined && !(await this.store.lock(key, token, lease))) return
    const createdAt = this.options.now()
    const startedAt = performance.now()
    try {
      const value = await plan.send()
      await this.fills.keep(plan, stamps, value, createdAt, performance.now() - startedAt)
    } catch {
      this.shared.stats.refreshErrors++
    } finally {
      if (lease !== undefined) await this.store.unlock(key, token)
    }
  }
}
