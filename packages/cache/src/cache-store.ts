import type { DecimalClass } from './codec/value-copy.ts'
import type { CacheEntry, StoredEntry } from './entry/entry.ts'
import type { KeySetTag } from './entry/stamp.ts'

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
  /** For strict writes. Stores that die with their process need none. */
  readonly marks?: WriteMarks
  /** For the fill lock. Stores that only one process sees need none. */
  readonly locks?: FillLocks
  /**
   * The entry of a key, where each of its tags has the stamp that it was stored with; else null. For stores of this
   * process: it spares a hit its tags.
   */
  current?(key: string): StoredEntry | null
  /**
   * Value and stamps in one round trip. A tag without a stamp is given a new random one, unless another process was
   * faster; if it is that of `keySet`, one with its signature.
   */
  lookup(key: string, tags: readonly string[], keySet?: KeySetTag | null): CacheLookup | Promise<CacheLookup>
  /** The stamps alone, as {@link CacheStore.lookup} gives them. */
  observe(tags: readonly string[], keySet?: KeySetTag | null): readonly string[] | Promise<readonly string[]>
  /** Keeps a copy of entry and value until the entry's lifetime is over, or shorter. */
  write(key: string, entry: CacheEntry, value: unknown): void | Promise<void>
  remove(key: string): void | Promise<void>
  /** Once this has returned, no lookup and no observation gives a stamp that one of these tags had before. */
  invalidate(tags: readonly string[]): void | Promise<void>
  /** Whether the connection was up and is not, and {@link CacheStore.invalidateApart} can be tried. Default false. */
  readonly isDown?: boolean
  /**
   * Invalidates over a connection of its own, made and ended for it: a client that waits before it connects again would
   * otherwise keep its invalidations for as long.
   */
  invalidateApart?(tags: readonly string[]): Promise<void>
  /** Calls back when the connection came back or moved to another server, so that what was sent may have been lost. */
  onReconnect?(listener: () => void): void
  /** Gives the store the names it may use for itself, before anything is asked of it: once for each namespace. */
  useNames?(names: ReservedNames): void
  /** Forgets all entries held in this process. */
  clear?(): void
  /** Entries and bytes held in this process. */
  size?(): { readonly entries: number; readonly bytes: number }
  /** Gives the store the application's decimal class, which it needs to rebuild values. */
  useDecimal?(decimal: DecimalClass): void
  close?(): void | Promise<void>
}

/** Names of a namespace that a store may use for itself. */
export interface ReservedNames {
  /** The tag that every entry rests on. */
  readonly everything: string
  /** A key to try writing with. */
  readonly probe: string
  /** A key to remember servers by. */
  readonly servers: string
}

/** What a store has of a key and of the tags that were asked for with it. */
export interface CacheLookup {
  /** It may be of any age, and its tags may have been invalidated: the caller judges. */
  readonly entry: StoredEntry | null
  /** The stamp each tag has now, in the order asked; a tag that had none has been given a new one. */
  readonly stamps: readonly string[]
}

/** Announcements of writes that are about to be sent. While a tag is marked, observers get a stamp that is never valid. */
export interface WriteMarks {
  /**
   * Invalidates the tags, and until {@link WriteMarks.remove} or for `lifetime` ms gives observers a stamp for them that
   * starts with `!`. Gives the name of the mark; marks of one tag do not disturb each other.
   */
  set(tags: readonly string[], lifetime: number): Promise<string>
  /**
   * Lets the mark live for another `lifetime` ms, and invalidates the tags again: a process that stalled may have let it
   * lapse, and what was stored meanwhile is not to outlive it.
   */
  renew(mark: string, tags: readonly string[], lifetime: number): Promise<void>
  /** Ends the mark; the tags have been invalidated before. */
  remove(mark: string, tags: readonly string[]): Promise<void>
  /** From now on look-ups see marks; it costs a store something, so only clients with `strict` ask for it. */
  watch(): void
}

/** Locks that let one process of the fleet read the database for a key. */
export interface FillLocks {
  /** True for the one caller that may read; the lock ends after `lease` ms or by {@link FillLocks.release}. */
  take(key: string, token: string, lease: number): boolean | Promise<boolean>
  release(key: string, token: string): void | Promise<void>
}

/** Carries messages between the processes that share a store. */
export interface MessageBus {
  publish(message: string): Promise<unknown>
  /** Calls `listener` with every message, and `state` whenever the bus goes down or comes up. */
  subscribe(listener: (message: string) => void, state: (isUp: boolean) => void): Promise<() => Promise<void>>
}
