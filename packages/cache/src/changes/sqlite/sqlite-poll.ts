import { stat } from 'node:fs/promises'
import { ChangesError } from '../../errors.ts'
import {
  lost,
  PATIENCE,
  within,
  type ChangeConnection,
  type ChangeHearer,
  type WatchedTables,
} from '../change-connection.ts'
import { openSqlite, type SqliteConnection, type SqliteDatabase } from './sqlite-connection.ts'

/** Asks a file again and again whether somebody has written to it. */
export class SqlitePoll implements ChangeConnection {
  private connection: SqliteConnection | null = null
  private version = 0
  private inode = ''
  private watched: WatchedTables = { tables: new Set(), signature: '' }
  /** When the latest question was asked that was answered. */
  private askedAt = 0
  private hasEnded = false

  constructor(
    private readonly file: string,
    private readonly open: ((file: string) => SqliteDatabase) | undefined,
    private readonly hearer: ChangeHearer,
  ) {}

  /** @throws ChangesError E_CHANGES_DRIVER, E_CHANGES_LOST */
  async begin(): Promise<WatchedTables> {
    // What opens a file that is not there makes it.
    this.inode = await this.inodeNow()
    const connection = await openSqlite(this.file, this.open)
    if (this.hasEnded) connection.close()
    if (this.hasEnded) throw lost()
    this.connection = connection
    this.askedAt = performance.now()
    this.version = await this.asked(() => connection.version())
    return this.look(connection)
  }

  async beat(): Promise<{ lag: number; watched: WatchedTables }> {
    const { connection } = this
    if (connection === null) throw lost()
    const since = this.askedAt
    const now = performance.now()
    if ((await this.inodeNow()) !== this.inode) throw lost('the file is another one by now')
    const version = await this.asked(() => connection.version()).catch(orBusy)
    // Its writer holds the file until what it writes can be read; so can nobody else read it.
    if (version === null) return { lag: now - since, watched: this.watched }
    this.askedAt = now
    if (version !== this.version && !this.hasEnded) {
      this.hearer.changed(null)
      await this.look(connection).catch(orBusy)
      this.version = version
    }
    return { lag: performance.now() - since, watched: this.watched }
  }

  async end(): Promise<void> {
    this.hasEnded = true
    const { connection } = this
    this.connection = null
    connection?.close()
  }

  private async look(connection: SqliteConnection): Promise<WatchedTables> {
    const tables = await this.asked(() => connection.tables())
    this.watched = { tables: new Set(tables), signature: tables.join('\n') }
    return this.watched
  }

  /** Which file it is: one that is put in its place, by a restore, is another. */
  private async inodeNow(): Promise<string> {
    const { dev, ino } = await this.asked(() => stat(this.file))
    return `${dev} ${ino}`
  }

  private asked<T>(question: () => Promise<T>): Promise<T> {
    return within(
      question().catch((error: unknown) => {
        if (isBusy(error)) throw error
        throw new ChangesError('E_CHANGES_LOST', `The file cannot be read: ${String(error)}.`, '', {
          cause: error,
        })
      }),
      PATIENCE,
      () => lost('it does not answer'),
    )
  }
}

const isBusy = (error: unknown): boolean =>
  String((error as { code?: unknown }).code).startsWith('SQLITE_BUSY')

function orBusy(error: unknown): null {
  if (isBusy(error)) return null
  throw error
}
