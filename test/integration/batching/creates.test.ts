import { batching } from '@prisma-brisk/batching'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { expectStatements } from '../../support/statements.ts'

test.each<Provider>(['postgresql', 'sqlite'])(
  'B36 concurrent creates of one shape are one INSERT on %s',
  async (provider) => {
    const database = await createDatabase(provider)
    try {
      const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
      const prisma = client.$extends(batching({ writes: { create: true } }))
      const users = await expectStatements(log, 1, () =>
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
