import { quoteIdentifier } from '@prisma-brisk/core'
import { ChangesError } from '../../errors.ts'
import {
  lost,
  within,
  type ChangeConnection,
  type ChangeHearer,
  type WatchedTables,
} from '../change-connection.ts'
import { readPayload } from './payload.ts'
import { PgSession } from './pg-session.ts'
import { TRIGGERS } from './trigger-sql.ts'

/** Milliseconds that a notification takes at most where nothing is in its way. */
const PROBE = 2000

/** One connection that listens to the triggers. */
export class PostgresListener implements ChangeConnection {
  private session: PgSession | null = null
  private hasEnded = false
  /** What waits for a notification of our own, by its text. */
  private readonly awaited = new Map<string, () => void>()
  private beats = 0

  constructor(
    private readonly url: string,
    private readonly channel: string,
    /** A channel of its own, for signs of life. */
    private readonly ownChannel: string,
    private readonly hearer: ChangeHearer,
  ) {}

  /**
   * Connects, and listens.
   *
   * @throws ChangesError E_CHANGES_DRIVER, E_CHANGES_POOLER, E_CHANGES_NOT_INSTALLED, E_CHANGES_REFUSED
   */
  async begin(): Promise<WatchedTables> {
    const session = await PgSession.to(this.url, (error) => this.fail(error))
    if (this.hasEnded) throw lost()
    this.session = session
    session.client.on('notification', ({ channel, payload = '' }) => this.heard(channel, payload))
    await session.connect()
    const quoted = [this.channel, this.ownChannel].map((name) => `LISTEN ${quoteIdentifier(name, '"')}`)
    await session.query(quoted.join('; '))
    await this.probe()
    const watched = this.watched(await session.query(WATCHED, [Object.keys(TRIGGERS)]))
    if (watched.tables.size === 0)
      throw new ChangesError(
        'E_CHANGES_NOT_INSTALLED',
        'No table of the database has the triggers of prisma-brisk.',
        'Run `npx brisk changes install`, and deploy the migration that it writes.',
      )
    return watched
  }

  async beat(patience: number): Promise<{ lag: number; watched: WatchedTables }> {
    const { session } = this
    if (session === null) throw lost()
    const sentAt = performance.now()
    const text = `beat ${++this.beats}`
    let lag = 0
    const arrived = this.arrival(text).then(() => (lag = performance.now() - sentAt))
    const answered = session.query(BEAT, [this.ownChannel, text, Object.keys(TRIGGERS)])
    const [rows] = await within(Promise.all([answered, arrived]), patience, () => lost('it does not answer'))
    return { lag, watched: this.watched(rows) }
  }

  async end(): Promise<void> {
    this.hasEnded = true
    const { session } = this
    this.session = null
    await session?.close()
  }

  /** Whether notifications of others arrive. Behind a pooler in transaction mode LISTEN is another session's. */
  private async probe(): Promise<void> {
    const other = await PgSession.to(this.url, () => undefined)
    const arrived = this.arrival('probe')
    try {
      await other.connect()
      await other.query('SELECT pg_notify($1, $2)', [this.ownChannel, 'probe'])
      await within(arrived, PROBE, () => this.unheard())
    } finally {
      await other.close()
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
    else if (channel === this.channel && !this.hasEnded) {
      const change = readPayload(payload)
      if (change?.isWhole === false) warnOfVersion(channel)
      this.hearer.changed(change)
    }
  }

  private arrival(text: string): Promise<void> {
    return new Promise((resolve) =>
      this.awaited.set(text, () => {
        this.awaited.delete(text)
        resolve()
      }),
    )
  }

  private fail(error: Error): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.hearer.failed(error)
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

/** Channels of which it has been said that their triggers are of another version. */
const outdated = new Set<string>()

function warnOfVersion(channel: string): void {
  if (outdated.has(channel)) return
  outdated.add(channel)
  process.emitWarning(
    'prisma-brisk: the triggers of postgresTriggers() are those of another version: each change drops all lists of its table. ' +
      'Run `npx brisk changes install`, and deploy the migration that it writes.',
    { type: 'PrismaBriskWarning', code: 'W_CACHE_CHANGES_VERSION' },
  )
}
