import type { Entry, StoredEntry } from './entry/entry.ts'

/** What a store says of a key and of the tags that were asked for with it. */
export interface Found {
  /** It may be of any age, and its tags may have been invalidated: the caller judges. */
  readonly entry: StoredEntry | null
  /** The stamp each tag has now, in the order asked; a tag that had none has been given a new one. */
  readonly stamps: readonly string[]
}

/**
 * A tag of which it matters who gave it its stamp: where it has none, the new one ends in `.` and the signature. Who
 * finds another's there knows that the two do not see the same.
 */
export interface SignedTag {
  readonly tag: string
  readonly signature: string
}

/**
 * Where results and stamps are kept. A store keeps its promises about stamps, or answers a miss; it may forget any
 * entry and any stamp at any time. Implementations are checked by `testCacheStore` of `@prisma-brisk/cache/testing`.
 *
 * Keys and tags are any text; no key has the name of a tag.
 *
 * Every method may answer at once or by a promise; a store in memory answers at once, so that a hit costs no turn of
 * the event loop. A method may throw or reject: the cache then asks the database, and remembers what it could not
 * invalidate.
 */
export interface CacheStore {
  /** For statistics and messages: `memory`, `redis`, `tiered`. */
  readonly name: string
  /** True where only this process sees the store; default false. */
  readonly isLocal?: boolean
  /**
   * The entry of a key, where each of its tags has the stamp that it was stored with; else null. For stores of this
   * process: it spares a hit its tags.
   */
  current?(key: string): StoredEntry | null
  /**
   * Value and stamps in one round trip. A tag without a stamp is given a new random one, unless another was faster; if
   * it is the one `signed`, with that signature.
   */
  lookup(key: string, tags: readonly string[], signed?: SignedTag | null): Found | Promise<Found>
  /** The stamps alone, as {@link CacheStore.lookup} gives them. */
  observe(tags: readonly string[], signed?: SignedTag | null): readonly string[] | Promise<readonly string[]>
  /** Keeps a copy of entry and value until the entry's lifetime is over, or shorter. */
  write(key: string, entry: Entry, value: unknown): void | Promise<void>
  remove(key: string): void | Promise<void>
  /** Once this has returned, no lookup and no observation gives a stamp that one of these tags had before. */
  invalidate(tags: readonly string[]): void | Promise<void>
  /**
   * For strict writes: invalidates the tags, and until {@link CacheStore.unmark} or for `lifetime` ms gives observers a
   * stamp for them that starts with `!`, which is never valid. Gives the name of the mark; marks of one tag do not
   * disturb each other. Stores that die with their process need none.
   */
  mark?(tags: readonly string[], lifetime: number): Promise<string>
  /**
   * Lets the mark live for another `lifetime` ms, and invalidates the tags again: a process that stalled may have let it
   * lapse, and what was stored meanwhile is not to outlive it.
   */
  renewMark?(mark: string, tags: readonly string[], lifetime: number): Promise<void>
  /** Ends the mark; the tags have been invalidated before. */
  unmark?(mark: string, tags: readonly string[]): Promise<void>
  /** From now on look-ups see marks; it costs a store something, so only clients with `strict` ask for it. */
  watchMarks?(): void
  /**
   * For the fill lock: true for the one caller that may read the database for this key; the lock ends after `lease` ms
   * or by {@link CacheStore.unlock}. Stores that only one process sees need none.
   */
  lock?(key: string, token: string, lease: number): boolean | Promise<boolean>
  unlock?(key: string, token: string): void | Promise<void>
  /** Tells that the connection came back or moved to another server, so that what was sent may have been lost. */
  onReconnect?(listener: () => void): void
  /** Forgets all entries held in this process. */
  clear?(): void
  /** Entries and bytes held in this process. */
  size?(): { readonly entries: number; readonly bytes: number }
  /** Tells the store the application's decimal class, which it needs to rebuild values. */
  useDecimal?(decimal: DecimalClass): void
  close?(): void | Promise<void>
}

/** The application's own decimal class: there may be several copies of decimal.js in one process. */
export type DecimalClass = new (value: string) => object
