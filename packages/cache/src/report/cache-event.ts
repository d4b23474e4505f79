import { channels } from '@prisma-brisk/core'
import type { CacheStatus } from './cache-info.ts'

/**
 * Published on `prisma-brisk:cache`. It carries names, counts and times; never arguments, results or tags.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel'
 * subscribe('prisma-brisk:cache', (event) => { if (event.type === 'read') … })
 */
export type CacheEvent =
  | {
      readonly type: 'read'
      readonly model: string | null
      readonly operation: string
      readonly status: CacheStatus
      readonly reason: string | undefined
      /** Seconds since the database was read. */
      readonly age: number | undefined
    }
  | {
      readonly type: 'invalidate'
      /** The written model; null for `$cache.invalidate` and raw statements. */
      readonly model: string | null
      readonly operation: string
      readonly tags: number
    }
  | {
      /** A verified hit was not what the database has; see the option `verify`. */
      readonly type: 'mismatch'
      readonly model: string | null
      readonly operation: string
      readonly age: number
    }

/** Publishes an event that is only made where somebody listens. */
export function publish(event: () => CacheEvent): void {
  if (channels.cache.hasSubscribers) channels.cache.publish(event())
}
