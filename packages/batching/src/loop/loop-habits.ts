import type { Host } from '@prisma-brisk/core'

const key = Symbol('prisma-brisk.batching.loop-habits')

/** Loops that are told apart; beyond it, all is learnt anew. */
const MOST = 1000
/** What is asked for ahead where nothing is known of a loop, and where it is known to stop early. */
const PROBE = 32
const FEW = 2
/** Answers that must have been asked for before a loop is left alone for what it did not use. */
const EVIDENCE = 6
/** Loops to their end after which one that has stopped early is trusted again. */
const TRUSTED = 3

/** What is known of the loops of one place and shape, over all requests of a base client. */
export class LoopHabit {
  /** How many answers a loop is first given ahead. */
  private first = PROBE
  /** Whether all that was asked for ahead may be asked for at once, once a few have been used. */
  private isTrusted = true
  private asked = 0
  private used = 0
  private whole = 0
  isLeftAlone = false

  /** The habits of a place in the code and the shape of its calls. */
  static of(host: Host, place: string): LoopHabit {
    const habits = host.state(key, () => new Map<string, LoopHabit>())
    let habit = habits.get(place)
    if (habit === undefined) {
      if (habits.size >= MOST) habits.clear()
      habits.set(place, (habit = new LoopHabit()))
    }
    return habit
  }

  /**
   * How many answers may be asked for ahead.
   *
   * @param last how many of the last ones in this loop were used; 0 for the first time
   */
  next(last: number): number {
    if (this.isLeftAlone) return 0
    if (last === 0) return this.first
    return this.isTrusted ? Infinity : last * 2
  }

  /**
   * Answers that were asked for are used, or given up.
   *
   * @param why the loop stopped, or the rest had grown old or was written
   */
  learn(asked: number, used: number, why: 'used' | 'stopped' | 'stale'): void {
    if (why === 'used') {
      if (this.isTrusted) this.first = Infinity
    } else this.whole = 0
    if (!this.isTrusted) {
      this.asked += asked
      this.used += used
      this.isLeftAlone = this.asked >= EVIDENCE && this.used * 2 < this.asked
    } else if (used * 2 < asked) {
      // As many as were used in time, where time is what they lacked.
      this.first = why === 'stale' ? Math.max(FEW, 2 * used) : FEW
      this.isTrusted = false
      this.asked = this.used = 0
    }
  }

  /** A loop has gone through all of its rows. */
  ended(): void {
    this.whole++
    if (this.isTrusted || this.whole < TRUSTED) return
    this.first = Infinity
    this.isTrusted = true
  }
}
