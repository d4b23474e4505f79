import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { expectStatements, type RecordOptions } from '../../support/statements.ts'

test.each<Provider>(['postgresql', 'sqlite'])(
  'B36 concurrent creates of one shape are one INSERT on %s',
  async (provider) => {
    const database = await createDatabase(provider)
    try {
      const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
      const prisma = client.$extends(batching({ writes: { create: true } }))
      // SQLite is asked once whether a statement that fails there may leave rows behind.
      const users = await expectStatements(log, provider === 'sqlite' ? 2 : 1, () =>
        Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            prisma.user.create({ data: { email: `${index}@example.org`, name: `User ${index}` } }),
          ),
        ),
      )
      expect(users.map(({ name }) => name)).toEqual(Array.from({ length: 50 }, (_, index) => `User ${index}`))
      expect(new Set(users.map(({ id }) => id)).size).toBe(50)
      expect(users[0]).toEqual(await client.user.findUnique({ where: { id: users[0]!.id } }))
      // Equal creates are two rows; ids that Prisma makes differ.
      const twins = await expectStatements(log, 1, () =>
        Promise.all(
          [1, 2].map(() =>
            prisma.conversation.create({
              data: { title: 'same', userId: users[0]!.id },
              select: { id: true },
            }),
          ),
        ),
      )
      expect(twins[0]!.id).not.toBe(twins[1]!.id)
      expect(Object.keys(twins[0]!)).toEqual(['id'])
    } finally {
      await database.drop()
    }
  },
)

test.each<Provider>(['postgresql', 'mysql', 'sqlite'])(
  'B36 the offender gets its own error, the others their rows, on %s',
  async (provider) => {
    const database = await createDatabase(provider)
    try {
      const client = database.createClient({ adapter: database.adapter({ connections: 3 }) })
      const prisma = client.$extends(batching({ writes: { create: true } }))
      await client.user.create({ data: { email: 'taken', name: 'x' } })
      const outcomes = await Promise.allSettled(
        ['a', 'taken', 'b', 'c'].map((email) => prisma.user.create({ data: { email, name: 'x' } })),
      )
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ])
      expect(outcomes[1]).toMatchObject({ reason: { code: 'P2002' } })
      expect(await client.user.count()).toBe(4)
    } finally {
      await database.drop()
    }
  },
)

test('B36 where the connection is lost, nothing is sent twice', async () => {
  const database = await createDatabase('postgresql')
  try {
    const { client, log } = database.createRecordedClient({
      adapter: database.adapter({ connections: 3 }),
      before: ({ sql }) => {
        if (sql.startsWith('INSERT')) throw new Error('Connection terminated unexpectedly')
      },
    })
    const prisma = client.$extends(batching({ writes: { create: true } }))
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c'].map((email) => prisma.user.create({ data: { email, name: 'x' } })),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(log.statements).toHaveLength(1)
  } finally {
    await database.drop()
  }
})

