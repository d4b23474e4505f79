/** How many calls and batches of a mount are under way: what `$disconnect` waits for. */
export class UnderWay {
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

  /** Resolves once nothing is under way. */
  settled(): Promise<void> {
    return this.isEmpty ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve))
  }
}
