import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { createConnection } from 'mariadb'
import pg from 'pg'

import type { PrismaClient as KeyTypesMysqlClient } from '../../prisma/generated/key-types-mysql/client.ts'
import type { PrismaClient as KeyTypesPostgresqlClient } from '../../prisma/generated/key-types-postgresql/client.ts'
import type { PrismaClient as KeyTypesSqliteClient } from '../../prisma/generated/key-types-sqlite/client.ts'
import type { PrismaClient as DemoClient } from '../../prisma/generated/postgresql/client.ts'
import { seed } from '../../prisma/seed.ts'
import { mariadbUrl, postgresUrl } from './servers.ts'
import { recordStatements, type RecordOptions, type StatementLog } from './statements.ts'

export type Provider = 'postgresql' | 'mysql' | 'sqlite'
export type SchemaName = 'demo' | 'key-types'

/** What every plain client has, whatever it was generated from. */
interface Disconnectable {
  $disconnect(): Promise<void>
}

/** A database of one test file, with the tables and nothing in them. Call `drop()` in `afterAll`. */
export interface TestDatabase<Client extends Disconnectable> {
  provider: Provider
  url: string
  /** A plain generated client on a fresh adapter (or the one in `options`); `drop()` disconnects it. */
  createClient(options?: ClientOptions): Client
  /** A plain client whose statements are recorded under it; `drop()` disconnects it. */
  createRecordedClient(options?: RecordOptions & ClientOptions): { client: Client; log: StatementLog }
  adapter(options?: AdapterOptions): SqlDriverAdapterFactory
  /** Deletes every row and begins to count ids anew: a fresh database in a tenth of its time. PostgreSQL only. */
  empty(): Promise<void>
  drop(): Promise<void>
}

export interface ClientOptions {
  adapter?: SqlDriverAdapterFactory
  /** Further options of Prisma's constructor: `log`, `omit`, `transactionOptions`, … */
  [option: string]: unknown
}

export interface AdapterOptions {
  /** Connections in the pool; PostgreSQL and MySQL. Default: the driver's, 10. */
  connections?: number
}

export interface DatabaseOptions<Schema extends SchemaName = SchemaName> {
  /** Which tables to make. Default `'demo'`. */
  schema?: Schema
  /** Fill the demo tables with the seed of this size (0.01: 4,800 rows). Default: empty tables. */
  seed?: number
}

/**
 * A fresh database with the tables of a schema. Names are random, so that parallel workers never meet.
 * The demo schema's client is typed as PostgreSQL's on every database: their models are the same.
 */
export function createDatabase(
  provider: Provider,
  options?: DatabaseOptions<'demo'>,
): Promise<TestDatabase<DemoClient>>
export function createDatabase(
  provider: 'postgresql',
  options: DatabaseOptions<'key-types'>,
): Promise<TestDatabase<KeyTypesPostgresqlClient>>
export function createDatabase(
  provider: 'mysql',
  options: DatabaseOptions<'key-types'>,
): Promise<TestDatabase<KeyTypesMysqlClient>>
export function createDatabase(
  provider: 'sqlite',
  options: DatabaseOptions<'key-types'>,
): Promise<TestDatabase<KeyTypesSqliteClient>>
export async function createDatabase(
  provider: Provider,
  { schema = 'demo', seed: factor }: DatabaseOptions = {},
): Promise<TestDatabase<Disconnectable>> {
  const { PrismaClient } = await loadClient(provider, schema)
  const place = await PLACES[provider](contentOf(provider, schema, factor))
  // A client that nothing refers to any more has no connection that keeps the database: oracles make thousands.
  const clients = new Set<WeakRef<Disconnectable>>()

  const adapter = (options: AdapterOptions = {}): SqlDriverAdapterFactory =>
    ADAPTERS[provider](place.url, options)
  const createClient = (options: ClientOptions = {}): Disconnectable => {
    const client = new PrismaClient({ ...options, adapter: options.adapter ?? adapter() })
    clients.add(new WeakRef(client))
    return client
  }
  return {
    provider,
    url: place.url,
    adapter,
    createClient,
    createRecordedClient: ({ before, measureBytes, ...options } = {}) => {
      const log = recordStatements(options.adapter ?? adapter(), { before, measureBytes })
      return { client: createClient({ ...options, adapter: log.adapter }), log }
    },
    empty: () =>
      withPostgres(place.url, async (connection) => {
        const { rows } = await connection.query<{ names: string }>(
          `SELECT string_agg(format('%I', tablename), ', ') AS names FROM pg_tables WHERE schemaname = 'public'`,
        )
        await connection.query(`TRUNCATE ${rows[0]?.names} RESTART IDENTITY CASCADE`)
      }),
    drop: async () => {
      await Promise.all(Array.from(clients, async (client) => client.deref()?.$disconnect()))
      await place.destroy()
    },
  }
}

/** What a fresh database holds. */
interface Content {
  tables: string
  /** Writes the rows, if any are wanted. */
  fill(adapter: SqlDriverAdapterFactory): Promise<unknown>
  /** Identifies both, so that what was made from them once can be copied again. */
  hash: string
}

const GENERATED = join(import.meta.dirname, '../../prisma/generated')
const SEED_SOURCES = join(import.meta.dirname, '../../prisma/seed')

