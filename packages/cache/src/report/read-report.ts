import { channels, type Call } from '@prisma-brisk/core'
import { collector, type CacheInfo, type CacheStatus } from './cache-info.ts'
import type { TagReach } from '../tag/tag-names.ts'
import type { Statistics } from './statistics.ts'

/** Reports a read to the statistics, the channel, the note on the call and `withInfo`, all alike. */
export class ReadReport {
  constructor(private readonly stats: Statistics) {}

  read(call: Call, status: CacheStatus, details: ReadDetails): void {
    call.notes.cache = status
    this.stats.count(call.model, status, details.reason)
    const reads = collector()
    if (reads !== null || channels.cache.hasSubscribers) this.publish(reads, call, status, details)
  }

  /** @param age of the entry, in milliseconds */
  planned(plan: PlannedRead, status: CacheStatus, reason?: string, age?: number): void {
    this.read(plan.asked, status, { reason, age, tags: plan.strategy.tags, of: plan })
  }

  private publish(reads: CacheInfo[] | null, call: Call, status: CacheStatus, details: ReadDetails): void {
    const { model, operation } = call
    const { reason, tags } = details
    const age = details.age === undefined ? undefined : details.age / 1000
    publish(() => ({ type: 'read', model, operation, status, reason, age }))
    reads?.push({
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(age === undefined ? {} : { age }),
      tags,
      models: details.of?.models ?? [],
    })
  }
}

/** What is reported of a read beside its call and status. */
interface ReadDetails {
  readonly reason?: string | undefined
  /** Milliseconds. */
  readonly age?: number | undefined
  /** The user's own tags. */
  readonly tags: readonly string[]
  /** What knows the models the result rests on; they are asked for where somebody listens. */
  readonly of?: { readonly models: readonly string[] }
}

/** What is reported of a planned read. */
interface PlannedRead {
  readonly asked: Call
  readonly strategy: { readonly tags: readonly string[] }
  /** Found out only where somebody listens. */
  readonly models: readonly string[]
}

/**
 * Published on `prisma-brisk:cache`. It carries names of models and tables, counts and times; never arguments, results or tags.
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
      /** The operation that wrote; `change` where a source of changes has told it. */
      readonly operation: string
      readonly tags: number
      /** What they stand for; not told of entries of Accelerate's. */
      readonly reach?: TagReach
    }
  | {
      /** The source of changes went, or came back and has been caught up with; see the option `changes`. */
      readonly type: 'changes'
      readonly source: string
      readonly state: 'live' | 'lost'
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
