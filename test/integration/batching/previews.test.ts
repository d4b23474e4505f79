import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type ClientOptions, type TestDatabase } from '../../support/databases.ts'
import { generateClient } from '../../support/generated-client.ts'
import { recordStatements, type RecordOptions } from '../../support/statements.ts'
import { printedOutcome } from './support/oracle.ts'

/** The models of the demo domain, generated with a preview feature. */
async function preview(feature: string) {
  const schema = readFileSync(join(import.meta.dirname, '../../../prisma/schema.prisma'), 'utf8')
  const { module, remove } = await generateClient(schema.slice(schema.indexOf('enum ')), 'postgresql', [
    feature,
  ])
  return {
    remove,
    Client: (module as { PrismaClient: new (options: ClientOptions) => PrismaClient }).PrismaClient,
  }
}

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient()
  await plain.user.createMany({
    data: [1, 2].map((id) => ({ email: `${id}@example.org`, name: `User ${id}` })),
  })
  await plain.insight.createMany({
    data: Array.from({ length: 12 }, (_, index) => ({ id: index + 1, userId: (index % 2) + 1, title: 'x' })),
  })
  await plain.$executeRawUnsafe('CREATE INDEX ON "Insight" ("userId")')
})
afterAll(() => database.drop())

describe('strictUndefinedChecks', () => {
  let Client: new (options: ClientOptions) => PrismaClient
  let remove: () => void
  beforeAll(async () => ({ Client, remove } = await preview('strictUndefinedChecks')), 60_000)
  afterAll(() => remove())

  const call = (operation: string, args: object, model = 'insight') => ({
    model,
    operation,
    args: args as Record<string, unknown>,
    isOrdered: true,
  })

  test('KB7 what Prisma refuses for an undefined argument is refused at once too, and nothing is stored', async () => {
    const client = new Client({ adapter: database.adapter({ connections: 3 }), errorFormat: 'minimal' })
    try {
      const prisma = client.$extends(batching({ writes: { create: true } }))
      // The second time an index is known, by which first rows are found in another way.
      await Promise.all([1, 2].map((userId) => prisma.insight.findMany({ where: { userId }, take: 1 })))
      const orderBy = { id: 'asc' }
      for (const args of [
        { take: undefined },
        { skip: undefined, take: 1 },
        { orderBy: undefined, take: 1 },
        { orderBy, take: 1, skip: undefined },
        { select: undefined },
        { cursor: undefined },
      ])
        for (const userIds of [
          [1, 2],
          [1, 1],
        ]) {
          const calls = userIds.flatMap((userId) => [
            call('findMany', { where: { userId } }),
            call('findMany', { where: { userId }, ...args }),
            call('findFirst', { where: { userId }, orderBy, ...args }),
          ])
          const outcomes = await Promise.all(calls.map((each) => printedOutcome(prisma, each)))
          for (const [index, each] of calls.entries())
            expect([each, outcomes[index]]).toEqual([each, await printedOutcome(client, each)])
        }
      for (const args of [{ select: undefined }, { take: undefined }]) {
        const calls = [1, 2].flatMap((userId) => [
          call('count', { where: { userId } }),
          call('count', { where: { userId }, ...args }),
          call('aggregate', { where: { userId }, _count: true, _sum: undefined }),
        ])
        const outcomes = await Promise.all(calls.map((each) => printedOutcome(prisma, each)))
        for (const [index, each] of calls.entries())
          expect([each, outcomes[index]]).toEqual([each, await printedOutcome(client, each)])
      }
      const names = ['a', 'b', 'c', 'd', 'e', 'f']
      const drafts = names.map((name, index) =>
        call(
          'create',
          {
            data: { email: name, name, ...(index % 3 === 1 ? { tutorId: undefined } : {}) },
          },
          'user',
        ),
      )
      const created = await Promise.all(drafts.map((each) => printedOutcome(prisma, each)))
      expect(created.map((outcome) => outcome.startsWith('PrismaClientValidationError'))).toEqual([
        false,
        true,
        false,
        false,
        true,
        false,
      ])
      expect(await client.user.count({ where: { email: { in: names } } })).toBe(4)
    } finally {
      await client.$disconnect()
    }
  })
})

describe('relationJoins', () => {
  let Client: new (options: ClientOptions) => PrismaClient
  let remove: () => void
  beforeAll(async () => ({ Client, remove } = await preview('relationJoins')), 60_000)
  afterAll(() => remove())

  /** What is used of a client with this feature, which the types of the others do not know. */
  type Joining = {
    insight: { findMany(args: object): Promise<{ id: number }[]> }
    $disconnect(): Promise<void>
  }
  const clients = (before?: RecordOptions['before']) => {
    const log = recordStatements(database.adapter({ connections: 4 }), before === undefined ? {} : { before })
    const plain = new Client({ adapter: log.adapter })
    return { plain: plain as Joining, prisma: plain.$extends(batching()) as unknown as Joining, log }
  }

  test('KB5 a statement that is not recognised is not taken for another one that is', async () => {
    // The statement that is recognised is sent once the other one has been answered.
    const { plain, prisma, log } = clients(async ({ sql }) => {
      const isJoinAnswered = () => log.statements.some((each) => each.sql.includes('"t0"') && each.rows >= 0)
      while (sql.includes('"@key"') && !isJoinAnswered())
        await new Promise((resolve) => setImmediate(resolve))
    })
    try {
      const query = (client: Joining, userId: number) =>
        client.insight.findMany({
          relationLoadStrategy: 'query',
          where: { userId },
          orderBy: { id: 'asc' },
          take: 2,
          select: { id: true },
        })
      const join = (client: Joining, userId: number) =>
        client.insight.findMany({
          where: { userId },
          orderBy: { id: 'asc' },
          skip: 1,
          take: 2,
          select: { id: true, user: { select: { name: true } } },
        })
      const ask = (client: Joining) => [query(client, 1), query(client, 2), join(client, 1), join(client, 2)]
      const expected = await Promise.all(ask(plain))
      for (let time = 0; time < 3; time++) {
        log.clear()
        expect(await Promise.all(ask(prisma))).toEqual(expected)
      }
      // By then it is known which statements are not.
      expect(log.statements.filter(({ sql }) => sql.includes('"t0"'))).toHaveLength(1)
    } finally {
      await plain.$disconnect()
    }
  })
})
