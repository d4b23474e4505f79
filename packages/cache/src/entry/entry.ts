/**
 * A stored result, with the stamps its tags had **before** the database was read. It may be answered only while every
 * one of these tags still has that stamp: an invalidation gives a tag another stamp, so a result that was read before an
 * invalidation and stored after it is dead on arrival.
 */
export interface CacheEntry {
  /** What the entry answers, told apart from its key: a foreign or misplaced entry must not be used. */
  readonly identity: string
  readonly tags: readonly string[]
  /** One for each tag, in the same order. */
  readonly stamps: readonly string[]
  /** When the database read began, in ms of the wall clock. */
  readonly createdAt: number
  /** Milliseconds the entry is fresh. */
  readonly ttl: number
  /** Milliseconds after that during which it may be served while it is refreshed. */
  readonly swr: number
  /** Milliseconds after that during which it may be served where the database cannot be reached. */
  readonly staleIfError: number
  /** Milliseconds the database took; early refresh is timed by it. */
  readonly cost: number
}

/** An entry as a store gives it back. */
export interface StoredEntry extends CacheEntry {
  /**
   * The result: each time a separate copy.
   * @throws where it cannot be read; the entry then counts as missing
   */
  open(): unknown
}

/** What all stored entries have in common, whatever holds their value. */
export abstract class EntryHeader implements CacheEntry {
  readonly identity: string
  readonly tags: readonly string[]
  readonly stamps: readonly string[]
  readonly createdAt: number
  readonly ttl: number
  readonly swr: number
  readonly staleIfError: number
  readonly cost: number

  constructor(entry: CacheEntry) {
    this.identity = entry.identity
    this.tags = entry.tags
    this.stamps = entry.stamps
    this.createdAt = entry.createdAt
    this.ttl = entry.ttl
    this.swr = entry.swr
    this.staleIfError = entry.staleIfError
    this.cost = entry.cost
  }
}

/** Milliseconds after which a store may forget an entry. */
export function lifetimeOf(entry: Pick<CacheEntry, 'ttl' | 'swr' | 'staleIfError'>): number {
  return entry.ttl + entry.swr + entry.staleIfError
}

/**
 * Whether an entry's tags still have the stamps it was stored with. `tags` and `stamps` are what was asked for and
 * found now; an entry may rest on a part of them, in the same order.
 */
export function isValid(entry: CacheEntry, tags: readonly string[], stamps: readonly string[]): boolean {
  let at = 0
  for (let index = 0; index < entry.tags.length; index++) {
    const tag = entry.tags[index]
    while (at < tags.length && tags[at] !== tag) at++
    const stamp = stamps[at]
    if (stamp === undefined || stamp !== entry.stamps[index] || isMarked(stamp)) return false
  }
  return true
}

/** A stamp that says: a write of this tag is under way somewhere, so neither answer from the cache nor fill it. */
export function isMarked(stamp: string): boolean {
  return stamp.charCodeAt(0) === 33 // '!'
}
