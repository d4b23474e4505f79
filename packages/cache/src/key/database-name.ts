import type { Call, Provider } from '@prisma-brisk/core'
import { hostname } from 'node:os'

/**
 * Names the database that a driver adapter connects to, from what the adapter shows of its settings: host, port, name,
 * schema, never credentials. Null where it shows nothing.
 */
export function databaseNameOf(factory: unknown): string | null {
  const { config, options, adapterName } = (factory ?? {}) as Record<string, unknown>
  const settings = (config ?? {}) as Record<string, unknown>
  const url = settings['connectionString'] ?? settings['url'] ?? settings['uri']
  const parts: unknown[] = [adapterName, (options as { schema?: unknown } | undefined)?.schema]
  if (typeof url === 'string' && url !== '') parts.push(withoutCredentials(url))
  else if (typeof settings['database'] === 'string') {
    parts.push(...['host', 'port', 'database', 'options', 'socketPath'].map((name) => settings[name]))
  } else return null
  return JSON.stringify(parts.map((part) => part ?? null))
}

function withoutCredentials(url: string): string {
  try {
    const { protocol, host, pathname, search } = new URL(url)
    const place = protocol === 'file:' || host === '' ? hostname() : host
    return `${protocol}//${place}${pathname}${search}`
  } catch {
    // A path, as SQLite adapters take it: it means this machine's file.
    return `${hostname()}:${url}`
  }
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
    'SELECT current_database()::text AS d, current_schema()::text AS s, inet_server_addr()::text AS h, inet_server_port() AS p',
  cockroachdb: 'SELECT current_database()::text AS d, current_schema()::text AS s',
  mysql: 'SELECT DATABASE() AS d, @@hostname AS h, @@port AS p',
  sqlite: 'SELECT name, file FROM pragma_database_list',
  sqlserver: 'SELECT DB_NAME() AS d, @@SERVERNAME AS h',
}
