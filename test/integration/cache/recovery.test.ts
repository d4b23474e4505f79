import { redisStore, tieredStore, memoryStore, type CacheStore } from '@prisma-brisk/cache'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { useBench } from './support/bench.ts'
import { cached, ownNamespace, settled, until } from './support/cached-client.ts'
import { atEnd, connect, server, useRedisServers } from './support/redis-servers.ts'

/** What happens between the moment when Redis is there again and the moment when everybody has noticed. */
const bench = useBench()
useRedisServers()

const minute = { cacheStrategy: { ttl: 600 } }
const options = () => ({ namespace: ownNamespace(), database: 'same', readTimeout: 2000, writeTimeout: 2000 })
type Cached = ReturnType<typeof cached>

const read = (prisma: Cached) =>
  prisma.$cache.withInfo(() => prisma.user.findUnique({ where: { id: 1 }, ...minute }))

async function untilHit(prisma: Cached): Promise<void> {
  await until(async () => (await read(prisma)).info.status === 'hit')
}

/** Clients that do not come back by themselves for as long as the test runs. */
const slowToReturn: Record<string, (url: string) => Promise<CacheStore>> = {
  ioredis: async (url) => {
    const redis = new Redis(url, { retryStrategy: () => 600_000, maxRetriesPerRequest: 1 })
    redis.on('error', () => undefined)
    atEnd(() => redis.disconnect())
    return redisStore(redis)
  },
  'node-redis': async (url) => {
    const redis = createClient({ url, socket: { reconnectStrategy: () => 600_000 } })
    redis.on('error', () => undefined)
    atEnd(() => redis.destroy())
    await redis.connect()
    return redisStore(redis)
  },
  'ioredis, tiered': async (url) => {
    const redis = new Redis(url, { retryStrategy: () => 600_000, maxRetriesPerRequest: 1 })
    redis.on('error', () => undefined)
    atEnd(() => redis.disconnect())
    return tieredStore({ near: memoryStore(), far: redisStore(redis), channel: ownNamespace() })
  },
}

describe.each(Object.entries(slowToReturn))(
  'KC16 Redis restarts, and a client of %s is slow to return',
  (_, open) => {
    test('what it writes is seen at once by one that is back sooner, and what it wrote meanwhile is invalidated', async () => {
      const own = options()
      const redis = await server()
      const reader = cached(bench.base, { ...own, store: redisStore(connect(redis.url)) })
      const writer = cached(bench.base, { ...own, store: await open(redis.url) })
      await untilHit(reader)
      await untilHit(writer)
      await redis.kill('SIGKILL')
      const write = (name: string) => writer.user.update({ where: { id: 1 }, data: { name } })
      await write('while it was away')
      expect(writer.$cache.stats().store.journal).toBeGreaterThan(0)
      const back = await server({}, redis.port)
      expect(back.port).toBe(redis.port)
      // By a connection of its own: its usual one is not back before the test is over.
      await until(() => writer.$cache.stats().store.journal === 0)
      await untilHit(reader)
      for (const name of ['one', 'two', 'three']) {
        await write(name)
        expect(await reader.user.findUnique({ where: { id: 1 }, ...minute })).toMatchObject({ name })
        await untilHit(reader)
        await settled()
      }
      expect(writer.$cache.stats().store).toMatchObject({ journal: 0 })
    })
  },
)

test('KC16 while Redis is away a write waits for no connection that is refused', async () => {
  const redis = await server()
  const writer = cached(bench.base, {
    ...options(),
    writeTimeout: 3_600_000,
    store: await (slowToReturn['ioredis'] as (url: string) => Promise<CacheStore>)(redis.url),
  })
  await untilHit(writer)
  await redis.kill('SIGKILL')
  for (let index = 0; index < 5; index++)
    await writer.user.update({ where: { id: 1 }, data: { name: `away ${index}` } })
  expect(await read(writer)).toMatchObject({ data: { name: 'away 4' }, info: { status: 'bypass' } })
})

describe('KC15 Redis is writable again', () => {
  test.each([
    ['frozen and thawed', true],
    ['a replica of nobody, then a master', false],
  ])('%s: what is cached from then on is hit, without waiting for clocks', async (_, isFrozen) => {
    const redis = await server()
    const admin = connect(redis.url)
    // Time stands still while the store comes back, and moves a little whenever it is asked for.
    let time = 1_700_000_000_000
    const prisma = cached(bench.base, {
      ...options(),
      ...(isFrozen ? { readTimeout: 60, writeTimeout: 100 } : {}),
      store: redisStore(connect(redis.url)),
      now: () => (time += 20),
    })
    await untilHit(prisma)
    if (isFrozen) redis.pause()
    else await admin.replicaof('127.0.0.1', '1')
    await until(async () => {
      await prisma.user.update({ where: { id: 1 }, data: { name: `name ${time}` } })
      return !prisma.$cache.stats().store.available
    })
    if (isFrozen) redis.resume()
    else await admin.replicaof('NO', 'ONE')
    await until(() => prisma.$cache.stats().store.available && prisma.$cache.stats().store.journal === 0)
    const since = time
    await untilHit(prisma)
    expect(time - since).toBeLessThan(900)
  })
})
