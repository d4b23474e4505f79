import { LRUCache } from 'lru-cache'
import { isMarked } from '../entry/entry.ts'

interface Mirrored {
  readonly stamp: string
  /** When the far store was asked: it holds from then on, unless we hear otherwise. */
  readonly at: number
}

const MIRRORED_TAGS = 100_000

/**
 * The stamps of a far store as this process saw them a moment ago. A stamp that is invalidated while it is on its way
 * here is not taken in: who had asked before the invalidation may be given what was before it.
 */
export class StampMirror {
  private readonly stamps = new LRUCache<string, Mirrored>({ max: MIRRORED_TAGS })
  private readonly fetches = new Set<{ dropped: Set<string> | 'all' }>()
  private opened = false

  constructor(
    private readonly lifetime: number,
    private readonly now: () => number,
  ) {}

  /** Closed while invalidations of other processes cannot be heard. */
  get isOpen(): boolean {
    return this.opened
  }

  open(): void {
    this.clear()
    this.opened = true
  }

  close(): void {
    this.opened = false
    this.clear()
  }

  /** The stamps of all these tags, or null where one is not known any more. */
  get(tags: readonly string[]): string[] | null {
    if (!this.opened) return null
    const oldest = this.now() - this.lifetime
    const stamps: string[] = []
    for (const tag of tags) {
      const mirrored = this.stamps.get(tag)
      if (mirrored === undefined || mirrored.at <= oldest) return null
      stamps.push(mirrored.stamp)
    }
    return stamps
  }

  drop(tags: readonly string[]): void {
    for (const tag of tags) this.stamps.delete(tag)
    for (const fetch of this.fetches) {
      if (fetch.dropped !== 'all') for (const tag of tags) fetch.dropped.add(tag)
    }
  }

  clear(): void {
    this.stamps.clear()
    for (const fetch of this.fetches) fetch.dropped = 'all'
  }

  /** Begin of a look-up in the far store. */
  fetching(): { done(tags: readonly string[], stamps: readonly string[]): void; end(): void } {
    const at = this.now()
    const fetch: { dropped: Set<string> | 'all' } = { dropped: new Set() }
    this.fetches.add(fetch)
    return {
      done: (tags, stamps) => {
        const { dropped } = fetch
        if (!this.opened || dropped === 'all') return
        tags.forEach((tag, index) => {
          const stamp = stamps[index] as string
          if (!dropped.has(tag) && !isMarked(stamp)) this.stamps.set(tag, { stamp, at })
        })
      },
      end: () => void this.fetches.delete(fetch),
    }
  }
}
