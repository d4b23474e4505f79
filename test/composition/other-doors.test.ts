import { jest } from '@jest/globals'
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { brisk, type BriskOptions } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../support/databases.ts'

/**
 * The commonest extensions in the world send the call, or another in its place, through the client that they extend or
 * through a transaction of it. Mounted before the suite, as the README advises, they must lose nothing.
 */

type Operations = Record<string, (args: unknown) => Promise<never>>
const modelOf = (client: unknown, model: string): Operations =>
  (client as Record<string, Operations>)[model.charAt(0).toLowerCase() + model.slice(1)] as Operations

const OPTIONS: BriskOptions = {
  slowQuery: false,
  pagination: {
    maxLimit: 10,
    nested: { maxLimit: 10 },
    cursor: { secret: 'a secret of the tests, long enough' },
  },
}
const mount = (client: unknown, options: BriskOptions = OPTIONS) =>
  (client as PrismaClient).$extends(brisk(options))

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('another door on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase(provider)
  })
  afterAll(() => database.drop())
  let base: PrismaClient
  beforeEach(async () => {
    base = database.createClient()
    await base.tag.deleteMany()
    await base.user.deleteMany()
    await base.user.createMany({
      data: Array.from({ length: 12 }, (_, index) => ({
        name: `user ${index}`,
        email: `${index}@example.org`,
      })),
    })
  })

  afterEach(() => base.$disconnect())

  const cached = { cacheStrategy: { ttl: 60 } }

  /** Sends every call through a transaction of the client it extends, as guides to row-level security do. */
  const throughTransaction = (client: PrismaClient) =>
    client.$extends({
      name: 'through a transaction',
      query: {
        $allModels: {
          $allOperations: ({ model, operation, args }) =>
            client.$transaction(async (tx) => {
              await tx.$queryRaw`SELECT 1`
              return (await modelOf(tx, model)[operation]?.(args)) as never
            }),
        },
      },
    })

  /** Sends every call as a member of an array transaction, as Prisma's own example of row-level security does. */
  const throughArray = (client: PrismaClient) =>
    client.$extends({
      name: 'through an array transaction',
      query: {
        $allModels: {
          $allOperations: async ({ args, query }) => {
            const [, result] = await client.$transaction([client.$queryRaw`SELECT 1`, query(args)])
            return result
          },
        },
      },
    })

  /** Sends every call once more through the client it extends, with the arguments changed. */
  const throughBase = (client: PrismaClient) =>
    client.$extends({
      name: 'through the client it extends',
      query: {
        $allModels: {
          $allOperations: async ({ model, operation, args }) =>
            (await modelOf(client, model)[operation]?.({ ...args })) as never,
        },
      },
    })

  const doors = [
    ['a transaction', throughTransaction],
    ['an array transaction', throughArray],
    ['the client', throughBase],
  ] as const

  describe.each(doors)('calls that leave through %s', (_, extend) => {
    test('KR-C limits hold', async () => {
      const prisma = mount(extend(base))
      await expect(prisma.user.findMany()).rejects.toMatchObject({ code: 'E_UNBOUNDED_READ' })
      expect(await prisma.user.findMany({ take: 10, orderBy: { id: 'asc' } })).toEqual(
        await base.user.findMany({ take: 10, orderBy: { id: 'asc' } }),
      )
    })

    test("KR-C the suite's own arguments are known, and no other extension sees them", async () => {
      const seen: string[] = []
      const prisma = mount(
        extend(
          base.$extends({
            query: {
              $allModels: {
                $allOperations: ({ args, query }) => {
                  seen.push(...Object.keys(args ?? {}))
                  return query(args)
                },
              },
            },
          }) as never,
        ),
      )
      expect(await prisma.user.findMany({ unbounded: 'a test' })).toHaveLength(12)
      expect(await prisma.user.findMany({ take: 3, ...cached })).toHaveLength(3)
      const page = await prisma.user.cursorPage({ orderBy: { id: 'asc' }, first: 5 })
      const next = await prisma.user.cursorPage({
        orderBy: { id: 'asc' },
        first: 5,
        after: page.pageInfo.endCursor,
      })
      const ids = await base.user.findMany({ select: { id: true }, orderBy: { id: 'asc' }, take: 10 })
      expect([...page.items, ...next.items].map(({ id }) => ({ id }))).toEqual(ids)
      for (const own of ['unbounded', 'cacheStrategy', 'briskPage']) expect(seen).not.toContain(own)
    })

    test('KC5 writes invalidate, and what is read is fresh', async () => {
      const prisma = mount(extend(base))
      const read = () => prisma.user.findMany({ where: { name: 'user 1' }, ...cached })
      const [before] = await read()
      await prisma.user.update({ where: { id: before?.id as number }, data: { balance: 7 } })
      const [after] = await read()
      expect(Number(after?.balance)).toBe(7)
      await prisma.user.create({ data: { name: 'user 1', email: 'twin@example.org' } })
      expect(await read()).toHaveLength(2)
    })

    test('a call that fails fails as it would without the suite', async () => {
      const failure = async (client: PrismaClient) => {
        const error = await client.user
          .update({ where: { id: -1 }, data: { name: 'nobody' } })
          .catch((reason: unknown) => reason)
        const { code, name } = error as { code: string; name: string }
        return { code, name }
      }
      expect(await failure(mount(extend(base)) as never)).toEqual(await failure(extend(base) as never))
    })

    test('many at once, each answered with its own row', async () => {
      const prisma = mount(extend(database.createClient({ adapter: database.adapter({ connections: 3 }) })))
      const ids = await base.user.findMany({ select: { id: true }, take: 8 })
      const rows = await Promise.all(ids.map((where) => prisma.user.findUnique({ where, ...cached })))
      expect(rows.map((row) => ({ id: row?.id }))).toEqual(ids)
      const emails = await Promise.all(
        ids.map(({ id }) => prisma.user.findMany({ where: { id }, select: { email: true } })),
      )
      expect(emails.map(([row]) => row?.email)).toEqual(rows.map((row) => row?.email))
    })
  })

  describe('soft delete as guides write it', () => {
    const softDelete = (client: PrismaClient) =>
      client.$extends({
        name: 'soft delete',
        query: {
          user: {
            delete: ({ args }) =>
              client.user.update({ where: args.where, data: { deletedAt: new Date(0) } }) as never,
            deleteMany: ({ args }) =>
              client.user.updateMany({ where: args.where ?? {}, data: { deletedAt: new Date(0) } }) as never,
            findMany: ({ args, query }) => query({ ...args, where: { deletedAt: null, ...args.where } }),
            findUnique: ({ args }) =>
              client.user.findFirst({ ...args, where: { deletedAt: null, ...args.where } }) as never,
          },
        },
      })

    test('KC5 a row that is deleted is gone from the cache', async () => {
      const prisma = mount(softDelete(base))
      const all = () => prisma.user.findMany({ where: { name: { startsWith: 'user' } }, take: 10, ...cached })
      const [first] = await all()
      const one = () => prisma.user.findUnique({ where: { id: first?.id as number }, ...cached })
      expect(await one()).not.toBeNull()
      await prisma.user.delete({ where: { id: first?.id as number } })
      expect((await all()).map(({ id }) => id)).not.toContain(first?.id)
      expect(await one()).toBeNull()
      await prisma.user.deleteMany({ where: { name: 'user 3' } })
      expect((await all()).map(({ name }) => name)).not.toContain('user 3')
    })

    test('findUnique that is sent as findFirst is cached', async () => {
      const { client, log } = database.createRecordedClient()
      const prisma = mount(softDelete(client))
      const { id } = await base.user.findFirstOrThrow()
      const first = await prisma.user.findUnique({ where: { id }, ...cached })
      log.statements.length = 0
      expect(await prisma.user.findUnique({ where: { id }, ...cached })).toEqual(first)
      expect(log.statements).toEqual([])
    })
  })

  test('KC5 an extension that writes beside the call: audit and counters', async () => {
    const counters = base.$extends({
      query: {
        tag: {
          async create({ args, query }) {
            const result = await query(args)
            await base.user.updateMany({ where: { name: 'user 1' }, data: { balance: { increment: 1 } } })
            return result
          },
        },
      },
    })
    const prisma = mount(counters)
    const read = () => prisma.user.findMany({ where: { name: 'user 1' }, ...cached })
    await read()
    await prisma.tag.create({ data: { name: 'counted' } })
    expect(Number((await read())[0]?.balance)).toBe(1)
  })

  test('writes of the base client, and of other extensions of it, invalidate', async () => {
    const prisma = mount(base)
    const other = base.$extends({ name: 'other' })
    const read = async () =>
      (await prisma.user.findMany({ where: { name: 'user 1' }, ...cached })).map((row) => Number(row.balance))
    expect(await read()).toEqual([0])
    await base.user.updateMany({ where: { name: 'user 1' }, data: { balance: 1 } })
    expect(await read()).toEqual([1])
    await other.user.updateMany({ where: { name: 'user 1' }, data: { balance: 2 } })
    expect(await read()).toEqual([2])
    await base.$transaction(async (tx) => {
      await tx.user.updateMany({ where: { name: 'user 1' }, data: { balance: 3 } })
      if (provider === 'postgresql') expect(await read()).toEqual([2])
    })
    expect(await read()).toEqual([3])
    await base.$transaction([
      base.user.updateMany({ where: { name: 'user 1' }, data: { balance: 4 } }),
      base.user.count(),
    ])
    expect(await read()).toEqual([4])
  })

  test('arguments that never arrive are reported, once', async () => {
    const emitted = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const prisma = mount(base.$extends({ query: { user: { findMany: () => Promise.resolve([]) as never } } }))
    for (let round = 0; round < 2; round++) expect(await prisma.user.findMany(cached)).toEqual([])
    const warnings = emitted.mock.calls
      .filter(([, options]) => (options as { code?: string }).code === 'W_ARGUMENTS_LOST')
      .map(([message]) => message)
    emitted.mockRestore()
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('User.findMany')
    expect(warnings[0]).toContain('cacheStrategy')
  })
})

