import { batching, type BatchEvent } from '@prisma-brisk/batching'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { Prisma, PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { RecordOptions } from '../../support/statements.ts'
import { printedOutcome } from './support/oracle.ts'
import { started } from './support/started.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient()
  await plain.user.createMany({
    data: Array.from({ length: 50 }, (_, index) => ({
      id: index + 1,
      email: `${index}@example.org`,
      name: 'x',
    })),
  })
})
afterAll(() => database.drop())

function clients(before?: RecordOptions['before']) {
  const { client, log } = database.createRecordedClient({
    errorFormat: 'minimal',
    adapter: database.adapter({ connections: 3 }),
    ...(before === undefined ? {} : { before }),
  })
  return { client, log }
}

test('B8 only the caller with the bad value is rejected, with its own error', async () => {
  const { client } = clients()
  const prisma = client.$extends(batching())
  const ids = [1, 'x', 2, 2 ** 40, 3, 1.5] as number[]
  const outcomes = await Promise.all(ids.map((id) => printedOutcome(prisma, ask(id))))
  for (const [index, id] of ids.entries()) expect(outcomes[index]).toBe(await printedOutcome(client, ask(id)))
})

const ask = (id: number) => ({
  model: 'user',
  operation: 'findUnique',
  args: { where: { id } },
  isOrdered: true,
})

test('B8 what Prisma refuses, it refuses where no row is found too', async () => {
  const { client, log } = clients()
  const prisma = client.$extends(batching())
  const call = (conversationId: string, args: object) => ({
    model: 'message',
    operation: 'findFirst',
    args: { where: { conversationId }, orderBy: [{ tokens: 'asc' }, { id: 'desc' }], ...args },
    isOrdered: true,
  })
  for (const args of [
    { select: { id: true, author: { select: { nothing: true } } } },
    { include: {}, omit: 5 },
    {},
  ]) {
    const calls = ['a', 'b'].map((id) => call(id, args))
    const outcomes = await Promise.all(calls.map((each) => printedOutcome(prisma, each)))
    for (const [index, each] of calls.entries())
      expect(outcomes[index]).toBe(await printedOutcome(client, each))
  }
  log.clear()
  await Promise.all(['a', 'b'].map((id) => printedOutcome(prisma, call(id, {}))))
  expect(log.statements).toHaveLength(1)
})

test('B21 an OrThrow that misses rejects with its own P2025, and nobody else', async () => {
  const { client } = clients()
  const prisma = client.$extends(batching())
  const unhandled: unknown[] = []
  const note = (error: unknown) => unhandled.push(error)
  process.on('unhandledRejection', note)
  const call = (id: number) => ({ ...ask(id), operation: 'findUniqueOrThrow' })
  const outcomes = await Promise.all([1, 900, 2, 901].map((id) => printedOutcome(prisma, call(id))))
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(outcomes[1]).toContain('P2025')
  for (const [index, id] of [1, 900, 2, 901].entries())
    expect(outcomes[index]).toBe(await printedOutcome(client, call(id)))
  // The error names no line of the application, so that one call is sent again for both.
  expect(prisma.$batching.stats()).toMatchObject({ batched: 3, fallbacks: 1 })
  expect(unhandled).toEqual([])
})

test('B33 where a merge fails, each call is sent alone, a counter says so, and listeners are told', async () => {
  const { client, log } = clients(({ sql }) => {
    if (/ IN \(/.test(sql)) throw new Error('a bug')
  })
  const prisma = client.$extends(batching())
  const events: BatchEvent[] = []
  const note = (event: unknown) => events.push(event as BatchEvent)
  subscribe('prisma-brisk:batch', note)
  const users = await Promise.all([1, 2, 3].map((id) => prisma.user.findUnique({ where: { id } })))
  await new Promise((resolve) => setImmediate(resolve))
  unsubscribe('prisma-brisk:batch', note)
  expect(users.map((user) => user?.id)).toEqual([1, 2, 3])
  expect(log.statements).toHaveLength(4)
  expect(prisma.$batching.stats()).toMatchObject({
    calls: 3,
    batched: 0,
    statements: 1,
    passedThrough: 0,
    fallbacks: 3,
  })
  expect(events).toMatchObject([
    { model: 'User', operation: 'findUnique', calls: 3, statements: 1, fallbacks: 3 },
  ])
  expect(events[0]!.error).toBeInstanceOf(Error)
})

test('B33 a call that cannot be looked at is sent as it is, and so are those beside it', async () => {
  const { client } = clients()
  const prisma = client.$extends(batching())
  const toJSON = () => {
    throw new Error('not to be looked at')
  }
  const odd = { ...ask(2), operation: 'findFirst', args: { where: { id: 2, AND: [{ toJSON }] } } }
  const calls = [ask(1), odd, ask(3), { ...ask(4), operation: 'findFirst' }]
  const outcomes = await Promise.all(calls.map((call) => printedOutcome(prisma, call)))
  for (const [index, call] of calls.entries())
    expect(outcomes[index]).toBe(await printedOutcome(client, call))
})

test('B30 keys beyond the limit become chunks in call order, and a failed chunk rejects only its callers', async () => {
  const { client, log } = clients(({ args }) => {
    if (args.includes(7)) throw new Error('chunk of seven')
  })
  const prisma = client.$extends(batching({ maxBatchSize: 5 }))
  const outcomes = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) => prisma.user.findUnique({ where: { id: index + 1 } })),
  )
  for (const [index, outcome] of outcomes.entries()) {
    if (index === 6) expect(outcome).toMatchObject({ status: 'rejected' })
    else expect(outcome).toMatchObject({ status: 'fulfilled', value: { id: index + 1 } })
  }
  expect(log.statements.filter(({ sql }) => / IN \(/.test(sql)).map(({ args }) => args.length - 1)).toEqual([
    5, 5, 2,
  ])
})

