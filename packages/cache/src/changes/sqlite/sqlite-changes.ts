import { fileURLToPath } from 'node:url'
import { InvalidOptionsError } from '@prisma-brisk/core'
import type { ChangeSource, OnLost } from '../../change-source.ts'
import { ReconnectingSource } from '../reconnecting-source.ts'
import { resolveSource } from '../source-options.ts'
import type { SqliteDatabase } from './sqlite-connection.ts'
import { SqlitePoll } from './sqlite-poll.ts'

export interface SqliteChangesOptions {
  /** The file, as Prisma's adapter is given it: `file:./dev.db`. This or `file`. */
  readonly url?: string | undefined
  /** The file's path. */
  readonly file?: string | undefined
  /**
   * How to open it, for the other libraries of SQLite; by default `@libsql/client` does. A connection of its own, which nothing
   * else uses, and which does not wait for locks: `(file) => new Database(file, { readonly: true, timeout: 0 })` of
   * `better-sqlite3`, `(file) => new DatabaseSync(file, { readOnly: true })` of `node:sqlite`.
   */
  readonly open?: ((file: string) => SqliteDatabase) | undefined
  /** Milliseconds between two questions. Default 50. */
  readonly every?: number | undefined
  /** What reads do while the file cannot be read. Default `'bypass'`. */
  readonly onLost?: OnLost | undefined
}

/**
 * Changes that other processes make to a file of SQLite. It asks for `PRAGMA data_version` on a connection of its own, and
 * needs the package `@libsql/client`, or {@link SqliteChangesOptions.open}.
 *
 * **Everything falls with each change**, this process's own writes included: SQLite says that there was one, not what. It is
 * made for files that are written now and then. Where one process alone writes to its file, leave it out: the cache sees
 * that process's writes without it.
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`)
 * @example
 * import { sqliteChanges } from 'prisma-brisk/sqlite-changes'
 * const changes = sqliteChanges({ url: 'file:./dev.db' })
 * const prisma = new PrismaClient({ adapter }).$extends(brisk({ cache: { changes } }))
 */
export function sqliteChanges(options: SqliteChangesOptions): ChangeSource {
  const name = 'sqliteChanges'
  const file = fileOf(name, options)
  const { every = 50, onLost, open } = options
  if (!Number.isInteger(every) || every < 10 || every > 30_000)
    throw new InvalidOptionsError(`${name}.every`, 'an integer from 10 to 30000', every)
  // A source asks twice a heartbeat.
  const settings = resolveSource(name, { heartbeat: every * 2, onLost })
  return new ReconnectingSource(
    // A file answers at once, but for a moment in which the process does something else.
    { name, ...settings, tellsTransactions: false, heardWithin: Math.max(500, settings.heartbeat) },
    (hearer) => new SqlitePoll(file, open, hearer),
  )
}

function fileOf(name: string, { url, file }: SqliteChangesOptions): string {
  if (typeof file === 'string' && file !== '' && url === undefined && file !== ':memory:') return file
  const [, path = ''] = typeof url === 'string' && file === undefined ? (/^file:([^?]+)/.exec(url) ?? []) : []
  if (path === '' || path === ':memory:')
    throw new InvalidOptionsError(name, '{ file: path } or { url: "file:…" } of a file on this machine', {
      url,
      file,
    })
  return path.startsWith('//') ? fileURLToPath(`file:${path}`) : path
}
