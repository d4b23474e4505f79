import { canonicalize, realTimers, type Call } from '@prisma-brisk/core'
import type { LoopHabit } from './loop-habits.ts'
import type { WriteClock } from './write-clock.ts'

/** Nothing is kept for a call. */
export const NOTHING = Symbol('nothing')

/**
 * The answers that one call of a loop had read for the calls to come. Each is given once, and only as long as it is what the
 * database would answer, as far as the suite can see, and not old.
 */
export class Prefetch {
  private readonly answers = new Map<string, unknown[]>()
  /** Answers that are kept. */
  left = 0
  used = 0
  private readonly since: number
  private until = Infinity
  isOver = false

  constructor(
    /** The call that asked. */
    private readonly call: Call,
    /** How many answers it asked for. */
    readonly asked: number,
    private readonly habit: LoopHabit,
    private readonly clock: WriteClock,
    private readonly tables: ReadonlySet<string>,
    private readonly maxAge: number,
  ) {
    this.since = clock.reading
    const { transaction } = call
    if (transaction.kind === 'none') return
    // After its end a call is refused.
    void transaction.afterCommit(() => this.end())
    transaction.afterRollback(() => this.end())
  }

  /** The caller of the call that asked has its answer: from now on the others grow old. */
  answered(loopMs: number): void {
    if (this.until !== Infinity) return
    this.until = realTimers.now() + Math.min(this.maxAge, 4 * loopMs)
  }

  /** @param value of the key, or of all keys */
  keep(value: unknown, answer: unknown): void {
    if (this.isOver) return
    const text = canonicalize(value)
    const kept = this.answers.get(text)
    if (kept === undefined) this.answers.set(text, [answer])
    else kept.push(answer)
    this.left++
  }

  /** The answer of a call with these values of its key. */
  take(value: unknown, call: Call): unknown {
    if (this.isOver || this.left === 0) return NOTHING
    if (!this.isValid) {
      this.end('stale')
      return NOTHING
    }
    const kept = this.answers.get(canonicalize(value))
    if (kept === undefined || kept.length === 0) return NOTHING
    const answer = kept.shift()
    this.left--
    this.used++
    call.notes.loop = 'kept'
    if (this.call.notes.batch !== undefined) call.notes.batch = this.call.notes.batch
    if (this.left === 0) this.end('used')
    return answer
  }

  get isValid(): boolean {
    return !this.isOver && realTimers.now() <= this.until && this.clock.isUnwritten(this.tables, this.since)
  }

  /** What is left is dropped. */
  end(why: 'used' | 'stopped' | 'stale' = 'stopped'): void {
    if (this.isOver) return
    this.isOver = true
    this.answers.clear()
    this.habit.learn(this.asked, this.used, why)
  }
}
