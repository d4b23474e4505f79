import type { LoopHabit } from './loop-habits.ts'
import type { Prefetch } from './prefetch.ts'

/** A loop that was found, and what it has done so far. */
export class Loop {
  /** Calls so far whose rows stood one behind the other. */
  matches = 2
  /** Calls that were sent; the first was before it was found. */
  sent = 1
  /** Answers that were asked for before they were, and those that calls got. */
  ahead = 0
  kept = 0
  /** Where in the application the calls are made. */
  site: string | null = null
  habit: LoopHabit | null = null
  prefetch: Prefetch | null = null
  /** Answers of the last prefetch that were used. */
  lastUsed = 0
  /** Rows of the longest answer. */
  mostRows = 1

  constructor(readonly startedAt: number) {}

  /** Lets go of what is kept, and is not used. */
  release(): void {
    const { prefetch } = this
    if (prefetch === null) return
    prefetch.end(prefetch.isValid ? 'stopped' : 'stale')
    this.lastUsed = prefetch.used
    this.prefetch = null
  }
}
