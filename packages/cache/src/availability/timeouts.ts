import { StoreTimeoutError } from '../errors.ts'

/**
 * Waits for answers, each for the same number of milliseconds at most. All waits share one timer, since the one that
 * began first also ends first: a timer for each would cost more than the rest of the wait.
 */
export class StoreTimeouts {
  /** Oldest first. */
  private readonly waits = new Set<Wait<unknown>>()
  private isTimed = false

  constructor(private readonly ms: number) {}

  /**
   * What `answered` or `failed` make of the answer; of a {@link StoreTimeoutError} where there is none in time, and then a
   * late answer is dropped.
   */
  within<A, T>(answer: Promise<A>, answered: (answer: A) => T, failed: (error: unknown) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const wait = new Wait(performance.now() + this.ms, failed, resolve, reject)
      this.waits.add(wait as Wait<unknown>)
      if (!this.isTimed) this.time(this.ms)
      answer.then(
        (value) => {
          if (this.waits.delete(wait as Wait<unknown>)) wait.settle(answered, value)
        },
        (error: unknown) => this.fail(wait as Wait<unknown>, error),
      )
    })
  }

  private fail(wait: Wait<unknown>, error: unknown): void {
    if (this.waits.delete(wait)) wait.settle(wait.failed, error)
  }

  private time(ms: number): void {
    this.isTimed = true
    setTimeout(() => this.expire(), Math.max(1, Math.ceil(ms))).unref()
  }

  private expire(): void {
    this.isTimed = false
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
