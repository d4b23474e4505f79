import { AsyncLocalStorage } from 'node:async_hooks'
import { brisk, type BriskOptions } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../support/databases.ts'

/**
 * Hooks that read on their own account, before the call that they pass on, beside it or after it, and of the very kind that
 * the call is of: a look at who asks, say. The call is limited, paged and cached as ever; the hook is answered as without
 * the suite.
 */

type Args = Readonly<Record<string, unknown>>
type Users = Record<string, (args: unknown) => Promise<unknown>>
const users = (client: unknown): Users => (client as { user: Users }).user

interface Hook {
  readonly operation: string
  readonly args: Args
  query(args: Args): Promise<unknown>
}

/** How a hook passes the call on. */
const WAYS: Record<string, (client: PrismaClient, hook: Hook) => Promise<unknown>> = {
  'by query(args)': (_, { args, query }) => query(args),
  'by query, with a filter': (_, { args, query }) => query(filtered(args)),
  'through the client': async (client, { operation, args }) => users(client)[operation]?.(args),
  'through the client, with a filter': async (client, { operation, args }) =>
    users(client)[operation]?.(filtered(args)),
  'through a transaction': (client, { operation, args }) =>
    client.$transaction(async (tx) => users(tx)[operation]?.(args)),
  'through a transaction, with a filter': (client, { operation, args }) =>
    client.$transaction(async (tx) => users(tx)[operation]?.(filtered(args))),
}
const filtered = (args: Args): Args => ({
  ...args,
  where: { AND: [args['where'] ?? {}, { deletedAt: null }] },
})

type Own = () => Promise<unknown>
const ORDERS: Record<string, (own: Own, pass: Own) => Promise<unknown>> = {
  first: async (own, pass) => {
    await own()
    return pass()
  },
  beside: async (own, pass) => (await Promise.all([own(), pass()]))[1],
  after: async (own, pass) => {
    const answer = await pass()
    await own()
    return answer
  },
}

const OPTIONS: BriskOptions = {
  slowQuery: false,
  pagination: {
    maxLimit: 10,
    onMissing: 'reject',
    cursor: { secret: 'a secret of the tests, long enough' },
  },
}

describe.each<Provider>(['postgresql', 'sqlite'])('hooks that read for themselves on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient
  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient()
    await plain.user.createMany({
      data: Array.from({ length: 30 }, (_, index) => ({
        name: `user ${index % 3}`,
        email: `${index}@example.org`,
      })),
    })
  })
  afterAll(() => database.drop())

  const ownRead = { where: { email: { not: 'nobody' } } }
  const bound = { orderBy: { id: 'asc' }, take: 10 } as const
  const owned = new AsyncLocalStorage<unknown[]>()

  const extended = (client: PrismaClient, way: string, order: string): PrismaClient =>
    client.$extends({
      query: {
        user: {
          findMany: (hook) => {
            // Behind the suite, limits hold for a hook.
            const args = '$cache' in client ? { ...ownRead, ...bound } : ownRead
            const own = async () => {
              owned.getStore()?.push(await users(client)['findMany']?.(args))
            }
            return ORDERS[order]?.(own, async () => WAYS[way]?.(client, hook)) as never
          },
        },
      },
    }) as never

  const calls = {
    'a list': { where: { name: 'user 1' }, take: 5, orderBy: { id: 'asc' }, cacheStrategy: { ttl: 60 } },
    'a list of all': { unbounded: 'a test' },
    'a list of all, ordered': { orderBy: { id: 'desc' }, unbounded: 'a test' },
  } as const

  const cases = Object.keys(WAYS).flatMap((way) => Object.keys(ORDERS).map((order) => [way, order] as const))

  describe.each(['before', 'behind'])('%s the suite', (place) => {
    test.each(cases)('KR-C a call that is sent %s, the own read %s', async (way, order) => {
      const base = database.createClient()
      const suite = (client: PrismaClient, options: BriskOptions = OPTIONS) => client.$extends(brisk(options))
      const prisma = (
        place === 'before'
          ? suite(extended(base, way, order))
          : extended(suite(base, { ...OPTIONS, cache: { scope: () => 'one' } }) as never, way, order)
      ) as ReturnType<typeof suite>
      const all = await plain.user.findMany({ orderBy: { id: 'asc' } })
      const ownRows = place === 'before' ? all : all.slice(0, bound.take)
      const byId = (rows: unknown) => (rows as { id: number }[]).toSorted((a, b) => a.id - b.id)
      for (const [name, args] of Object.entries(calls)) {
        const { cacheStrategy: _, unbounded: __, ...bare } = { cacheStrategy: 0, unbounded: 0, ...args }
        const own: unknown[] = []
        const answer = await owned.run(own, async () => await prisma.user.findMany(args as never))
        expect({ name, answer: byId(answer) }).toEqual({
          name,
          answer: byId(await plain.user.findMany(bare as never)),
        })
        expect({ name, own: own.map(byId) }).toEqual({ name, own: [ownRows] })
      }
      const own: unknown[] = []
      const page = await owned.run(own, () => prisma.user.cursorPage({ orderBy: { id: 'asc' }, first: 5 }))
      expect(page.items).toEqual(all.slice(0, 5))
      expect(own.map(byId)).toEqual([ownRows])
      await expect(prisma.user.findMany({ orderBy: { id: 'asc' } })).rejects.toMatchObject({
        code: 'E_UNBOUNDED_READ',
      })
      await base.$disconnect()
    })
  })
})
