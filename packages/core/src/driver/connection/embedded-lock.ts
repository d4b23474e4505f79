import type { DriverPool, PoolGauge } from './driver-pool.ts'
import type { ConnectionWatch, SqlAdapter, SqlQuery, SqlQueryable, SqlTransaction } from './adapter-ports.ts'

/** What is used of the mutex in `@prisma/adapter-libsql`: an embedded database runs one statement at a time. */
interface Lock {
  isLocked(): boolean
  waitForUnlock(): Promise<void>
}

export function lockOf(adapter: SqlAdapter): Lock | null {
  for (const symbol of Object.getOwnPropertySymbols(adapter)) {
    const value = (adapter as unknown as Record<symbol, Partial<Lock> | null>)[symbol]
    if (typeof value?.isLocked === 'function' && typeof value.waitForUnlock === 'function')
      return value as Lock
  }
  return null
}

/** The one connection of an embedded database, as a pool. */
export class DriverLock implements DriverPool {
  readonly kind = 'lock'
  readonly leasable = true
  private waiting = 0

  constructor(private readonly lock: Lock) {}

  get saturated(): boolean {
    return this.lock.isLocked()
  }

  gauge(): PoolGauge {
    return { total: 1, idle: this.saturated ? 0 : 1, waiting: this.waiting, max: 1 }
  }

  through(target: SqlQueryable, watch: ConnectionWatch): SqlQueryable {
    const send = async <T>(execute: () => Promise<T>): Promise<T> => {
      await this.unlocked()
      watch.taken(target)
      try {
        return await execute()
      } finally {
        await watch.answered(target)
      }
    }
    const { provider, adapterName } = target
    return {
      provider,
      adapterName,
      queryRaw: (query: SqlQuery) => send(() => target.queryRaw(query)),
      executeRaw: (query: SqlQuery) => send(() => target.executeRaw(query)),
    }
  }

  async begin(adapter: SqlAdapter, taken: () => void, isolationLevel?: string): Promise<SqlTransaction> {
    await this.unlocked()
    taken()
    return adapter.startTransaction(isolationLevel)
  }

  private async unlocked(): Promise<void> {
    this.waiting++
    // Whoever was woken first has it; the others wait on.
    while (this.lock.isLocked()) await this.lock.waitForUnlock()
    this.waiting--
  }
}
