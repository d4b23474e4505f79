import { setImmediate } from '../../real-timers.ts'
import { judgeFailure } from '../failure/judge-failure.ts'
import { failAs, onClient } from './pool-client.ts'
import type { DriverPool, PoolGauge } from './driver-pool.ts'
import type { ConnectionWatch, SqlAdapter, SqlQueryable, SqlTransaction } from './adapter-ports.ts'

/** What is used of a client of `pg`. */
interface PgClient {
  query(config: unknown, values: unknown, callback: (error: unknown, answer: unknown) => void): void
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
  connect(callback: (error: unknown, client: PgClient) => void): void
}

export function isPgPool(driver: unknown): driver is PgPool {
  const pool = driver as Partial<PgPool> | null | undefined
  return typeof pool?.connect === 'function' && typeof pool.idleCount === 'number'
}

export class PgDriverPool implements DriverPool {
  readonly kind = 'pg'

  constructor(
    private readonly pool: PgPool,
    readonly leasable: boolean,
  ) {}

  get saturated(): boolean {
    // Clients are handed out a tick later: what was sent in this tick has none yet, but will.
    return this.pool.idleCount <= this.pool.waitingCount
  }

  gauge(): PoolGauge {
    const { totalCount, idleCount, waitingCount, options } = this.pool
    return { total: totalCount, idle: idleCount, waiting: waitingCount, max: options?.max ?? null }
  }

  through(target: SqlQueryable, watch: ConnectionWatch): SqlQueryable {
    return onClient(target, new WatchedPool(this.pool, watch))
  }

  async begin(adapter: SqlAdapter, taken: () => void, isolationLevel?: string): Promise<SqlTransaction> {
    const client = await connected(this.pool).catch((error: unknown) => failAs(adapter, error))
    taken()
    // The transaction listens for the client's errors by itself, and releases it.
    return onClient(adapter, { connect: () => Promise.resolve(client) }).startTransaction(isolationLevel)
  }
}

/**
 * What an adapter uses of the pool to send a statement. It does what `Pool.query` does, except that the watch is notified of
 * the client before the query is sent, and may keep it for a while after the answer. And a client whose query the server
 * has merely refused goes back to the pool, which would close it.
 */
class WatchedPool {
  constructor(
    private readonly pool: PgPool,
    private readonly watch: ConnectionWatch,
  ) {}

  connect(): Promise<PgClient> {
    return connected(this.pool)
  }

  query(config: unknown, values: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.pool.connect((refused, client) => {
        if (refused != null) return reject(refused)
        let broken: unknown
        let isOver = false
        const release = (): void => {
          client.removeListener('error', onError)
          client.release(broken)
        }
        const end = (settle: () => void): void => {
          if (isOver) return
          isOver = true
          const over = (): void => {
            release()
            settle()
          }
          const held = this.watch.answered(client)
          if (held === null) over()
          else held.then(over, over)
        }
        const fail = (error: unknown): void => {
          if (!isRefusal(error)) broken ??= error
          end(() => reject(error))
        }
        // An 'error' event without a listener would be thrown.
        const onError = (error: unknown): void => {
          broken ??= error
          fail(error)
        }
        client.on('error', onError)
        try {
          this.watch.taken(client)
        } catch (error) {
          release()
          return reject(error)
        }
        try {
          client.query(config, values, (error, answer) =>
            error == null ? end(() => resolve(answer)) : fail(error),
          )
        } catch (error) {
          fail(error)
        }
      })
    })
  }
}

/**
 * A client of the pool. Whoever awaits it begins to listen for its errors a moment late, and the end of the session may be in
 * the very packet that freed the client: without a listener that error would end the process. The statement that follows fails
 * by it all the same.
 */
function connected(pool: PgPool): Promise<PgClient> {
  return new Promise((resolve, reject) => {
    pool.connect((refused, client) => {
      if (refused != null) return reject(refused)
      const heard = (): void => undefined
      client.on('error', heard)
      setImmediate(() => client.removeListener('error', heard))
      resolve(client)
    })
  })
}

/** Whether a server that is well has said no, so that its connection can be used further. */
function isRefusal(error: unknown): boolean {
  const { severity } = (error ?? {}) as { severity?: unknown }
  return severity !== undefined && judgeFailure(error).outcome !== 'open'
}
