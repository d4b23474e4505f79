import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { expectStatements } from '../../support/statements.ts'

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('compound keys on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  const numbers = Array.from({ length: 30 }, (_, index) => index + 1)

  beforeAll(async () => {
    database = await createDatabase(provider)
    const plain = database.createClient()
    await plain.user.createMany({
      data: numbers.map((id) => ({ id, email: `${id}@example.org`, name: `User ${id}` })),
    })
    await plain.workshop.createMany({ data: numbers.map((id) => ({ id, title: 'w', ownerId: id })) })
    await plain.workshopMember.createMany({
      data: numbers.flatMap((id) => [
        { workshopId: id, userId: 31 - id, role: `role ${id}` },
        { workshopId: id, userId: id, role: 'owner' },
      ]),
    })
  })
  afterAll(() => database.drop())

  const clients = async () => {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
    await client.$connect()
    return { plain: client, log, prisma: client.$extends(batching()) }
  }
  const pair = (id: number) => ({ workshopId: id, userId: 31 - id })

  test('KB18 KF5 findUnique by a key whose members both vary is one statement', async () => {
    const { log, prisma } = await clients()
    const members = await expectStatements(log, 1, () =>
      Promise.all(
        [...numbers, 99].map((id) =>
          prisma.workshopMember.findUnique({
            where: { workshopId_userId: pair(id) },
            select: { role: true },
          }),
        ),
      ),
    )
    expect(members).toEqual([...numbers.map((id) => ({ role: `role ${id}` })), null])
  })

  test('KB19 lists, counts and sums by two fields that both vary are one statement each', async () => {
    const { log, prisma } = await clients()
    const lists = await expectStatements(log, 1, () =>
      Promise.all(numbers.map((id) => prisma.workshopMember.findMany({ where: pair(id) }))),
    )
    expect(lists.map((list) => list.map(({ role }) => role))).toEqual(numbers.map((id) => [`role ${id}`]))
    const counts = await expectStatements(log, 1, () =>
      Promise.all([...numbers, 99].map((id) => prisma.workshopMember.count({ where: pair(id) }))),
    )
    expect(counts).toEqual([...numbers.map(() => 1), 0])
    const sums = await expectStatements(log, 1, () =>
      Promise.all(
        numbers.map((id) => prisma.workshopMember.aggregate({ where: pair(id), _sum: { userId: true } })),
      ),
    )
    expect(sums).toEqual(numbers.map((id) => ({ _sum: { userId: 31 - id } })))
  })

  test('KB19 a few tenants of many keys are a statement each, and what is left of one key together one more', async () => {
    const { log, prisma } = await clients()
    const keys = [
      ...[1, 2, 30].map((userId) => ({ workshopId: 1, userId })),
      ...[2, 29].map((userId) => ({ workshopId: 2, userId })),
      pair(3),
      pair(4),
    ]
    const members = await expectStatements(log, 3, () =>
      Promise.all(keys.map((key) => prisma.workshopMember.findFirst({ where: key }))),
    )
    expect(members.map((member) => member?.role)).toEqual([
      'owner',
      undefined,
      'role 1',
      'owner',
      'role 2',
      'role 3',
      'role 4',
    ])
  })

  test('KR28 an equality that is given twice leaves calls to be merged, and one that contradicts finds nothing', async () => {
    const { log, prisma } = await clients()
    const ask = (userId: number, twice: object) =>
      prisma.workshopMember.findUnique({
        where: { workshopId_userId: { workshopId: 1, userId }, ...twice },
      })
    const found = await expectStatements(log, 1, () =>
      Promise.all([1, 30, 99].map((userId) => ask(userId, { workshopId: 1 }))),
    )
    expect(found.map((member) => member?.role)).toEqual(['owner', 'role 1', undefined])
    expect(await Promise.all([1, 30].map((userId) => ask(userId, { workshopId: 2 })))).toEqual([null, null])
    expect(await Promise.all([1, 30].map((userId) => ask(userId, { userId: 1 })))).toMatchObject([
      { role: 'owner' },
      null,
    ])
  })

  test('KB22 first rows of a model with a compound id are merged', async () => {
    const { plain, log, prisma } = await clients()
    const ask = (client: Pick<PrismaClient, 'workshopMember'>, id: number) =>
      client.workshopMember.findMany({ where: { workshopId: id }, orderBy: { userId: 'desc' }, take: 1 })
    const expected = await Promise.all(numbers.map((id) => ask(plain, id)))
    log.clear()
    expect(await Promise.all(numbers.map((id) => ask(prisma as unknown as PrismaClient, id)))).toEqual(
      expected,
    )
    expect(log.statements.length).toBeLessThanOrEqual(2)
  })
})
