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

/**
 * Tables that have all triggers, as have all of their partitions. The signature changes with each of these, switched off and on as
 * well, with what the table is made of (an ALTER may change its rows, and no trigger tells), and with its partitions. Tables
 * that others inherit from are not among them: rows of those are read with theirs, and fire no trigger of theirs. Nothing
 * here waits for a lock.
 */
const FOUND = `SELECT n.nspname || '.' || c.relname AS "table", c.xmin || ' ' || fired.triggers || coalesce(parts.triggers, '') AS triggers
FROM fired JOIN pg_class c ON c.oid = fired.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (SELECT root, bool_and(is_partition AND found) AS are_whole, string_agg(' ' || part || ' ' || triggers, '' ORDER BY part) AS triggers
  FROM (SELECT tree.root, tree.part, tree.is_partition, coalesce(own.n, 0) = cardinality($TRIGGERS::text[]) AS found, coalesce(own.triggers, '') AS triggers
    FROM tree LEFT JOIN fired own ON own.tgrelid = tree.part) each GROUP BY root) parts ON parts.root = c.oid
WHERE fired.n = cardinality($TRIGGERS::text[]) AND parts.are_whole IS NOT FALSE AND NOT c.relispartition ORDER BY 1`
const FIRED = `fired AS MATERIALIZED (SELECT tgrelid, count(*) AS n, string_agg(oid || ' ' || xmin, ',' ORDER BY tgname) AS triggers
  FROM pg_trigger WHERE tgname = ANY($TRIGGERS::text[]) AND tgenabled IN ('O', 'A') GROUP BY tgrelid),
tree AS (SELECT i.inhparent AS root, i.inhrelid AS part, p.relispartition AS is_partition
    FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid WHERE i.inhparent IN (SELECT tgrelid FROM fired)
  UNION SELECT tree.root, i.inhrelid, p.relispartition FROM tree JOIN pg_inherits i ON i.inhparent = tree.part JOIN pg_class p ON p.oid = i.inhrelid)`
const WATCHED = `WITH RECURSIVE ${FIRED} ${FOUND}`.replaceAll('$TRIGGERS', '$1')
const BEAT = `WITH RECURSIVE beat AS MATERIALIZED (SELECT pg_notify($1, $2)), ${FIRED}, found AS (${FOUND})
SELECT found.* FROM (SELECT count(*) FROM beat) AS sent LEFT JOIN found ON true WHERE found."table" IS NOT NULL`.replaceAll(
  '$TRIGGERS',
  '$3',
)

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