describe('B36 on mysql', () => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase('mysql')
    await database.createClient().user.createMany({
      data: [1, 2, 3].map((id) => ({ id, email: `${id}`, name: 'x' })),
    })
    await database.createClient().workshop.create({ data: { id: 1, title: 'w', ownerId: 1 } })
  })
  afterAll(() => database.drop())

  const recorded = (before?: RecordOptions['before'], adapter = database.adapter({ connections: 3 })) => {
    const { client, log } = database.createRecordedClient({
      errorFormat: 'minimal',
      adapter,
      ...(before === undefined ? {} : { before }),
    })
    const inserts = () => log.statements.filter(({ sql }) => sql.startsWith('INSERT')).length
    return { client, log, inserts, prisma: client.$extends(batching({ writes: { create: true } })) }
  }
  const numbers = Array.from({ length: 50 }, (_, index) => index)

  test('rows are found again by an id that we make, in one transaction', async () => {
    const { client, log, prisma } = recorded()
    // Beside the two one that reads how texts compare, and one for what tables can roll back, once for each client.
    const made = await expectStatements(log, 4, () =>
      Promise.all(numbers.map((n) => prisma.conversation.create({ data: { title: `${n}`, userId: 1 } }))),
    )
    expect(log.transactions).toEqual(['begin 1', 'commit 1'])
    expect(made.map(({ title }) => title)).toEqual(numbers.map(String))
    for (const { id } of made)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(made[7]).toEqual(await client.conversation.findUnique({ where: { id: made[7]!.id } }))
  })

  test('rows are found again by a unique field, or by a composite id, that the calls give', async () => {
    const { log, prisma } = recorded()
    const users = await expectStatements(log, 4, () =>
      Promise.all(
        numbers.map((n) =>
          prisma.user.create({ data: { email: `u${n}`, name: `${n}` }, select: { name: true } }),
        ),
      ),
    )
    expect(users).toEqual(numbers.map((n) => ({ name: String(n) })))
    const members = await expectStatements(log, 2, () =>
      Promise.all(
        [1, 2, 3].map((userId) =>
          prisma.workshopMember.create({ data: { workshopId: 1, userId, role: `role ${userId}` } }),
        ),
      ),
    )
    expect(members.map(({ role }) => role)).toEqual(['role 1', 'role 2', 'role 3'])
  })

  test('calls without a key pass through', async () => {
    const { inserts, prisma } = recorded()
    await Promise.all(
      numbers.slice(0, 5).map((n) => prisma.insight.create({ data: { userId: 1, title: `${n}` } })),
    )
    expect(inserts()).toBe(5)
    expect(prisma.$batching.stats()).toMatchObject({ batched: 0, passedThrough: 5, fallbacks: 0 })
  })

  test('texts that a collation may hold equal to others are sent alone', async () => {
    const { inserts, prisma } = recorded()
    const outcomes = await Promise.allSettled(
      ['dora', 'DORA', 'dôra', 'emil'].map((email) => prisma.user.create({ data: { email, name: 'x' } })),
    )
    expect(outcomes.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ])
    expect(inserts()).toBe(3)
  })

  test('where the connection is lost before COMMIT each call is sent alone, in COMMIT none', async () => {
    const create = ({ prisma }: ReturnType<typeof recorded>, name: string) =>
      Promise.allSettled([1, 2, 3].map((n) => prisma.user.create({ data: { email: `${name}${n}`, name } })))
    let left = 1
    const before = recorded(({ sql }) => {
      if (sql.includes('SELECT `User`') && left-- > 0) throw new Error('Connection lost')
    })
    expect((await create(before, 'before')).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'))
    expect(await before.client.user.count({ where: { name: 'before' } })).toBe(3)
    const within = recorded(undefined, losingCommits(database.adapter({ connections: 3 })))
    expect((await create(within, 'within')).map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
    expect(within.inserts()).toBe(1)
    expect(await before.client.user.count({ where: { name: 'within' } })).toBe(3)
  })

  test('rows that a trigger has moved are not stored twice', async () => {
    const { client, prisma } = recorded()
    await client.$executeRawUnsafe(
      "CREATE TRIGGER moved BEFORE INSERT ON `Tag` FOR EACH ROW SET NEW.name = CONCAT(NEW.name, '!')",
    )
    const tags = await Promise.all(['a', 'b', 'c'].map((name) => prisma.tag.create({ data: { name } })))
    expect(tags.map(({ name }) => name)).toEqual(['a!', 'b!', 'c!'])
    expect(await client.tag.count()).toBe(3)
    expect(prisma.$batching.stats()).toMatchObject({ batched: 0, fallbacks: 3 })
  })
})

test('B36 whom a check or a trigger refuses is refused alone', async () => {
  const database = await createDatabase('postgresql')
  try {
    const client = database.createClient({ adapter: database.adapter({ connections: 3 }) })
    await client.$executeRawUnsafe(`ALTER TABLE "User" ADD CHECK (name <> 'bad')`)
    const prisma = client.$extends(batching({ writes: { create: true } }))
    const outcomes = await Promise.allSettled(
      ['a', 'bad', 'b'].map((name) => prisma.user.create({ data: { email: name, name } })),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await client.user.count()).toBe(2)
  } finally {
    await database.drop()
  }
})

/** A driver that commits, and loses the connection before it can say so. */
function losingCommits(factory: SqlDriverAdapterFactory): SqlDriverAdapterFactory {
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    const adapter = await connect()
    const startTransaction = adapter.startTransaction.bind(adapter)
    adapter.startTransaction = async (level) => {
      const transaction = await startTransaction(level)
      const commit = transaction.commit.bind(transaction)
      transaction.commit = async () => {
        await commit()
        throw new Error('Connection lost')
      }
      return transaction
    }
    return adapter
  }
  return factory
}
