/**
 * Stops asking a store that does not answer. After `THRESHOLD` failures in a row it opens: reads go straight to the
 * database, invalidations straight to the journal, and a probe asks again with growing pauses until one succeeds.
 */
export class CircuitBreaker {
  /** Entries made before this moment are not believed: their invalidation may have been lost in an outage. */
  notBefore = -Infinity
  /** When the store was seen to be back. */
  private backAt = -Infinity
  /** When this process made entries since: by its own clock, so that they need no tolerance. */
  private readonly own = new Map<string, number>()
  private failures = 0
  private lastFailureAt = -Infinity
  private opened = false
  private pause = FIRST_PAUSE

  constructor(
    private readonly now: () => number,
    /** Resolves to whether the store works again. */
    private readonly probe: () => Promise<boolean>,
  ) {}

  get isOpen(): boolean {
    return this.opened
  }

  succeeded(): void {
    this.failures = 0
  }

  failed(): void {
    const now = this.now()
    // What fails together is one failure: a burst must not open the breaker by its size alone.
    if (now - this.lastFailureAt >= SAME_FAILURE) this.failures++
    this.lastFailureAt = now
    if (this.failures >= THRESHOLD) this.open()
  }

  open(): void {
    if (this.opened) return
    this.opened = true
    this.schedule()
  }

  /** Believes no entry that was made before now. */
  distrust(): void {
    this.backAt = this.now()
    this.notBefore = this.backAt + CLOCK_TOLERANCE
    this.own.clear()
  }

  /** This process stores an entry that it has made. */
  made(key: string, createdAt: number): void {
    if (createdAt >= this.notBefore) {
      if (this.own.size > 0) this.own.clear()
    } else if (createdAt > this.backAt && this.own.size < OWN_ENTRIES) this.own.set(key, createdAt)
  }

  /** Whether this process has made the entry since the store was back. */
  isOwn(key: string, entry: { readonly createdAt: number } | null): boolean {
    return entry !== null && this.own.get(key) === entry.createdAt
  }

  private schedule(): void {
    setTimeout(() => void this.tryAgain(), this.pause).unref()
  }

  private async tryAgain(): Promise<void> {
    if (await this.probe()) {
      this.opened = false
      this.failures = 0
      this.pause = FIRST_PAUSE
      this.distrust()
    } else {
      this.pause = Math.min(this.pause * 2, LAST_PAUSE)
      this.schedule()
    }
  }
}

const THRESHOLD = 3
const SAME_FAILURE = 10
const FIRST_PAUSE = 100
const LAST_PAUSE = 250
const OWN_ENTRIES = 10_000
/** The clocks of two processes may differ by as much without an entry of before an outage being believed. */
const CLOCK_TOLERANCE = 1_000
