import { brisk } from 'prisma-brisk'
import { cache, memoryStore } from '@prisma-brisk/cache'
import { withAccelerate } from '@prisma-brisk/cache/accelerate'
import { pagination } from '@prisma-brisk/pagination'
import { slowQuery } from '@prisma-brisk/slow-query'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { Clock, ownNamespace, settled } from './support/cached-client.ts'

/** Accelerate's own names, with whatever carries the cache. */
const bench = useBench()
const minute = { cacheStrategy: { ttl: 60, swr: 30, tags: ['team_7'] } }

const clock = new Clock()
const options = () => ({ namespace: ownNamespace(), earlyRefresh: 0, now: clock.now })
const MOUNTS = {
  'on its own': (base: PrismaClient) => base.$extends(withAccelerate({ cache: options() })),
  'on brisk()': (base: PrismaClient) => base.$extends(brisk({ cache: options() })).$extends(withAccelerate()),
}

describe.each(Object.entries(MOUNTS))('%s', (_, mounted) => {
  const mount = () => mounted(bench.base)

  test('info says none, miss, ttl and swr, and a write makes a hit a miss', async () => {
    const prisma = mount()
    const status = async (args?: typeof minute) =>
      (await prisma.user.findMany(args).withAccelerateInfo()).info?.cacheStatus
    expect(await status()).toBe('none')
    expect(await status(minute)).toBe('miss')
    await settled()
    expect(await expectStatements(bench.log, 0, () => status(minute))).toBe('ttl')
    clock.advance(61)
    expect(await status(minute)).toBe('swr')
    await settled()
    await prisma.user.updateMany({ data: { name: 'Lovelace' } })
    expect(await status(minute)).toBe('miss')
  })

  test('every read has it, with the data that the read alone gives', async () => {
    const { user } = mount()
    const where = { id: 1 }
    const reads = {
      findMany: () => user.findMany(minute),
      findFirst: () => user.findFirst(minute),
      findFirstOrThrow: () => user.findFirstOrThrow(minute),
      findUnique: () => user.findUnique({ where, ...minute }),
      findUniqueOrThrow: () => user.findUniqueOrThrow({ where, ...minute }),
      count: () => user.count(minute),
      aggregate: () => user.aggregate({ _count: true, ...minute }),
      groupBy: () => user.groupBy({ by: ['role'], ...minute }),
    }
    const signatures = new Set<string>()
    for (const [name, read] of Object.entries(reads)) {
      const { data, info } = await read().withAccelerateInfo()
      expect({ name, data, status: info?.cacheStatus }).toEqual({ name, data: await read(), status: 'miss' })
      signatures.add(info?.signature ?? '')
    }
    expect(signatures.size).toBe(8)
  })

  test('promises are lazy, and a read is made once for each that is awaited', async () => {
    const prisma = mount()
    await expectStatements(bench.log, 0, async () => {
      void prisma.user.findMany().withAccelerateInfo()
      await settled()
    })
    const read = prisma.user.findMany()
    await expectStatements(bench.log, 1, () => read.withAccelerateInfo())
    const informed = prisma.user.findMany().withAccelerateInfo()
    await expectStatements(bench.log, 1, async () => {
      expect((await informed).data).toBe((await informed).data)
      expect(await informed.finally(() => undefined)).toBe(await informed)
    })
    const failing = prisma.user.findUniqueOrThrow({ where: { id: 99 } }).withAccelerateInfo()
    await expect(failing.catch(({ code }: { code: string }) => code)).resolves.toBe('P2025')
    await expect(failing).rejects.toMatchObject({ code: 'P2025' })
  })

  test('it is a member of array transactions, and there in interactive ones', async () => {
    const prisma = mount()
    const [before, , after] = await prisma.$transaction([
      prisma.user.count(minute).withAccelerateInfo(),
      prisma.user.create({ data: { email: 'eve@example.org', name: 'Eve' } }),
      prisma.user.count(minute).withAccelerateInfo(),
    ])
    expect([before.data, after.data]).toEqual([1, 2])
    expect(before.info?.cacheStatus).toBe('miss')
    const inside = await prisma.$transaction(async (tx) => {
      await tx.user.deleteMany()
      expect(typeof tx.$accelerate.invalidate).toBe('function')
      return tx.user.count(minute).withAccelerateInfo()
    })
    expect(inside).toMatchObject({ data: 0, info: { cacheStatus: 'miss' } })
    await expect(
      prisma.$transaction([
        prisma.user.create({ data: { email: 'eve@example.org', name: 'Eve' } }),
        prisma.user.findUniqueOrThrow({ where: { id: 99 } }).withAccelerateInfo(),
      ]),
    ).rejects.toMatchObject({ code: 'P2025' })
    expect(await prisma.user.count()).toBe(0)
  })

  test('fluent reads are what they were', async () => {
    const prisma = mount()
    await bench.base.profile.create({ data: { userId: 1, displayName: 'Ada', preferences: {} } })
    expect(await prisma.user.findUnique({ where: { id: 1 } }).profile()).toMatchObject({ displayName: 'Ada' })
  })

  test('a client that is extended further keeps its hooks and members, and has it too', async () => {
    const seen: string[] = []
    const further = mount().$extends({
      client: { $tenant: () => 'a' },
      query: {
        user: {
          findMany: ({ operation, args, query }) => {
            seen.push(operation)
            return query(args)
          },
        },
      },
    })
    expect((await further.user.findMany().withAccelerateInfo()).data).toHaveLength(1)
    expect(seen).toEqual(['findMany'])
    expect(further.$tenant()).toBe('a')
    await further.$transaction((tx) => tx.user.findMany().withAccelerateInfo())
    expect(seen).toEqual(['findMany', 'findMany'])
  })

  test('$accelerate invalidates by tags, or everything, and gives a name for the request', async () => {
    const prisma = mount()
    const status = async () => (await prisma.user.count(minute).withAccelerateInfo()).info?.cacheStatus
    for (const invalidate of [
      () => prisma.$accelerate.invalidate({ tags: ['team_7'] }),
      () => prisma.$accelerate.invalidateAll(),
    ]) {
      await status()
      await settled()
      expect(await status()).toBe('ttl')
      expect((await invalidate()).requestId).toMatch(/^[0-9a-f-]{36}$/)
      expect(await status()).toBe('miss')
    }
    await expect(prisma.$accelerate.invalidate({ tags: [''] })).rejects.toMatchObject({
      code: 'E_INVALID_CACHE_STRATEGY',
    })
  })
})

