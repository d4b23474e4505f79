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

/** The sources of changes of one base client: what the cache follows and slow-query tells. */
export class ChangeWatch {
  private readonly readers = new Map<object, () => ChangeCounts>()

  static of(host: Host): ChangeWatch {
    return host.state(watchKey, () => new ChangeWatch())
  }

  /** @param source one reader for each */
  add(source: object, read: () => ChangeCounts): void {
    this.readers.set(source, read)
  }

  counts(): readonly ChangeCounts[] {
    return Array.from(this.readers.values(), (read) => read())
  }
}

/** Both halves of the suite know it by this name, in whatever copy of this package they are. */
const watchKey = Symbol.for('prisma-brisk.change-watch')