function contentOf(provider: Provider, schema: SchemaName, factor: number | undefined): Content {
  const file = join(GENERATED, 'schemas', `${schema}-${provider}.sql`)
  if (!existsSync(file)) throw new Error('The Prisma clients are missing: run `npm run generate`')
  const tables = readFileSync(file, 'utf8')
  const hash = createHash('sha256').update(tables)
  if (factor === undefined)
    return { tables, hash: hash.digest('hex').slice(0, 12), fill: async () => undefined }
  for (const name of readdirSync(SEED_SOURCES)) hash.update(readFileSync(join(SEED_SOURCES, name)))
  return {
    tables,
    hash: hash.update(String(factor)).digest('hex').slice(0, 12),
    fill: (adapter) => seed(adapter, { factor }),
  }
}

async function loadClient(provider: Provider, schema: SchemaName) {
  const directory = schema === 'demo' ? provider : `${schema}-${provider}`
  const file = join(GENERATED, directory, 'client.ts')
  if (!existsSync(file)) throw new Error('The Prisma clients are missing: run `npm run generate`')
  return (await import(pathToFileURL(file).href)) as {
    PrismaClient: new (options: ClientOptions) => Disconnectable
  }
}

const ADAPTERS: Record<Provider, (url: string, options: AdapterOptions) => SqlDriverAdapterFactory> = {
  postgresql: (url, { connections }) => new PrismaPg({ connectionString: url, max: connections ?? 10 }),
  mysql: (url, { connections }) => {
    const { hostname, port, username, password, pathname } = new URL(url)
    return new PrismaMariaDb({
      host: hostname,
      port: Number(port || 3306),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: pathname.slice(1),
      connectionLimit: connections ?? 10,
    })
  },
  sqlite: (url) => new PrismaLibSql({ url }),
}

interface Place {
  url: string
  destroy(): Promise<void>
}

const PLACES: Record<Provider, (content: Content) => Promise<Place>> = {
  /** Copied from a template database that is made once per schema and server. */
  async postgresql({ tables, fill, hash }) {
    const template = `brisk_template_${hash}`
    const name = freshName()
    await withPostgres(postgresUrl(), async (admin) => {
      await admin.query('SELECT pg_advisory_lock(20250101)')
      const { rowCount } = await admin.query(
        'SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate',
        [template],
      )
      if (rowCount === 0) {
        await dropLeftovers(admin)
        await admin.query(`DROP DATABASE IF EXISTS ${template}`)
        await admin.query(`CREATE DATABASE ${template}`)
        const url = inDatabase(postgresUrl(), template)
        await withPostgres(url, (database) => database.query(tables))
        await fill(ADAPTERS.postgresql(url, { connections: 1 }))
        await admin.query(`ALTER DATABASE ${template} IS_TEMPLATE true`)
      }
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
    })
    return {
      url: inDatabase(postgresUrl(), name),
      destroy: () =>
        withPostgres(postgresUrl(), async (admin) => {
          await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
        }),
    }
  },

  async mysql({ tables, fill }) {
    const name = freshName()
    const url = inDatabase(mariadbUrl(), name)
    const run = async (script: string): Promise<void> => {
      const { hostname, port, username, password } = new URL(mariadbUrl())
      const connection = await createConnection({
        host: hostname,
        port: Number(port || 3306),
        user: decodeURIComponent(username),
        password: decodeURIComponent(password),
        multipleStatements: true,
      })
      try {
        await connection.query(script)
      } finally {
        await connection.end()
      }
    }
    await run(`CREATE DATABASE ${name}; USE ${name}; ${tables}`)
    await fill(ADAPTERS.mysql(url, { connections: 1 }))
    return { url, destroy: () => run(`DROP DATABASE IF EXISTS ${name}`) }
  },

  /** A libSQL file, copied from one that is made once per schema and machine. */
  async sqlite({ tables, fill, hash }) {
    const template = join(tmpdir(), `brisk-template-${hash}.db`)
    const directory = mkdtempSync(join(tmpdir(), 'brisk-'))
    const file = join(directory, 'test.db')
    if (!existsSync(template)) {
      const made = join(directory, 'template.db')
      const adapter = ADAPTERS.sqlite(`file:${made}`, {})
      const connection = await adapter.connect()
      await connection.executeScript(tables)
      await connection.dispose()
      await fill(adapter)
      renameSync(made, template)
    }
    copyFileSync(template, file)
    return {
      url: `file:${file}`,
      destroy: async () => rmSync(directory, { recursive: true, force: true }),
    }
  },
}

/** The name tells when it was made, so that what a killed run has left behind can be dropped. */
function freshName(): string {
  return `brisk_test_${Math.floor(Date.now() / 1000)}_${randomBytes(6).toString('hex')}`
}

const LEFTOVER_SECONDS = 2 * 3600

async function dropLeftovers(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query<{ datname: string }>(
    `SELECT datname FROM pg_database WHERE datname LIKE 'brisk\\_test\\_%'`,
  )
  const now = Date.now() / 1000
  for (const { datname } of rows)
    if (now - Number(datname.split('_')[2]) > LEFTOVER_SECONDS)
      await admin.query(`DROP DATABASE IF EXISTS "${datname}" WITH (FORCE)`)
}

function inDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

async function withPostgres<T>(url: string, fn: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await fn(client)
  } finally {
    await client.end()
  }
}
