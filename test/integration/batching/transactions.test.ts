import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { started } from './support/started.ts'

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('transactions on %s', (provider) => {
  let database: TestDatabase<PrismaClient>

  beforeEach(async () => {
    database = await createDatabase(provider)
    const plain = database.createClient()
    await plain.user.createMany({
      data: [1, 2, 3].map((id) => ({ id, email: `${id}@example.org`, name: `User ${id}` })),
    })
    await plain.insight.createMany({
      data: [1, 2, 3, 4].map((id) => ({ id, userId: (id % 2) + 1, title: 'x' })),
    })
  })
  afterEach(() => database.drop())

  const clients = () => {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
    return { log, prisma: client.$extends(batching()) }
  }

  test('B5 a read queued before a write does not see it, one after does', async () => {
    const { log, prisma } = clients()
    await prisma.$transaction(async (tx) => {
      const count = (userId: number) => started(tx.insight.count({ where: { userId } }))
      const answers = await Promise.all([
        count(1),
        count(9),
        started(tx.insight.create({ data: { id: 100, userId: 1, title: 'new' } })),
        count(1),
        count(2),
        started(tx.insight.findMany({ where: { userId: 1 }, orderBy: { id: 'desc' }, take: 1 })),
        started(tx.insight.deleteMany({ where: { userId: 1 } })),
        count(1),
      ])
      expect(answers).toMatchObject([2, 0, { id: 100 }, 3, 2, [{ id: 100 }], { count: 3 }, 0])
    })
    expect(prisma.$batching.stats()).toMatchObject({ batched: 4, statements: 2, fallbacks: 0 })
    expect(
      new Set(
        log.statements.filter(({ sql }) => sql.includes('Insight')).map(({ transaction }) => transaction),
      ).size,
    ).toBe(1)
  })

  test('KB6 a read queued before a write of a client with hooks behind does not see it', async () => {
    const { client } = database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
    const inner: unknown[] = []
    const prisma = client.$extends(batching()).$extends({
      query: {
        user: {
          create: async ({ args, query }) => {
            inner.push(await query(args))
            return query({ data: { id: 11, email: 'twin', name: 'twin' } })
          },
        },
      },
    })
    const answers = await prisma.$transaction((tx) =>
      Promise.all([
        tx.user.count(),
        tx.user.findMany({ where: { name: 'x' } }),
        tx.insight.findFirst({ where: { id: 1 } }),
        tx.user.create({ data: { id: 10, email: 'x', name: 'x' } }),
        tx.user.count({ where: { name: 'x' } }),
      ]),
    )
    expect(answers).toMatchObject([3, [], { id: 1 }, { name: 'twin' }, 1])
    expect(inner).toMatchObject([{ name: 'x' }])
  })

  test('B5 reads before, in and after a savepoint see what they may', async () => {
    const { prisma } = clients()
    const outer = await prisma.$transaction(async (tx) => {
      const count = (each: Pick<typeof tx, 'insight'>, userId: number) =>
        started(each.insight.count({ where: { userId } }))
      const before = [count(tx, 1), count(tx, 2)]
      let within: number[] = []
      await tx
        .$transaction(async (inner) => {
          const own = [count(inner, 1), count(inner, 2)]
          const written = started(inner.insight.create({ data: { id: 70, userId: 1, title: 'x' } }))
          own.push(count(inner, 1), count(inner, 2))
          within = await Promise.all(own)
          await written
          throw new Error('taken back')
        })
        .catch((error: Error) => expect(error.message).toBe('taken back'))
      return [await Promise.all(before), within, await Promise.all([count(tx, 1), count(tx, 2)])]
    })
    expect(outer).toEqual([
      [2, 2],
      [2, 2, 3, 2],
      [2, 2],
    ])
    expect(prisma.$batching.stats()).toMatchObject({ batched: 8, fallbacks: 0 })
  })

  test('B22 calls of two transactions, or of none, never share a statement', async () => {
    if (provider === 'sqlite') return expect(provider).toBe('sqlite') // one connection: transactions run one after another
    const { log, prisma } = clients()
    const meet = barrier(2)
    const within = (id: number) =>
      prisma.$transaction(async (tx) => {
        await tx.user.findFirst()
        await meet()
        return Promise.all([
          tx.user.findUnique({ where: { id } }),
          tx.user.findUnique({ where: { id: id + 1 } }),
        ])
      })
    const outside = Promise.all([
      prisma.user.findUnique({ where: { id: 1 } }),
      prisma.user.findUnique({ where: { id: 3 } }),
    ])
    const [first, second, none] = await Promise.all([within(1), within(2), outside])
    expect([first, second, none].map((users) => users.map((user) => user?.id))).toEqual([
      [1, 2],
      [2, 3],
      [1, 3],
    ])
    const merged = log.statements.filter(({ sql }) => / IN \(/.test(sql))
    expect(merged.map(({ transaction }) => transaction).sort((a, b) => a - b)).toEqual([0, 1, 2])
    for (const { args } of merged) expect(args.slice(0, 2)).toHaveLength(2)
  })

  test('B23 members of an array transaction pass through, in their order', async () => {
    const { log, prisma } = clients()
    const answers = await prisma.$transaction([
      prisma.insight.count({ where: { userId: 1 } }),
      prisma.insight.create({ data: { id: 50, userId: 1, title: 'x' } }),
      prisma.insight.count({ where: { userId: 1 } }),
      prisma.user.findUnique({ where: { id: 1 } }),
      prisma.user.findUnique({ where: { id: 2 } }),
    ])
    expect(answers).toMatchObject([2, { id: 50 }, 3, { id: 1 }, { id: 2 }])
    expect(log.transactions).toEqual(['begin 1', 'commit 1'])
    expect(prisma.$batching.stats()).toMatchObject({ batched: 0, passedThrough: 4 })
  })

  test('B24 calls that outlive their transaction get P2028, and nothing is sent', async () => {
    const { log, prisma } = clients()
    let stragglers: Promise<unknown>[] = []
    await prisma.$transaction(async (tx) => {
      await tx.user.count()
      queueLate = () => {
        stragglers = [1, 2].map((id) => started(tx.user.findUnique({ where: { id } })))
      }
    })
    log.clear()
    queueLate()
    const outcomes = await Promise.allSettled(stragglers)
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'P2028' } })
    expect(log.statements).toEqual([])
  })
})

