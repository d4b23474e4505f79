import type { Presence } from '../batch-key/batched-call.ts'

/**
 * The calls and batches of a mount that are in flight. `$disconnect` waits for those that were in flight when it was called,
 * not for those that come while it waits: an application that goes on calling would keep it waiting for ever.
 */
export class InFlight {
  private latest = new Round()
  private readonly older = new Set<Round>()

  /** Where a call that comes now is counted. */
  get presence(): Presence {
    return this.latest
  }

  /** Resolves once everything that is in flight now has settled. */
  async settled(): Promise<void> {
    this.older.add(this.latest)
    this.latest = new Round()
    await Promise.all(
      Array.from(this.older, async (round) => {
        await round.settled()
        this.older.delete(round)
      }),
    )
  }
}

/** What was in flight between two calls of `settled`. */
class Round implements Presence {
  private count = 0
  private waiting: (() => void)[] = []

  enter(): void {
    this.count++
  }

  leave(): void {
    if (--this.count > 0) return
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }

  settled(): Promise<void> {
    return this.count === 0 ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve))
  }
}
