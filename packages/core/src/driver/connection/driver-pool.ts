import { DriverLock, lockOf } from './embedded-lock.ts'
import type { ConnectionWatch } from '../driver-listener.ts'
import type { SqlAdapter, SqlQueryable, SqlTransaction } from './adapter-ports.ts'
import { isMariaDbPool, MariaDbDriverPool } from './mariadb-pool.ts'
import { isPgPool, PgDriverPool } from './pg-pool.ts'

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
   * Whether statements can be sent over a connection of our choice. Not through an adapter that somebody has wrapped:
   * the wrapper would take a connection of its own beside ours, and of the last one nobody would get anything.
   */
  readonly leasable: boolean
  /** Whether the next statement would have to wait. */
  readonly saturated: boolean
  gauge(): PoolGauge
  /**
   * The target, but whatever it sends goes over a connection of which the watch is told. It costs what the pool's own
   * choice of a connection costs, and fails as that would.
   */
  through(target: SqlQueryable, watch: ConnectionWatch): SqlQueryable
  /** Waits for a connection, tells when it is there, and begins a transaction on it, which keeps it. */
  begin(adapter: SqlAdapter, taken: () => void, isolationLevel?: string): Promise<SqlTransaction>
}

/** The pool of an adapter, or null where none is known: statements then run as they are. */
export function driverPoolOf(adapter: SqlAdapter): DriverPool | null {
  const driver = (adapter as { underlyingDriver?(): unknown }).underlyingDriver?.()
  if (isPgPool(driver)) return new PgDriverPool(driver, isPlain(adapter, driver))
  if (isMariaDbPool(driver)) return new MariaDbDriverPool(driver, isPlain(adapter, driver))
  const lock = lockOf(adapter)
  return lock === null ? null : new DriverLock(lock)
}

/** Whether an adapter is as its package made it, and its methods use `this.client`. */
function isPlain(adapter: SqlAdapter, driver: unknown): boolean {
  const prototype = Object.getPrototypeOf(adapter) as Partial<SqlAdapter> | null
  return (
    (adapter as { client?: unknown }).client === driver &&
    adapter.queryRaw === prototype?.queryRaw &&
    adapter.executeRaw === prototype.executeRaw &&
    adapter.startTransaction === prototype.startTransaction
  )
}
