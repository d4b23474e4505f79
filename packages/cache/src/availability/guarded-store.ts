import { realTimers } from '@prisma-brisk/core'
import { ApartSending } from './apart-sending.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { CacheLookup, CacheStore, ReservedNames } from '../cache-store.ts'
import type { KeySetTag } from '../entry/stamp.ts'
import { StoreTimeouts } from './timeouts.ts'
import type { CacheEntry, StoredEntry } from '../entry/entry.ts'
import {
  StoreReplyError,
  StoreTimeoutError,
  StoreUnusableError,
  UnserialisableValueError,
} from '../errors.ts'
import { Journal } from './invalidation-journal.ts'
import type { InvalidationTimes } from './invalidation-times.ts'

/** Why the store was not asked, or gave no answer. */
export type StoreFailure = 'store-timeout' | 'store-error' | 'store-down' | 'invalidation-pending'

/**
 * Wraps a store so that its failures never reach a query: reads go on to the database in time, writes resolve, and
 * invalidations that could not be sent are kept in a journal and sent as soon as the store is back. Until then this
 * process does not trust the store about the tags in question.
 */
export class GuardedStore {
  readonly journal: Journal
  readonly breaker: CircuitBreaker
  private flushing: Promise<boolean> | null = null
  private retry: NodeJS.Timeout | null = null
  private readonly reads: StoreTimeouts
  private readonly writes: StoreTimeouts
  private readonly apart: ApartSending
  /** Kept where somebody asks what has been invalidated already. */
  times: InvalidationTimes | null = null
  /** Counts what went wrong, for the statistics. */
  readonly troubles = { timeouts: 0, errors: 0, journaled: 0, replayed: 0, outages: 0, unmarked: 0 }

  /**
   * The one of a store and namespace: what could not be invalidated through one client must not be read through another.
   */
  static of(store: CacheStore, namespace: string, make: () => GuardedStore): GuardedStore {
    let own = guards.get(store)
    if (own === undefined) guards.set(store, (own = new Map()))
    let guard = own.get(namespace)
    if (guard === undefined) own.set(namespace, (guard = make()))
    return guard
  }

  constructor(
    readonly store: CacheStore,
    private readonly tags: ReservedNames,
    timeouts: { readonly read: number; readonly write: number },
    now: () => number,
  ) {
    this.journal = new Journal(tags.everything, now)
    this.breaker = new CircuitBreaker(now, () => this.probe())
    this.reads = new StoreTimeouts(timeouts.read)
    this.writes = new StoreTimeouts(timeouts.write)
    this.apart = new ApartSending(this.writes, () => this.sendJournalApart())
    store.useNames?.(tags)
    store.onReconnect?.(() => this.reconnected())
  }

  /** The valid entry of a key, where the store can tell without being asked for stamps. */
  current(key: string): StoredEntry | null {
    const { store } = this
    if (store.current === undefined || this.breaker.isOpen || this.journal.size > 0) return null
    try {
      return store.current(key)
    } catch (error) {
      this.failure(error)
      return null
    }
  }

  /** Entries of this key made before that are not believed; see {@link CircuitBreaker}. */
  notBefore(key: string, entry: StoredEntry | null): number {
    return this.breaker.isOwn(key, entry) ? -Infinity : this.breaker.notBefore
  }

  lookup(
    key: string,
    tags: readonly string[],
    keySet: KeySetTag | null = null,
  ): CacheLookup | StoreFailure | Promise<CacheLookup | StoreFailure> {
    const refusal = this.refusal(tags)
    if (refusal !== null) return refusal
    try {
      const answer = this.store.lookup(key, tags, keySet)
      return isPromise(answer) ? this.inTime(answer, tags) : answer
    } catch (error) {
      return this.failure(error)
    }
  }

  observe(
    tags: readonly string[],
    keySet: KeySetTag | null = null,
  ): readonly string[] | StoreFailure | Promise<readonly string[] | StoreFailure> {
    const refusal = this.refusal(tags)
    if (refusal !== null) return refusal
    try {
      const answer = this.store.observe(tags, keySet)
      return isPromise(answer) ? this.inTime(answer, tags) : answer
    } catch (error) {
      return this.failure(error)
    }
  }

  /** Takes its copy before it returns; tells whether the entry is stored. */
  write(key: string, entry: CacheEntry, value: unknown): boolean | Promise<boolean> {
    if (this.breaker.isOpen) return false
    this.breaker.made(key, entry.createdAt)
    try {
      const written = this.store.write(key, entry, value)
      if (isPromise(written)) return this.attempt(() => written)
      this.breaker.succeeded()
      return true
    } catch (error) {
      this.failure(error)
      return false
    }
  }

  async remove(key: string): Promise<void> {
    if (!this.breaker.isOpen) await this.attempt(() => this.store.remove(key))
  }

  /**
   * Resolves when the tags are invalidated, or noted for later; never rejects. While the connection is down, it tries one of
   * its own.
   */
  invalidate(tags: readonly string[]): void | Promise<void> {
    if (tags.length === 0) return
    if (this.store.isDown === true) {
      this.note(tags)
      return this.apart.send()
    }
    if (this.breaker.isOpen) return this.note(tags)
    // From here on the tags are either invalidated, or kept in the journal and not believed.
    this.times?.note(tags, realTimers.now())
    try {
      const sent = this.store.invalidate(tags)
      if (isPromise(sent)) return this.confirm(sent, tags)
    } catch (error) {
      this.failure(error)
      this.note(tags)
    }
  }

