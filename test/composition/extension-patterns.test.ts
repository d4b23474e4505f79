import { jest } from '@jest/globals'
import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../support/databases.ts'
import type { StatementLog } from '../support/statements.ts'

/** The table of docs/guide/other-extensions.md: a change here is a change there. */

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
})
afterAll(async () => {
  jest.restoreAllMocks()
  await database.drop()
})

type Extend = (client: PrismaClient) => unknown
type Operations = Record<string, (args: unknown) => Promise<never>>
const modelOf = (client: unknown, model: string): Operations =>
  (client as Record<string, Operations>)[model.charAt(0).toLowerCase() + model.slice(1)] as Operations

const suite: Extend = (client) =>
  client.$extends(
    brisk({
      slowQuery: false,
      cache: { scope: () => 'one' },
      pagination: { maxLimit: 10, cursor: { secret: 'a secret of the tests, long enough' } },
    }),
  )

const filter: Extend = (client) =>
  client.$extends({
    query: {
      user: {
        findMany: ({ args, query }) => query({ ...args, where: { ...args.where, deletedAt: null } }),
      },
    },
  })

const byArray: Extend = (client) =>
  client.$extends({
    query: {
      $allModels: {
        $allOperations: async ({ args, query }) =>
          (
            await client.$transaction([
              client.$queryRaw`SELECT set_config('app.tenant', '1', true)`,
              query(args),
            ])
          )[1],
      },
    },
  })

const byInteractive: Extend = (client) =>
  client.$extends({
    query: {
      $allModels: {
        $allOperations: ({ model, operation, args }) =>
          client.$transaction(async (tx) => {
            await tx.$queryRaw`SELECT set_config('app.tenant', '1', true)`
            return (await modelOf(tx, model)[operation]?.(args)) as never
          }),
      },
    },
  })

const softDelete: Extend = (client) =>
  client.$extends({
    query: {
      user: {
        delete: ({ args }) =>
          client.user.update({ where: args.where, data: { deletedAt: new Date(0) } }) as never,
        findMany: ({ args, query }) => query({ ...args, where: { ...args.where, deletedAt: null } }),
      },
    },
  })

const audit: Extend = (client) =>
  client.$extends({
    query: {
      user: {
        update: async ({ args, query }) => {
          const row = await query(args)
          await client.tag.create({ data: { name: `update of ${row.id}` } })
          return row
        },
      },
    },
  })

const computed: Extend = (client) =>
  client.$extends({
    result: { user: { label: { needs: { name: true }, compute: ({ name }) => `<${name}>` } } },
  })

const methods: Extend = (client) =>
  client.$extends({ client: { $greet: () => 'hello' }, model: { user: { shout: () => 'hello' } } })

const retries: Extend = (client) =>
  client.$extends({
    query: {
      $allModels: {
        $allOperations: async ({ args, query }) => {
          try {
            return await query(args)
          } catch {
            return query(args)
          }
        },
      },
    },
  })

const beforeSuite = (extend: Extend) => (client: PrismaClient) => suite(extend(client) as PrismaClient)
const behindSuite = (extend: Extend) => (client: PrismaClient) => extend(suite(client) as PrismaClient)

