import { readFileSync } from 'node:fs'
import { createClient } from '@libsql/client'
import pg from 'pg'
import { postgresUrl } from '../../support/servers.ts'
import { firstMigration } from './support/static-engine.ts'
import { datasource, project, removeProjects, type TestProject } from './support/static-project.ts'

/** The commands of the guide, as they stand there. */

afterEach(removeProjects)

const GUIDE = readFileSync(new URL('../../../docs/guide/index-advisor.md', import.meta.url), 'utf8')

function documented(): readonly [exported: string, accept: string, check: string] {
  const [, block = ''] = /## In continuous integration\n+```sh\n([^]*?)```/.exec(GUIDE) ?? []
  const commands = block
    .replace(/ \\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.startsWith('npx brisk '))
  expect(commands).toHaveLength(3)
  return commands as unknown as [string, string, string]
}

/** `npx brisk … > file`, with the database in the environment's place. */
async function run(given: TestProject, command: string, ...more: string[]): Promise<number> {
  const [line = '', file] = command.split(' > ')
  const code = await given.brisk(...line.split(' ').slice(2), ...more)
  if (file !== undefined) given.write(file, given.stdout)
  return code
}

const MODELS = `model Customer {
  id     Int     @id
  orders Order[]
}
model Order {
  id         Int      @id
  customer   Customer @relation(fields: [customerId], references: [id])
  customerId Int
  status     String
  region     String?
  placedAt   DateTime
  total      Int
}
`
const QUERIES = `import { PrismaClient } from '../generated/client'
const prisma = new PrismaClient()
export const open = () => prisma.order.findMany({ where: { status: 'done', total: { gte: 5 } }, orderBy: { region: 'asc' } })
export const north = () => prisma.order.findMany({ where: { region: 'north' }, take: 20 })
export const page = (customerId: number) => prisma.order.findMany({ where: { customerId }, orderBy: { placedAt: 'desc' }, take: 20 })
`
const MORE = `export const dear = (total: number) => prisma.order.findMany({ where: { total }, take: 5 })\n`

/** 95 % of the orders are done and 90 % from the north. */
const rows = (i: string, time: string) =>
  `SELECT ${i}, 1 + ${i} % 900, CASE WHEN ${i} % 20 > 0 THEN 'done' WHEN ${i} % 40 = 0 THEN 'failed' ELSE 'open' END, CASE WHEN ${i} % 10 > 0 THEN 'north' ELSE 'south' END, ${time}, ${i} % 5000`

const databases: Record<'postgresql' | 'sqlite', (given: TestProject, schema: string) => Promise<Open>> = {
  postgresql: async (_, schema) => {
    const name = `brisk_ci_${process.pid}`
    const admin = new pg.Client({ connectionString: postgresUrl() })
    await admin.connect()
    await admin.query(`drop database if exists ${name}`)
    await admin.query(`create database ${name}`)
    const url = new URL(postgresUrl())
    url.pathname = `/${name}`
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    await client.query(await firstMigration('postgresql', schema))
    await client.query(
      `INSERT INTO "Customer" SELECT i FROM generate_series(1, 900) i;
       INSERT INTO "Order" ${rows('i', "timestamp '2026-01-01' + i * interval '1 minute'")} FROM generate_series(1, 30000) i`,
    )
    await client.query('vacuum analyze')
    return {
      url: url.href,
      run: async (sql) => void (await client.query(sql)),
      close: async () => {
        await client.end()
        await admin.query(`drop database ${name} with (force)`)
        await admin.end()
      },
    }
  },
  sqlite: async (given, schema) => {
    given.write('data/.keep', '')
    const url = `file:${given.path('data/orders.db')}`
    const client = createClient({ url })
    await client.executeMultiple(await firstMigration('sqlite', schema))
    await client.executeMultiple(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) INSERT INTO "Customer" SELECT i FROM n;
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO "Order" ${rows('i', 'i')} FROM n;
       ANALYZE;`,
    )
    return { url, run: (sql) => client.executeMultiple(sql), close: async () => client.close() }
  },
}

interface Open {
  readonly url: string
  run(sql: string): Promise<void>
  close(): Promise<void>
}

test.each(['postgresql', 'sqlite'] as const)(
  'KN10 %s: the recipe of the guide passes with what was written on statistics with values, before the deploy and after it, and fails on a new query',
  async (provider) => {
    const schema = datasource(provider) + MODELS
    const given = project({
      'prisma/schema.prisma': schema,
      'prisma/migrations/20260101000000_init/migration.sql': await firstMigration(provider, schema),
      'src/q.ts': QUERIES,
      'node_modules/prisma/package.json': '{ "name": "prisma", "version": "7.10.0" }',
    })
    const database = await databases[provider](given, schema)
    const [exported, accept, check] = documented()
    try {
      expect(await run(given, exported, '--database-url', database.url)).toBe(0)
      expect(given.read('brisk-statistics.json')).not.toContain('north')
      expect(await run(given, accept)).toBe(0)
      expect([await run(given, check), given.stderr, given.stdout]).toEqual([0, '', expect.anything()])

      // Nothing is accepted, all is written, on values that the statistics of the check do not hold.
      given.write('brisk-baseline.json', '{ "version": 1, "recommendations": [] }')
      expect(await given.brisk('statistics', 'export', '--database-url', database.url)).toBe(0)
      given.write('full.json', given.stdout)
      expect(await given.brisk('advise', '--statistics', 'full.json', '--write')).toBe(0)
      expect(given.migrations()).toHaveLength(2)
      expect([await run(given, check), given.stderr, given.stdout]).toEqual([0, '', expect.anything()])

      const [, added = ''] = given.migrations()
      await database.run(given.migrationSql(added).replaceAll('CONCURRENTLY ', ''))
      await database.run('ANALYZE')
      expect(await run(given, exported, '--database-url', database.url)).toBe(0)
      expect([await run(given, check), given.stderr, given.stdout]).toEqual([0, '', expect.anything()])

      given.write('src/q.ts', QUERIES + MORE)
      expect(await run(given, check)).toBe(1)
      expect(given.stdout).toContain('@@index([total])')
    } finally {
      await database.close()
    }
  },
  180_000,
)
