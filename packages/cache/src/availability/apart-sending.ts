import type { StoreTimeouts } from './timeouts.ts'

/**
 * Sends what waits over a connection of its own, one such connection at a time: who comes while it is made waits for the next
 * one, which has all of them on board.
 */
export class ApartSending {
  private current: Promise<void> | null = null
  private following: Promise<void> | null = null
  /** A server that does not even refuse is not waited for by every write. */
  private isSlow = false

  /** @param run sends all that waits */
  constructor(
    private readonly timeouts: StoreTimeouts,
    private readonly run: () => Promise<void>,
  ) {}

  /** Resolves once it has been tried, or takes too long; never rejects. */
  send(): Promise<void> {
    const sent =
      this.current === null ? this.start() : (this.following ??= this.current.then(() => this.start()))
    return this.isSlow
      ? Promise.resolve()
      : this.timeouts.within(sent, nothing, () => {
          this.isSlow = true
        })
  }

  private start(): Promise<void> {
    this.following = null
    this.current = this.run()
      .catch(nothing)
      .finally(() => {
        this.current = null
        this.isSlow = false
      })
    return this.current
  }
}

const nothing = (): void => undefined
