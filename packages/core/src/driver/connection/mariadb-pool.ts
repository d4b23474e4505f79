import { failAs, onClient } from './pool-client.ts'
import type { DriverPool, PoolGauge } from './driver-pool.ts'
import type { ConnectionWatch, SqlAdapter, SqlQueryable, SqlTransaction } from './adapter-ports.ts'

type Method = 'query' | 'execute'

interface MariaDbConnection extends Record<Method, (request: unknown, values: unknown) => Promise<unknown>> {
  release(): Promise<void>
}

/** What is used of `mariadb`'s Pool. */
interface MariaDbPool {
  totalConnections(): number
  idleConnections(): number
  taskQueueSize(): number
  getConnection(): Promise<MariaDbConnection>
}

export function isMariaDbPool(driver: unknown): driver is MariaDbPool {
  const pool = driver as Partial<MariaDbPool> | null | undefined
  return typeof pool?.getConnection === 'function' && typeof pool.idleConnections === 'function'
}

export class MariaDbDriverPool implements DriverPool {
  readonly kind = 'mariadb'

  constructor(
    private readonly pool: MariaDbPool,
    readonly leasable: boolean,
  ) {}

  get saturated(): boolean {
    return this.pool.idleConnections() === 0
  }

  gauge(): PoolGauge {
    const { pool } = this
    return {
      total: pool.totalConnections(),
      idle: pool.idleConnections(),
      waiting: pool.taskQueueSize(),
      max: null,
    }
  }

  through(target: SqlQueryable, watch: ConnectionWatch): SqlQueryable {
    return onClient(target, new WatchedPool(this.pool, watch))
  }

  async begin(adapter: SqlAdapter, taken: () => void, isolationLevel?: string): Promise<SqlTransaction> {
    const connection = await this.pool.getConnection().catch((error: unknown) => failAs(adapter, error))
    taken()
    const only = onClient(adapter, { getConnection: () => Promise.resolve(connection) })
    return only.startTransaction(isolationLevel)
  }
}

/** What an adapter uses of the pool to send a statement; the watch is notified of the connection. */
class WatchedPool {
  constructor(
    private readonly pool: MariaDbPool,
    private readonly watch: ConnectionWatch,
  ) {}

  query(request: unknown, values: unknown): Promise<unknown> {
    return this.send('query', request, values)
  }

  execute(request: unknown, values: unknown): Promise<unknown> {
    return this.send('execute', request, values)
  }

  getConnection(): Promise<MariaDbConnection> {
    return this.pool.getConnection()
  }

  private async send(method: Method, request: unknown, values: unknown): Promise<unknown> {
    const connection = await this.pool.getConnection()
    const release = (): void => void connection.release().catch(() => undefined)
    try {
      this.watch.taken(connection)
    } catch (error) {
      release()
      throw error
    }
    try {
      return await connection[method](request, values)
    } finally {
      const held = this.watch.answered(connection)
      if (held !== null) await held
      release()
    }
  }
}
