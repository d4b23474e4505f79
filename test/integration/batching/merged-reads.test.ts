import { batching } from '@prisma-brisk/batching'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { expectStatements } from '../../support/statements.ts'

/** Prisma's promises start when they are awaited. */
const started = <T>(promise: PromiseLike<T>): Promise<T> => Promise.resolve(promise.then((value) => value))

describe.each(['postgresql', 'mysql', 'sqlite'] as const)('merged reads on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase(provider)
    const plain = database.createClient()
    for (let id = 1; id <= 5; id++)
      await plain.user.create({
        data: { id, email: `u${id}@x.org`, name: `U${id}`, tutorId: id > 2 ? 1 : null },
      })
    for (let id = 1; id <= 20; id++)
      await plain.insight.create({ data: { id, userId: (id % 4) + 1, title: `i${id}` } })
  })
  afterAll(() => database.drop())

  test('findMany by a foreign key: one statement', async () => {
    const { client, log } = database.createRecordedClient()
    const prisma = client.$extends(batching())
    await client.$queryRawUnsafe('SELECT 1')
    log.clear()
    const ids = [3, 1, 2, 5, 1]
    const lists = await expectStatements(log, 1, () =>
      Promise.all(
        ids.map((userId) => prisma.insight.findMany({ where: { userId }, orderBy: { id: 'desc' } })),
      ),
    )
    for (const [index, userId] of ids.entries())
      expect(lists[index]).toEqual(
        await client.insight.findMany({ where: { userId }, orderBy: { id: 'desc' } }),
      )
    expect(prisma.$batching.stats()).toEqual({
      calls: 5,
      batched: 5,
      statements: 1,
      passedThrough: 0,
      fallbacks: 0,
    })
  })

  test('by email', async () => {
    const { client, log } = database.createRecordedClient()
    const prisma = client.$extends(batching())
    const emails = ['u1@x.org', 'U1@X.org', 'u2@x.org', 'nobody']
    const found = await Promise.all(
      emails.map((email) => prisma.user.findUnique({ where: { email }, select: { name: true } })),
    )
    expect(found).toEqual(
      await (async () => {
        const all = []
        for (const email of emails)
          all.push(await client.user.findUnique({ where: { email }, select: { name: true } }))
        return all
      })(),
    )
  })

  test('counts, transactions', async () => {
    const { client, log } = database.createRecordedClient()
    const prisma = client.$extends(batching())
    const counts = await Promise.all(
      [1, 2, 3, 9].map((userId) => prisma.insight.count({ where: { userId } })),
    )
    expect(counts).toEqual([5, 5, 5, 0])
    await prisma.$transaction(async (tx) => {
      const one = started(tx.insight.count({ where: { userId: 9 } }))
      const two = started(tx.insight.count({ where: { userId: 1 } }))
      const write = started(tx.insight.create({ data: { id: 100, userId: 1, title: 'new' } }))
      const after = started(tx.insight.count({ where: { userId: 1 } }))
      expect(await Promise.all([one, two, write, after])).toMatchObject([0, 5, { id: 100 }, 6])
    })
    const [a, b] = await prisma.$transaction([
      prisma.insight.count({ where: { userId: 1 } }),
      prisma.insight.findMany({ where: { userId: 9 } }),
    ])
    expect([a, b]).toEqual([6, []])
  })
})
