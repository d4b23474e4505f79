import { ChangesError } from '../../errors.ts'

/** What is asked of a file, on one connection that nothing else uses. */
export interface SqliteConnection {
  /** Changes when another connection has committed, whichever process it is of. */
  version(): Promise<number>
  tables(): Promise<readonly string[]>
  close(): void
}

const VERSION = 'PRAGMA data_version'
const TABLES = `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`

/** What is used of a database of `better-sqlite3`, of `node:sqlite` or of `libsql`. */
export interface SqliteDatabase {
  prepare(sql: string): { get(): unknown; all(): unknown[] }
  close(): unknown
}

/**
 * Opens a file with `@libsql/client`, unless it is told how.
 *
 * @throws ChangesError E_CHANGES_DRIVER
 */
export async function openSqlite(
  file: string,
  open: ((file: string) => SqliteDatabase) | undefined,
): Promise<SqliteConnection> {
  if (open !== undefined) return ofDatabase(open(file))
  const libsql = await import('@libsql/client').catch((error: unknown) => {
    throw new ChangesError(
      'E_CHANGES_DRIVER',
      'The package @libsql/client is not installed.',
      'Install it, or give sqliteChanges() `open`.',
      { cause: error },
    )
  })
  return ofClient(libsql.createClient({ url: `file:${file}` }))
}

function ofDatabase(database: SqliteDatabase): SqliteConnection {
  const named = (row: unknown, column: string) => (row as Record<string, unknown>)[column]
  return {
    version: async () => Number(named(database.prepare(VERSION).get(), 'data_version')),
    tables: async () =>
      database
        .prepare(TABLES)
        .all()
        .map((row) => String(named(row, 'name'))),
    close: () => void database.close(),
  }
}

interface LibsqlClient {
  execute(sql: string): Promise<{ readonly rows: readonly ArrayLike<unknown>[] }>
  close(): void
}

function ofClient(client: LibsqlClient): SqliteConnection {
  return {
    version: async () => Number((await client.execute(VERSION)).rows[0]?.[0]),
    tables: async () => (await client.execute(TABLES)).rows.map((row) => String(row[0])),
    close: () => client.close(),
  }
}
