import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { redisStore, tieredStore, memoryStore, type CacheStore } from '@prisma-brisk/cache'
import { Redis } from 'ioredis'
import { startRedis, type RedisServer } from '../../support/redis.ts'
import { useBench } from './support/bench.ts'
import { cached, heardWarnings, ownNamespace, until } from './support/cached-client.ts'
import { atEnd, connect, server, useRedisServers } from './support/redis-servers.ts'

/** Redis as people run it: users with few rights, cluster mode, snapshots, servers that refuse. */
const bench = useBench()
useRedisServers()

const minute = { cacheStrategy: { ttl: 600 } }
const options = () => ({ namespace: ownNamespace(), database: 'same', readTimeout: 2000, writeTimeout: 2000 })

/** Reads until one is answered from the store. */
async function untilHit(prisma: ReturnType<typeof cached>): Promise<void> {
  await until(
    async () => (await prisma.$cache.withInfo(() => prisma.user.findMany(minute))).info.status === 'hit',
  )
}

/** A write is seen at once, and its result is cached again. */
async function expectFresh(prisma: ReturnType<typeof cached>, name: string): Promise<void> {
  await prisma.user.update({ where: { id: 1 }, data: { name } })
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name }])
  await untilHit(prisma)
}

test('KC13 a user that may touch its namespace alone has all of the cache', async () => {
  const redis = await server()
  await connect(redis.url).call('ACL', 'SETUSER', 'svc', 'on', '>pw', '~svc1:*', '&*', '+@all')
  const client = connect(redis.url.replace('//', '//svc:pw@'))
  const prisma = cached(bench.base, {
    ...options(),
    namespace: 'svc1',
    store: redisStore(client),
    strict: true,
    fillLock: true,
  })
  await untilHit(prisma)
  await expectFresh(prisma, 'Lovelace')
  expect(await connect(redis.url).call('ACL', 'LOG')).toEqual([])
})

test('KR-D a server in cluster mode behind a plain client is sent commands of one key each', async () => {
  const redis = await server({ 'cluster-enabled': 'yes', 'cluster-config-file': 'nodes.conf' })
  await connect(redis.url).call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await until(async () =>
    String(await connect(redis.url).call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
  )
  const { warnings, restore } = heardWarnings()
  const prisma = cached(bench.base, { ...options(), store: redisStore(connect(redis.url)) })
  await untilHit(prisma)
  await expectFresh(prisma, 'Lovelace')
  restore()
  expect(warnings).toEqual([])
  expect(prisma.$cache.stats().store).toMatchObject({ errors: 0, outages: 0, available: true })
})

describe('KR-D a server that refuses is no outage, and is warned of once, with its words', () => {
  test.each<[string, RegExp, (redis: RedisServer) => Promise<string>]>([
    [
      'NOPERM',
      /NOPERM/,
      async (redis) => {
        await connect(redis.url).call('ACL', 'SETUSER', 'svc', 'on', '>pw', '~*', '&*', '+@all', '-mget')
        return redis.url.replace('//', '//svc:pw@')
      },
    ],
    [
      'READONLY',
      /READONLY You can't write/,
      async (redis) => (await server({ replicaof: `127.0.0.1 ${redis.port}` })).url,
    ],
    [
      'OOM',
      /OOM command not allowed/,
      async (redis) => {
        const admin = connect(redis.url)
        await admin.config('SET', 'maxmemory-policy', 'noeviction')
        await admin.config('SET', 'maxmemory', '1')
        return redis.url
      },
    ],
    [
      'NOAUTH',
      /NOAUTH Authentication required/,
      async (redis) => (await connect(redis.url).config('SET', 'requirepass', 'secret'), redis.url),
    ],
  ])('%s', async (_, words, prepare) => {
    const url = await prepare(await server())
    const messages: string[] = []
    const original = process.emitWarning
    process.emitWarning = (message: string | Error) => void messages.push(String(message))
    const redis = connect(url)
    const prisma = cached(bench.base, { ...options(), store: redisStore(redis) })
    for (let round = 0; round < 8; round++) {
      const name = `name ${round}`
      await prisma.user.update({ where: { id: 1 }, data: { name } })
      expect(await prisma.user.findMany(minute)).toMatchObject([{ name }])
    }
    process.emitWarning = original
    expect(messages.filter((message) => words.test(message))).toHaveLength(1)
    expect(prisma.$cache.stats().store).toMatchObject({ outages: 0 })
    expect(prisma.$cache.stats().store.errors).toBeGreaterThan(0)
  })
})

describe('KC6 a server that comes back with its snapshot', () => {
  test.each<[string, (redis: Redis) => CacheStore, boolean]>([
    ['redis', (redis) => redisStore(redis), false],
    ['redis, strict', (redis) => redisStore(redis), true],
    [
      'tiered',
      (redis) => tieredStore({ near: memoryStore(), far: redisStore(redis), channel: ownNamespace() }),
      false,
    ],
  ])(
    '%s: a process that starts afterwards is not answered with what was invalidated',
    async (_, open, strict) => {
      const own = { ...options(), strict }
      const redis = await server({ dbfilename: 'dump.rdb' })
      const connections = [connect(redis.url), connect(redis.url)] as const
      const [one, two] = connections.map((each) => cached(bench.base, { ...own, store: open(each) })) as [
        ReturnType<typeof cached>,
        ReturnType<typeof cached>,
      ]
      await untilHit(one)
      const admin = connect(redis.url)
      await admin.call('SAVE')
      const dump = await keep(admin)
      await two.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
      // Both are gone before it comes back, so that nobody sends again what was invalidated.
      for (const connection of connections) connection.disconnect()
      await redis.kill('SIGKILL')
      const back = await startRedis({ dir: dump }, { port: redis.port })
      atEnd(() => back.kill('SIGKILL'))
      const reborn = connect(back.url)
      await until(async () => (await reborn.keys(`${own.namespace}:q:*`)).length === 1)
      const three = cached(bench.base, { ...own, store: open(connect(back.url)) })
      expect(await three.user.findMany(minute)).toMatchObject([{ name: 'Lovelace' }])
      await untilHit(three)
      // Those who start later trust what has been cached since.
      const four = cached(bench.base, { ...own, store: open(connect(back.url)) })
      const { data, info } = await four.$cache.withInfo(() => four.user.findMany(minute))
      expect(info.status).toBe('hit')
      expect(data).toMatchObject([{ name: 'Lovelace' }])
    },
  )

  test('whose run cannot be asked for is warned of, and used', async () => {
    const redis = await server()
    await connect(redis.url).call('ACL', 'SETUSER', 'svc', 'on', '>pw', '~*', '&*', '+@all', '-info')
    const { warnings, restore } = heardWarnings()
    const prisma = cached(bench.base, {
      ...options(),
      store: redisStore(connect(redis.url.replace('//', '//svc:pw@'))),
    })
    await untilHit(prisma)
    restore()
    expect(warnings).toEqual(['W_CACHE_RUN_UNKNOWN'])
  })
})

/** A copy of a server's snapshot, which is removed with the server. */
async function keep(admin: Redis): Promise<string> {
  const [, directory] = (await admin.config('GET', 'dir')) as [string, string]
  const copy = mkdtempSync(join(tmpdir(), 'snapshot-'))
  cpSync(join(directory, 'dump.rdb'), join(copy, 'dump.rdb'))
  atEnd(() => rmSync(copy, { recursive: true, force: true }))
  return copy
}
