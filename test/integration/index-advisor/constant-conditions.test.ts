import { readFileSync } from 'node:fs'
import { createClient } from '@libsql/client'
import pg from 'pg'
import type { Advice } from '../../../packages/index-advisor/src/advice/advice.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { firstMigration, prismaDiff } from './support/static-engine.ts'
import { project, removeProjects } from './support/static-project.ts'

afterEach(removeProjects)

/** 20,000 patterns, of which 1 % are certain and 1 % of a rare kind; the later ones stand last. */
async function fill(client: PrismaClient): Promise<void> {
  await client.user.create({ data: { id: 1, email: 'u', name: 'u' } })
  const rows = Array.from({ length: 20_000 }, (_, at) => ({
    id: `p${at}`,
    userId: 1,
    patternType: at % 100 === 50 ? ('FORGETTING' as const) : ('CONTENT' as const),
    confidence: at % 100 === 0 ? 0.9 : (at % 50) / 100,
    occurrences: at % 100 === 0 ? 7 : at % 5,
    evidence: {},
    firstDetectedAt: new Date(at * 1000),
    lastSeenAt: new Date(((at * 7919) % 20_000) * 1000),
  }))
  for (let at = 0; at < rows.length; at += 2000)
    await client.behaviorPattern.createMany({ data: rows.slice(at, at + 2000) as never })
}

const read = (client: PrismaClient) => ({
  range: () =>
    client.behaviorPattern.findMany({
      where: { confidence: { gte: 0.9 } },
      orderBy: { lastSeenAt: 'desc' },
      take: 20,
    }),
  number: () =>
    client.behaviorPattern.findMany({ where: { occurrences: 7 }, orderBy: { lastSeenAt: 'desc' }, take: 20 }),
  list: () =>
    client.behaviorPattern.findMany({
      where: { occurrences: { in: [7, 8] } },
      orderBy: { lastSeenAt: 'desc' },
      take: 20,
    }),
  enum: () =>
    client.behaviorPattern.findMany({
      where: { patternType: 'FORGETTING' },
      orderBy: { lastSeenAt: 'desc' },
      take: 20,
    }),
})

const PREDICATES = {
  range: '"confidence" >= 0.9',
  number: '"occurrences" = 7',
  list: '"occurrences" IN (7, 8)',
  enum: `"patternType" = 'forgetting'`,
}
type Kind = keyof typeof PREDICATES

describe('PostgreSQL', () => {
  let database: TestDatabase<PrismaClient>
  let server: pg.Client

  beforeAll(async () => {
    database = await createDatabase('postgresql')
    await fill(database.createClient({ adapter: database.adapter({ connections: 1 }) }))
    server = new pg.Client({ connectionString: database.url })
    await server.connect()
    await server.query('analyze')
  }, 60_000)
  afterAll(async () => {
    await server.end()
    await database.drop()
  })

  test('X13 a constant range is recommended as planned, and what is written is what Prisma takes for the schema', async () => {
    const schema = readFileSync(new URL('../../../prisma/schema.prisma', import.meta.url), 'utf8').replace(
      'generator client {',
      'generator client {\n  previewFeatures = ["partialIndexes"]',
    )
    const given = project({
      'prisma/schema.prisma': schema,
      'prisma/migrations/20260101000000_init/migration.sql': await firstMigration('postgresql', schema),
      'node_modules/prisma/package.json': '{ "name": "prisma", "version": "7.10.0" }',
      'src/queries.ts': `import { PrismaClient } from '../prisma/generated/postgresql/client'
const prisma = new PrismaClient()
export const sure = () => prisma.behaviorPattern.findMany({ where: { confidence: { gte: 0.9 } }, orderBy: { lastSeenAt: 'desc' }, take: 20 })
`,
    })
    const flags = ['--database-url', database.url]
    expect([await given.brisk('advise', '--format', 'json', ...flags), given.stderr]).toEqual([
      0,
      expect.anything(),
    ])
    const { recommendations } = JSON.parse(given.stdout) as Advice
    const found = recommendations.find((each) => each.where !== null)
    expect(found).toMatchObject({
      id: 'BehaviorPattern(lastSeenAt) where ("confidence" >= 0.9)',
      confidence: 'proved',
      prisma: '@@index([lastSeenAt], where: raw("(\\"confidence\\" >= 0.9)"))',
      reason: expect.stringContaining('plan_cache_mode'),
    })
    expect(found?.after?.cost).toBeLessThan((found?.before?.cost ?? 0) / 5)
    expect([await given.brisk('advise', '--write', ...flags), given.stderr]).toEqual([0, expect.anything()])
    const migrations = given.migrations().map((name) => ({ name, sql: given.migrationSql(name) }))
    expect(migrations.at(-1)?.sql).toContain('WHERE ("confidence" >= 0.9);')
    expect(
      await prismaDiff('postgresql', migrations, [
        { path: 'schema.prisma', text: given.read('prisma/schema.prisma') },
      ]),
    ).toBe('')
    expect(await given.brisk('advise', '--check', ...flags)).toBe(0)
  }, 120_000)

  test.each<[Kind, boolean]>([
    ['range', true],
    ['number', true],
    ['list', true],
    ['enum', false],
  ])('X13 what Prisma sends for a constant %s uses a partial index: %s', async (kind, isUsed) => {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 1 }) })
    await server.query(
      `create index "partial" on "behavior_pattern" ("lastSeenAt") where ${PREDICATES[kind]}`,
    )
    try {
      expect(await read(client)[kind]()).toHaveLength(20)
      const { sql, args } = log.statements[0]!
      const plan = async () =>
        JSON.stringify((await server.query(`explain ${sql}`, [...args])).rows).includes('using partial')
      expect(await plan()).toBe(isUsed)
      // A plan for any value cannot use it.
      await server.query(`set plan_cache_mode = force_generic_plan; prepare kept as ${sql}`)
      const values = args.map((each) => `'${String(each)}'`).join(', ')
      const { rows } = await server.query(`explain execute kept(${values})`)
      expect(JSON.stringify(rows)).not.toContain('using partial')
    } finally {
      await server.query('deallocate all; reset plan_cache_mode; drop index "partial"')
    }
  })
})

describe('SQLite', () => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase('sqlite')
    await fill(database.createClient())
    const file = createClient({ url: database.url })
    for (const [kind, predicate] of Object.entries(PREDICATES))
      await file.execute(
        `create index "partial_${kind}" on "behavior_pattern" ("lastSeenAt") where ${predicate}`,
      )
    file.close()
  }, 60_000)
  afterAll(() => database.drop())

  test.each<[Kind, boolean]>([
    ['range', true],
    ['number', true],
    ['list', false],
    ['enum', true],
  ])('X13 what Prisma sends for a constant %s uses a partial index: %s', async (kind, isUsed) => {
    const { client, log } = database.createRecordedClient()
    await read(client)[kind]()
    const { sql, args } = log.statements[0]!
    const file = createClient({ url: database.url })
    const { rows } = await file.execute({ sql: `explain query plan ${sql}`, args: args as string[] })
    file.close()
    expect(rows.some((row) => (row['detail'] as string).endsWith(`INDEX partial_${kind}`))).toBe(isUsed)
  })
})
