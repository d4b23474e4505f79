import { InvalidOptionsError } from '@prisma-brisk/core'
import { StoreReplyError, StoreUnusableError } from '../../errors.ts'

/** A `Pool` of `pg`, or what has its `query`: the store neither configures nor ends it. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<PostgresAnswer>
}

export interface PostgresAnswer {
  readonly rows: unknown[]
  readonly rowCount: number | null
}

/** Connections of a pool that the store makes for itself. */
const CONNECTIONS = 4

/** A pool that was given, or one of the store's own that is made when it is needed. */
export class PostgresConnection {
  private readonly given: PostgresPool | null
  private own: Promise<PostgresPool & OwnPool> | null = null
  private readonly warned = new Set<string>()

  /** @throws InvalidOptionsError (`E_INVALID_OPTIONS`) */
  constructor(
    private readonly target: PostgresPool | string,
    /** What to say where the table is missing. */
    private readonly advice: string,
  ) {
    const isPool = typeof (target as Partial<PostgresPool> | null)?.query === 'function'
    if (!isPool && (typeof target !== 'string' || !/^postgres(ql)?:\/\//.test(target))) {
      const kind = typeof target === 'string' ? 'another text' : target
      throw new InvalidOptionsError('postgresStore.pool', 'a Pool of pg, or a postgresql:// URL', kind)
    }
    this.given = isPool ? (target as PostgresPool) : null
  }

  async query(text: string, values?: unknown[]): Promise<PostgresAnswer> {
    const pool = this.given ?? (await (this.own ??= this.open()))
    try {
      return await pool.query(text, values)
    } catch (error) {
      throw this.failure(error)
    }
  }

  /** Ends the store's own pool. */
  async close(): Promise<void> {
    const { own } = this
    this.own = null
    if (own !== null) await (await own.catch(() => null))?.end()
  }

  private async open(): Promise<PostgresPool & OwnPool> {
    const { default: pg } = await import('pg').catch((error: unknown) => {
      this.own = null
      this.warn(
        'pg',
        'prisma-brisk: postgresStore() was given a URL, and the package pg is not installed. Install it.',
      )
      throw new StoreUnusableError('the package pg is not installed', { cause: error })
    })
    const pool = new pg.Pool({
      connectionString: this.target as string,
      max: CONNECTIONS,
      allowExitOnIdle: true,
    })
    // A connection that ends while nobody uses it is made anew.
    pool.on('error', () => undefined)
    return pool
  }

  /** The error of a statement as the cache knows it; says once what the server has said, without what it says of values. */
  private failure(error: unknown): unknown {
    const { code } = error as { code?: unknown }
    if (typeof code !== 'string' || !SQLSTATE.test(code) || AWAY.test(code)) return error
    const advice = MISSING.has(code) ? this.advice : 'It is there, but refuses what the cache needs.'
    this.warn(
      code,
      `prisma-brisk: the cache's PostgreSQL answered ${code}. ${advice} Until that is mended reads go to the database, and ` +
        'invalidations are kept in this process.',
    )
    const reason = `PostgreSQL answered ${code}`
    return UNUSABLE.test(code)
      ? new StoreUnusableError(reason, { cause: error })
      : new StoreReplyError(reason, { cause: error })
  }

  private warn(what: string, message: string): void {
    if (this.warned.has(what)) return
    this.warned.add(what)
    process.emitWarning(message, { type: 'PrismaBriskWarning', code: 'W_CACHE_STORE_REFUSED' })
  }
}

interface OwnPool {
  end(): Promise<void>
}

const SQLSTATE = /^[0-9A-Z]{5}$/
/** Lost connections, and a server that comes or goes. */
const AWAY = /^(08|57P)/
/** No such table, no such schema. */
const MISSING: ReadonlySet<string> = new Set(['42P01', '3F000'])
/** The same, no right to it, no such database or user, a server that only reads. */
const UNUSABLE = /^(42P01|3F000|42501|3D000|28|25006)/
