import { AsyncLocalStorage } from 'node:async_hooks'
import { cache, type CacheOptions } from '@prisma-brisk/cache'
import { pagination } from '@prisma-brisk/pagination'
import { resilience } from '@prisma-brisk/resilience'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, heardWarnings, settled, withoutStrategies } from './support/cached-client.ts'

const bench = useBench(async (base) => {
  await base.user.createMany({
    data: [
      { email: 'ada@example.org', name: 'Ada' },
      { email: 'bob@example.org', name: 'Bob' },
    ],
  })
})
const minute = { cacheStrategy: { ttl: 60 } }

interface Hook {
  readonly args: { readonly where?: object; readonly data?: object }
  query(args: object): Promise<unknown>
}

test('C3 extensions of the suite that are mounted behind the cache are not foreign: reads are cached, writes invalidate what they touch', async () => {
  const prisma = cached(bench.base)
    .$extends(resilience())
    .$extends(pagination({ defaultLimit: 5 }))
  await prisma.user.findMany(minute as never)
  await prisma.tag.count(minute as never)
  await settled()
  await expectStatements(bench.log, 0, () => prisma.user.findMany(minute as never))
  await prisma.user.updateMany({ data: { balance: 1 } })
  await expectStatements(bench.log, 0, () => prisma.tag.count(minute as never))
  await expectStatements(bench.log, 1, () => prisma.user.findMany(minute as never))
})

describe('a query hook behind the cache', () => {
  const tenants = new AsyncLocalStorage<string>()
  const tenant = {
    query: {
      user: {
        findMany: ({ args, query }: Hook) =>
          query({ ...args, where: { ...args.where, name: tenants.getStore() } }),
      },
    },
  }
  const namesFor = async (options: CacheOptions): Promise<string[][]> => {
    const prisma = cached(bench.base, options).$extends(tenant)
    const seen: string[][] = []
    for (const name of ['Ada', 'Bob', 'Ada', 'Bob']) {
      const rows = await tenants.run(name, async () => await prisma.user.findMany(minute))
      seen.push(rows.map((row) => row.name))
      await settled()
    }
    return seen
  }

  test('KC10 C3 may take its tenant from anywhere: without a scope nothing is answered from the cache', async () => {
    const { warnings, restore } = heardWarnings()
    expect(await namesFor({})).toEqual([['Ada'], ['Bob'], ['Ada'], ['Bob']])
    restore()
    expect(warnings).toContain('W_CACHE_EXTENSION_BEHIND')
    const prisma = cached(bench.base).$extends(tenant)
    const told = (prisma as unknown as ReturnType<typeof cached>).$cache
    const { info } = await told.withInfo(() =>
      tenants.run('Ada', async () => await prisma.user.findMany(minute)),
    )
    expect(info).toMatchObject({ status: 'bypass', reason: 'extension-behind' })
    // Operations that no hook changes are cached as ever.
    await prisma.user.count(minute)
    await settled()
    expect((await told.withInfo(() => prisma.user.count(minute))).info.status).toBe('hit')
  })

  test('KC10 C3 with a scope that names the tenant each has results of its own', async () => {
    expect(await namesFor({ scope: () => tenants.getStore() })).toEqual([['Ada'], ['Bob'], ['Ada'], ['Bob']])
  })

  test.each<[string, CacheOptions]>([
    ['without a scope', {}],
    ['with one', { scope: () => 'all' }],
  ])('KC9 may write more than it was asked to: %s everything is fresh after it', async (_, options) => {
    const widening = {
      query: {
        user: {
          create: ({ args, query }: Hook) =>
            query({ ...args, data: { ...args.data, conversations: { create: { title: 'welcome' } } } }),
        },
      },
    }
    const parent = cached(bench.base, options)
    const child = parent.$extends(widening)
    for (const each of [parent, child]) await each.conversation.count(minute)
    await settled()
    await child.user.create({ data: { email: 'eve@example.org', name: 'Eve' } })
    for (const each of [parent, child]) expect(await each.conversation.count(minute)).toBe(1)
  })

  test('KC9 may ask for more than it was asked: what it reads beside is fresh', async () => {
    const prisma = cached(bench.base, { scope: () => 'all' })
    const [first] = await bench.base.user.findMany({ orderBy: { id: 'asc' } })
    const userId = first?.id as number
    const talk = await bench.base.conversation.create({ data: { title: 'talk', userId } })
    const child = prisma.$extends({
      query: {
        conversation: {
          $allOperations: ({ args, query }: Hook) =>
            query({ ...args, where: { ...args.where, user: { name: 'Ada' } } }),
        },
      },
    }) as unknown as typeof prisma
    const titles = async () => [
      await child.conversation.count(minute as never),
      (
        (await child.conversation.findUnique({ where: { id: talk.id }, ...minute } as never)) as {
          title?: string
        } | null
      )?.title,
    ]
    expect(await titles()).toEqual([1, 'talk'])
    await settled()
    await prisma.user.update({ where: { id: userId }, data: { name: 'Countess' } })
    expect(await titles()).toEqual([0, undefined])
  })

  test('KC7 KC9 may fail after it has written: its rows are fresh, whatever the error', async () => {
    for (const error of [
      { code: 'E_NOT_ALLOWED' },
      { code: 'P2002' },
      { name: 'PrismaClientValidationError' },
    ]) {
      const failing = {
        query: {
          user: {
            update: async ({ args, query }: Hook) => {
              await query(args)
              throw Object.assign(new Error('after it was done'), error)
            },
          },
        },
      }
      const prisma = cached(bench.base, { scope: () => 'all' })
      await prisma.user.findUnique({ where: { id: 1 }, ...minute })
      await settled()
      const name = JSON.stringify(error)
      await expect(
        prisma.$extends(failing).user.update({ where: { id: 1 }, data: { name } }),
      ).rejects.toThrow('after it was done')
      expect(await prisma.user.findUnique({ where: { id: 1 }, ...minute })).toMatchObject({ name })
    }
  })
})

describe('KC8 C33 a computed field behind the cache that takes the place of a column', () => {
  const masked = {
    result: {
      user: {
        name: {
          needs: { email: true, role: true },
          compute: ({ email, role }: { email: string; role: string }) => `${role}/${email}`,
        },
      },
    },
  }
  const reads = [
    { select: { name: true }, orderBy: { id: 'asc' } },
    { orderBy: { id: 'asc' } },
    { select: { tutor: { select: { name: true } }, id: true }, orderBy: { id: 'asc' } },
  ] as const

  test.each([
    ['before the one without it', ['child', 'cached']],
    ['after the one without it', ['cached', 'child']],
  ] as const)('asked %s gives each client what it asks for', async (_, order) => {
    await bench.base.user.update({ where: { id: 2 }, data: { tutorId: 1 } })
    for (const everywhere of [
      masked,
      { result: { $allModels: masked.result.user } },
      { result: { $allModels: {}, ...masked.result } },
    ]) {
      const parent = bench.base.$extends(cache())
      const clients = { cached: parent, child: parent.$extends(everywhere as typeof masked) }
      const plain = withoutStrategies(bench.base)
      const truths = { cached: plain, child: plain.$extends(everywhere as typeof masked) }
      for (const args of reads) {
        for (const which of [...order, ...order]) {
          const rows = await clients[which].user.findMany({ ...args, ...minute })
          const truth = await truths[which].user.findMany(args)
          expect(plainly(rows)).toEqual(plainly(truth))
          await settled()
        }
      }
    }
  })
})

/** Prisma hands out proxies, and computed fields as getters. */
function plainly(rows: unknown): unknown {
  return JSON.parse(JSON.stringify(rows))
}
