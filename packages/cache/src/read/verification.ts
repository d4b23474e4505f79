import { canonicalize, operationTraits } from '@prisma-brisk/core'
import { publish } from '../report/read-report.ts'
import { isValid, type StoredEntry } from '../entry/entry.ts'
import type { GuardedStore } from '../availability/guarded-store.ts'
import type { ResolvedCacheOptions } from '../options.ts'
import type { ReadPlan } from './read-plan.ts'
import type { Statistics } from '../report/statistics.ts'

/** Reads for some hits what the database says, to find writes that go past this client. */
export class Verification {
  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly store: GuardedStore,
    private readonly stats: Statistics,
  ) {}

  /** Compares a hit with the database; what was invalidated meanwhile proves nothing. */
  async verify(plan: ReadPlan, entry: StoredEntry, age: number): Promise<void> {
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
}

/** Whether two results differ; lists without an order are compared as sets, since the database may give any order. */
function differ(a: unknown, b: unknown, ordered: boolean): boolean {
  if (ordered || !Array.isArray(a) || !Array.isArray(b)) return canonicalize({ a }) !== canonicalize({ a: b })
  return sorted(a) !== sorted(b)
}

function sorted(rows: readonly unknown[]): string {
  return rows
    .map((row) => canonicalize({ row }))
    .sort()
    .join('\n')
}
