/** How many calls and batches of a mount are in flight: what `$disconnect` waits for. */
export class InFlight {
  private count = 0
  private waiting: (() => void)[] = []

  get isEmpty(): boolean {
    return this.count === 0
  }

  start(): void {
    this.count++
  }

  readonly end = (): void => {
    if (--this.count > 0) return
    const { waiting } = this
    this.waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Resolves once nothing is in flight. */
  settled(): Promise<void> {
    return this.isEmpty ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve))
  }
}
