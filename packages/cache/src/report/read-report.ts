import { channels, type Call } from '@prisma-brisk/core'
import { publish } from './cache-event.ts'
import { collector, type CacheInfo, type CacheStatus } from './cache-info.ts'
import type { PlannedRead } from '../read/read-plan.ts'
import type { Statistics } from './statistics.ts'

interface Told {
  readonly reason?: string | undefined
  /** Milliseconds. */
  readonly age?: number | undefined
  /** The user's own tags. */
  readonly tags: readonly string[]
  /** What knows the models the result rests on; they are asked for where somebody listens. */
  readonly of?: { readonly models: readonly string[] }
}

/** Tells the statistics, the channel, the note on the call and `withInfo` the same thing. */
export class ReadReport {
  constructor(private readonly stats: Statistics) {}

  read(call: Call, status: CacheStatus, told: Told): void {
    call.notes.cache = status
    this.stats.count(call.model, status, told.reason)
    const reads = collector()
    if (reads !== null || channels.cache.hasSubscribers) this.tell(reads, call, status, told)
  }

  /** @param age of the entry, in milliseconds */
  planned(plan: PlannedRead, status: CacheStatus, reason?: string, age?: number): void {
    this.read(plan.asked, status, { reason, age, tags: plan.strategy.tags, of: plan })
  }

  private tell(reads: CacheInfo[] | null, call: Call, status: CacheStatus, told: Told): void {
    const { model, operation } = call
    const { reason, tags } = told
    const age = told.age === undefined ? undefined : told.age / 1000
    publish(() => ({ type: 'read', model, operation, status, reason, age }))
    reads?.push({
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(age === undefined ? {} : { age }),
      tags,
      models: told.of?.models ?? [],
    })
  }
}
