import { createClient } from '@libsql/client'
import { redactSql, type SqlDialect } from '@prisma-brisk/core'
import { createConnection } from 'mariadb'
import pg from 'pg'
import { forSeeds } from '../../support/random.ts'
import { mariadbUrl, postgresUrl } from '../../support/servers.ts'
import { literals, literalStatement, secretsIn } from './support/random-literals.ts'

/**
 * The server itself is asked for the values it reads in a statement, under every setting that changes how it reads
 * strings. None of them may be left in the redacted statement, which is made without knowing the setting.
 */

interface Server {
  /** The values of the one row; null where the server does not accept the statement. */
  values(sql: string): Promise<readonly unknown[] | null>
  end(): Promise<void>
}

const servers: readonly (readonly [string, keyof typeof literals, () => Promise<Server>])[] = [
  ['PostgreSQL', 'postgresql', () => postgres('SET standard_conforming_strings = on')],
  [
    'PostgreSQL, standard_conforming_strings off',
    'postgresql',
    () => postgres('SET standard_conforming_strings = off'),
  ],
  ['MariaDB', 'mysql', () => mariadb('')],
  ['MariaDB, NO_BACKSLASH_ESCAPES', 'mysql', () => mariadb('NO_BACKSLASH_ESCAPES')],
  ['MariaDB, ANSI_QUOTES', 'mysql', () => mariadb('ANSI_QUOTES')],
  ['MariaDB, both', 'mysql', () => mariadb('ANSI_QUOTES,NO_BACKSLASH_ESCAPES')],
  ['SQLite', 'sqlite', sqlite],
]

describe.each(servers)('S6 %s', (_, dialect, connect) => {
  let server: Server
  beforeAll(async () => {
    server = await connect()
  })
  afterAll(() => server.end())

  test('KP12 KP13 no value that the server reads in a statement is left in its redaction', async () => {
    let accepted = 0
    let secrets = 0
    let statements = 0
    await forSeeds(1500, async (random) => {
      const sql = literalStatement(random, literals[dialect])
      statements++
      const values = await server.values(sql)
      if (values === null) return
      accepted++
      const seen = secretsIn(values)
      secrets += seen.length
      const shown = redactSql(sql, dialect).sql.replace(/_/g, '')
      expect({ sql, shown, left: seen.filter((each) => shown.includes(each)) }).toMatchObject({ left: [] })
    })
    // Else the generator asks for nothing.
    expect(accepted / statements).toBeGreaterThan(0.2)
    expect(secrets).toBeGreaterThan(accepted)
  })
})

async function postgres(setting: string): Promise<Server> {
  const client = new pg.Client({ connectionString: postgresUrl() })
  await client.connect()
  await client.query('SET escape_string_warning = off')
  await client.query(setting)
  return {
    values: (sql) =>
      client.query<unknown[]>({ text: sql, rowMode: 'array' }).then(({ rows }) => rows[0] ?? null, refused),
    end: () => client.end(),
  }
}

async function mariadb(mode: string): Promise<Server> {
  const { hostname, port, username, password } = new URL(mariadbUrl())
  const client = await createConnection({
    host: hostname,
    port: Number(port || 3306),
    user: username,
    password,
  })
  await client.query(`SET sql_mode = '${mode}'`)
  return {
    values: (sql) =>
      client
        .query<unknown[][]>({ sql, rowsAsArray: true, checkDuplicate: false })
        .then((rows) => rows[0] ?? null, refused),
    end: () => client.end(),
  }
}

async function sqlite(): Promise<Server> {
  const client = createClient({ url: ':memory:' })
  return {
    values: (sql) =>
      client.execute(sql).then(({ rows, columns }) => columns.map((_, index) => rows[0]?.[index]), refused),
    end: async () => client.close(),
  }
}

function refused(): null {
  return null
}

test.each<[SqlDialect, string]>([
  ['mysql', `SELECT 'C:\\' AS path, 'SECRET' AS v`],
  ['postgresql', `SELECT 'it\\'s', 'SECRET' AS v`],
])('KP12 %s: a string that ends elsewhere under another setting reaches to the end', (dialect, sql) => {
  expect(redactSql(sql, dialect).sql).toMatch(/^SELECT (\?|\$1)$/)
})
