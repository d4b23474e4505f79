import type { PoolGauge } from '@prisma-brisk/core'
import type { ConnectionTimes } from './connection-times.ts'
import type { Series } from './series.ts'

/** Waits, and their share of operations, from which the pool is too small for what is asked of it. */
const MIN_WAITS = 50
const MIN_SHARE = 0.05
/** Milliseconds. */
const MIN_P95 = 10
/** No database has room for any number of connections. */
const MOST_GROWTH = 4

/** What waits for connections say of the size of the pool. */
export interface PoolRemark {
  /** Share of operations that waited, 0…1. */
  readonly share: number
  /** Milliseconds. */
  readonly p95: number
  readonly max: number
  /** Connections that would have run what waited beside what ran. */
  readonly suggested: number
  readonly advice: string
}

/**
 * Null where few operations waited, or not for long, or where the pool does not say how large it may be. The size is that by
 * which connections would have been busy for as long as operations took and waited together (Little's law).
 */
export function poolRemarkOf(
  { steps: { wait } }: ConnectionTimes,
  all: Iterable<Series>,
  pool: PoolGauge | null,
): PoolRemark | null {
  const { latency } = wait.tally
  if (pool === null || pool.max === null || latency.count < MIN_WAITS) return null
  let [operations, busy] = [0, 0]
  for (const { total } of all) {
    operations += total.latency.count
    busy += total.latency.sum
  }
  const share = Math.min(1, latency.count / Math.max(1, operations))
  const p95 = latency.quantile(0.95)
  if (share < MIN_SHARE || p95 < MIN_P95) return null
  const { max } = pool
  const growth = Math.min(MOST_GROWTH, 1 + latency.sum / Math.max(1, busy))
  const suggested = Math.max(max + 1, Math.ceil(max * growth))
  const advice =
    `${Math.round(share * 100)} % of operations waited for one of ${max} connection${max === 1 ? '' : 's'}, p95 ${Math.round(p95)} ms: ` +
    `give the pool ${suggested} where the database has room for them in all processes together, or shorten transactions.`
  return { share, p95, max, suggested, advice }
}
