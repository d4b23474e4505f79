/**
 * Tells the cache of writes that this process did not make. Made by `postgresTriggers()` and its like, and given to
 * {@link CacheOptions.changes}; one source may be given to several clients.
 *
 * A source promises one thing: after {@link ChangeSink.live}, and until {@link ChangeSink.lost}, every change of a watched
 * table that is committed is told to {@link ChangeSink.changed}. Where it cannot keep that any longer, it says so before
 * anything else, within one heartbeat.
 */
export interface ChangeSource {
  /** For statistics and messages: `postgresTriggers`. */
  readonly name: string
  /** What reads do while the source is not live; see {@link OnLost}. */
  readonly onLost: OnLost
  /** Whether changes come with the number of their transaction, as PostgreSQL counts. Default false. */
  readonly tellsTransactions?: boolean
  /**
   * Milliseconds within which a live source is heard of again ({@link ChangeSink.beat}): reads that come later, because the process
   * stood still, are not answered from the cache until it is. Default: no such limit.
   */
  readonly heardWithin?: number
  /** Begins to tell, and goes on by itself after failures, until {@link ChangeSource.stop}. Never throws. */
  start(sink: ChangeSink): void
  /** Ends its connections and timers; it can be started again. */
  stop(): Promise<void>
}

/**
 * What reads do while nobody can say whether their entries are still true. `'bypass'`: they go to the database until the
 * source is live again and what may have been missed is invalidated. `'ttl'`: they are answered from the cache as without
 * a source, so that a change that was missed shows when the entry expires or the source is back.
 */
export type OnLost = 'bypass' | 'ttl'

/** What a source tells. */
export interface ChangeSink {
  /**
   * From now on every change of these tables is told; what came before may have been missed.
   *
   * @param watched tables, as `schema.table`; reads that rest on others are not answered from the cache
   */
  live(watched: ReadonlySet<string>): void
  /** Changes may be missed from now on, or have been for a moment already. */
  lost(error: Error): void
  /** Null: something has changed of which nothing is known. */
  changed(change: TableChange | null): void
  /** A sign of life that took the way of the changes, and how long it was on it, in milliseconds. */
  beat(lag: number): void
}

/** Rows of one table that one statement has changed. */
export interface TableChange {
  /** The table, as the database names it. */
  readonly table: string
  /** Its schema; null where the database has none. */
  readonly schema: string | null
  /** The number of the transaction, where the source tells it. */
  readonly transaction?: string | undefined
  /** The columns whose values are told. */
  readonly columns: readonly string[]
  /**
   * The values of these columns, before and after, as text: each row as often as it had other values. Null where they are not
   * known: any row may have changed.
   */
  readonly rows: readonly (readonly (string | null)[])[] | null
  /**
   * Whether each row that has changed is among them both as it was and as it is, in all of `columns`: then lists of rows that
   * have other values are known not to have changed. Default false: all lists of the table may have.
   */
  readonly isWhole?: boolean | undefined
}

/** How it is with the source of a cache. */
export type ChangeState = 'idle' | 'connecting' | 'catching-up' | 'live' | 'lost'

/** What `$cache.stats().changes` tells. */
export interface ChangeStats {
  /** The source's name. */
  readonly source: string
  readonly state: ChangeState
  /** Milliseconds that the last heartbeat took, on the way that changes take; null before the first. */
  readonly lag: number | null
  /** Changes told. */
  readonly events: number
  /** Those of them that this process made itself, and had invalidated before they came. */
  readonly own: number
  /** Those of them that did not say which rows: the table's entries were dropped whole. */
  readonly tables: number
  /** Times that the source was lost after it had been live. */
  readonly losses: number
  /** Why it is not live, or was not at last; null where it always was. */
  readonly error: Error | null
}
