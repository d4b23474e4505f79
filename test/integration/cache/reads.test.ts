import { brisk } from 'prisma-brisk'
import { cache, memoryStore, redisStore } from '@prisma-brisk/cache'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, ownNamespace, settled } from './support/cached-client.ts'

const bench = useBench()
const { stores } = bench

const minute = { cacheStrategy: { ttl: 60 } }

test('a read that asks for it is answered from the cache, and a write makes it fresh', async () => {
  const prisma = bench.base.$extends(cache())
  const first = await prisma.user.findMany(minute)
  const second = await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  expect(second).toEqual(first)
  expect(second[0]).not.toBe(first[0])
  await prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Lovelace' }])
  expect(prisma.$cache.stats()).toMatchObject({ hits: 1, misses: 2, invalidations: 1 })
})

test('a read that does not ask is left alone', async () => {
  const prisma = bench.base.$extends(cache())
  await prisma.user.findMany()
  await expectStatements(bench.log, 1, () => prisma.user.findMany())
})

test('model defaults cache reads that say nothing, and a call may except itself', async () => {
  const prisma = cached(bench.base, { models: { User: { ttl: 300 } } })
  await prisma.user.findMany()
  await settled()
  await expectStatements(bench.log, 0, () => prisma.user.findMany())
  await expectStatements(bench.log, 1, () => prisma.user.findMany({ cacheStrategy: false }))
})

test('a client that is extended anew for each request keeps its cache', async () => {
  const request = () => bench.base.$extends(cache()).user.findMany({ cacheStrategy: { ttl: 30 } })
  await request()
  await settled()
  await expectStatements(bench.log, 0, request)
})

test('switched off, reads go to the database, strategies are stripped, and writes still invalidate', async () => {
  const store = memoryStore()
  const options = { store, namespace: 'switched', database: 'same' }
  const on = cached(bench.base, options)
  const off = cached(bench.base, { ...options, enabled: false })
  await on.user.count(minute)
  await settled()
  const { info } = await off.$cache.withInfo(() =>
    expectStatements(bench.log, 1, () => off.user.count(minute)),
  )
  expect(info).toMatchObject({ status: 'bypass', reason: 'disabled' })
  await expectStatements(bench.log, 1, () => off.$cache.queryRaw(['SELECT 1'], { ttl: 60 }))
  await expectStatements(bench.log, 1, () => off.$cache.queryRaw(['SELECT 1'], { ttl: 60 }))
  await expectStatements(bench.log, 0, () => on.user.count(minute))
  await off.user.create({ data: { email: 'eve@example.org', name: 'Eve' } })
  expect(await on.user.count(minute)).toBe(2)
})

test('a strategy that does not say how long takes the default; a read without one is left alone', async () => {
  const prisma = cached(bench.base, { defaultTtl: 30 })
  const { info } = await prisma.$cache.withInfo(() => prisma.user.count({ cacheStrategy: {} }))
  expect(info.status).toBe('miss')
  await settled()
  await expectStatements(bench.log, 0, () => prisma.user.count({ cacheStrategy: {} }))
  await expectStatements(bench.log, 1, () => prisma.user.findMany())
  await expectStatements(bench.log, 1, () => prisma.user.findMany())
})

test('C34 fifty cached findUnique in one tick, all missing, are one pipeline and one statement', async () => {
  await bench.base.user.createMany({
    data: Array.from({ length: 50 }, (_, index) => ({ email: `${index}@example.org`, name: String(index) })),
  })
  const redis = stores.redis()
  const prisma = bench.base.$extends(
    brisk({ cache: { store: redisStore(redis), namespace: ownNamespace(), readTimeout: 5000 } }),
  )
  await prisma.user.findUnique({ where: { id: 1 }, ...minute })
  await settled()
  const sent: number[] = []
  const pipeline = redis.pipeline.bind(redis) as (commands: string[][]) => unknown
  redis.pipeline = ((commands: string[][]) => {
    sent.push(commands.filter(([name]) => name?.toUpperCase() === 'MGET').length)
    return pipeline(commands)
  }) as never
  const rows = await expectStatements(bench.log, 1, () =>
    Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        prisma.user.findUnique({ where: { id: index + 2 }, ...minute }),
      ),
    ),
  )
  expect(rows.map((row) => row?.id)).toEqual(Array.from({ length: 50 }, (_, index) => index + 2))
  expect(sent.filter((lookups) => lookups > 0)).toEqual([1])
})
