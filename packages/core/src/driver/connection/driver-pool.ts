import type { ConnectionWatch, SqlAdapter, SqlQueryable, SqlTransaction } from './adapter-ports.ts'

/** How full a pool is. */
export interface PoolGauge {
  /** Open connections. */
  readonly total: number
  readonly idle: number
  /** Requests that wait for a connection. */
  readonly waiting: number
  /** Connections the pool may open; null where it does not say. */
  readonly max: number | null
}

/** The connections behind a driver adapter: the pool of `pg` or `mariadb`, or the lock of an embedded database. */
export interface DriverPool {
  readonly kind: 'pg' | 'mariadb' | 'lock'
  /**
   * Whether statements can be sent over a connection of our choice. Not through an adapter that something else wraps: the
   * wrapper would take a connection of its own beside ours, and with one connection left both would wait for ever.
   */
  readonly leasable: boolean
  /** Whether the next statement would have to wait. */
  readonly saturated: boolean
  gauge(): PoolGauge
  /**
   * The target, but whatever it sends goes over a connection that the watch is notified of. It costs what the pool's own
   * choice of a connection costs, and fails as that would.
   */
  through(target: SqlQueryable, watch: ConnectionWatch): SqlQueryable
  /** Waits for a connection, reports when it is there, and begins a transaction on it, which keeps it. */
  begin(adapter: SqlAdapter, taken: () => void, isolationLevel?: string): Promise<SqlTransaction>
}
