import { realTimers } from '@prisma-brisk/core'
import {
  lost,
  PATIENCE,
  within,
  type ChangeConnection,
  type ChangeHearer,
  type WatchedTables,
} from '../change-connection.ts'
import { TransactionRows } from '../transaction-rows.ts'
import {
  ask,
  asChangesError,
  databaseOf,
  openConnection,
  openZongji,
  type BinlogEvent,
  type MysqlConnection,
  type Zongji,
} from './binlog-client.ts'
import { changedColumns, rowOf } from './binlog-rows.ts'
import { isReached, positionNow, type BinlogPosition, type ServerKind } from './binlog-position.ts'
import { CASCADES, cascadedTables, FOREIGN_CHILDREN, type Cascade } from './cascades.ts'
import { checkServer } from './server-check.ts'

/** A transaction whose COMMIT has been read from the binary log. */
interface Logged {
  readonly end: BinlogPosition
  readonly gtid: string | undefined
  readonly rows: TransactionRows
}

/** Milliseconds between two questions for what is visible. */
const SPACING = 5
/** Milliseconds in which a server answers that it has ended. */
const GOODBYE = 300

/** One connection that reads the binary log as a replica does, and one beside it for questions. */
export class BinlogReader implements ChangeConnection {
  private connection: MysqlConnection | null = null
  private zongji: Zongji | null = null
  private kind: ServerKind = 'mariadb'
  private cascades: readonly Cascade[] = []
  private open: TransactionRows | null = null
  private at: BinlogPosition = { filename: '', position: 0 }
  /** Called on each event. */
  private readonly watching = new Set<() => void>()
  private waiting: Logged[] = []
  private isAsking = false
  private hasEnded = false

  constructor(
    private readonly url: string,
    /** Milliseconds after which an idle server says that it is there. */
    private readonly idle: number,
    private readonly hearer: ChangeHearer,
  ) {}

  /** @throws ChangesError E_CHANGES_DRIVER, E_CHANGES_BINLOG, E_CHANGES_RIGHTS, E_CHANGES_REFUSED, E_CHANGES_LOST */
  async begin(): Promise<WatchedTables> {
    const failed = (error: unknown) => this.fail(error)
    const connection = await openConnection(this.url, failed)
    if (this.hasEnded) return abandoned(connection)
    this.connection = connection
    const database = databaseOf(this.url)
    this.kind = await checkServer(connection, database)
    // What is committed up to here is visible.
    const from = this.kind === 'mysql' ? await executed(connection) : await positionNow(connection, this.kind)
    if ('filename' in from) this.at = from
    const zongji = await openZongji(connection)
    if (this.hasEnded) throw lost()
    this.zongji = zongji
    zongji.on('error', failed)
    zongji.on('binlog', (event) => this.heard(event))
    const begun = new Promise<void>((resolve) => {
      zongji.on('ready', () => {
        // It is sent before the log is asked for; in nanoseconds.
        ask(zongji.connection, HEARTBEAT, [this.idle * 1_000_000, this.idle * 1_000_000]).catch(failed)
        resolve()
      })
    })
    const serverId = 1 + Math.floor(Math.random() * 0xfffffffe)
    zongji.start({ ...from, serverId, includeSchema: { [database]: true } })
    await within(begun, PATIENCE, () => lost('it does not answer'))
    zongji.connection?.stream?.unref?.()
    const watched = await this.watched()
    // The way that changes take is open.
    await this.beat(PATIENCE)
    return watched
  }

  async beat(patience: number): Promise<{ lag: number; watched: WatchedTables }> {
    const sentAt = performance.now()
    let lag = 0
    const arrived = this.arrival().then(() => (lag = performance.now() - sentAt))
    const [, watched] = await within(Promise.all([arrived, this.watched()]), patience, () =>
      lost('it does not answer'),
    )
    return { lag, watched }
  }