describe.each([
  { pattern: 'a filter in the arguments, before', extend: beforeSuite(filter), merged: true, cached: true },
  { pattern: 'an array transaction, before', extend: beforeSuite(byArray), merged: false, cached: false },
  {
    pattern: 'an interactive transaction, before',
    extend: beforeSuite(byInteractive),
    merged: false,
    cached: false,
  },
  { pattern: 'soft delete, before', extend: beforeSuite(softDelete), merged: true, cached: true },
  { pattern: 'audit, before', extend: beforeSuite(audit), merged: true, cached: true },
  { pattern: 'computed fields, before', extend: beforeSuite(computed), merged: true, cached: true },
  { pattern: 'methods, before', extend: beforeSuite(methods), merged: true, cached: true },
  { pattern: 'retries, before', extend: beforeSuite(retries), merged: true, cached: true },
  { pattern: 'a filter in the arguments, behind', extend: behindSuite(filter), merged: false, cached: true },
  { pattern: 'an array transaction, behind', extend: behindSuite(byArray), merged: false, cached: true },
  {
    pattern: 'an interactive transaction, behind',
    extend: behindSuite(byInteractive),
    merged: false,
    cached: true,
  },
  { pattern: 'computed fields, behind', extend: behindSuite(computed), merged: true, cached: true },
  { pattern: 'methods, behind', extend: behindSuite(methods), merged: true, cached: true },
])('$pattern', ({ extend, merged, cached }) => {
  let prisma: ReturnType<typeof mounted>
  let log: StatementLog
  const mounted = (client: PrismaClient) => extend(client) as ReturnType<typeof typed>
  const typed = (client: PrismaClient) => client.$extends(brisk())
  beforeEach(async () => {
    await database.empty()
    const recorded = database.createRecordedClient()
    await recorded.client.user.createMany({
      data: Array.from({ length: 12 }, (_, index) => ({
        id: index + 1,
        name: `user ${index + 1}`,
        email: `${index}@example.org`,
        tutorId: index < 4 ? null : (index % 4) + 1,
      })),
    })
    prisma = mounted(recorded.client)
    log = recorded.log
    log.clear()
  })
  afterEach(() => prisma.$disconnect())

  const reads = () => log.sql().filter((sql) => /^SELECT .*FROM "public"."User"/s.test(sql)).length

  test(merged ? 'concurrent reads are merged' : 'concurrent reads are not merged, and right', async () => {
    const lists = await Promise.all(
      [1, 2, 3].map((tutorId) => prisma.user.findMany({ where: { tutorId }, orderBy: { id: 'asc' } })),
    )
    expect(lists.map((list) => list.map(({ id }) => id))).toEqual([
      [5, 9],
      [6, 10],
      [7, 11],
    ])
    expect(reads()).toBe(merged ? 1 : 3)
  })

  test(`reads are ${cached ? '' : 'not '}cached, and fresh after a write`, async () => {
    const read = async () => {
      const rows = await prisma.user.findMany({
        where: { tutorId: 1 },
        orderBy: { id: 'asc' },
        cacheStrategy: { ttl: 60 },
      })
      return rows.map(({ balance }) => Number(balance))
    }
    expect(await read()).toEqual([0, 0])
    log.clear()
    expect(await read()).toEqual([0, 0])
    expect(reads()).toBe(cached ? 0 : 1)
    await prisma.user.update({ where: { id: 5 }, data: { balance: 7 } })
    expect(await read()).toEqual([7, 0])
  })

  test('limits hold, and pages walk', async () => {
    await expect(prisma.user.findMany()).rejects.toMatchObject({ code: 'E_UNBOUNDED_READ' })
    const page = await prisma.user.cursorPage({ orderBy: { id: 'asc' }, first: 7 })
    const next = await prisma.user.cursorPage({
      orderBy: { id: 'asc' },
      first: 7,
      after: page.pageInfo.endCursor,
    })
    expect([...page.items, ...next.items].map(({ id }) => id)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    )
  })
})

test('reads that ask for a field which is computed behind the suite are not cached', async () => {
  await database.empty()
  const { client, log } = database.createRecordedClient()
  await client.user.create({ data: { id: 1, name: 'Ada', email: 'ada@example.org' } })
  const prisma = client.$extends(brisk()).$extends({
    result: { user: { label: { needs: { name: true }, compute: ({ name }) => `<${name}>` } } },
  })
  const counts: number[] = []
  for (const args of [{}, { select: { label: true } }, { omit: { email: true } }] as const) {
    const read = () => prisma.user.findFirst({ where: { id: 1 }, ...args, cacheStrategy: { ttl: 60 } })
    const miss = await read()
    log.clear()
    expect((await read())?.label).toBe(miss?.label)
    counts.push(log.statements.length)
  }
  expect(counts).toEqual([0, 1, 1])
})
