import { processName, type Call, type Provider } from '@prisma-brisk/core'
import { hostname } from 'node:os'

/**
 * Names the database that a driver adapter connects to, from what the adapter shows of its settings: host, port, name,
 * schema, the options of a session and the user, whose search path they may be; never a password. Null where it shows
 * nothing. A database in memory is its client's alone.
 *
 * @param client number of the client, unique in the process
 */
export function databaseNameOf(factory: unknown, client: number): string | null {
  const { config, adapterName } = (factory ?? {}) as Record<string, unknown>
  const settings = (config ?? {}) as Record<string, unknown>
  const url = settings['connectionString'] ?? settings['url'] ?? settings['uri']
  if (typeof url === 'string' && IN_MEMORY.test(url)) return `memory:${processName()}:${client}`
  const parts: unknown[] = [adapterName, adapterSchemaOf(factory), settings['options'], settings['user']]
  if (typeof url === 'string' && url !== '') parts.push(withoutPassword(url))
  else if (typeof settings['database'] === 'string') {
    // Left out, they come from the environment, by the names of libpq.
    parts.push(hostOf(settings['host'] ?? process.env['PGHOST']), settings['port'] ?? process.env['PGPORT'])
    parts.push(settings['database'], settings['socketPath'], settings['user'] ?? process.env['PGUSER'])
  } else return null
  return JSON.stringify(parts.map((part) => part ?? null))
}

/** The schema that a driver adapter was given for models that name none. */
export function adapterSchemaOf(factory: unknown): string | null {
  const { options } = (factory ?? {}) as { readonly options?: { readonly schema?: unknown } }
  return typeof options?.schema === 'string' ? options.schema : null
}

/** As SQLite, libSQL and PGlite spell it; a `file:` without a path is SQLite's temporary database. */
const IN_MEMORY = /:memory:|[?&]mode=memory\b|^memory:|^file:$/

function withoutPassword(url: string): string {
  try {
    const { protocol, username, hostname: host, port, pathname, search } = new URL(url)
    const place = protocol === 'file:' ? hostname() : hostOf(host)
    return `${protocol}//${username}@${place}:${port}${pathname}${search}`
  } catch {
    // A path, as SQLite adapters take it: it means this machine's file.
    return `${hostname()}:${url}`
  }
}

/** On two machines, or in two containers, `localhost` is two hosts. */
function hostOf(host: unknown): string {
  if (typeof host !== 'string' || host === '') return hostname()
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|0\.0\.0\.0)$/i.test(host) || host.startsWith('/')
  return isLocal ? `${hostname()}${host.startsWith('/') ? host : ''}` : host
}

/** Asks the database itself, once a process, where the adapter does not tell; null where it gives no answer. */
export async function askDatabaseName(call: Call): Promise<string | null> {
  const sql = QUESTIONS[call.host.provider]
  if (sql === undefined || !call.canRedirect) return null
  try {
    const rows = (await call.queryRaw(sql)) as readonly Record<string, unknown>[]
    const place = call.host.provider === 'sqlite' ? hostname() : ''
    return `${call.host.provider}:${place}:${JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`
  } catch {
    return null
  }
}

const QUESTIONS: Readonly<Partial<Record<Provider, string>>> = {
  postgresql:
    "SELECT current_database()::text AS d, current_setting('search_path') AS s, current_user::text AS u, inet_server_addr()::text AS h, inet_server_port() AS p",
  cockroachdb: 'SELECT current_database()::text AS d, current_schema()::text AS s',
  mysql: 'SELECT DATABASE() AS d, @@hostname AS h, @@port AS p',
  sqlite: 'SELECT name, file FROM pragma_database_list',
  sqlserver: 'SELECT DB_NAME() AS d, @@SERVERNAME AS h',
}
