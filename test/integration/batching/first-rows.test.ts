import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'

describe('B16 the first rows of each key on postgresql', () => {
  let database: TestDatabase<PrismaClient>

  beforeAll(async () => {
    database = await createDatabase('postgresql')
    const plain = database.createClient()
    await plain.user.createMany({
      data: [1, 2, 3].map((id) => ({ id, email: `user${id}@example.org`, name: `User ${id}` })),
    })
    await plain.insight.createMany({
      data: Array.from({ length: 300 }, (_, index) => ({
        id: index + 1,
        userId: (index % 3) + 1,
        title: 'x',
      })),
    })
  })
  afterAll(() => database.drop())

  /** Asks for the last two unread insights of three users; gives the plan by which their ids were found. */
  const planOfLatest = async (known = false) => {
    const { client, log } = database.createRecordedClient()
    const prisma = client.$extends(batching())
    const latest = (userId: number) =>
      prisma.insight.findMany({ where: { userId, read: false }, orderBy: { id: 'desc' }, take: 2 })
    if (known) await Promise.all([1, 2].map(latest))
    log.clear()
    const lists = await Promise.all([1, 2, 3].map(latest))
    expect(lists.map((list) => list.map(({ id }) => id))).toEqual([
      [298, 295],
      [299, 296],
      [300, 297],
    ])
    const [statement] = log.statements
    const plan = await client.$queryRawUnsafe<{ 'QUERY PLAN': string }[]>(
      `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ${statement!.sql}`,
      ...statement!.args,
    )
    return { sql: statement!.sql, plan: plan.map((line) => line['QUERY PLAN']) }
  }
  const scans = (plan: readonly string[]) =>
    plan
      .filter((line) => line.includes('on "Insight" t'))
      .map((line) => /loops=\d+|never executed/.exec(line)![0])

  test('are found in one scan of the table where no index begins with the key', async () => {
    const { sql, plan } = await planOfLatest()
    expect(sql).toBe(
      `SELECT (k.o - 1)::int AS o, x.id FROM unnest($1::integer[]) WITH ORDINALITY AS k(v, o)` +
        ` CROSS JOIN LATERAL (SELECT t."id" AS id FROM "public"."Insight" t WHERE t."userId" = k.v AND t."read" = $2 ORDER BY t."id" DESC LIMIT 2 OFFSET 0) x WHERE ${indexed}` +
        ` UNION ALL SELECT (-x.o)::int AS o, x.id FROM (SELECT k.o, t."id" AS id, row_number() OVER (PARTITION BY k.o ORDER BY t."id" DESC) AS n` +
        ` FROM unnest($1::integer[]) WITH ORDINALITY AS k(v, o) JOIN "public"."Insight" t ON t."userId" = k.v WHERE t."read" = $3) x WHERE x.n > 0 AND x.n <= 2 AND NOT ${indexed}`,
    )
    expect(scans(plan)).toEqual(['never executed', 'loops=1'])
  })

  test('are found for each key by itself once there is such an index', async () => {
    await database.createClient().$executeRawUnsafe('CREATE INDEX "by_user" ON "Insight" ("userId")')
    const { plan } = await planOfLatest()
    expect(scans(plan)).toEqual(['loops=3', 'never executed'])
    const known = await planOfLatest(true)
    expect(known.sql).not.toContain('pg_index')
    expect(scans(known.plan)).toEqual(['loops=3'])
    await database.createClient().$executeRawUnsafe('DROP INDEX "by_user"')
  })

  test('are found in one scan where the index is a partial one, or begins with something else', async () => {
    const plain = database.createClient()
    await plain.$executeRawUnsafe('CREATE INDEX "of_read" ON "Insight" ("userId") WHERE "read"')
    await plain.$executeRawUnsafe('CREATE INDEX "by_read" ON "Insight" ("read", "userId")')
    const { plan } = await planOfLatest()
    expect(scans(plan)).toEqual(['never executed', 'loops=1'])
    await plain.$executeRawUnsafe('DROP INDEX "of_read", "by_read"')
  })
})

describe('B16 the first rows of each key on MySQL and MariaDB', () => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase('mysql')
    const plain = database.createClient()
    await plain.user.create({ data: { id: 1, email: 'ada@example.org', name: 'Ada' } })
    await plain.recommendation.createMany({
      data: Array.from({ length: 120 }, (_, index) => ({
        userId: 1,
        title: `${index}`,
        priority: index % 12,
      })),
    })
  })
  afterAll(() => database.drop())

  const priorities = Array.from({ length: 12 }, (_, index) => index)

  test('are asked for call by call, as many at once as the pool allows, where no index is known', async () => {
    const { client, log } = database.createRecordedClient()
    const latest = (prisma: PrismaClient) => (priority: number) =>
      prisma.recommendation.findMany({ where: { priority }, orderBy: { id: 'desc' }, take: 2 })
    const expected = await Promise.all(priorities.map(latest(client)))
    const own = log.statements.map(({ sql }) => sql)
    log.clear()
    const prisma = client.$extends(batching()) as unknown as PrismaClient
    expect(await Promise.all(priorities.map(latest(prisma)))).toEqual(expected)
    expect(log.statements.map(({ sql }) => sql)).toEqual(own)
  })

  test('are united where a foreign key gives the index', async () => {
    const { client, log } = database.createRecordedClient()
    const prisma = client.$extends(batching())
    const lists = await Promise.all(
      [1, 2].map((userId) =>
        prisma.recommendation.findMany({ where: { userId }, orderBy: { id: 'desc' }, take: 2 }),
      ),
    )
    expect(lists.map((list) => list.length)).toEqual([2, 0])
    expect(log.statements).toHaveLength(2)
    expect(log.statements[0]!.sql).toContain('UNION ALL')
  })
})

test('B16 B31 calls that cannot be merged are under way together, as they are without batching', async () => {
  const database = await createDatabase('mysql')
  let active = 0
  let most = 0
  const factory = database.adapter({ connections: 10 })
  const counted = Object.assign(Object.create(factory) as typeof factory, {
    connect: async () => {
      const adapter = await factory.connect()
      return Object.assign(Object.create(adapter) as typeof adapter, {
        queryRaw: async (query: Parameters<typeof adapter.queryRaw>[0]) => {
          most = Math.max(most, ++active)
          try {
            return await adapter.queryRaw(query)
          } finally {
            active--
          }
        },
      })
    },
  })
  const prisma = database.createClient({ adapter: counted }).$extends(batching())
  await Promise.all(
    Array.from({ length: 10 }, (_, priority) =>
      prisma.recommendation.findMany({ where: { priority }, orderBy: { id: 'desc' }, take: 2 }),
    ),
  )
  await database.drop()
  expect(most).toBe(10)
})

const indexed =
  '(SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]' +
  ' JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam' +
  ` WHERE i.indrelid = '"public"."Insight"'::regclass AND a.attname = 'userId' AND m.amname IN ('btree', 'hash') AND i.indisvalid AND i.indpred IS NULL))`
