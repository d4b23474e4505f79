import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readReplicas } from '@prisma/extension-read-replicas'
import { batching } from '@prisma-brisk/batching'
import type { QueryEvent } from '@prisma-brisk/core'
import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  await database.createClient().user.createMany({
    data: [1, 2, 3, 4].map((id) => ({ id, email: `${id}@example.org`, name: `User ${id}` })),
  })
})
afterAll(() => database.drop())

const recorded = () => database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
const ids = (users: readonly ({ id: number } | null)[]) => users.map((user) => user?.id)

test('B26 calls of two scopes never share a statement', async () => {
  const user = new AsyncLocalStorage<string>()
  const { client, log } = recorded()
  const prisma = client.$extends(
    batching({ scope: () => user.getStore(), schedule: (send) => setTimeout(send, 5) }),
  )
  const ask = (name: string, wanted: number[]) =>
    user.run(name, () => Promise.all(wanted.map((id) => prisma.user.findUnique({ where: { id } }))))
  expect((await Promise.all([ask('ada', [1, 2]), ask('bob', [3, 4])])).map(ids)).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(log.statements.map(({ args }) => args.slice(0, 2))).toEqual([
    [1, 2],
    [3, 4],
  ])
  log.clear()
  await Promise.all([ask('ada', [1]), ask('bob', [2])])
  expect(log.statements).toHaveLength(2)
})

test('B26 equal calls of two scopes are two statements, at once and while others are in flight', async () => {
  const user = new AsyncLocalStorage<string | undefined>()
  const { client, log } = recorded()
  const prisma = client.$extends(batching({ scope: () => user.getStore() }))
  const asks: (() => PromiseLike<unknown>)[] = [
    () => prisma.user.findMany({ orderBy: { id: 'asc' } }),
    () => prisma.user.findUnique({ where: { id: 1 } }),
    () => prisma.user.findFirst({ where: { email: '1@example.org' }, orderBy: { id: 'asc' } }),
    () => prisma.user.count(),
    () => prisma.user.groupBy({ by: ['role'], _count: true }),
  ]
  for (const ask of asks) {
    log.clear()
    const answers = await Promise.all(
      ['ada', 'ada', 'bob', undefined, 'bob'].map((name) => user.run(name, async () => ask())),
    )
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(log.statements).toHaveLength(3)
  }
  // In a transaction too, where nothing else would keep them apart.
  log.clear()
  await prisma.$transaction((tx) =>
    Promise.all(
      ['ada', 'bob', 'ada', 'bob'].map((name, index) =>
        user.run(name, async () => tx.user.findFirst({ where: { id: index + 1 } })),
      ),
    ),
  )
  expect(log.statements.map(({ args }) => args.slice(0, 2))).toEqual([
    [1, 3],
    [2, 4],
  ])
})

