import { ChangesError } from '../../errors.ts'
import {
  lost,
  PATIENCE,
  within,
  type ChangeConnection,
  type ChangeHearer,
  type WatchedTables,
} from '../change-connection.ts'
import { PgSession } from './pg-session.ts'
import { ReplicationStream, type Committed } from './replication-stream.ts'
import type { NamedTable } from '../transaction-rows.ts'
import { VisibleCommits } from './visible-commits.ts'
import { realTimers } from '@prisma-brisk/core'

/** What a replicator is told. */
export interface ReplicatorSettings {
  readonly url: string
  readonly publication: string
  readonly slot: string
  readonly isTemporary: boolean
  /** Of its signs of life; no other process has the same. */
  readonly prefix: string
}

/** One replication of a publication: a connection on which changes come, and one beside it for questions. */
export class PostgresReplicator implements ChangeConnection {
  private session: PgSession | null = null
  private readonly stream: ReplicationStream
  private readonly commits: VisibleCommits
  private tables: ReadonlyMap<number, NamedTable> = new Map()
  private readonly awaited = new Map<string, () => void>()
  private hasEnded = false
  private beats = 0

  constructor(
    private readonly settings: ReplicatorSettings,
    private readonly hearer: ChangeHearer,
  ) {
    const failed = (error: unknown) => this.fail(error)
    this.stream = new ReplicationStream(settings, {
      committed: (transaction) => this.committed(transaction),
      tableOf: (relation) => this.tables.get(relation),
      hasToldAll: () => this.commits.isEmpty,
      failed,
    })
    this.commits = new VisibleCommits(async () => {
      const [row] = await this.asked(SNAPSHOT)
      return (row as { snapshot: string }).snapshot
    }, failed)
  }

  /**
   * @throws ChangesError E_CHANGES_DRIVER, E_CHANGES_POOLER, E_CHANGES_NOT_INSTALLED, E_CHANGES_WAL_LEVEL, E_CHANGES_RIGHTS,
   * E_CHANGES_REFUSED
   */
  async begin(): Promise<WatchedTables> {
    this.session = await PgSession.to(this.settings.url, (error) => this.fail(error))
    if (this.hasEnded) throw lost()
    await this.session.connect()
    // A beat has to be in the log, and what was committed before it, whatever the database's default is.
    await this.session.query('SET synchronous_commit = local')
    await this.check()
    const watched = await this.watched()
    if (watched.tables.size === 0) throw this.notInstalled('has no table that is told whole')
    await this.beginStream()
    // The way that changes take is open.
    await this.beat(PATIENCE)
    return watched
  }

  async beat(patience: number): Promise<{ lag: number; watched: WatchedTables }> {
    const sentAt = performance.now()
    const text = `beat ${++this.beats}`
    let lag = 0
    const arrived = this.arrival(text).then(() => (lag = performance.now() - sentAt))
    // Transactional: it is sent when it commits, after all that have committed before it, and brings them out of the
    // memory of a server that commits asynchronously.
    const sent = this.asked('SELECT pg_logical_emit_message(true, $1, $2)', [this.settings.prefix, text])
    const all = Promise.all([sent, arrived, this.watched()])
    const [, , watched] = await within(all, patience, () => lost('it does not answer'))
    this.stream.acknowledge()
    return { lag, watched }
  }

  async end(): Promise<void> {
    this.hasEnded = true
    this.commits.clear()
    const { session } = this
    this.session = null
    await Promise.all([this.stream.end(), session?.close()])
  }

  private async beginStream(): Promise<void> {
    const { slot, isTemporary } = this.settings
    // The server makes a slot once every transaction that writes now has ended.
    const timer = realTimers.setTimeout(() => {
      const reason = `The replication slot ${isTemporary ? '' : `${slot} `}is not made yet: it waits for transactions that began before.`
      const advice = 'The oldest row of pg_stat_activity with a backend_xid is the one to end.'
      this.hearer.delayed(new ChangesError('E_CHANGES_LOST', reason, advice))
    }, PATIENCE)
    timer.unref()
    try {
      await this.stream.begin()
    } finally {
      realTimers.clearTimeout(timer)
    }
  }

  /** Whether the server can do it. */
  private async check(): Promise<void> {
    const [row] = await this.asked(SERVER, [this.settings.publication])
    const server = row as {
      version: number
      level: string
      recovery: boolean
      published: boolean | null
    }
    if (server.version < 140_000)
      throw new ChangesError(
        'E_CHANGES_REFUSED',
        `The server is PostgreSQL ${Math.floor(server.version / 10_000)}; replication needs 14 or later.`,
        'Take postgresTriggers().',
      )
    if (server.recovery)
      throw new ChangesError(
        'E_CHANGES_REFUSED',
        'The server is a standby.',
        'Give postgresReplication() the URL of the primary.',
      )
    if (server.level !== 'logical')
      throw new ChangesError(
        'E_CHANGES_WAL_LEVEL',
        `wal_level is ${server.level}; replication needs logical.`,
        'Run `ALTER SYSTEM SET wal_level = logical` and restart the server, or what your provider has for it, such as `rds.logical_replication`. Or take postgresTriggers().',
      )
    if (server.published === null) throw this.notInstalled('does not exist')
    if (!server.published) throw this.notInstalled('does not publish insert, update, delete and truncate')
  }

