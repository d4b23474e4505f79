import { randomBytes } from 'node:crypto'
import type { Catalog } from '../catalog/catalog.ts'
import { AdvisorError } from '../errors.ts'
import type { MigrationDirectory } from '../history/migration-history.ts'

/** As much of the `mariadb` client as is used. */
interface Connection {
  query(sql: string): Promise<unknown>
  end(): Promise<void>
}

export interface PlayedOnMysql {
  /** `MariaDB 10.11.6`; for people. */
  readonly server: string
  /** The first disagreement with the catalog; null when there is none. */
  readonly difference: string | null
}

/**
 * Makes a database of its own on the server, plays the migrations and compares the indexes there with the schema's.
 * The database is dropped in the end, whatever happens.
 */
export async function playOnMysql(
  url: string,
  migrations: readonly MigrationDirectory[],
  catalog: Catalog,
): Promise<PlayedOnMysql> {
  const connection = await connect(url)
  const database = `brisk_shadow_${randomBytes(6).toString('hex')}`
  try {
    const server = await versionOf(connection)
    await connection.query(`CREATE DATABASE \`${database}\``)
    await connection.query(`USE \`${database}\``)
    for (const { name, sql } of migrations)
      try {
        await connection.query(sql)
      } catch (error) {
        return {
          server,
          difference: `${name} fails on ${server}: ${(error as Error).message.split('\n')[0]}`,
        }
      }
    return { server, difference: compare(await indexesOf(connection, database), catalog) }
  } finally {
    await connection.query(`DROP DATABASE IF EXISTS \`${database}\``).catch(() => {})
    await connection.end()
  }
}

async function connect(url: string): Promise<Connection> {
  const { hostname, port, username, password } = new URL(url)
  let create: (options: object) => Promise<Connection>
  try {
    // The compiler must not resolve it: it is an optional peer.
    const name = 'mariadb'
    const client = (await import(name)) as {
      createConnection?: typeof create
      default?: { createConnection: typeof create }
    }
    create =
      client.createConnection ?? (client.default as { createConnection: typeof create }).createConnection
  } catch (error) {
    throw new AdvisorError(
      'E_DATABASE',
      'Playing migrations on MySQL needs the package mariadb: npm install -D mariadb.',
      {
        cause: error,
      },
    )
  }
  try {
    return await create({
      host: hostname,
      port: Number(port || 3306),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      multipleStatements: true,
      connectTimeout: 5000,
    })
  } catch (error) {
    throw new AdvisorError(
      'E_DATABASE',
      `The shadow database server at ${hostname} cannot be reached: ${(error as Error).message.split('\n')[0]}`,
      {
        cause: error,
      },
    )
  }
}

async function versionOf(connection: Connection): Promise<string> {
  const [row] = (await connection.query('SELECT VERSION() AS version')) as { version: string }[]
  const version = row?.version ?? ''
  return version.includes('MariaDB') ? `MariaDB ${version.split('-')[0]}` : `MySQL ${version}`
}

/** `table.index` → its columns, with the direction and length that stand in the catalog. */
async function indexesOf(connection: Connection, database: string): Promise<Map<string, string>> {
  const rows = (await connection.query(
    `SELECT TABLE_NAME AS tableName, INDEX_NAME AS indexName, COLUMN_NAME AS columnName, COLLATION AS direction, SUB_PART AS part
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '${database}' ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
  )) as {
    tableName: string
    indexName: string
    columnName: string
    direction: string | null
    part: bigint | number | null
  }[]
  const indexes = new Map<string, string>()
  for (const { tableName, indexName, columnName, direction, part } of rows) {
    const key = `${tableName}.${indexName}`
    const column = `${columnName}${part === null ? '' : `(${part})`}${direction === 'D' ? ' desc' : ''}`
    const known = indexes.get(key)
    indexes.set(key, known === undefined ? column : `${known}, ${column}`)
  }
  return indexes
}

function compare(found: ReadonlyMap<string, string>, catalog: Catalog): string | null {
  const declared = new Set<string>()
  for (const table of catalog.tables)
    for (const index of table.indexes) {
      const key = `${table.name}.${index.kind === 'primary' ? 'PRIMARY' : index.name}`
      declared.add(key)
      const columns = index.keys
        .map((each) => `${each.column}${each.length === null ? '' : `(${each.length})`}`)
        .join(', ')
      const there = found.get(key)
      if (there === undefined && index.sources[0].kind === 'server') continue
      // Before MySQL 8 and MariaDB 10.8 DESC is read and forgotten.
      if (there?.replaceAll(' desc', '') !== columns)
        return `the index ${index.name} of ${table.name} is (${there ?? 'missing'}) where the schema says (${columns})`
    }
  const undeclared = [...found.keys()].find(
    (key) => !declared.has(key) && !key.startsWith('_prisma_migrations.') && !key.startsWith('_'),
  )
  return undeclared === undefined ? null : `there is an index ${undeclared} that the schema does not declare`
}
