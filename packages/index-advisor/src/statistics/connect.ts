import { quoteIdentifier } from '@prisma-brisk/core'
import { AdvisorError } from '../errors.ts'
import { exportMariadbStatistics } from './export-mariadb.ts'
import { exportPostgresStatistics, type ExportOptions } from './export-postgres.ts'
import { exportSqliteStatistics } from './export-sqlite.ts'
import type { Row, SqlClient } from './sql-client.ts'
import type { Statistics, StatisticsProvider } from './statistics.ts'
import { connectWithTls, tlsAdvice, tlsParameters } from './tls-parameters.ts'

/** A connection that the advisor opened itself. */
export interface DatabaseConnection extends SqlClient {
  readonly provider: StatisticsProvider
  /** PostgreSQL: the schema that `?schema=` of the URL names, which each transaction looks in; null for the server's own path. */
  readonly schema: string | null
  close(): Promise<void>
}

/** `postgresql://`, `mysql://`, `mariadb://`, `file:` and `libsql:`. The URL is never printed: it holds a password. */
export async function connectDatabase(url: string): Promise<DatabaseConnection> {
  if (url.trim() === '')
    throw new AdvisorError(
      'E_DATABASE',
      'The URL of --database-url is empty: is the variable set in this shell? Expected postgresql:, mysql:, file: or libsql:.',
    )
  const scheme = /^([a-z+]+):/i.exec(url)?.[1]?.toLowerCase() ?? ''
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
      return connectPostgres(url)
    case 'mysql':
    case 'mariadb':
      return connectMariadb(url)
    case 'file':
    case 'libsql':
      return connectSqlite(url)
    default:
      throw new AdvisorError(
        'E_DATABASE',
        `The database URL begins with ${scheme === '' ? 'no scheme' : `${scheme}:`}; postgresql:, mysql:, file: and libsql: are known.`,
      )
  }
}

export function exportStatistics(
  connection: DatabaseConnection,
  options: ExportOptions = {},
): Promise<Statistics> {
  switch (connection.provider) {
    case 'postgresql':
      return exportPostgresStatistics(connection, options)
    case 'mysql':
      return readOnly(connection, () => exportMariadbStatistics(connection, options))
    case 'sqlite':
      return exportSqliteStatistics(connection)
  }
}

/** In a transaction of its own: a proxy hands the session on, and with it whatever was set for longer. */
async function readOnly<T>(connection: DatabaseConnection, work: () => Promise<T>): Promise<T> {
  await connection.query('start transaction read only')
  try {
    return await work()
  } finally {
    await connection.query('rollback').catch(() => undefined)
  }
}

async function connectPostgres(url: string): Promise<DatabaseConnection> {
  const { default: pg } = await import('pg')
  // Prisma's own parameters are none of PostgreSQL's.
  const address = parsed(url)
  const schema = address.searchParams.get('schema')
  for (const name of [
    'schema',
    'connection_limit',
    'pool_timeout',
    'pgbouncer',
    'statement_cache_size',
    'socket_timeout',
  ]) {
    address.searchParams.delete(name)
  }
  const tls = tlsParameters(address)
  const client = await connectWithTls(tls, async (ssl) => {
    const opened = new pg.Client({
      connectionString: address.href,
      connectionTimeoutMillis: 10_000,
      application_name: 'brisk',
      ...(tls.mode === 'driver' ? {} : { ssl }),
    })
    // A server that goes away shows at the next statement; without a listener it would end the process.
    opened.on('error', () => undefined)
    await opened.connect()
    return opened
  }).catch(refuse)
  return {
    provider: 'postgresql',
    schema,
    query: async (sql, parameters) => {
      const { rows } = await client.query<Row>(sql, parameters?.slice())
      // Behind a pooler the server's session is another client's next: what is set lasts as long as the transaction.
      if (schema !== null && /^\s*begin\b/i.test(sql))
        await client.query(`select pg_catalog.set_config('search_path', $1, true)`, [quoteIdentifier(schema)])
      return rows
    },
    close: () => client.end(),
  }
}

async function connectMariadb(url: string): Promise<DatabaseConnection> {
  const { createConnection } = await import('mariadb').catch((cause: unknown) => {
    throw new AdvisorError(
      'E_DATABASE',
      'To read a MySQL or MariaDB server, install its driver: npm install mariadb',
      { cause },
    )
  })
  const address = parsed(url)
  const { hostname, port, username, password, pathname } = address
  const connection = await connectWithTls(tlsParameters(address), (ssl) =>
    createConnection({
      host: hostname,
      port: Number(port || 3306),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
      connectTimeout: 10_000,
      bigIntAsNumber: true,
      decimalAsNumber: true,
      insertIdAsNumber: true,
      ...(ssl === false ? {} : { ssl }),
    }),
  ).catch(refuse)
  connection.on('error', () => undefined)
  return {
    provider: 'mysql',
    schema: null,
    query: async (sql, parameters) => connection.query<readonly Row[]>(sql, parameters?.slice()),
    close: () => connection.end(),
  }
}

async function connectSqlite(url: string): Promise<DatabaseConnection> {
  const { createClient } = await import('@libsql/client')
  const { existsSync } = await import('node:fs')
  const path = url.replace(/^file:(\/\/)?/, '').replace(/\?.*$/, '')
  // libSQL makes the file where there is none.
  if (url.startsWith('file:') && !existsSync(path))
    throw new AdvisorError('E_DATABASE', `There is no database file ${path}.`)
  const client = createClient({ url: url.startsWith('file:') ? `file:${path}` : url })
  return {
    provider: 'sqlite',
    schema: null,
    query: async (sql, parameters) => {
      const { rows } = await client.execute({ sql, args: (parameters ?? []) as (string | number | null)[] })
      return rows
    },
    close: async () => client.close(),
  }
}

function parsed(url: string): URL {
  try {
    return new URL(url)
  } catch (cause) {
    throw new AdvisorError('E_DATABASE', 'The database URL cannot be parsed.', { cause })
  }
}

/** The driver's message names host and port, never the password. */
function refuse(cause: unknown): never {
  const reason =
    cause instanceof Error ? cause.message || ((cause as { code?: string }).code ?? 'refused') : String(cause)
  throw new AdvisorError(
    'E_DATABASE',
    `The database cannot be reached: ${reason}.${tlsAdvice(reason)}`.replace('..', '.'),
    { cause },
  )
}