test('B22 a transaction does not wait for calls that wait for its connection', async () => {
  const database = await createDatabase('postgresql')
  try {
    const client = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    const prisma = client.$extends(batching())
    await client.user.createMany({
      data: ['a', 'b'].map((email, index) => ({ id: index + 1, email, name: 'x' })),
    })
    let outside: Promise<unknown>[] = []
    const ask = (each: Pick<typeof prisma, 'user'>) =>
      ['a', 'b'].map((email) => started(each.user.findUnique({ where: { email } })))
    const inside = await prisma.$transaction(async (tx) => {
      await tx.user.count()
      outside = ask(prisma)
      await nextTurn()
      return Promise.all(ask(tx))
    })
    expect(inside.map((user) => user?.id)).toEqual([1, 2])
    expect(await Promise.all(outside)).toMatchObject([{ id: 1 }, { id: 2 }])
  } finally {
    await database.drop()
  }
})

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

let queueLate: () => void = () => undefined

/** Lets everybody go on once `count` have come. */
function barrier(count: number): () => Promise<void> {
  const waiting: (() => void)[] = []
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      if (waiting.length === count) for (const go of waiting) go()
    })
}

test('B25 a key that fails inside a PostgreSQL transaction is not asked for again', async () => {
  const database = await createDatabase('postgresql', { schema: 'key-types' })
  try {
    const { client, log } = database.createRecordedClient({
      errorFormat: 'minimal',
      adapter: database.adapter({ connections: 2 }),
    })
    const prisma = client.$extends(batching())
    await client.intKey.createMany({ data: [1, 2, 3].map((id) => ({ id, label: String(id) })) })
    const expected = await client
      .$transaction(async (tx) => [
        await tx.intKey.findMany({ where: { id: 1 } }),
        await tx.uuidKey.findMany({ where: { id: 'no uuid' } }).catch(code),
        await tx.intKey.findMany({ where: { id: 2 } }).catch(code),
      ])
      .catch(code)
    log.clear()
    let outcomes: unknown[] = []
    await prisma
      .$transaction(async (tx) => {
        outcomes = await Promise.all(
          [
            tx.intKey.findMany({ where: { id: 1 } }),
            tx.intKey.findMany({ where: { id: 3 } }),
            tx.uuidKey.findMany({ where: { id: 'no uuid' } }),
            tx.uuidKey.findMany({ where: { id: 'none either' } }),
          ].map((call: PromiseLike<unknown>) => started(call).catch(code)),
        )
      })
      .catch(code)
    expect(expected).toBeDefined()
    expect(outcomes[0]).toEqual([{ id: 1, label: '1' }])
    expect(outcomes[1]).toEqual([{ id: 3, label: '3' }])
    expect(outcomes[2]).toMatch(/^P20/)
    expect(log.statements.filter(({ sql }) => sql.includes('UuidKey')).length).toBeLessThanOrEqual(2)
  } finally {
    await database.drop()
  }
})

