import type { Host } from './host.ts'

/** How it is with a source that tells the cache of writes from elsewhere. */
export interface ChangeCounts {
  readonly source: string
  readonly state: 'idle' | 'connecting' | 'catching-up' | 'live' | 'lost'
  /** Milliseconds that its last sign of life took; null before the first. */
  readonly lag: number | null
  readonly events: number
  readonly own: number
  readonly tables: number
  readonly losses: number
}

/** Told that rows of these models were changed by others, or what depends on them was given up; null: of any model. */
export type ChangeListener = (models: ReadonlySet<string> | null) => void

/** The sources of changes of one base client: what the cache follows, slow-query counts and batching listens to. */
export class ChangeWatch {
  private readonly readers = new Map<object, () => ChangeCounts>()
  private readonly listeners = new Set<ChangeListener>()

  static of(host: Host): ChangeWatch {
    return host.state(watchKey, () => new ChangeWatch())
  }

  /** @param source one reader for each */
  add(source: object, read: () => ChangeCounts): void {
    this.readers.set(source, read)
  }

  /** For as long as the base client lives. */
  follow(listener: ChangeListener): void {
    this.listeners.add(listener)
  }

  tell(models: ReadonlySet<string> | null): void {
    for (const listener of this.listeners) listener(models)
  }

  counts(): readonly ChangeCounts[] {
    return Array.from(this.readers.values(), (read) => read())
  }
}

/** Both halves of the suite know it by this name, in whatever copy of this package they are. */
const watchKey = Symbol.for('prisma-brisk.change-watch')
