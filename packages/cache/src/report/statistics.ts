import type { GuardedStore } from '../availability/guarded-store.ts'
import type { ChangeStats } from '../change-source.ts'
import type { CacheStatus } from './cache-info.ts'

/** Counts since the client was made. */
export interface ModelStats {
  hits: number
  stale: number
  misses: number
  bypasses: number
}

/** What {@link CacheClient.stats} gives. */
export interface CacheStats extends ModelStats {
  /** Bypasses by reason; see {@link CacheInfo.reason}. Reads that never asked to be cached are not counted. */
  readonly bypassesByReason: Readonly<Record<string, number>>
  /** Hits and stale answers among all reads that asked for the cache, 0 to 1. */
  readonly hitRate: number
  /** Misses that joined a read of the same that was under way. */
  joined: number
  /** Results stored. */
  fills: number
  /** Results that could not be stored: of a kind the codec does not know, or the store failed. */
  unstored: number
  /** Background refreshes of stale results, or of such as were about to be. */
  refreshes: number
  refreshErrors: number
  /** Writes and calls that invalidated something. */
  invalidations: number
  /** Hits compared with the database, and those that differed. */
  verified: number
  mismatches: number
  /** The store: its name, what it holds in this process, and what went wrong with it. */
  readonly store: {
    readonly name: string
    readonly entries: number
    readonly bytes: number
    readonly timeouts: number
    readonly errors: number
    readonly outages: number
    /** Tags whose invalidation the store has yet to confirm. */
    readonly journal: number
    readonly replayed: number
    /** Writes of a client with `strict` that went on without a mark, because the store could not be reached. */
    readonly unmarked: number
    /** False while the store is left alone because it does not answer. */
    readonly available: boolean
  }
  /** The source of changes; null where there is none. */
  readonly changes: ChangeStats | null
  readonly models: Readonly<Record<string, Readonly<ModelStats>>>
}

/** Counts what happens; all clients extended from one base client count together. */
export class Statistics {
  readonly total: ModelStats = none()
  readonly models = new Map<string, ModelStats>()
  readonly reasons = new Map<string, number>()
  joined = 0
  fills = 0
  unstored = 0
  refreshes = 0
  refreshErrors = 0
  invalidations = 0
  verified = 0
  mismatches = 0

  count(model: string | null, status: CacheStatus, reason: string | undefined): void {
    const name = model ?? '$queryRaw'
    let own = this.models.get(name)
    if (own === undefined) this.models.set(name, (own = none()))
    const counter = COUNTERS[status]
    this.total[counter]++
    own[counter]++
    if (status === 'bypass') this.reasons.set(reason ?? '', (this.reasons.get(reason ?? '') ?? 0) + 1)
  }

  /** Whether any read has asked for the cache yet. */
  get used(): boolean {
    return this.models.size > 0
  }

  snapshot(store: CacheStats['store'], changes: ChangeStats | null = null): CacheStats {
    const { hits, stale, misses, bypasses } = this.total
    const { joined, fills, unstored, refreshes, refreshErrors, invalidations, verified, mismatches } = this
    const all = hits + stale + misses + bypasses
    return {
      hits,
      stale,
      misses,
      bypasses,
      hitRate: all === 0 ? 0 : (hits + stale) / all,
      bypassesByReason: Object.fromEntries(this.reasons),
      joined,
      fills,
      unstored,
      refreshes,
      refreshErrors,
      invalidations,
      verified,
      mismatches,
      store,
      changes,
      models: Object.fromEntries([...this.models].map(([name, counts]) => [name, { ...counts }])),
    }
  }
}

const COUNTERS = { hit: 'hits', stale: 'stale', miss: 'misses', bypass: 'bypasses' } as const

function none(): ModelStats {
  return { hits: 0, stale: 0, misses: 0, bypasses: 0 }
}

/** What is to be said of a store. */
export function storeStats({ store, troubles, journal, breaker }: GuardedStore): CacheStats['store'] {
  const { timeouts, errors, outages, replayed, unmarked } = troubles
  return {
    name: store.name,
    ...(store.size?.() ?? { entries: 0, bytes: 0 }),
    timeouts,
    errors,
    outages,
    journal: journal.size,
    replayed,
    unmarked,
    available: !breaker.isOpen,
  }
}
