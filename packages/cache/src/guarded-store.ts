import { CircuitBreaker } from './circuit-breaker.ts'
import type { CacheStore, Found, SignedTag } from './cache-store.ts'
import type { Entry } from './entry.ts'
import { StoreTimeoutError, StoreUnusableError, UnserialisableValueError } from './errors.ts'
import { Journal } from './journal.ts'

/** Why the store was not asked, or gave no answer. */
export type StoreFailure = 'store-timeout' | 'store-error' | 'store-down' | 'invalidation-pending'

/**
 * A store that never fails: whatever goes wrong, reads go on to the database in time, writes resolve, and what could
 * not be invalidated is kept in a journal and sent as soon as the store is back. Until then this process does not
 * believe the store about the tags in question.
 */
export class GuardedStore {
  readonly journal: Journal
  readonly breaker: CircuitBreaker
  private flushing: Promise<boolean> | null = null
  private retry: NodeJS.Timeout | null = null
  /** Counts what went wrong, for the statistics. */
  readonly troubles = { timeouts: 0, errors: 0, journaled: 0, replayed: 0, outages: 0, unmarked: 0 }

  constructor(
    readonly store: CacheStore,
    private readonly tags: { readonly everything: string; readonly probe: string },
    private readonly timeouts: { readonly read: number; readonly write: number },
    now: () => number,
  ) {
    this.journal = new Journal(tags.everything, now)
    this.breaker = new CircuitBreaker(now, () => this.flush())
    store.onReconnect?.(() => this.reconnected())
  }

  lookup(
    key: string,
    tags: readonly string[],
    signed: SignedTag | null = null,
  ): Found | StoreFailure | Promise<Found | StoreFailure> {
    return this.reading(tags, () => this.store.lookup(key, tags, signed))
  }

  observe(
    tags: readonly string[],
    signed: SignedTag | null = null,
  ): readonly string[] | StoreFailure | Promise<readonly string[] | StoreFailure> {
    return this.reading(tags, () => this.store.observe(tags, signed))
  }

  /** Takes its copy before it returns; resolves to whether the entry is stored. */
  async write(key: string, entry: Entry, value: unknown): Promise<boolean> {
    if (this.breaker.isOpen) return false
    return this.attempt(() => this.store.write(key, entry, value))
  }

  async remove(key: string): Promise<void> {
    if (!this.breaker.isOpen) await this.attempt(() => this.store.remove(key))
  }

  /** Resolves when the tags are invalidated, or noted for later; never rejects. */
  invalidate(tags: readonly string[]): void | Promise<void> {
    if (tags.length === 0) return
    if (this.breaker.isOpen) return this.note(tags)
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
    if (this.store.mark !== undefined && !this.breaker.isOpen) {
      await this.attempt(async () => (mark = await this.store.mark?.(tags, lifetime)))
    }
    if (mark === undefined && this.store.mark !== undefined) this.troubles.unmarked++
    return mark ?? null
  }

  async renewMark(mark: string, tags: readonly string[], lifetime: number): Promise<void> {
    if (!this.breaker.isOpen) await this.attempt(() => this.store.renewMark?.(mark, tags, lifetime))
  }

  async unmark(mark: string, tags: readonly string[]): Promise<void> {
    // A mark that outlives its write costs some misses.
    if (!this.breaker.isOpen) await this.attempt(() => this.store.unmark?.(mark, tags))
  }

  /** True where the lock is held, or where there is nothing to wait for. */
  async lock(key: string, token: string, lease: number): Promise<boolean> {
    const { store } = this
    if (store.lock === undefined || this.breaker.isOpen) return true
    let locked: boolean | undefined
    const answered = await this.attempt(async () => {
      locked = await store.lock?.(key, token, lease)
    })
    return !answered || locked !== false
  }

  async unlock(key: string, token: string): Promise<void> {
    if (!this.breaker.isOpen) await this.attempt(() => this.store.unlock?.(key, token))
  }

  /** Tries once more to send what could not be invalidated. */
  async settle(): Promise<void> {
    if (this.journal.size > 0) await this.flush()
  }

  private reading<T>(
    tags: readonly string[],
    ask: () => T | Promise<T>,
  ): T | StoreFailure | Promise<T | StoreFailure> {
    if (this.breaker.isOpen) return 'store-down'
    if (this.journal.holds(tags)) return 'invalidation-pending'
    try {
      const answer = ask()
      return isPromise(answer) ? this.readingInTime(answer, tags) : answer
    } catch (error) {
      return this.failure(error)
    }
  }

  private async readingInTime<T>(answer: Promise<T>, tags: readonly string[]): Promise<T | StoreFailure> {
    try {
      const result = await within(answer, this.timeouts.read)
      this.breaker.succeeded()
      // An invalidation that failed while the store was asked is not in its answer.
      return this.journal.holds(tags) ? 'invalidation-pending' : result
    } catch (error) {
      return this.failure(error)
    }
  }

  private async confirm(sent: Promise<void>, tags: readonly string[]): Promise<void> {
    try {
      await within(sent, this.timeouts.write)
      this.breaker.succeeded()
      this.journal.remember(tags)
    } catch (error) {
      this.failure(error)
      this.note(tags)
    }
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
      void this.flushJournal()
    }, RETRY)
    this.retry.unref()
  }

  private async flushJournal(): Promise<void> {
    if (this.journal.size === 0) return
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

  private reconnected(): void {
    this.breaker.distrust()
    this.journal.recall()
    void this.flushJournal()
  }

  private async attempt(run: () => unknown): Promise<boolean> {
    try {
      const answer = run()
      if (isPromise(answer)) await within(answer, this.timeouts.write)
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
    if (!wasOpen && this.breaker.isOpen) this.troubles.outages++
    return timedOut ? 'store-timeout' : 'store-error'
  }
}

const RETRY = 100

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** The answer, or a {@link StoreTimeoutError}; a late answer is dropped. */
function within<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      // A blocked event loop runs its timers first, though the answer may lie in the socket already.
      setImmediate(() => reject(new StoreTimeoutError(ms)))
    }, ms)
    timer.unref()
    answer.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}
