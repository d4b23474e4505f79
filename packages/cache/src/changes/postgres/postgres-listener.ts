import { quoteIdentifier, realTimers } from '@prisma-brisk/core'
import type { TableChange } from '../../change-source.ts'
import { ChangesError } from '../../errors.ts'
import { readPayload } from './payload.ts'
import { TRIGGERS } from './trigger-sql.ts'

/** Tables that have all of the triggers. */
export interface WatchedTables {
  readonly tables: ReadonlySet<string>
  /** Equal text: the very same triggers. */
  readonly signature: string
}

/** Who is told what a listener hears. */
interface Hearer {
  changed(change: TableChange | null): void
  /** Called at most once; the listener hears nothing from then on. */
  failed(error: Error): void
}

/** What is used of a client of `pg`. */
interface PgClient {
  connect(): Promise<void>
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
  end(): Promise<void>
  unref(): void
  on(event: 'notification', listener: (told: { channel: string; payload?: string }) => void): void
  on(event: 'error' | 'end', listener: (error?: Error) => void): void
  readonly connection?: { readonly stream?: { destroy(): void } }
}

/** Milliseconds in which a server answers, or counts as unreachable. */
const PATIENCE = 5000
/** Milliseconds that a notification takes at most where nothing is in its way. */
const PROBE = 2000

/** One connection that listens to the triggers. */
export class PostgresListener {
  private client: PgClient | null = null
  private isConnected = false
  private hasEnded = false
  /** What waits for a notification of our own, by its text. */
  private readonly awaited = new Map<string, () => void>()
  private beats = 0

  constructor(
    private readonly url: string,
    private readonly channel: string,
    /** A channel of its own, for signs of life. */
    private readonly ownChannel: string,
    private readonly hearer: Hearer,
  ) {}

  /**
   * Connects, and listens.
   *
   * @throws ChangesError E_CHANGES_DRIVER, E_CHANGES_POOLER, E_CHANGES_NOT_INSTALLED, E_CHANGES_REFUSED
   */
  async begin(): Promise<WatchedTables> {
    const client = await this.open()
    if (this.hasEnded) throw lost()
    client.on('notification', ({ channel, payload = '' }) => this.heard(channel, payload))
    client.on('error', (error) => this.fail(error))
    client.on('end', () => this.fail())
    this.client = client
    await this.answer(client.connect())
    this.isConnected = true
    client.unref()
    const quoted = [this.channel, this.ownChannel].map((name) => `LISTEN ${quoteIdentifier(name, '"')}`)
    await this.query(quoted.join('; '))
    await this.probe()
    const watched = this.watched(await this.query(WATCHED, [Object.keys(TRIGGERS)]))
    if (watched.tables.size === 0)
      throw new ChangesError(
        'E_CHANGES_NOT_INSTALLED',
        'No table of the database has the triggers of prisma-brisk.',
        'Run `npx brisk changes install`, and deploy the migration that it writes.',
      )
    return watched
  }

  /** A sign of life: it must come back within `patience` milliseconds. */
  async beat(patience: number): Promise<{ lag: number; watched: WatchedTables }> {
    const sentAt = performance.now()
    const text = `beat ${++this.beats}`
    let lag = 0
    const arrived = this.arrival(text).then(() => (lag = performance.now() - sentAt))
    const answered = this.query(BEAT, [this.ownChannel, text, Object.keys(TRIGGERS)])
    const [rows] = await within(Promise.all([answered, arrived]), patience, () => lost('it does not answer'))
    return { lag, watched: this.watched(rows) }
  }

  async end(): Promise<void> {
    this.hasEnded = true
    const { client } = this
    this.client = null
    if (client !== null) await this.close(client)
  }

  private async open(): Promise<PgClient> {
    const pg = await import('pg').catch((error: unknown) => {
      throw new ChangesError('E_CHANGES_DRIVER', 'The package pg is not installed.', 'Install it.', {
        cause: error,
      })
    })
    return new pg.default.Client({
      connectionString: this.url,
      application_name: 'prisma-brisk changes',
      connectionTimeoutMillis: PATIENCE,
      keepAlive: true,
    }) as unknown as PgClient
  }

  /** Whether notifications of others arrive. Behind a pooler in transaction mode LISTEN is another session's. */
  private async probe(): Promise<void> {
    const other = await this.open()
    other.on('error', () => undefined)
    const arrived = this.arrival('probe')
    try {
      await this.answer(other.connect())
      await this.answer(other.query('SELECT pg_notify($1, $2)', [this.ownChannel, 'probe']))
      await within(arrived, PROBE, () => this.unheard())
    } finally {
      await this.close(other, true)
    }
  }

