import { StoreTimeoutError } from '../errors.ts'

/**
 * Waits for answers, each for the same number of milliseconds at most. All waits share one timer, since the one that
 * began first also ends first: a timer for each would cost more than the rest of the wait. It keeps the process alive while
 * somebody waits, and no longer.
 */
export class StoreTimeouts {
  /** Oldest first. */
  private readonly waits = new Set<Wait<unknown>>()
  private timer: NodeJS.Timeout | null = null

  constructor(private readonly ms: number) {}

  /**
   * What `answered` or `failed` make of the answer; of a {@link StoreTimeoutError} where there is none in time, and then a
   * late answer is dropped.
   */
  within<A, T>(answer: Promise<A>, answered: (answer: A) => T, failed: (error: unknown) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const wait = new Wait(performance.now() + this.ms, failed, resolve, reject)
      this.waits.add(wait as Wait<unknown>)
      if (this.timer === null) this.time(this.ms)
      else if (this.waits.size === 1) this.timer.ref()
      answer.then(
        (value) => {
          if (this.ended(wait as Wait<unknown>)) wait.settle(answered, value)
        },
        (error: unknown) => this.fail(wait as Wait<unknown>, error),
      )
    })
  }

  private fail(wait: Wait<unknown>, error: unknown): void {
    if (this.ended(wait)) wait.settle(wait.failed, error)
  }

  /** False where it had ended before. */
  private ended(wait: Wait<unknown>): boolean {
    if (!this.waits.delete(wait)) return false
    if (this.waits.size === 0) this.timer?.unref()
    return true
  }

  private time(ms: number): void {
    this.timer = setTimeout(() => this.expire(), Math.max(1, Math.ceil(ms)))
  }

  private expire(): void {
    this.timer = null
    const now = performance.now()
    for (const wait of this.waits) {
      if (wait.until > now) return this.time(wait.until - now)
      // A blocked event loop runs its timers first, though the answer may lie in the socket already.
      setImmediate(() => this.fail(wait, new StoreTimeoutError(this.ms)))
    }
  }
}

class Wait<T> {
  constructor(
    readonly until: number,
    readonly failed: (error: unknown) => T,
    private readonly resolve: (value: T) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  settle<V>(make: (value: V) => T, value: V): void {
    try {
      this.resolve(make(value))
    } catch (error) {
      this.reject(error)
    }
  }
}