  /** An event has come after this was called, and all that was visible then has been told. */
  private async arrival(): Promise<void> {
    const now = await positionNow(this.connection, this.kind)
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!isReached(this.at, now) || this.waiting.some(({ end }) => isReached(now, end))) return
        this.watching.delete(look)
        resolve()
      }
      this.watching.add(look)
    })
  }

  async end(): Promise<void> {
    this.hasEnded = true
    this.waiting = []
    const { connection, zongji } = this
    this.connection = null
    this.zongji = null
    if (zongji !== null) {
      const stopped = new Promise<void>((resolve) => zongji.on('stopped', resolve))
      const stream = zongji.connection?.stream
      // It asks the server to end what sends the log.
      zongji.stop()
      // Its own end of the connection is half of one: a server that sends does not read.
      stream?.destroy?.()
      await within(stopped, GOODBYE, () => lost()).catch(() => undefined)
    }
    connection?.destroy()
  }

  private async watched(): Promise<WatchedTables> {
    const database = databaseOf(this.url)
    const { connection } = this
    const [tables, cascades, foreign] = await Promise.all([
      ask<{ name: string }>(connection, TABLES, [database]),
      ask<Cascade>(connection, CASCADES, [database]),
      ask<{ name: string }>(connection, FOREIGN_CHILDREN, [database]),
    ])
    this.cascades = cascades
    const untold = new Set(foreign.flatMap(({ name }) => [name, ...cascadedTables(cascades, name, null)]))
    const names = tables.map(({ name }) => name).filter((name) => !untold.has(name))
    return { tables: new Set(names), signature: JSON.stringify([names, cascades]) }
  }

  private heard(event: BinlogEvent): void {
    if (this.hasEnded) return
    try {
      this.read(event)
    } catch (error) {
      return this.fail(error)
    }
    for (const look of this.watching) look()
  }

  private read(event: BinlogEvent): void {
    const name = event.getEventName()
    if (name === 'rotate') {
      this.at = { filename: event.binlogName ?? '', position: event.position ?? 0 }
      return
    }
    if (name === 'writerows' || name === 'updaterows' || name === 'deleterows') this.rows(event, name)
    else if (name === 'query') this.statement(event)
    else if (name === 'xid') this.committed(event)
    // What XA has prepared is told when its COMMIT comes, as a statement.
    else if (name === 'xaprepare') this.open = null
    // MariaDB gives events within a transaction no position.
    if (event.nextPosition > 0) this.at = { filename: this.at.filename, position: event.nextPosition }
  }

  private statement(event: BinlogEvent): void {
    const text = (event.query ?? '').trim()
    if (/^(BEGIN|SAVEPOINT|RELEASE|ROLLBACK TO)\b/i.test(text)) return
    // COMMIT ends what engines without transactions have written. All else is written as a statement: ALTER, TRUNCATE, what
    // a session with another binlog_format does.
    if (!/^(COMMIT|ROLLBACK)\b/i.test(text)) this.opened().addUnknown()
    this.committed(event)
  }

  private opened(): TransactionRows {
    return (this.open ??= new TransactionRows())
  }

  private rows(event: BinlogEvent, name: 'writerows' | 'updaterows' | 'deleterows'): void {
    const table = this.zongji?.tableMap[event.tableId ?? -1]
    // Another database's: its tables are not read.
    if (table === undefined || event.rows === undefined) return
    const { tableName, columnSchemas } = table
    const home = { schema: null, table: tableName }
    const columns = columnSchemas.map(({ COLUMN_NAME }) => COLUMN_NAME)
    const open = this.opened()
    const changed = new Set<string>()
    for (const row of event.rows) {
      const { before, after } = rowOf(event, row, columnSchemas)
      open.add(home, columns, after === null ? [before] : [before, after])
      if (after !== null) for (const column of changedColumns(columns, before, after)) changed.add(column)
    }
    if (name === 'writerows') return
    for (const child of cascadedTables(this.cascades, tableName, name === 'deleterows' ? null : changed))
      open.addWhole({ schema: null, table: child })
  }

  private committed(event: BinlogEvent): void {
    const { open } = this
    this.open = null
    if (open === null) return
    const position = event.nextPosition > 0 ? event.nextPosition : this.at.position
    this.waiting.push({ end: { filename: this.at.filename, position }, gtid: event.gtid, rows: open })
    if (!this.isAsking) void this.tellVisible()
  }

  /**
   * Tells commits once every read sees them: they are in the binary log, and sent to us, before their engine has
   * committed. A read in between would be cached, old, after its entry was invalidated.
   */
  private async tellVisible(): Promise<void> {
    this.isAsking = true
    try {
      while (this.waiting.length > 0) {
        this.tell(await this.visible(this.waiting))
        await new Promise<void>((resolve) => realTimers.setTimeout(resolve, SPACING).unref())
      }
    } catch (error) {
      this.fail(error)
    } finally {
      this.isAsking = false
    }
  }

  /** How many of these are visible, from the first on. */
  private async visible(waiting: readonly Logged[]): Promise<number> {
    const { connection } = this
    if (this.kind === 'mysql') {
      const gtids = waiting.map(({ gtid }) => gtid).join(',')
      const [row] = await ask<{ seen: number }>(
        connection,
        'SELECT GTID_SUBSET(?, @@GLOBAL.gtid_executed) AS seen',
        [gtids],
      )
      return Number(row?.seen) === 1 ? waiting.length : 0
    }
    const now = await positionNow(connection, 'mariadb')
    const behind = waiting.findIndex(({ end }) => !isReached(now, end))
    return behind < 0 ? waiting.length : behind
  }

  private tell(count: number): void {
    if (this.hasEnded) return
    for (const { rows } of this.waiting.splice(0, count))
      for (const change of rows.changes()) this.hearer.changed(change)
    for (const look of this.watching) look()
  }

  private fail(error: unknown): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.hearer.failed(asChangesError(error))
  }
}

const TABLES = `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1`
const HEARTBEAT = 'SET @master_heartbeat_period = ?, @source_heartbeat_period = ?'

/** What MySQL has committed: it is sent all else. */
async function executed(connection: MysqlConnection): Promise<{ readonly gtidSet: string }> {
  const [row] = await ask<{ executed: string }>(connection, 'SELECT @@GLOBAL.gtid_executed AS executed')
  return { gtidSet: (row?.executed ?? '').replaceAll(/\s/g, '') }
}

function abandoned(connection: MysqlConnection): never {
  connection.destroy()
  throw lost()
}