interface UserPage {
  readonly items: readonly { readonly id: number }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
}

describe('row-level security with policies of the database', () => {
  let database: TestDatabase<PrismaClient>
  const role = `brisk_tenant_${randomBytes(4).toString('hex')}`
  beforeAll(async () => {
    database = await createDatabase('postgresql')
    const admin = database.createClient()
    await admin.user.createMany({
      data: Array.from({ length: 40 }, (_, index) => ({
        name: index % 2 === 0 ? 'even' : 'odd',
        email: `${index}@example.org`,
        balance: index % 5,
      })),
    })
    for (const statement of [
      `CREATE ROLE ${role}`,
      `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`,
      `GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
      `ALTER TABLE "User" ENABLE ROW LEVEL SECURITY`,
      `CREATE POLICY tenant ON "User" USING (name = current_setting('app.tenant', true))`,
    ])
      await admin.$executeRawUnsafe(statement)
  })
  afterAll(async () => {
    const admin = database.createClient()
    await admin.$executeRawUnsafe(`DROP OWNED BY ${role}`)
    await admin.$executeRawUnsafe(`DROP ROLE ${role}`)
    await database.drop()
  })

  const tenant = new AsyncLocalStorage<string>()
  const setUp = (client: PrismaClient) =>
    client.$executeRaw`SELECT set_config('role', ${role}, true), set_config('app.tenant', ${tenant.getStore() ?? ''}, true)`
  const byTransaction = (client: PrismaClient) =>
    client.$extends({
      query: {
        $allModels: {
          $allOperations: ({ model, operation, args }) =>
            client.$transaction(async (tx) => {
              await setUp(tx as PrismaClient)
              return (await modelOf(tx, model)[operation]?.(args)) as never
            }),
        },
      },
    })
  const byArray = (client: PrismaClient) =>
    client.$extends({
      query: {
        $allModels: {
          $allOperations: async ({ args, query }) =>
            (await client.$transaction([setUp(client), query(args)]))[1] as never,
        },
      },
    })

  test.each([
    ['an interactive transaction', byTransaction],
    ['an array transaction', byArray],
  ])('KR-C KR07 by %s: pages, limits, batches and the cache keep tenants apart', async (_, extend) => {
    const options = { ...OPTIONS, cache: { scope: () => tenant.getStore() ?? '' } }
    const prisma = mount(extend(database.createClient()), options)
    const walk = async () => {
      const ids: number[] = []
      for (let after: string | null = null; ;) {
        const page: UserPage = await prisma.user.cursorPage({
          orderBy: { id: 'asc' },
          first: 6,
          ...(after === null ? {} : { after }),
        })
        ids.push(...page.items.map(({ id }) => id))
        if (!page.pageInfo.hasNextPage) return ids
        after = page.pageInfo.endCursor
      }
    }
    const plain = database.createClient()
    for (const name of ['even', 'odd']) {
      const expected = (await plain.user.findMany({ where: { name }, orderBy: { id: 'asc' } })).map(
        ({ id }) => id,
      )
      await tenant.run(name, async () => {
        expect(await walk()).toEqual(expected)
        await expect(prisma.user.findMany()).rejects.toMatchObject({ code: 'E_UNBOUNDED_READ' })
        for (let round = 0; round < 2; round++) {
          const rows = await prisma.user.findMany({
            take: 5,
            orderBy: { id: 'asc' },
            cacheStrategy: { ttl: 60 },
          })
          expect(rows.map(({ id }) => id)).toEqual(expected.slice(0, 5))
        }
        const own = await Promise.all(
          expected.slice(0, 4).map((id) => prisma.user.findFirst({ where: { id }, orderBy: { id: 'asc' } })),
        )
        expect(own.map((row) => row?.id)).toEqual(expected.slice(0, 4))
      })
    }
    const [even] = await plain.user.findMany({ where: { name: 'even' }, take: 1 })
    expect(
      await tenant.run(
        'odd',
        async () => await prisma.user.findUnique({ where: { id: even?.id as number } }),
      ),
    ).toBeNull()
  })

  test.each([
    ['an interactive transaction', byTransaction],
    ['an array transaction', byArray],
  ])(
    'KC10 by %s, behind the suite: with `scope`, a hit needs no transaction, tenants stay apart, and writes are seen',
    async (_, extend) => {
      const { client, log } = database.createRecordedClient()
      const scope = () => tenant.getStore() ?? ''
      const prisma = extend(
        mount(client, { ...OPTIONS, cache: { scope } }) as never,
      ) as unknown as ReturnType<typeof mount>
      const names = async (name: string) => {
        const rows = await tenant.run(
          name,
          async () =>
            await prisma.user.findMany({ take: 3, orderBy: { id: 'asc' }, cacheStrategy: { ttl: 60 } }),
        )
        return new Set(rows.map((row) => row.name))
      }
      for (const name of ['even', 'odd']) expect(await names(name)).toEqual(new Set([name]))
      log.clear()
      for (const name of ['even', 'odd']) expect(await names(name)).toEqual(new Set([name]))
      expect(log.statements).toEqual([])
      const first = () =>
        tenant.run(
          'even',
          async () =>
            await prisma.user.findFirst({
              orderBy: { id: 'asc' },
              select: { id: true, balance: true },
              cacheStrategy: { ttl: 60 },
            }),
        )
      const { id } = (await first()) as { id: number }
      await tenant.run('even', async () => await prisma.user.update({ where: { id }, data: { balance: 41 } }))
      expect(Number((await first())?.balance)).toBe(41)
    },
  )
})
