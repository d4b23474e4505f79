import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { expectStatements } from '../../support/statements.ts'

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('merged reads on %s', (provider) => {
  let database: TestDatabase<PrismaClient>

  beforeAll(async () => {
    database = await createDatabase(provider)
    const plain = database.createClient()
    await plain.user.createMany({
      data: [1, 2, 3, 4, 5].map((id) => ({ id, email: `user${id}@example.org`, name: `User ${id}` })),
    })
    await plain.insight.createMany({
      data: Array.from({ length: 40 }, (_, index) => ({
        id: index + 1,
        userId: (index % 4) + 1,
        title: `Insight ${index}`,
      })),
    })
  })
  afterAll(() => database.drop())

  const clients = () => {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
    return { plain: client, log, prisma: client.$extends(batching()) }
  }

  test('B1 B12 ids asked in one tick are answered in their order, with one statement', async () => {
    const { log, prisma } = clients()
    const users = await expectStatements(log, 1, () =>
      Promise.all([3, 1, 2, 99].map((id) => prisma.user.findUnique({ where: { id } }))),
    )
    expect(users.map((user) => user?.id)).toEqual([3, 1, 2, undefined])
    expect(users[3]).toBeNull()
    expect(prisma.$batching.stats()).toMatchObject({
      calls: 4,
      batched: 4,
      statements: 1,
      passedThrough: 0,
      fallbacks: 0,
    })
  })

  test('B2 one id asked twice gives two graphs of objects', async () => {
    const { prisma } = clients()
    const ask = () => prisma.user.findUnique({ where: { id: 1 }, include: { insights: true } })
    const [one, two] = await Promise.all([
      ask(),
      ask(),
      prisma.user.findUnique({ where: { id: 2 }, include: { insights: true } }),
    ])
    expect(one).toEqual(two)
    one!.createdAt.setTime(0)
    one!.insights.pop()
    expect(one).not.toEqual(two)
    expect(two!.insights).toHaveLength(10)
  })

  test('B3 a key that was not selected is not in the answer', async () => {
    const { log, prisma } = clients()
    const rows = await expectStatements(log, 1, () =>
      Promise.all(
        [1, 2].map((id) => prisma.user.findUnique({ where: { id }, select: { name: true, role: true } })),
      ),
    )
    expect(rows.map((row) => Object.keys(row!))).toEqual([
      ['name', 'role'],
      ['name', 'role'],
    ])
  })

  test('B3 a key that the client omits by itself stays away', async () => {
    const client = database.createClient({ omit: { insight: { userId: true } } }).$extends(batching())
    for (const round of [1, 2]) {
      const lists = await Promise.all([1, 2].map((userId) => client.insight.findMany({ where: { userId } })))
      expect(lists.map((list) => [list.length, 'userId' in list[0]!])).toEqual([
        [10, false],
        [10, false],
      ])
      expect(client.$batching.stats().fallbacks).toBe(2)
      expect(round).toBeLessThan(3)
    }
  })

  test('B15 different selections are different statements', async () => {
    const { log, prisma } = clients()
    await expectStatements(log, 2, () =>
      Promise.all([
        prisma.user.findUnique({ where: { id: 1 }, select: { name: true } }),
        prisma.user.findUnique({ where: { id: 2 }, select: { name: true } }),
        prisma.user.findUnique({ where: { id: 1 }, select: { email: true } }),
        prisma.user.findUnique({ where: { id: 2 }, select: { email: true } }),
      ]),
    )
  })

  test('B7 B15 what one call leaves undefined does not hide what another one says', async () => {
    const { prisma, plain } = clients()
    const asks: ((client: PrismaClient) => Promise<unknown>)[] = [
      (client) => client.insight.findMany({ where: { userId: 1, title: undefined }, orderBy: { id: 'asc' } }),
      (client) => client.insight.findMany({ where: { userId: 2, id: 2 }, orderBy: { id: 'asc' } }),
      (client) =>
        client.insight.findMany({ where: { userId: 3 }, orderBy: { id: 'asc' }, select: undefined }),
      (client) => client.insight.findMany({ where: { userId: 4 }, orderBy: { id: 'asc' }, take: 1 }),
      (client) => client.user.findUnique({ where: { id: 1 }, select: undefined }),
      (client) => client.user.findUnique({ where: { id: 2 }, omit: { email: true } }),
      (client) => client.user.findFirst({ where: { id: 1, email: undefined } }),
      (client) => client.user.findFirst({ where: { id: 2, name: 'nobody' } }),
    ]
    const expected: unknown[] = []
    for (const ask of asks) expected.push(await ask(plain))
    expect(await Promise.all(asks.map((ask) => ask(prisma as unknown as PrismaClient)))).toEqual(expected)
  })

  test('B16 the first rows of each key: two statements, and no more rows than are given', async () => {
    const { log, prisma } = clients()
    await prisma.$connect()
    const lists = await expectStatements(log, 2, () =>
      Promise.all(
        [1, 2, 5, 99].map((userId) =>
          prisma.insight.findMany({
            where: { userId, read: false },
            orderBy: [{ read: 'asc' }, { id: 'desc' }],
            take: 2,
            skip: 1,
          }),
        ),
      ),
    )
    expect(lists.map((list) => list.map(({ id }) => id))).toEqual([[33, 29], [34, 30], [], []])
    for (const { rows } of log.statements) expect(rows).toBeLessThanOrEqual(4)
  })

  test('B18 findFirst by a key that is not unique is merged where it has an order, else not', async () => {
    const { log, prisma } = clients()
    await prisma.$connect()
    const latest = await expectStatements(log, 2, () =>
      Promise.all(
        [1, 2, 3].map((userId) =>
          prisma.insight.findFirst({ where: { userId }, orderBy: [{ read: 'asc' }, { id: 'desc' }] }),
        ),
      ),
    )
    expect(latest.map((row) => row?.id)).toEqual([37, 38, 39])
    await expectStatements(log, 3, () =>
      Promise.all([1, 2, 3].map((userId) => prisma.insight.findFirst({ where: { userId } }))),
    )
  })

  test('B20 counts and aggregates of no rows too', async () => {
    const { log, prisma } = clients()
    const counts = await expectStatements(log, 1, () =>
      Promise.all([1, 2, 99].map((userId) => prisma.insight.count({ where: { userId } }))),
    )
    expect(counts).toEqual([10, 10, 0])
    const sums = await expectStatements(log, 1, () =>
      Promise.all(
        [1, 99].map((userId) =>
          prisma.insight.aggregate({ where: { userId }, _count: true, _sum: { id: true } }),
        ),
      ),
    )
    expect(sums).toEqual([
      { _count: 10, _sum: { id: 190 } },
      { _count: 0, _sum: { id: null } },
    ])
  })

  test('identical reads of any kind are one', async () => {
    const { log, prisma } = clients()
    const ask = () =>
      prisma.insight.groupBy({ by: ['userId'], _count: true, where: { title: { contains: '1' } } })
    const [one, two] = await expectStatements(log, 1, () => Promise.all([ask(), ask()]))
    expect(one).toEqual(two)
    expect(one).not.toBe(two)
  })

  test('B32 a lone call is the statement that Prisma sends without us', async () => {
    const { plain, log, prisma } = clients()
    const asks = [
      (client: PrismaClient) =>
        client.user.findUnique({ where: { id: 1 }, include: { insights: { take: 1 } } }),
      (client: PrismaClient) =>
        client.insight.findMany({ where: { userId: 1 }, take: 3, orderBy: { id: 'asc' } }),
      (client: PrismaClient) => client.insight.count({ where: { userId: 1 } }),
    ]
    for (const ask of asks) {
      log.clear()
      await ask(plain)
      const expected = log.statements.map(({ sql, args }) => ({ sql, args }))
      log.clear()
      await ask(prisma as unknown as PrismaClient)
      expect(log.statements.map(({ sql, args }) => ({ sql, args }))).toEqual(expected)
    }
  })

  test('B37 a bound that stands beside the call holds for each caller, in one statement', async () => {
    const { log, plain } = clients()
    const { brisk } = await import('prisma-brisk')
    const prisma = plain.$extends(
      brisk({
        pagination: { defaultLimit: 12, maxLimit: 12 },
        slowQuery: false,
        cache: false,
        resilience: false,
      }),
    )
    const lists = await expectStatements(log, 1, () =>
      Promise.all([1, 2, 99].map((userId) => prisma.insight.findMany({ where: { userId } }))),
    )
    expect(lists.map((list) => list.length)).toEqual([10, 10, 0])
    const small = plain.$extends(
      brisk({
        pagination: { defaultLimit: 3, maxLimit: 12 },
        slowQuery: false,
        cache: false,
        resilience: false,
      }),
    )
    log.clear()
    const cut = await Promise.all(
      [1, 2].map((userId) => small.insight.findMany({ where: { userId }, orderBy: { id: 'asc' } })),
    )
    expect(cut.map((list) => list.map(({ id }) => id))).toEqual([
      [1, 5, 9],
      [2, 6, 10],
    ])
    for (const { rows } of log.statements) expect(rows).toBeLessThanOrEqual(8)
  })
})
