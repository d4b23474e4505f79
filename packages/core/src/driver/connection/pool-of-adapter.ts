import type { SqlAdapter } from './adapter-ports.ts'
import type { DriverPool } from './driver-pool.ts'
import { DriverLock, lockOf } from './embedded-lock.ts'
import { isMariaDbPool, MariaDbDriverPool } from './mariadb-pool.ts'
import { isPgPool, PgDriverPool } from './pg-pool.ts'

/** The pool of an adapter, or null where none is known: statements then run as they are. */
export function driverPoolOf(adapter: SqlAdapter): DriverPool | null {
  const driver = (adapter as { underlyingDriver?(): unknown }).underlyingDriver?.()
  if (isPgPool(driver)) return new PgDriverPool(driver, isUnwrapped(adapter, driver))
  if (isMariaDbPool(driver)) return new MariaDbDriverPool(driver, isUnwrapped(adapter, driver))
  const lock = lockOf(adapter)
  return lock === null ? null : new DriverLock(lock)
}

/** Whether an adapter is as its package made it, and its methods use `this.client`. */
function isUnwrapped(adapter: SqlAdapter, driver: unknown): boolean {
  const prototype = Object.getPrototypeOf(adapter) as Partial<SqlAdapter> | null
  return (
    (adapter as { client?: unknown }).client === driver &&
    adapter.queryRaw === prototype?.queryRaw &&
    adapter.executeRaw === prototype.executeRaw &&
    adapter.startTransaction === prototype.startTransaction
  )
}
