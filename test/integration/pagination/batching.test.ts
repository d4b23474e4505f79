import { brisk } from 'prisma-brisk'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { seedLearning } from './support/learning-data.ts'

import.meta.jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)

const code = (error: { code?: string }) => error.code

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('limits and merged reads on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient

  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient({ adapter: database.adapter({ connections: 2 }) })
    await seedLearning(plain)
  })
  afterAll(() => database.drop())

  async function suite(maxLimit: number, defaultLimit?: number) {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    const parts = { cache: false, slowQuery: false, resilience: false } as const
    const extended = client.$extends(
      brisk({ ...parts, pagination: { maxLimit, ...(defaultLimit === undefined ? {} : { defaultLimit }) } }),
    )
    // The first merge asks the database for its collations; that is not what is counted here.
    await Promise.all(
      ['c1', 'c2'].map((conversationId) => extended.message.findMany({ where: { conversationId } })),
    ).catch(() => undefined)
    log.clear()
    return { client: extended, most: () => Math.max(...log.statements.map(({ rows }) => rows)), log }
  }

  const keys = ['c1', 'c2', 'c3', 'c4', 'c5']
  const orderBy = { id: 'asc' } as const

  test('B37 lists without take still merge, and each caller gets its whole list', async () => {
    const { client, log, most } = await suite(60)
    const read = (of: PrismaClient) =>
      Promise.all(keys.map((conversationId) => of.message.findMany({ where: { conversationId }, orderBy })))
    expect(await read(client as unknown as PrismaClient)).toEqual(await read(plain))
    expect(log.statements).toHaveLength(1)
    expect(most()).toBeLessThanOrEqual(61 * keys.length)
  })

  test('B37 the bound of each caller holds: a default cuts, a guard fails for the one list that is too long', async () => {
    const cut = await suite(200, 3)
    const lists = await Promise.all(
      keys.map((conversationId) => cut.client.message.findMany({ where: { conversationId }, orderBy })),
    )
    expect(lists.map((list) => list.length)).toEqual([3, 3, 3, 3, 3])
    // A merged statement that may have been cut short is followed by one that is cut for each caller.
    expect(cut.most()).toBeLessThanOrEqual(4 * keys.length)

    const sizes = await Promise.all(
      keys.map((conversationId) => plain.message.count({ where: { conversationId } })),
    )
    const most = Math.max(...sizes) - 1
    const guarded = await suite(most)
    const outcomes = await Promise.all(
      keys.map((conversationId) =>
        guarded.client.message.findMany({ where: { conversationId }, orderBy }).catch(code),
      ),
    )
    expect(outcomes.map((outcome) => (typeof outcome === 'string' ? outcome : outcome?.length))).toEqual(
      sizes.map((size) => (size > most ? 'E_UNBOUNDED_READ' : size)),
    )
    expect(guarded.most()).toBeLessThanOrEqual((most + 1) * keys.length)
  })

  test('P8 nested lists of merged reads are cut for each parent', async () => {
    const { client, most } = await suite(200)
    const read = (of: PrismaClient) =>
      Promise.all(
        [1, 2, 3, 4].map((id) =>
          of.user.findUnique({
            where: { id },
            include: { students: { take: 2, orderBy }, messages: { take: 3, orderBy } },
          }),
        ),
      )
    expect(await read(client as unknown as PrismaClient)).toEqual(await read(plain))
    expect(most()).toBeLessThanOrEqual(12)
  })
})
