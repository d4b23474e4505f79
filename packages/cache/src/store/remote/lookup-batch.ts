import type { CacheLookup } from '../../cache-store.ts'
import type { KeySetTag } from '../../entry/stamp.ts'

export interface Lookup {
  /** Null where only stamps are asked for. */
  readonly key: string | null
  readonly tags: readonly string[]
  readonly keySet: KeySetTag | null
}

interface Waiting extends Lookup {
  readonly resolve: (found: CacheLookup) => void
  readonly reject: (error: unknown) => void
}

/**
 * Collects the look-ups of one turn of the event loop and sends them together, so that fifty concurrent reads cost one
 * round trip; their answers come in one turn too, so that what misses reaches the database together.
 */
export class LookupBatch {
  private waiting: Waiting[] = []

  constructor(private readonly send: (lookups: readonly Lookup[]) => Promise<CacheLookup[]>) {}

  add(key: string | null, tags: readonly string[], keySet: KeySetTag | null): Promise<CacheLookup> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, tags, keySet, resolve, reject })
      if (this.waiting.length === 1) process.nextTick(flush, this)
    })
  }

  flush(): void {
    const lookups = this.waiting
    this.waiting = []
    this.send(lookups).then(
      (found) => lookups.forEach(({ resolve }, index) => resolve(found[index] as CacheLookup)),
      (error: unknown) => {
        for (const { reject } of lookups) reject(error)
      },
    )
  }
}

const flush = (batch: LookupBatch): void => batch.flush()
