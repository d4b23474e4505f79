/**
 * When this process had tags invalidated last, in milliseconds of a clock that only goes forward: the moment before the store was
 * asked. Where it does not do so, the journal holds them. Only what is recent is kept.
 */
export class InvalidationTimes {
  /** The oldest first. */
  private readonly times = new Map<string, number>()

  note(tags: readonly string[], at: number): void {
    for (const tag of tags) {
      this.times.delete(tag)
      this.times.set(tag, at)
    }
    for (const oldest of this.times.keys()) {
      if (this.times.size <= KEPT) return
      this.times.delete(oldest)
    }
  }

  /** Whether one of these was invalidated at this time or later. */
  hasAnySince(tags: readonly string[], time: number): boolean {
    return tags.some((tag) => (this.times.get(tag) ?? -Infinity) >= time)
  }
}

const KEPT = 20_000