  private unheard(): ChangesError {
    return new ChangesError(
      'E_CHANGES_POOLER',
      'Notifications do not arrive: the URL seems to be that of a pooler in transaction mode, such as PgBouncer.',
      'Give postgresTriggers() the URL of the database itself, or of a pooler in session mode.',
    )
  }

  private watched(rows: readonly unknown[]): WatchedTables {
    const found = rows as readonly { table: string; triggers: string }[]
    return {
      tables: new Set(found.map(({ table }) => table)),
      signature: found.map(({ table, triggers }) => `${table} ${triggers}`).join('\n'),
    }
  }

  private heard(channel: string, payload: string): void {
    if (channel === this.ownChannel) this.awaited.get(payload)?.()
    else if (channel === this.channel && !this.hasEnded) this.hearer.changed(readPayload(payload))
  }

  private arrival(text: string): Promise<void> {
    return new Promise((resolve) =>
      this.awaited.set(text, () => {
        this.awaited.delete(text)
        resolve()
      }),
    )
  }

  private async query(text: string, values?: unknown[]): Promise<readonly unknown[]> {
    const { client } = this
    if (client === null) throw lost()
    const answer = await this.answer(client.query(text, values))
    return (Array.isArray(answer) ? answer[0] : answer).rows
  }

  /** @throws ChangesError where the server refuses, or does not answer */
  private async answer<T>(asked: Promise<T>): Promise<T> {
    try {
      return await within(asked, PATIENCE, () => lost('it does not answer'))
    } catch (error) {
      throw asChangesError(error)
    }
  }

  private fail(error?: Error): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.hearer.failed(error === undefined ? lost() : asChangesError(error))
  }

  /** A server that does not answer does not say goodbye either. */
  private async close(client: PgClient, isConnected = this.isConnected): Promise<void> {
    const destroy = () => client.connection?.stream?.destroy()
    if (!isConnected) return destroy()
    const timer = realTimers.setTimeout(destroy, 200)
    timer.unref()
    await client.end().catch(() => undefined)
    realTimers.clearTimeout(timer)
  }
}

const FOUND = `SELECT n.nspname || '.' || c.relname AS "table", string_agg(t.oid::text, ',' ORDER BY t.tgname) AS triggers
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE t.tgname = ANY($TRIGGERS::text[]) AND t.tgenabled IN ('O', 'A') AND (c.relkind <> 'p' OR NOT EXISTS (
  SELECT FROM pg_partition_tree(c.oid) part WHERE level > 0 AND cardinality($TRIGGERS::text[]) > (
    SELECT count(*) FROM pg_trigger own WHERE own.tgrelid = part.relid AND own.tgname = ANY($TRIGGERS::text[]) AND own.tgenabled IN ('O', 'A'))))
GROUP BY 1 HAVING count(*) = cardinality($TRIGGERS::text[]) ORDER BY 1`
const WATCHED = FOUND.replaceAll('$TRIGGERS', '$1')
const BEAT = `WITH beat AS MATERIALIZED (SELECT pg_notify($1, $2)), found AS (${FOUND.replaceAll('$TRIGGERS', '$3')})
SELECT found.* FROM (SELECT count(*) FROM beat) AS sent LEFT JOIN found ON true WHERE found."table" IS NOT NULL`

const lost = (why = 'its connection has ended'): ChangesError =>
  new ChangesError('E_CHANGES_LOST', `The connection that listens for changes is lost: ${why}.`, '')

function asChangesError(error: unknown): ChangesError {
  if (error instanceof ChangesError) return error
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(08|57P)/.test(code))
    return new ChangesError('E_CHANGES_REFUSED', `PostgreSQL answered ${code}: ${String(message)}.`, '', {
      cause: error,
    })
  return new ChangesError('E_CHANGES_LOST', `The database cannot be reached: ${String(message)}.`, '', {
    cause: error,
  })
}

async function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof realTimers.setTimeout> | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = realTimers.setTimeout(() => {
      // What has arrived while the event loop was blocked is in time.
      realTimers.setImmediate(() => realTimers.setImmediate(() => reject(late())))
    }, ms)
  })
  try {
    return await Promise.race([promise, tooLate])
  } finally {
    realTimers.clearTimeout(timer)
  }
}
