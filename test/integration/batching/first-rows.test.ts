import { batching } from '@prisma-brisk/batching'
import { DriverTap, hostOf } from '@prisma-brisk/core'
import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'

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
      prisma.insight.findMany({
        where: { userId, read: false },
        orderBy: [{ title: 'asc' }, { id: 'desc' }],
        take: 2,
      })
    await client.$connect()
    if (known) await Promise.all([1, 2].map(latest))
    log.clear()
    const lists = await Promise.all([1, 2, 3].map(latest))
    expect(lists.map((list) => list.map(({ id }) => id))).toEqual([
      [298, 295],
      [299, 296],
      [300, 297],
    ])
    const [statement] = log.statements
    const statements = log.statements.length
    const plan = await client.$queryRawUnsafe<{ 'QUERY PLAN': string }[]>(
      `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ${statement!.sql}`,
      ...statement!.args,
    )
    return { sql: statement!.sql, statements, plan: plan.map((line) => line['QUERY PLAN']) }
  }
  const scans = (plan: readonly string[]) =>
    plan
      .filter((line) => line.includes('on "Insight" t'))
      .map((line) => /loops=\d+|never executed/.exec(line)![0])

  test('are found in one scan of the table where no index begins with the key', async () => {
    const { sql, plan } = await planOfLatest()
    const order = 'ORDER BY t."title" ASC, t."id" DESC'
    expect(sql).toBe(
      `SELECT (k.o - 1)::int AS o, x.i0 FROM unnest($1::integer[]) WITH ORDINALITY AS k(v, o)` +
        ` CROSS JOIN LATERAL (SELECT t."id" AS i0 FROM "public"."Insight" t WHERE t."userId" = k.v AND t."read" = $2 ${order} LIMIT 2 OFFSET 0) x WHERE ${beginsWith('userId')}` +
        ` UNION ALL SELECT (-x.o)::int AS o, x.i0 FROM (SELECT k.o, t."id" AS i0, row_number() OVER (PARTITION BY k.o ${order}) AS n` +
        ` FROM unnest($1::integer[]) WITH ORDINALITY AS k(v, o) JOIN "public"."Insight" t ON t."userId" = k.v WHERE t."read" = $3) x WHERE x.n > 0 AND x.n <= 2 AND NOT ${beginsWith('userId')} AND NOT ${beginsWith('title')}` +
        ` UNION ALL SELECT NULL, NULL WHERE NOT ${beginsWith('userId')} AND ${beginsWith('title')}`,
    )
    expect(scans(plan)).toEqual(['never executed', 'loops=1'])
  })

  test('are found for each key by itself once there is such an index', async () => {
    await database.createClient().$executeRawUnsafe('CREATE INDEX "by_user" ON "Insight" ("userId")')
    const { plan } = await planOfLatest()
    expect(scans(plan)).toEqual(['loops=3', 'never executed'])
    const known = await planOfLatest(true)
    const insight = '"public"."Insight"'
    const columns = ['id', 'userId', 'patternId', 'title', 'read', 'createdAt'].map(
      (name) => `${insight}."${name}"`,
    )
    expect(known.sql).toBe(
      `SELECT "@row".* FROM unnest(ARRAY[$2,$3,$4]::integer[]) AS "@key"("v") CROSS JOIN LATERAL (SELECT ${columns.join(', ')} FROM ${insight}` +
        ` WHERE (${insight}."read" = $1 AND ${insight}."userId" = "@key"."v") ORDER BY ${insight}."title" ASC, ${insight}."id" DESC LIMIT 2 OFFSET 0) AS "@row" LIMIT $5 OFFSET $6`,
    )
    expect(known.statements).toBe(1)
    expect(known.plan.filter((line) => line.includes('on "Insight"')).join()).toContain('loops=3')
    await database.createClient().$executeRawUnsafe('DROP INDEX "by_user"')
  })

  test('KB20 are left to the calls where the order has an index and the key has none', async () => {
    const { client, log } = database.createRecordedClient()
    const prisma = client.$extends(batching())
    const latest = () =>
      Promise.all(
        [1, 2, 3].map((userId) => prisma.insight.findFirst({ where: { userId }, orderBy: { id: 'desc' } })),
      )
    expect((await latest()).map((row) => row?.id)).toEqual([298, 299, 300])
    log.clear()
    // The catalog was asked once.
    expect((await latest()).map((row) => row?.id)).toEqual([298, 299, 300])
    expect(log.sql().map((sql) => / LIMIT \$\d+/.test(sql) && !sql.includes('LATERAL'))).toEqual([
      true,
      true,
      true,
    ])
    // Equal calls share a statement still, and one condition more in all of them changes nothing.
    log.clear()
    const ofUsers = (ids: readonly number[], read?: boolean) =>
      Promise.all(
        ids.map((userId) =>
          prisma.insight.findFirst({
            where: { userId, ...(read === undefined ? {} : { read }) },
            orderBy: { id: 'desc' },
          }),
        ),
      )
    const { passedThrough } = prisma.$batching.stats()
    expect((await ofUsers([1, 2, 2])).map((row) => row?.id)).toEqual([298, 299, 299])
    expect(log.statements).toHaveLength(2)
    expect(prisma.$batching.stats().passedThrough).toBe(passedThrough + 1)
    expect((await ofUsers([1, 2, 3], false)).map((row) => row?.id)).toEqual([298, 299, 300])
    expect((await ofUsers([1, 2, 3], true)).map((row) => row?.id)).toEqual([undefined, undefined, undefined])
    expect(log.statements).toHaveLength(8)
    const outcomes = await Promise.allSettled(
      [1, 2, 'three'].map((userId) =>
        prisma.insight.findFirst({ where: { userId: userId as number }, orderBy: { id: 'desc' } }),
      ),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    // In an order without an index the table is scanned once for all of them.
    log.clear()
    await Promise.all(
      [1, 2, 3].map((userId) =>
        prisma.insight.findFirst({ where: { userId }, orderBy: [{ title: 'asc' }, { id: 'desc' }] }),
      ),
    )
    expect(log.statements).toHaveLength(2)
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

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])(
  'B16 first rows of lists that name no order on %s',
  (provider) => {
    test('are those of the lowest ids, as they are alone', async () => {
      const database = await createDatabase(provider)
      try {
        const plain = database.createClient()
        await plain.user.createMany({
          data: [1, 2, 3].map((id) => ({ id, email: `user${id}@example.org`, name: `User ${id}` })),
        })
        // Stored the other way round.
        for (let id = 60; id > 0; id--)
          await plain.insight.create({ data: { id, userId: (id % 3) + 1, title: 'x' } })
        const ids = async (prisma: PrismaClient) => {
          const lists = await Promise.all(
            [1, 2, 3].map((userId) =>
              prisma.insight.findMany({ where: { userId }, take: 4, skip: 1, select: { id: true } }),
            ),
          )
          return lists.map((list) => list.map(({ id }) => id))
        }
        const prisma = database.createClient().$extends(batching()) as unknown as PrismaClient
        const expected = [
          [6, 9, 12, 15],
          [4, 7, 10, 13],
          [5, 8, 11, 14],
        ]
        expect(await ids(plain)).toEqual(expected)
        expect(await ids(prisma)).toEqual(expected)
        await plain.$executeRawUnsafe(
          `CREATE INDEX by_user ON ${quoted(provider, 'Insight')} (${quoted(provider, 'userId')})`,
        )
        // The first answer tells that there is an index now.
        for (let time = 0; time < 2; time++) expect(await ids(prisma)).toEqual(expected)
      } finally {
        await database.drop()
      }
    })
  },
)

const quoted = (provider: Provider, name: string) => (provider === 'mysql' ? `\`${name}\`` : `"${name}"`)

describe('B16 first rows in one statement on postgresql', () => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase('postgresql', { schema: 'demo', seed: 0.01 })
    await database.createClient().$executeRawUnsafe('CREATE INDEX ON "Message" ("conversationId")')
    await database.createClient().$executeRawUnsafe('CREATE INDEX ON "Insight" ("userId")')
  })
  afterAll(() => database.drop())

  test('stay apart where several are under way, in and out of transactions, and under all other packages', async () => {
    const { client, log } = database.createRecordedClient()
    const prisma = client.$extends(
      brisk({ pagination: { nested: { defaultLimit: 2 } }, slowQuery: { sinks: [] } }),
    ) as unknown as PrismaClient
    const plain = database.createClient()
    const users = [1, 2, 3, 4, 5, 6]
    const conversations = (await plain.conversation.findMany({ take: 8 })).map(({ id }) => id)
    const asked = (on: Pick<PrismaClient, 'insight' | 'message'>) => [
      ...users.map(
        (userId) => () => on.insight.findMany({ where: { userId }, orderBy: { id: 'desc' }, take: 2 }),
      ),
      ...users.map(
        (userId) => () =>
          on.insight.findMany({ where: { userId }, orderBy: { id: 'asc' }, take: 3, skip: 1 }),
      ),
      ...users.map(
        (userId) => () => on.insight.findFirst({ where: { userId }, orderBy: { id: 'asc' }, skip: 1 }),
      ),
      ...conversations.map(
        (conversationId) => () =>
          on.message.findMany({
            where: { conversationId },
            orderBy: { id: 'desc' },
            take: 3,
            include: { replies: { orderBy: { id: 'asc' }, take: 2, select: { id: true } } },
          }),
      ),
    ]
    const expected: unknown[] = []
    for (const ask of asked(plain)) expected.push(await ask())
    const together = (on: Pick<PrismaClient, 'insight' | 'message'>) =>
      Promise.all(asked(on).map((ask) => ask()))
    // The first time tells which indexes there are.
    for (let time = 0; time < 3; time++) expect(await together(prisma)).toEqual(expected)
    log.clear()
    expect(await together(prisma)).toEqual(expected)
    expect(
      log.statements.filter(({ sql }) => sql.includes('CROSS JOIN LATERAL') && sql.includes('"@key"')),
    ).toHaveLength(4)
    expect(log.statements).toHaveLength(5)
    expect(await prisma.$transaction((tx) => together(tx))).toEqual(expected)
  })

  test('a statement that fails is not sent a second time by ids, and each caller gets its own answer', async () => {
    const { client, log } = database.createRecordedClient({
      before: ({ sql }) => {
        if (sql.includes('"@key"')) throw new Error('the connection is gone')
      },
    })
    const prisma = client.$extends(batching())
    const ask = (userId: number) =>
      prisma.insight.findMany({ where: { userId }, orderBy: { id: 'desc' }, take: 2, select: { id: true } })
    const first = await Promise.all([1, 2].map(ask))
    log.clear()
    expect(await Promise.all([1, 2].map(ask))).toEqual(first)
    expect(log.statements.map(({ sql }) => sql.includes('LATERAL'))).toEqual([true, false, false])
    expect(prisma.$batching.stats().fallbacks).toBe(2)
  })

  test('of two clients on one driver each gets its own, and is sent as one statement', async () => {
    const { client, log } = database.createRecordedClient()
    const clients = [client, database.createClient({ adapter: log.adapter })].map(
      (each) => each.$extends(batching()) as unknown as PrismaClient,
    )
    const ask = () =>
      Promise.all(
        clients.flatMap((prisma, index) =>
          [1, 2, 3].map((userId) =>
            prisma.insight.findMany({
              where: { userId },
              orderBy: { id: 'desc' },
              take: index + 1,
              select: { id: true },
            }),
          ),
        ),
      )
    const expected = await ask()
    expect(expected.map((rows) => rows.length)).toEqual([1, 1, 1, 2, 2, 2])
    for (let time = 0; time < 2; time++) {
      log.clear()
      expect(await ask()).toEqual(expected)
      expect(log.statements.map(({ sql }) => sql.includes('"@key"'))).toEqual([true, true])
    }
  })

  test('rows that come with counts are asked for by ids, and other calls by the same key as before', async () => {
    const { client, log } = database.createRecordedClient()
    const plain = database.createClient()
    const prisma = client.$extends(batching()) as unknown as PrismaClient
    const counted = (on: PrismaClient) => (conversationId: string) =>
      on.message.findMany({
        where: { conversationId },
        orderBy: { id: 'desc' },
        take: 2,
        include: { _count: { select: { replies: true } } },
      })
    const bare = (on: PrismaClient) => (conversationId: string) =>
      on.message.findMany({ where: { conversationId }, orderBy: { id: 'desc' }, take: 2 })
    const ids = (await plain.conversation.findMany({ take: 4 })).map(({ id }) => id)
    const expected = [await Promise.all(ids.map(counted(plain))), await Promise.all(ids.map(bare(plain)))]
    for (let time = 0; time < 2; time++) {
      expect(await Promise.all(ids.map(counted(prisma)))).toEqual(expected[0])
      log.clear()
      expect(await Promise.all(ids.map(bare(prisma)))).toEqual(expected[1])
      expect(log.statements.map(({ sql }) => sql.includes('"@key"'))).toEqual([true])
    }
  })

  test('what Prisma writes in another way than is known is not sent, and asked by ids from then on', async () => {
    const { client, log } = database.createRecordedClient()
    const prisma = client.$extends(batching())
    const ask = (userId: number) =>
      prisma.insight.findMany({ where: { userId }, orderBy: { id: 'desc' }, take: 2, select: { id: true } })
    const expected = await Promise.all([1, 2].map(ask))
    // A listener that is there first, and writes the statements in another way.
    DriverTap.of(hostOf(client))!.listen({
      rewrite: ({ sql, args, argTypes }) => ({
        query: { sql: sql.replace(' FROM ', ' FROM  '), args, argTypes } as never,
      }),
    })
    for (let time = 0; time < 2; time++) {
      log.clear()
      expect(await Promise.all([1, 2].map(ask))).toEqual(expected)
      expect(log.statements.some(({ sql }) => sql.includes('"@key"'))).toBe(false)
      expect(log.statements).toHaveLength(2)
    }
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

const beginsWith = (column: string): string =>
  '(SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]' +
  ' JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam' +
  ` WHERE i.indrelid = '"public"."Insight"'::regclass AND a.attname = '${column}' AND m.amname IN ('btree', 'hash') AND i.indisvalid AND i.indpred IS NULL))`
