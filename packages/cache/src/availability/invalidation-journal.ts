/**
 * Invalidations that the store has not confirmed. It is bounded: one that overflows forgets the tags and stands for
 * everything. Besides, it remembers for a while what was confirmed, because a server that fails over may lose that too.
 */
export class Journal {
  private readonly tags = new Map<string, number>()
  private readonly confirmed = new Map<string, number>()
  private round = 0

  constructor(
    private readonly everything: string,
    private readonly now: () => number,
    private readonly limit = 10_000,
  ) {}

  get size(): number {
    return this.tags.size
  }

  /** Whether an invalidation of one of these tags has yet to reach the store. */
  holds(tags: readonly string[]): boolean {
    return this.tags.size > 0 && (this.tags.has(this.everything) || tags.some((tag) => this.tags.has(tag)))
  }

  add(tags: Iterable<string>): void {
    const round = ++this.round
    for (const tag of tags) this.tags.set(tag, round)
    if (this.tags.size <= this.limit) return
    this.tags.clear()
    this.tags.set(this.everything, round)
  }

  /** What is to be sent now; hand it to {@link Journal.sent} when the store has confirmed it. */
  batch(): { readonly tags: string[]; readonly round: number } {
    return { tags: [...this.tags.keys()], round: this.round }
  }

  /** Forgets what was sent, but for what was added again meanwhile. */
  sent({ tags, round }: { readonly tags: readonly string[]; readonly round: number }): void {
    for (const tag of tags) {
      const added = this.tags.get(tag)
      if (added !== undefined && added <= round) this.tags.delete(tag)
    }
  }

  /** Remembers what the store has confirmed, in case it loses it. */
  remember(tags: readonly string[]): void {
    const now = this.now()
    for (const tag of tags) {
      this.confirmed.delete(tag)
      this.confirmed.set(tag, now)
    }
    for (const [tag, at] of this.confirmed) {
      if (now - at < MEMORY && this.confirmed.size <= this.limit) break
      this.confirmed.delete(tag)
    }
  }

  /** The store may have lost what it confirmed lately: send it again. */
  recall(): void {
    const now = this.now()
    this.add([...this.confirmed].filter(([, at]) => now - at < MEMORY).map(([tag]) => tag))
  }
}

/** Longer than a failover takes to be noticed. */
const MEMORY = 60_000
