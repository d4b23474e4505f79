import type { Call } from '@prisma-brisk/core'
import { publish } from './cache-event.ts'
import { collector, type CacheStatus } from './info.ts'
import type { Statistics } from './statistics.ts'

/** Tells the statistics, the channel, the note on the call and `withInfo` the same thing. */
export class ReadReport {
  constructor(private readonly stats: Statistics) {}

  read(
    call: Call,
    status: CacheStatus,
    told: {
      readonly reason?: string | undefined
      /** Milliseconds. */
      readonly age?: number | undefined
      readonly tags: readonly string[]
      readonly models?: readonly string[]
    },
  ): void {
    const { model, operation } = call
    const { reason, tags, models = [] } = told
    const age = told.age === undefined ? undefined : told.age / 1000
    call.notes['cache'] = status
    this.stats.count(model, status, reason)
    publish(() => ({ type: 'read', model, operation, status, reason, age }))
    collector()?.push({
      status,
      ...(reason === undefined ? {} : { reason }),
      ...(age === undefined ? {} : { age }),
      tags,
      models,
    })
  }
}