test('KB13 a value out of range fails inside a PostgreSQL transaction as it does alone', async () => {
  const database = await createDatabase('postgresql')
  try {
    const client = database.createClient({ adapter: database.adapter({ connections: 2 }) })
    const prisma = client.$extends(batching())
    const ask = (tx: Pick<PrismaClient, 'message'>, conversationId: string) =>
      tx.message.findFirst({
        where: { conversationId, tokens: { gt: 2 ** 40 } },
        orderBy: [{ tokens: 'asc' }, { id: 'asc' }],
      })
    const [alone] = await client.$transaction((tx) => Promise.allSettled([ask(tx, 'a')]))
    expect(alone).toMatchObject({ status: 'rejected', reason: { code: 'P2020' } })
    const outcomes = await prisma.$transaction((tx) =>
      Promise.allSettled(['a', 'b', 'c'].map((id) => ask(tx as unknown as PrismaClient, id))),
    )
    expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: 'P2020' } })
  } finally {
    await database.drop()
  }
})

test('B25 a statement that fails inside a PostgreSQL transaction fails for all of its callers, once', async () => {
  const database = await createDatabase('postgresql')
  try {
    const { client, log } = database.createRecordedClient({
      adapter: database.adapter({ connections: 2 }),
      before: ({ sql }) => {
        if (/ IN \(/.test(sql)) throw new Error('connection reset')
      },
    })
    const prisma = client.$extends(batching())
    const outcomes = await prisma.$transaction((tx) =>
      Promise.allSettled([1, 2, 3].map((id) => tx.user.findFirst({ where: { id } }))),
    )
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringContaining('connection reset') },
      })
    expect(log.statements).toHaveLength(1)
    const [first, second] = outcomes as PromiseRejectedResult[]
    expect(first!.reason).not.toBe(second!.reason)
  } finally {
    await database.drop()
  }
})

test('B25 calls before the one that ends a PostgreSQL transaction are answered, those behind it are not', async () => {
  const database = await createDatabase('postgresql', { schema: 'key-types' })
  try {
    const client = database.createClient({
      errorFormat: 'minimal',
      adapter: database.adapter({ connections: 2 }),
    })
    const prisma = client.$extends(batching())
    await client.intKey.create({ data: { id: 1, label: 'one' } })
    const tooLarge = 2 ** 40
    for (const ids of [
      [1, tooLarge],
      [tooLarge, 1],
      [1, tooLarge, 1],
      [1, 1, tooLarge],
    ]) {
      const alone: unknown[] = []
      const atOnce: unknown[] = []
      const inside = async (tx: object, id: number) =>
        (tx as typeof client).intKey.findFirst({ where: { id } }).catch(code)
      await client
        .$transaction(async (tx) => {
          for (const id of ids) alone.push(await inside(tx, id))
        })
        .catch(code)
      await prisma
        .$transaction(async (tx) => {
          atOnce.push(...(await Promise.all(ids.map((id) => inside(tx, id)))))
        })
        .catch(code)
      // Equal calls share one answer, that of the first.
      expect(atOnce).toEqual(ids.map((id) => alone[ids.indexOf(id)]))
    }
  } finally {
    await database.drop()
  }
})

const code = (error: Error & { code?: string }): string => error.code ?? error.name
