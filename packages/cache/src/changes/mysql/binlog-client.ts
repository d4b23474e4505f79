import { ChangesError } from '../../errors.ts'
import { lost, PATIENCE, within } from '../change-connection.ts'

/** What is used of a connection of `mysql2`. */
export interface MysqlConnection {
  query(sql: string, values: unknown[], done: (error: Error | null, rows: unknown) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'connect' | 'end', listener: () => void): void
  destroy(): void
  readonly stream?: { unref?(): void; destroy?(): void }
}

type Row = Readonly<Record<string, unknown>>

/** What is used of an event. */
export interface BinlogEvent {
  getEventName(): string
  readonly nextPosition: number
  readonly gtid?: string
  /** Of `rotate`. */
  readonly binlogName?: string
  readonly position?: number
  /** Of `query`. */
  readonly query?: string
  /** Of rows; those of an update have one `before` and one `after`. */
  readonly tableId?: number
  readonly rows?: readonly Row[]
  readonly columns_present_bitmap?: Uint8Array
  readonly columns_present_bitmap2?: Uint8Array
}

/** What is used of `@vlasky/zongji`. */
export interface Zongji {
  readonly tableMap: Readonly<
    Record<
      number,
      {
        readonly tableName: string
        readonly columnSchemas: readonly { readonly COLUMN_NAME: string; readonly COLUMN_TYPE: string }[]
      }
    >
  >
  readonly connection: MysqlConnection | null
  on(event: 'binlog', listener: (event: BinlogEvent) => void): void
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'ready' | 'stopped', listener: () => void): void
  start(options: Record<string, unknown>): void
  stop(): void
}

/**
 * A connection for questions. It connects with its first one.
 *
 * @throws ChangesError E_CHANGES_DRIVER
 */
export async function openConnection(url: string, onEnd: (error: Error) => void): Promise<MysqlConnection> {
  const { default: mysql } = await import('mysql2').catch(notInstalled('mysql2'))
  const { hostname, port, username, password } = new URL(url)
  const connection = mysql.createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: databaseOf(url),
    connectTimeout: PATIENCE,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
  }) as unknown as MysqlConnection
  connection.on('error', onEnd)
  connection.on('end', () => onEnd(lost()))
  connection.on('connect', () => connection.stream?.unref?.())
  return connection
}

/**
 * A reader of the binary log, which connects as this connection does.
 *
 * @throws ChangesError E_CHANGES_DRIVER
 */
export async function openZongji(connection: MysqlConnection): Promise<Zongji> {
  const { default: ZongJi } = await import('@vlasky/zongji').catch(notInstalled('@vlasky/zongji'))
  return new ZongJi(connection) as unknown as Zongji
}

export const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1))

const notInstalled =
  (name: string) =>
  (error: unknown): never => {
    throw new ChangesError('E_CHANGES_DRIVER', `The package ${name} is not installed.`, 'Install it.', {
      cause: error,
    })
  }

/** @throws ChangesError E_CHANGES_LOST, E_CHANGES_REFUSED, E_CHANGES_RIGHTS */
export async function ask<T>(
  connection: MysqlConnection | null,
  sql: string,
  values: unknown[] = [],
): Promise<readonly T[]> {
  if (connection === null) throw lost()
  const answered = new Promise<readonly T[]>((resolve, reject) =>
    connection.query(sql, values, (error, rows) =>
      error === null ? resolve(rows as readonly T[]) : reject(asChangesError(error)),
    ),
  )
  return within(answered, PATIENCE, () => lost('it does not answer'))
}

const RIGHTS = new Set([
  'ER_SPECIFIC_ACCESS_DENIED_ERROR',
  'ER_ACCESS_DENIED_ERROR',
  'ER_TABLEACCESS_DENIED_ERROR',
])

export function asChangesError(error: unknown): ChangesError {
  if (error instanceof ChangesError) return error
  // What nobody listens to, Node wraps.
  const { context = error } = error as { context?: unknown }
  const { code, errno, message } = context as { code?: unknown; errno?: unknown; message?: unknown }
  const text = String(message)
  if ((typeof code === 'string' && RIGHTS.has(code)) || /Insufficient permissions/.test(text))
    return new ChangesError(
      'E_CHANGES_RIGHTS',
      `The user may not read the binary log: ${text}.`,
      'Run `GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO …` and `GRANT SELECT ON <database>.* TO …`.',
      { cause: error },
    )
  if (typeof code === 'string' && code.startsWith('ER_') && Number(errno) !== 1927)
    return new ChangesError('E_CHANGES_REFUSED', `The server answered ${code}: ${text}.`, '', {
      cause: error,
    })
  return new ChangesError('E_CHANGES_LOST', `The server cannot be reached: ${text}.`, '', { cause: error })
}