  /** Marks the tags of a strict write; null where that fails, and the write goes on without. */
  async mark(tags: readonly string[], lifetime: number): Promise<string | null> {
    let mark: string | undefined
    const { marks } = this.store
    if (marks === undefined) return null
    if (!this.breaker.isOpen) await this.attempt(async () => (mark = await marks.set(tags, lifetime)))
    if (mark === undefined) this.troubles.unmarked++
    return mark ?? null
  }

  async renewMark(mark: string, tags: readonly string[], lifetime: number): Promise<void> {
    if (!this.breaker.isOpen) await this.attempt(() => this.store.marks?.renew(mark, tags, lifetime))
  }

  async unmark(mark: string, tags: readonly string[]): Promise<void> {
    // A mark that outlives its write costs some misses.
    if (!this.breaker.isOpen) await this.attempt(() => this.store.marks?.remove(mark, tags))
  }

  /** True where the lock is held, or where there is nothing to wait for. */
  async lock(key: string, token: string, lease: number): Promise<boolean> {
    const { locks } = this.store
    if (locks === undefined || this.breaker.isOpen) return true
    let locked: boolean | undefined
    const answered = await this.attempt(async () => {
      locked = await locks.take(key, token, lease)
    })
    return !answered || locked !== false
  }

  async unlock(key: string, token: string): Promise<void> {
    if (!this.breaker.isOpen) await this.attempt(() => this.store.locks?.release(key, token))
  }

  /** Tries once more to send what could not be invalidated. */
  async flushJournal(): Promise<void> {
    if (this.journal.size === 0) return
    await (this.store.isDown === true ? this.apart.send() : this.flush())
  }

  /** What is sent while the connection is down would wait for it in the client's queue. */
  private async probe(): Promise<boolean> {
    return this.store.isDown !== true && (await this.flush())
  }

  /** Why a read must not be answered from the store now. */
  private refusal(tags: readonly string[]): StoreFailure | null {
    if (this.breaker.isOpen) return 'store-down'
    return this.journal.holds(tags) ? 'invalidation-pending' : null
  }

  private inTime<T>(answer: Promise<T>, tags: readonly string[]): Promise<T | StoreFailure> {
    return this.reads.within<T, T | StoreFailure>(
      answer,
      (result) => {
        this.breaker.succeeded()
        // An invalidation that failed while the store was asked is not in its answer.
        return this.journal.holds(tags) ? 'invalidation-pending' : result
      },
      (error) => this.failure(error),
    )
  }

  private confirm(sent: Promise<void>, tags: readonly string[]): Promise<void> {
    return this.writes.within(
      sent,
      () => {
        this.breaker.succeeded()
        this.journal.remember(tags)
      },
      (error) => {
        this.failure(error)
        this.note(tags)
      },
    )
  }

  private note(tags: readonly string[]): void {
    this.troubles.journaled += tags.length
    this.journal.add(tags)
    this.retryLater()
  }

  private retryLater(): void {
    if (this.retry !== null) return
    this.retry = setTimeout(() => {
      this.retry = null
      void this.sendOrRetry()
    }, RETRY)
    this.retry.unref()
  }

  private async sendOrRetry(): Promise<void> {
    if (this.journal.size === 0) return
    if (this.store.isDown === true) {
      await this.apart.send()
      if (this.journal.size > 0) this.retryLater()
      return
    }
    // While the breaker is open its probe sends the journal.
    if (this.breaker.isOpen || !(await this.flush())) this.retryLater()
  }

  /** Sends the journal, or where it is empty a harmless write: a server that only answers reads is not well. */
  private flush(): Promise<boolean> {
    this.flushing ??= this.sendJournal().finally(() => (this.flushing = null))
    return this.flushing
  }

  private async sendJournal(): Promise<boolean> {
    const batch = this.journal.batch()
    const tags = batch.tags.length === 0 ? [this.tags.probe] : batch.tags
    if (!(await this.attempt(() => this.store.invalidate(tags)))) return false
    this.journal.sent(batch)
    this.journal.remember(batch.tags)
    this.troubles.replayed += batch.tags.length
    return this.journal.size === 0 ? true : this.sendJournal()
  }

  private async sendJournalApart(): Promise<void> {
    const batch = this.journal.batch()
    if (batch.tags.length === 0) return
    await this.store.invalidateApart?.(batch.tags)
    this.journal.sent(batch)
    // It is sent once more when the usual connection is back.
    this.journal.remember(batch.tags)
    this.troubles.replayed += batch.tags.length
  }

  private reconnected(): void {
    this.breaker.distrust()
    this.journal.recall()
    void this.sendOrRetry()
  }

  private async attempt(run: () => unknown): Promise<boolean> {
    try {
      const answer = run()
      if (isPromise(answer)) await this.writes.within(answer, asItIs, thrown)
      this.breaker.succeeded()
      return true
    } catch (error) {
      this.failure(error)
      return false
    }
  }

  private failure(error: unknown): StoreFailure {
    // The value is at fault, not the store.
    if (error instanceof UnserialisableValueError) return 'store-error'
    const timedOut = error instanceof StoreTimeoutError
    if (timedOut) this.troubles.timeouts++
    else this.troubles.errors++
    const wasOpen = this.breaker.isOpen
    if (error instanceof StoreUnusableError) this.breaker.open()
    else this.breaker.failed()
    // A server that answers is not away, whatever it says.
    const isReply = error instanceof StoreUnusableError || error instanceof StoreReplyError
    if (!wasOpen && this.breaker.isOpen && !isReply) this.troubles.outages++
    return timedOut ? 'store-timeout' : 'store-error'
  }
}

const RETRY = 100

const guards = new WeakMap<CacheStore, Map<string, GuardedStore>>()

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

const asItIs = (answer: unknown): unknown => answer
const thrown = (error: unknown): never => {
  throw error
}