  private notInstalled(reason: string): ChangesError {
    return new ChangesError(
      'E_CHANGES_NOT_INSTALLED',
      `The publication ${this.settings.publication} ${reason}.`,
      'Run `npx brisk changes install --replication`, and deploy the migration that it writes.',
    )
  }

  private async watched(): Promise<WatchedTables> {
    const rows = (await this.asked(WATCHED, [this.settings.publication])) as readonly {
      schema: string
      table: string
      relations: readonly string[]
      whole: boolean
      signature: string
    }[]
    this.tables = new Map(
      rows.flatMap(({ schema, table, relations }) =>
        relations.map((relation) => [Number(relation), { schema, table }] as const),
      ),
    )
    const whole = rows.filter((row) => row.whole)
    return {
      tables: new Set(whole.map(({ schema, table }) => `${schema}.${table}`)),
      signature: whole.map(({ schema, table, signature }) => `${schema}.${table} ${signature}`).join('\n'),
    }
  }

  private committed(transaction: Committed): void {
    if (transaction.isEmpty && transaction.messages.length === 0) {
      if (this.commits.isEmpty) this.stream.told(transaction.end)
      return
    }
    this.commits.add({
      xid: transaction.xid,
      visible: (number) => {
        if (this.hasEnded) return
        for (const change of transaction.isEmpty ? [] : transaction.changes(number))
          this.hearer.changed(change)
        for (const message of transaction.messages) this.awaited.get(message)?.()
        this.stream.told(transaction.end)
      },
    })
  }

  private arrival(text: string): Promise<void> {
    return new Promise((resolve) =>
      this.awaited.set(text, () => {
        this.awaited.delete(text)
        resolve()
      }),
    )
  }

  private asked(text: string, values?: unknown[]): Promise<readonly unknown[]> {
    return this.session === null ? Promise.reject(lost()) : this.session.query(text, values)
  }

  private fail(error: unknown): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.hearer.failed(error instanceof Error ? error : lost(String(error)))
  }
}

const SNAPSHOT = 'SELECT pg_catalog.pg_current_snapshot()::text AS snapshot'
const SERVER = `SELECT current_setting('server_version_num')::int AS version, current_setting('wal_level') AS level, pg_is_in_recovery() AS recovery,
  (SELECT pubinsert AND pubupdate AND pubdelete AND pubtruncate FROM pg_publication WHERE pubname = $1) AS published`
/**
 * Tables of the publication, a partition's by the name of the table that it is of. Not told whole: of which a partition is
 * missing, or rows (a filter, since PostgreSQL 15), or whose partitions' TRUNCATE is (publish_via_partition_root), or from which
 * other tables inherit. The signature changes with each ALTER of the publication and of a table, with its partitions, and
 * with what is told of old rows. Nothing here waits for a lock but pg_partition_root, which looks at one partition.
 */
const WATCHED = `WITH RECURSIVE told AS (
  SELECT c.oid, c.relreplident, coalesce(pg_partition_root(c.oid)::oid, c.oid) AS root, to_jsonb(t)->>'rowfilter' AS filter
  FROM pg_publication_tables t JOIN pg_namespace n ON n.nspname = t.schemaname
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename WHERE t.pubname = $1
), tree AS (
  SELECT i.inhparent AS root, i.inhrelid AS part, p.relispartition AS is_partition
    FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid WHERE i.inhparent IN (SELECT root FROM told)
  UNION SELECT tree.root, i.inhrelid, p.relispartition FROM tree JOIN pg_inherits i ON i.inhparent = tree.part JOIN pg_class p ON p.oid = i.inhrelid
), publication AS (
  SELECT p.xmin::text || ' ' || coalesce((SELECT string_agg(r.oid::text, ',' ORDER BY r.oid) FROM pg_publication_rel r WHERE r.prpubid = p.oid), '') AS state
  FROM pg_publication p WHERE p.pubname = $1
)
SELECT n.nspname AS schema, c.relname AS table, array_agg(told.oid::int8) AS relations,
  bool_and(told.filter IS NULL) AND (c.relkind <> 'p' OR (bool_and(told.oid <> c.oid)
    AND count(*) = (SELECT count(*) FROM tree JOIN pg_class leaf ON leaf.oid = tree.part WHERE tree.root = c.oid AND leaf.relkind <> 'p')))
    AND NOT EXISTS (SELECT FROM tree WHERE tree.root = c.oid AND NOT tree.is_partition) AS whole,
  (SELECT state FROM publication) || ' ' || c.xmin || ' ' || (SELECT coalesce(string_agg(i.oid::text, ',' ORDER BY i.oid), '') FROM tree
    JOIN pg_class i ON i.oid = tree.part WHERE tree.root = c.oid) || ' ' || string_agg(told.oid || told.relreplident::text, ',' ORDER BY told.oid) AS signature
FROM told JOIN pg_class c ON c.oid = told.root JOIN pg_namespace n ON n.oid = c.relnamespace
GROUP BY c.oid, c.relname, c.relkind, c.xmin, n.nspname ORDER BY 1, 2`
