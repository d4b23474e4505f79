import type { SqlAdapter, SqlQueryable, SqlTransaction } from './driver-ports.ts'

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

/** A connection that is ours until it is released. */
export interface PooledConnection {
  /** The adapter, on this connection alone. */
  readonly on: SqlQueryable
  /** The driver's own connection object. */
  readonly client: object
  /** Gives it back; one that is broken is thrown away by the pool. */
  release(): void
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
  /** Waits for a connection and takes it. */
  acquire(target: SqlQueryable): Promise<PooledConnection>
  /** Begins a transaction on a connection that {@link DriverPool.acquire} gave, and which it then keeps. */
  begin(adapter: SqlAdapter, connection: PooledConnection, isolationLevel?: string): Promise<SqlTransaction>
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

interface PgClient {
  release(error?: unknown): void
  on(event: 'error', listener: (error: unknown) => void): void
  removeListener(event: 'error', listener: (error: unknown) => void): void
}

/** What is used of `pg`'s Pool. */
interface PgPool {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  readonly options?: { readonly max?: number }
  connect(): Promise<PgClient>
}

function isPgPool(driver: unknown): driver is PgPool {
  const pool = driver as Partial<PgPool> | null | undefined
  return typeof pool?.connect === 'function' && typeof pool.idleCount === 'number'
}

class PgDriverPool implements DriverPool {
  readonly kind = 'pg'
  private readonly watchers = new WeakMap<object, (error: unknown) => void>()

  constructor(
    private readonly pool: PgPool,
    readonly leasable: boolean,
  ) {}

  get saturated(): boolean {
    return this.pool.idleCount === 0
  }

  gauge(): PoolGauge {
    const { totalCount, idleCount, waitingCount, options } = this.pool
    return { total: totalCount, idle: idleCount, waiting: waitingCount, max: options?.max ?? null }
  }

  async acquire(target: SqlQueryable): Promise<PooledConnection> {
    const client = await this.pool.connect().catch((error: unknown) => failAs(target, error))
    let failure: unknown
    // A client that is nobody's listener's throws what its socket reports.
    const onError = (error: unknown) => (failure ??= error)
    client.on('error', onError)
    this.watchers.set(client, onError)
    return {
      on: onConnection(target, client),
      client,
      release: () => {
        client.removeListener('error', onError)
        client.release(failure)
      },
    }
  }

  async begin(
    adapter: SqlAdapter,
    { client }: PooledConnection,
    isolationLevel?: string,
  ): Promise<SqlTransaction> {
    const only = onConnection(adapter, { connect: () => Promise.resolve(client) })
    try {
      return await only.startTransaction(isolationLevel)
    } finally {
      // The transaction listens for itself and releases the client; ours would stay on it for good.
      const onError = this.watchers.get(client)
      if (onError !== undefined) (client as PgClient).removeListener('error', onError)
    }
  }
}

interface MariaDbConnection {
  release(): Promise<void>
}

/** What is used of `mariadb`'s Pool. */
interface MariaDbPool {
  totalConnections(): number
  idleConnections(): number
  taskQueueSize(): number
  getConnection(): Promise<MariaDbConnection>
}

function isMariaDbPool(driver: unknown): driver is MariaDbPool {
  const pool = driver as Partial<MariaDbPool> | null | undefined
  return typeof pool?.getConnection === 'function' && typeof pool.idleConnections === 'function'
}

class MariaDbDriverPool implements DriverPool {
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

  async acquire(target: SqlQueryable): Promise<PooledConnection> {
    const client = await this.pool.getConnection().catch((error: unknown) => failAs(target, error))
    return {
      on: onConnection(target, client),
      client,
      release: () => void client.release().catch(() => undefined),
    }
  }

  begin(adapter: SqlAdapter, connection: PooledConnection, isolationLevel?: string): Promise<SqlTransaction> {
    const only = onConnection(adapter, { getConnection: () => Promise.resolve(connection.client) })
    return only.startTransaction(isolationLevel)
  }
}

/** What is used of the mutex in `@prisma/adapter-libsql`: an embedded database runs one statement at a time. */
interface Lock {
  isLocked(): boolean
  waitForUnlock(): Promise<void>
}

function lockOf(adapter: SqlAdapter): Lock | null {
  for (const symbol of Object.getOwnPropertySymbols(adapter)) {
    const value = (adapter as unknown as Record<symbol, Partial<Lock> | null>)[symbol]
    if (typeof value?.isLocked === 'function' && typeof value.waitForUnlock === 'function')
      return value as Lock
  }
  return null
}

class DriverLock implements DriverPool {
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

  async acquire(target: SqlQueryable): Promise<PooledConnection> {
    this.waiting++
    // Whoever was woken first has it; the others wait on.
    while (this.lock.isLocked()) await this.lock.waitForUnlock()
    this.waiting--
    return { on: target, client: target, release: () => undefined }
  }

  begin(adapter: SqlAdapter, _: PooledConnection, isolationLevel?: string): Promise<SqlTransaction> {
    return adapter.startTransaction(isolationLevel)
  }
}

/** The adapter or transaction, on another client of its driver: all of its conversions, none of its choice. */
function onConnection<T extends object>(target: T, client: object): T {
  return Object.create(target, { client: { value: client } }) as T
}

/** Fails as the adapter itself would, so that Prisma knows the error. */
function failAs(target: SqlQueryable, error: unknown): never {
  const { onError } = target as { onError?: (error: unknown) => never }
  onError?.call(target, error)
  throw error
}