test('info has a date, a region, a request and a signature of the operation', async () => {
  const prisma = bench.base.$extends(withAccelerate({ region: 'fra1' }))
  const infoOf = async (name: string, cacheStrategy = minute.cacheStrategy) =>
    (await prisma.user.findMany({ where: { name }, cacheStrategy }).withAccelerateInfo()).info
  const began = Date.now()
  const miss = await infoOf('Ada')
  await settled()
  const hit = await infoOf('Ada', { ttl: 60, swr: 0, tags: ['team_7'] })
  expect(hit).toMatchObject({ region: 'fra1', signature: miss?.signature })
  expect(hit?.requestId).not.toBe(miss?.requestId)
  for (const info of [miss, hit]) {
    expect(info?.lastModified.getTime()).toBeGreaterThanOrEqual(began - 1)
    expect(info?.lastModified.getTime()).toBeLessThanOrEqual(Date.now())
  }
  expect((await infoOf('Eve'))?.signature).not.toBe(miss?.signature)
  const plain = bench.base.$extends(withAccelerate())
  expect((await plain.user.count().withAccelerateInfo()).info?.region).toBe('unspecified')
})

test('on cache(), it answers from that one', async () => {
  const prisma = bench.base.$extends(cache(options())).$extends(withAccelerate())
  const status = async () => (await prisma.user.count(minute).withAccelerateInfo()).info?.cacheStatus
  expect(await status()).toBe('miss')
  await settled()
  expect(await status()).toBe('ttl')
  expect(prisma.$cache.stats()).toMatchObject({ hits: 1, misses: 1 })
})

test('other parts of the suite are mounted behind it, and see its reads', async () => {
  const prisma = bench.base
    .$extends(withAccelerate({ cache: options() }))
    .$extends(pagination())
    .$extends(slowQuery({ sinks: [] }))
  const { data, info } = await prisma.user.findMany({ ...minute, unbounded: 'export' }).withAccelerateInfo()
  expect([data.length, info?.cacheStatus]).toEqual([1, 'miss'])
  expect((await prisma.user.cursorPage({ first: 1 })).items).toHaveLength(1)
  expect(prisma.$queries.stats().map(({ operation }) => operation)).toContain('findMany')
  await prisma.$connect()
  expect('$accelerate' in prisma && '$cache' in prisma).toBe(true)
})

test('a transaction that is run again as a whole has it too', async () => {
  const prisma = bench.base.$extends(brisk({ cache: options() })).$extends(withAccelerate())
  const { data } = await prisma.$retryTransaction((tx) => tx.user.count().withAccelerateInfo())
  expect(data).toBe(1)
})

test('the cache is mounted once, and its options are given once', () => {
  const refused = (path: string) =>
    expect.objectContaining({ code: 'E_INVALID_OPTIONS', path }) as unknown as Error
  const withCache = bench.base.$extends(cache({ store: memoryStore() }))
  expect(() => withCache.$extends(withAccelerate({ cache: {} }))).toThrow(refused('withAccelerate.cache'))
  expect(() => bench.base.$extends(withAccelerate()).$extends(brisk())).toThrow(refused('cache'))
  expect(() => withAccelerate({ cache: { ttl: 1 } as never })).toThrow(refused('cache.ttl'))
  expect(() => withAccelerate({ regions: 'a' } as never)).toThrow(refused('withAccelerate.regions'))
  expect(() => withAccelerate({ fetch })).not.toThrow()
})