test('B34 $disconnect answers what was called before it', async () => {
  const { client } = clients()
  const prisma = client.$extends(batching({ schedule: () => undefined }))
  const users = Promise.all([1, 2].map((id) => started(prisma.user.findUnique({ where: { id } }))))
  await prisma.$disconnect()
  expect((await users).map((user) => user?.id)).toEqual([1, 2])
})

test('B34 fake timers do not hold up a batch', async () => {
  const { client } = clients()
  const prisma = client.$extends(batching())
  await prisma.user.count()
  import.meta.jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'performance'] })
  try {
    const users = await Promise.all([1, 2].map((id) => prisma.user.findFirst({ where: { id } })))
    expect(users.map((user) => user?.id)).toEqual([1, 2])
  } finally {
    import.meta.jest.useRealTimers()
  }
})

test('B35 calls that come while a batch of theirs is in flight make up the next one', async () => {
  let land: () => void = () => undefined
  const landing = new Promise<void>((resolve) => (land = resolve))
  const { client, log } = database.createRecordedClient({
    adapter: holding(landing, database.adapter({ connections: 3 })),
  })
  const prisma = client.$extends(batching())
  // Each comes in a turn of its own, as loads do that follow a query of theirs.
  const loads: Promise<{ id: number } | null>[] = []
  for (let id = 1; id <= 50; id++) {
    loads.push(started(prisma.user.findUnique({ where: { id } })))
    await new Promise((resolve) => setImmediate(resolve))
  }
  land()
  expect((await Promise.all(loads)).map((user) => user?.id)).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 1),
  )
  expect(log.statements.length).toBeLessThanOrEqual(10)
})

test('B31 many calls in one tick are no matter', async () => {
  const { client, log } = clients()
  const prisma = client.$extends(batching())
  const users = await Promise.all(
    Array.from({ length: 20_000 }, (_, index) =>
      prisma.user.findUnique({ where: { id: index + 1 }, select: { id: true } }),
    ),
  )
  expect(users.filter((user) => user !== null)).toHaveLength(50)
  expect(log.statements).toHaveLength(1)
}, 60_000)

test.each<Provider>(['postgresql', 'mysql', 'sqlite'])(
  'B30 as many keys as %s binds, one more, one less, twice as many',
  async (provider) => {
    const limited = await createDatabase(provider)
    try {
      const limit = 100
      const { client, log } = limited.createRecordedClient({
        adapter: bindingAtMost(limit, limited.adapter({ connections: 8 })),
      })
      const prisma = client.$extends(batching())
      await client.user.createMany({
        data: Array.from({ length: 30 }, (_, index) => ({ id: index * 7 + 1, email: `${index}`, name: 'x' })),
      })
      const within: Prisma.UserWhereInput = {
        role: { in: ['STUDENT', 'TUTOR'] },
        createdAt: { gt: new Date(0) },
      }
      for (const count of [limit - 1, limit, limit + 1, 2 * limit]) {
        log.clear()
        const users = await Promise.all(
          Array.from({ length: count }, (_, index) =>
            prisma.user.findFirst({ where: { id: index + 1, name: 'x', ...within } }),
          ),
        )
        for (const [index, user] of users.entries())
          expect(user?.id).toBe(index % 7 === 0 ? index + 1 : undefined)
        for (const { args } of log.statements) expect(args.length).toBeLessThanOrEqual(limit)
        expect(log.statements.length).toBeLessThanOrEqual(Math.ceil(count / (limit - 15)))
      }
    } finally {
      await limited.drop()
    }
  },
)

/** A driver that sends nothing before it may. */
function holding(until: Promise<void>, factory: SqlDriverAdapterFactory): SqlDriverAdapterFactory {
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    const adapter = await connect()
    const queryRaw = adapter.queryRaw.bind(adapter)
    adapter.queryRaw = async (query) => {
      await until
      return queryRaw(query)
    }
    return adapter
  }
  return factory
}

/** A driver that says it binds no more values in a statement. */
function bindingAtMost(values: number, factory: SqlDriverAdapterFactory): SqlDriverAdapterFactory {
  const connect = factory.connect.bind(factory)
  factory.connect = async () => {
    const adapter = await connect()
    const info = adapter.getConnectionInfo?.bind(adapter)
    adapter.getConnectionInfo = () => ({
      supportsRelationJoins: false,
      ...info?.(),
      maxBindValues: values,
    })
    return adapter
  }
  return factory
}
