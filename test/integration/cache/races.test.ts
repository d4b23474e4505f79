import { redisStore } from '@prisma-brisk/cache'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, Clock, ownNamespace, settled, start, until } from './support/cached-client.ts'
import { storeKinds } from './support/stores.ts'

const bench = useBench()
const { stores } = bench

const minute = { cacheStrategy: { ttl: 60 } }
const reading = /^SELECT.*"User"/s

describe.each(storeKinds)('on the %s store', (kind) => {
  test('C4 what was read before a write and is stored after it is never answered', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const gate = bench.hold(reading)
    const slow = start(prisma.user.findMany(minute))
    await gate.reached
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
    gate.open()
    expect(await slow).toMatchObject([{ name: 'Ada' }])
    await settled()
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Lovelace' }])
    expect(prisma.$cache.stats()).toMatchObject({ hits: 0, misses: 2 })
  })

  test('C5 a read that starts after a write never joins one that started before it', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const gate = bench.hold(reading)
    const before = start(prisma.user.findMany(minute))
    await gate.reached
    const joined = start(prisma.user.findMany(minute))
    await until(() => prisma.$cache.stats().joined === 1)
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Lovelace' }])
    gate.open()
    expect(await before).toMatchObject([{ name: 'Ada' }])
    expect(await joined).toMatchObject([{ name: 'Ada' }])
    expect(prisma.$cache.stats().joined).toBe(1)
  })

  test('C6 invalidation begins after the write has succeeded; a failed write invalidates nothing', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    await prisma.user.findMany(minute)
    await settled()
    const gate = bench.hold(/^UPDATE/)
    const write = start(prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } }))
    await gate.reached
    await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
    gate.open()
    await write
    await expectStatements(bench.log, 1, () => prisma.user.findMany(minute))
    await settled()
    await expect(
      prisma.user.create({ data: { email: 'ada@example.org', name: 'Twice' } }),
    ).rejects.toMatchObject({ code: 'P2002' })
    await expect(prisma.user.delete({ where: { id: 99 } })).rejects.toMatchObject({ code: 'P2025' })
    await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  })

  test('C6 a write of which it is open whether it happened invalidates', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    await prisma.user.findMany(minute)
    await settled()
    bench.fail(/^UPDATE/, new Error('Connection terminated unexpectedly'))
    await expect(prisma.user.updateMany({ data: { name: 'Lost' } })).rejects.toThrow('terminated')
    await expectStatements(bench.log, 1, () => prisma.user.findMany(minute))
  })

  test('C8 a refresh that is under way when its tags are invalidated is discarded', async () => {
    const clock = new Clock()
    const prisma = cached(bench.base, { store: stores.make(kind), now: clock.now })
    const strategy = { cacheStrategy: { ttl: 10, swr: 50 } }
    await prisma.user.findMany(strategy)
    await settled()
    clock.advance(20)
    const gate = bench.hold(reading)
    expect(await prisma.user.findMany(strategy)).toMatchObject([{ name: 'Ada' }])
    await gate.reached
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
    gate.open()
    await settled()
    // Stale by time it was served; stale by invalidation it is not.
    expect(await prisma.user.findMany(strategy)).toMatchObject([{ name: 'Lovelace' }])
    expect(prisma.$cache.stats()).toMatchObject({ stale: 1, misses: 2, hits: 0 })
  })

  test('C8 a stale result is served while it is refreshed, once', async () => {
    const clock = new Clock()
    const prisma = cached(bench.base, { store: stores.make(kind), now: clock.now })
    const strategy = { cacheStrategy: { ttl: 10, swr: 50 } }
    await prisma.user.findMany(strategy)
    await settled()
    await bench.database.createClient().user.updateMany({ data: { name: 'Unseen' } })
    clock.advance(20)
    const gate = bench.hold(reading)
    const answers = await Promise.all([1, 2, 3].map(() => prisma.user.findMany(strategy)))
    expect(answers.flat().map(({ name }) => name)).toEqual(['Ada', 'Ada', 'Ada'])
    await gate.reached
    gate.open()
    await until(() => prisma.$cache.stats().fills === 2)
    expect(await expectStatements(bench.log, 0, () => prisma.user.findMany(strategy))).toMatchObject([
      { name: 'Unseen' },
    ])
    expect(prisma.$cache.stats()).toMatchObject({ stale: 3, misses: 1, hits: 1, refreshes: 1 })
    clock.advance(61)
    await expectStatements(bench.log, 1, () => prisma.user.findMany(strategy))
  })

  test('C8 an entry about to expire is refreshed before it does, while it is answered', async () => {
    const clock = new Clock()
    // The number that makes it likely 37 times the cost of the read before the end.
    const prisma = cached(bench.base, {
      store: stores.make(kind),
      now: clock.now,
      earlyRefresh: 1,
      random: () => 1 - 2 ** -53,
    })
    await prisma.user.findMany(minute)
    await until(() => prisma.$cache.stats().fills === 1)
    await bench.database.createClient().user.updateMany({ data: { name: 'Unseen' } })
    clock.advance(59.999)
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Ada' }])
    await until(() => prisma.$cache.stats().fills === 2)
    clock.advance(1)
    await expectStatements(bench.log, 0, async () =>
      expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Unseen' }]),
    )
    expect(prisma.$cache.stats()).toMatchObject({ hits: 2, misses: 1, stale: 0, refreshes: 1 })
  })

  test('C9 within the replica lag after an invalidation nothing is stored', async () => {
    const clock = new Clock(Date.now())
    const prisma = cached(bench.base, { store: stores.make(kind), now: clock.now, replicaLag: 5000 })
    clock.advance(6)
    await prisma.user.findMany(minute)
    await settled()
    await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
    clock.advance(-6)
    // A replica might still answer with the old row here.
    const { info } = await prisma.$cache.withInfo(() => prisma.user.findMany(minute))
    expect(info).toMatchObject({ status: 'miss', reason: 'replica-lag' })
    await settled()
    await expectStatements(bench.log, 1, () => prisma.user.findMany(minute))
    clock.advance(6)
    await prisma.user.findMany(minute)
    await settled()
    await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  })
})

describe('C7 stamps that are lost', () => {
  test('one by one, as an evicting server takes them', async () => {
    const namespace = ownNamespace()
    const redis = stores.redis()
    const prisma = cached(bench.base, { store: redisStore(redis), namespace })
    await prisma.user.findMany(minute)
    await settled()
    const tags = (await redis.keys(`${namespace}:*`)).filter((key) => /:(all|[mkb]:.*)$/.test(key))
    expect(tags.sort()).toEqual([`${namespace}:all`, `${namespace}:m:public.User`])
    for (const tag of tags) {
      await redis.del(tag)
      await expectStatements(bench.log, 1, () => prisma.user.findMany(minute))
      await settled()
      await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
    }
  })

  test('by a server that is emptied between a read and its storing', async () => {
    const namespace = ownNamespace()
    const redis = stores.redis()
    const prisma = cached(bench.base, { store: redisStore(redis), namespace })
    const gate = bench.hold(reading)
    const slow = start(prisma.user.findMany(minute))
    await gate.reached
    for (const key of await redis.keys(`${namespace}:*`)) await redis.del(key)
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
    gate.open()
    await slow
    await settled()
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Lovelace' }])
  })
})
