import { PrismaPg } from '@prisma/adapter-pg'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { expectStatements } from '../../support/statements.ts'

/** Tenants in schemas of their own, whose tables have the same names. */
let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient()
  for (const tenant of ['t3', 't7']) {
    await plain.$executeRawUnsafe(`CREATE SCHEMA ${tenant}`)
    for (const table of ['User', 'Insight'])
      await plain.$executeRawUnsafe(
        `CREATE TABLE ${tenant}."${table}" (LIKE public."${table}" INCLUDING ALL)`,
      )
    await plain.$executeRawUnsafe(
      `INSERT INTO ${tenant}."User" (id, email, name) SELECT i, i || '@${tenant}', '${tenant}' FROM generate_series(1, 3) i`,
    )
    await plain.$executeRawUnsafe(
      `INSERT INTO ${tenant}."Insight" (id, "userId", title) SELECT i, 1 + i % 3, '${tenant}' FROM generate_series(1, 9) i`,
    )
  }
  await plain.$executeRawUnsafe('ALTER TABLE t3."User" ALTER email TYPE varchar(50)')
  await plain.user.createMany({ data: [1, 2, 3].map((id) => ({ id, email: `${id}`, name: 'public' })) })
  await plain.insight.createMany({
    data: Array.from({ length: 9 }, (_, index) => ({
      id: 100 + index,
      userId: 1 + (index % 3),
      title: 'public',
    })),
  })
})
afterAll(() => database.drop())

const clientOf = (schema: string) => {
  const { client, log } = database.createRecordedClient({
    adapter: new PrismaPg({ connectionString: database.url, max: 3 }, { schema }),
  })
  return { client, log, prisma: client.$extends(batching()) }
}

test('KR39 the types of a tenant are read from its own schema alone', async () => {
  const { log, prisma } = clientOf('t7')
  const emails = ['1@t7', '2@t7', '3@t7']
  const ask = () => Promise.all(emails.map((email) => prisma.user.findUnique({ where: { email } })))
  await ask()
  const [catalog] = log.statements
  expect(catalog!.args.at(-1)).toBe('t7')
  const users = await expectStatements(log, 1, ask)
  expect(users.map((user) => user?.name)).toEqual(['t7', 't7', 't7'])
})

test.each([
  ['is extended before it connects', false],
  ['has connected before it is extended', true],
])('KR39 first rows of a client that %s are those of its schema', async (_, isConnected) => {
  const client = database.createClient({
    adapter: new PrismaPg({ connectionString: database.url, max: 3 }, { schema: 't7' }),
  })
  if (isConnected) await client.$connect()
  const prisma = client.$extends(batching())
  const lists = await Promise.all(
    [1, 2, 3].map((userId) =>
      prisma.insight.findMany({ where: { userId }, orderBy: [{ title: 'asc' }, { id: 'asc' }], take: 2 }),
    ),
  )
  expect(lists.map((list) => list.map(({ title }) => title))).toEqual([1, 2, 3].map(() => ['t7', 't7']))
  expect(prisma.$batching.stats()).toMatchObject({ batched: 3, fallbacks: 0 })
})