test('B26 a scope that fails fails its own call alone', async () => {
  const { client } = recorded()
  let calls = 0
  const prisma = client.$extends(
    batching({
      scope: () => {
        if (++calls === 2) throw new Error('who are you?')
        return 'ada'
      },
    }),
  )
  const outcomes = await Promise.allSettled([1, 2, 3].map((id) => prisma.user.findUnique({ where: { id } })))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('B26 calls of two clients are not merged, however long the schedule', async () => {
  const { client, log } = recorded()
  const [one, two] = [1, 2].map(() => client.$extends(batching({ schedule: (send) => setTimeout(send, 5) })))
  const found = await Promise.all(
    [one!, two!].map((prisma) => Promise.all([1, 2].map((id) => prisma.user.findFirst({ where: { id } })))),
  )
  expect(found.map(ids)).toEqual([
    [1, 2],
    [1, 2],
  ])
  expect(log.statements).toHaveLength(2)
})

test('B27 each caller keeps its own context, in which it is told of the batch that answered it', async () => {
  const span = new AsyncLocalStorage<number>()
  const { client } = recorded()
  const prisma = client.$extends(batching())
  const links: [number | undefined, number | undefined][] = []
  const link = (event: unknown) =>
    links.push([span.getStore(), ((event as QueryEvent).notes.batch as { id: number } | undefined)?.id])
  subscribe('prisma-brisk:query', link)
  const seen = await Promise.all(
    [1, 2, 3].map((id) =>
      span.run(id, async () => {
        await prisma.user.findUnique({ where: { id } })
        return span.getStore()
      }),
    ),
  )
  unsubscribe('prisma-brisk:query', link)
  expect(seen).toEqual([1, 2, 3])
  expect(links.map(([context]) => context)).toEqual([1, 2, 3])
  expect(new Set(links.map(([, batch]) => batch)).size).toBe(1)
  expect(links[0]![1]).toEqual(expect.any(Number))
})

test('B28 with read replicas the choice of the primary is kept', async () => {
  const primary = recorded()
  const replica = recorded()
  const prisma = primary.client
    .$extends(batching())
    .$extends(readReplicas({ replicas: [replica.client.$extends(batching()) as never] }))
  const found = await Promise.all([
    prisma.user.findUnique({ where: { id: 1 } }),
    prisma.user.findUnique({ where: { id: 2 } }),
    prisma.$primary().user.findUnique({ where: { id: 3 } }),
    prisma.$primary().user.findUnique({ where: { id: 4 } }),
  ])
  expect(ids(found)).toEqual([1, 2, 3, 4])
  expect(replica.log.statements.flatMap(({ args }) => args.slice(0, 2))).toEqual([1, 2])
  expect(primary.log.statements.flatMap(({ args }) => args.slice(0, 2))).toEqual([3, 4])
})

test('B28 a transaction stays on the primary, replicas in front of us or behind', async () => {
  const primary = recorded()
  const replica = recorded()
  const replicas = readReplicas({ replicas: [replica.client.$extends(batching()) as never] })
  const orders = [
    primary.client.$extends(replicas).$extends(batching()),
    primary.client.$extends(batching()).$extends(replicas),
  ] as unknown as PrismaClient[]
  for (const [index, prisma] of orders.entries()) {
    primary.log.clear()
    replica.log.clear()
    const [inside, outside] = await Promise.all([
      prisma.$transaction((tx) => Promise.all([1, 2].map((id) => tx.user.findFirst({ where: { id } })))),
      Promise.all([3, 4].map((id) => prisma.user.findFirst({ where: { id } }))),
    ])
    expect([ids(inside), ids(outside)]).toEqual([
      [1, 2],
      [3, 4],
    ])
    // Where replicas stand in front, batching behind them merges what they leave to the primary.
    expect(primary.log.statements.map(({ transaction }) => transaction !== 0)).toEqual(
      index === 0 ? [true] : [true, true],
    )
    expect(replica.log.statements).toHaveLength(1)
  }
})

test('B29 calls of one client share a statement, also where Prisma’s own way brings some of them', async () => {
  const { client, log } = recorded()
  const prisma = client.$extends(batching())
  // Of a class, and so left to Prisma to copy.
  class ById {
    constructor(readonly id: number) {}
  }
  const users = await Promise.all([
    prisma.user.findFirst({ where: { id: 1 } }),
    prisma.user.findFirst({ where: new ById(2) }),
    prisma.user.findFirst({ where: { id: 3 } }),
  ])
  expect(ids(users)).toEqual([1, 2, 3])
  expect(log.statements).toHaveLength(1)
})

test('B29 extensions before us run once a caller, those after us are not skipped', async () => {
  const before: unknown[] = []
  const after: unknown[] = []
  const { client, log } = recorded()
  const watch = (seen: unknown[]) => ({
    query: {
      $allModels: {
        $allOperations: ({
          operation,
          args,
          query,
        }: {
          operation: string
          args: unknown
          query: (args: never) => Promise<unknown>
        }) => {
          seen.push(operation)
          return query(args as never)
        },
      },
    },
  })
  const prisma = client.$extends(watch(before)).$extends(batching())
  const further = prisma.$extends(watch(after))
  await Promise.all([1, 2].map((id) => prisma.user.findMany({ where: { id } })))
  expect(before).toEqual(['findMany', 'findMany'])
  log.clear()
  await Promise.all([
    ...[1, 2].map((id) => prisma.user.findMany({ where: { id } })),
    ...[3, 4].map((id) => further.user.findMany({ where: { id } })),
  ])
  // What stands behind batching may change what a merged call means: nothing is merged in front of it.
  expect(log.statements.map(({ args }) => Number(args[0])).sort((a, b) => a - b)).toEqual([1, 3, 4])
  expect(after).toEqual(['findMany', 'findMany'])
})

describe('B29 clients that were extended differently never share a batch', () => {
  const shout = {
    result: {
      user: {
        shout: {
          needs: { name: true },
          compute: ({ name }: { name: string }) => name.toUpperCase(),
        },
      },
    },
  } as const
  const siblings = {
    'a computed field behind us': (client: PrismaClient) => {
      const prisma = client.$extends(batching())
      return [prisma, prisma.$extends(shout)]
    },
    'a computed field in front of us': (client: PrismaClient) => [
      client.$extends(batching()),
      client.$extends(shout).$extends(batching()),
    ],
    'a computed field behind the suite': (client: PrismaClient) => {
      const prisma = client.$extends(brisk({ pagination: false, slowQuery: false }))
      return [prisma, prisma.$extends(shout)]
    },
    'two behind us': (client: PrismaClient) => {
      const prisma = client.$extends(batching()).$extends({ client: { $nothing: () => null } })
      return [prisma, prisma.$extends(shout).$extends({ model: { user: { nothing: () => null } } })]
    },
  }
  type Users = Pick<PrismaClient, 'user' | '$transaction'>
  type Ask = (client: Users, id: number) => PromiseLike<unknown>
  const asks: Record<string, Ask> = {
    'whole rows': ({ user }, id) => user.findUnique({ where: { id } }),
    'rows without what the field needs': ({ user }, id) =>
      user.findUnique({ where: { id }, omit: { name: true } }),
    'rows without the field': ({ user }, id) =>
      user.findUnique({ where: { id }, omit: { shout: true } as unknown as { name: true } }),
    'the field alone': ({ user }, id) =>
      user.findFirst({ where: { id }, select: { shout: true } as unknown as { name: true } }),
    lists: ({ user }, id) => user.findMany({ where: { id }, omit: { name: true, email: true } }),
    'nested rows': ({ user }, id) =>
      user.findMany({
        where: { id },
        select: { students: { omit: { name: true }, orderBy: { id: 'asc' } } },
      }),
    'equal reads': ({ user }) => user.findMany({ orderBy: { id: 'asc' }, omit: { name: true } }),
  }
  const outcome = async (ask: PromiseLike<unknown>): Promise<unknown> =>
    // Computed fields are found by looking at them, not by listing own properties.
    Promise.resolve(ask).then(
      (answer) => JSON.parse(JSON.stringify(answer)) as unknown,
      (error: Error) => error.name,
    )

  let plain: PrismaClient
  let base: PrismaClient
  beforeAll(() => {
    const made = [1, 2].map(() => database.createClient({ adapter: database.adapter({ connections: 3 }) }))
    ;[plain, base] = made as [PrismaClient, PrismaClient]
  })

  describe.each(Object.entries(siblings))('%s', (_, extended) => {
    test.each(Object.entries(asks))('%s', async (__, ask) => {
      const expected: unknown[][] = []
      for (const client of [plain, plain.$extends(shout) as unknown as Users]) {
        const alone: unknown[] = []
        for (const id of [1, 2, 3]) alone.push(await outcome(ask(client, id)))
        expected.push(alone)
      }
      const clients = extended(base) as unknown as Users[]
      for (const order of [clients, [...clients].reverse()]) {
        const given = await Promise.all(
          order.map((client) => Promise.all([1, 2, 3].map((id) => outcome(ask(client, id))))),
        )
        if (order !== clients) given.reverse()
        expect(given).toEqual(expected)
      }
    })
  })

  test('nor inside one transaction, nor where their statements are alike', async () => {
    const { client, log } = recorded()
    const prisma = client.$extends(batching())
    const loud = prisma.$extends(shout)
    const ask = (each: Users) => Promise.all([1, 2].map((id) => each.user.findFirst({ where: { id } })))
    await Promise.all([ask(prisma as unknown as Users), ask(loud as unknown as Users)])
    expect(log.statements).toHaveLength(2)
    const [row] = await loud.$transaction((tx) =>
      Promise.all([1, 2].map((id) => tx.user.findFirst({ where: { id }, omit: { name: true } }))),
    )
    expect(row).toMatchObject({ id: 1, shout: 'USER 1' })
    expect(log.statements).toHaveLength(3)
  })
})
