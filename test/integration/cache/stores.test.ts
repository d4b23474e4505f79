import { memoryStore, redisStore, tieredStore, type RedisClient } from '@prisma-brisk/cache'
import { msgpackr } from '@prisma-brisk/cache/msgpackr'
import { testCacheStore } from '@prisma-brisk/cache/testing'
import { Decimal } from '@prisma/client-runtime-utils'
import { Cluster, Redis } from 'ioredis'
import Redis50 from 'ioredis-5.0'
import { Redis as Redis54 } from 'ioredis-5.4'
import { Redis as Redis58 } from 'ioredis-5.8'
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis-6'
import { createClient, createClientPool, createCluster, createSentinel, RESP_TYPES } from 'redis'
import {
  startRedis,
  startRedisCluster,
  startSentinel,
  type RedisCluster,
  type RedisServer,
} from '../../support/redis.ts'
import type { ServerProcess } from '../../support/server-process.ts'

/** Conformance of the Redis store, through every client, on a server, behind a Sentinel and on a cluster. */
interface Opened {
  readonly client: RedisClient
  close(): void
}
type Clients = Record<string, () => Promise<Opened>>

interface Ioredis {
  readonly status: string
  once(event: string, listener: () => void): unknown
  disconnect(): void
}

async function ioredis(client: RedisClient & Ioredis): Promise<Opened> {
  if (client.status !== 'ready') await new Promise<void>((resolve) => client.once('ready', resolve))
  return { client, close: () => client.disconnect() }
}

interface NodeRedis {
  connect(): Promise<unknown>
  destroy(): void
}

async function nodeRedis(client: RedisClient & NodeRedis): Promise<Opened> {
  await client.connect()
  return { client, close: () => client.destroy() }
}

function testClients(clients: Clients, peer: () => Promise<Opened>, empty: () => Promise<unknown>): void {
  describe.each(Object.keys(clients))('by %s', (name) => {
    let opened: Opened
    let other: Opened
    beforeAll(async () => {
      opened = await (clients[name] as () => Promise<Opened>)()
      other = await peer()
    })
    afterAll(() => {
      opened.close()
      other.close()
    })
    testCacheStore({
      test,
      create: async () => (await empty(), redisStore(opened.client)),
      // What one client writes another must understand.
      createPeer: () => redisStore(other.client),
      decimal: Decimal,
    })
  })
}

describe('a Redis of its own', () => {
  let server: RedisServer
  let sentinel: ServerProcess
  let admin: Redis
  beforeAll(async () => {
    server = await startRedis()
    sentinel = await startSentinel(server)
    admin = new Redis(server.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await sentinel.kill()
    await server.kill()
  })
  const empty = () => admin.flushall()
  const peer = () => ioredis(new Redis(server.url))
  const sentinels = () => [{ host: '127.0.0.1', port: sentinel.port }]

  testClients(
    {
      'ioredis 5': peer,
      'ioredis 6': () => ioredis(new Redis6(server.url)),
      'node-redis': () => nodeRedis(createClient({ url: server.url })),
      'KR-D node-redis that gives Buffers': () =>
        nodeRedis(
          createClient({
            url: server.url,
            commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
          }) as never,
        ),
      'a pool of node-redis': () =>
        nodeRedis(createClientPool({ url: server.url }, { minimum: 1, maximum: 3 })),
      'ioredis 5 and Sentinel': () => ioredis(new Redis({ sentinels: sentinels(), name: 'main' })),
      'ioredis 6 and Sentinel': () => ioredis(new Redis6({ sentinels: sentinels(), name: 'main' })),
      'node-redis and Sentinel': () =>
        nodeRedis(createSentinel({ name: 'main', sentinelRootNodes: sentinels() })),
    },
    peer,
    empty,
  )

  /** Each minor of ioredis 5 in which the names of commands, or what is put before their keys, have changed. */
  const prefixed = {
    'ioredis 5.0': () => new Redis50.default(server.url, { keyPrefix: 'app:' }),
    'ioredis 5.4': () => new Redis54(server.url, { keyPrefix: 'app:' }),
    'ioredis 5.8': () => new Redis58(server.url, { keyPrefix: 'app:' }),
    'ioredis 5.9': () => new Redis(server.url, { keyPrefix: 'app:' }),
    'ioredis 6': () => new Redis6(server.url, { keyPrefix: 'app:' }),
  }
  describe.each(Object.entries(prefixed))('KC3 by %s with a keyPrefix', (_, open) => {
    let one: Opened
    let other: Opened
    beforeAll(async () => {
      ;[one, other] = await Promise.all([ioredis(open() as never), ioredis(open() as never)])
    })
    afterAll(() => {
      one.close()
      other.close()
    })
    testCacheStore({
      test,
      create: async () => (await empty(), redisStore(one.client)),
      createPeer: () => redisStore(other.client),
      decimal: Decimal,
    })

    test('every key has it, whatever the command', async () => {
      await empty()
      const store = redisStore(one.client)
      store.useNames?.({ everything: 'all', probe: 'probe', servers: 'servers' })
      store.marks?.watch()
      const stamps = await store.observe(['a', 'b'])
      const times = { createdAt: Date.now(), ttl: 60_000, swr: 0, staleIfError: 0, cost: 1 }
      await store.write('key', { identity: 'i', tags: ['a', 'b'], stamps, ...times }, 1)
      await store.marks?.set(['c'], 60_000)
      await store.locks?.take('key', 'token', 60_000)
      const keys = await admin.keys('*')
      expect(keys.filter((key) => !key.startsWith('app:'))).toEqual([])
      expect(keys.length).toBeGreaterThan(5)
      await store.invalidate(['a', 'b'])
      expect(await admin.exists('app:a', 'app:b')).toBe(0)
    })
  })

  describe('with the codec of msgpackr', () => {
    testCacheStore({
      test,
      create: async () => (await empty(), redisStore(admin, { codec: msgpackr })),
      createPeer: () => redisStore(admin, { codec: msgpackr }),
      decimal: Decimal,
    })
  })

  test('C23 stores of different codecs never read an entry of the other', async () => {
    await empty()
    const stores = [redisStore(admin), redisStore(admin, { codec: msgpackr })] as const
    const lookups = async () =>
      Promise.all(stores.map(async (store) => (await store.lookup('key', ['a'])).entry))
    for (const [index, store] of stores.entries()) {
      const stamps = await store.observe(['a'])
      const times = { createdAt: Date.now(), ttl: 60_000, swr: 0, staleIfError: 0, cost: 1 }
      await store.write('key', { identity: 'i', tags: ['a'], stamps, ...times }, [index])
      const found = await lookups()
      expect(found[index]?.open()).toEqual([index])
      expect(found[1 - index]).toBeNull()
    }
  })

  describe.each(['ioredis 5', 'ioredis 6', 'node-redis'])(
    'as the far store of a tiered one, by %s',
    (name) => {
      let opened: Opened
      beforeAll(async () => {
        if (name === 'node-redis') opened = await nodeRedis(createClient({ url: server.url }))
        else opened = await ioredis(name === 'ioredis 6' ? new Redis6(server.url) : new Redis(server.url))
      })
      afterAll(() => opened.close())
      const far = () => redisStore(opened.client)
      testCacheStore({
        test,
        create: async () => (await empty(), tieredStore({ near: memoryStore(), far: far() })),
        createPeer: far,
        decimal: Decimal,
      })
    },
  )
})

describe('C27 a Redis Cluster of three masters', () => {
  let servers: RedisCluster
  let admin: Cluster
  beforeAll(async () => {
    servers = await startRedisCluster(3)
    admin = new Cluster(servers.addresses)
  })
  afterAll(async () => {
    admin.disconnect()
    await servers.kill()
  })
  const peer = () => ioredis(new Cluster(servers.addresses))
  testClients(
    {
      'ioredis 5': peer,
      'ioredis 6': () => ioredis(new Cluster6(servers.addresses)),
      'node-redis': () =>
        nodeRedis(
          createCluster({
            rootNodes: servers.addresses.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
          }),
        ),
    },
    peer,
    () => Promise.all(admin.nodes('master').map((master) => master.flushall())),
  )
})

test('C7 stamps in use do not end on the day after they were made, and none ends sooner than it would have', async () => {
  const server = await startRedis()
  const redis = new Redis(server.url)
  const hour = 3_600_000
  let now = Date.now()
  const store = redisStore(redis, { now: () => now })
  const stamps = await store.observe(['a'])
  const write = (ttl: number) =>
    store.write(
      'key',
      { identity: 'i', tags: ['a'], stamps, createdAt: now, ttl, swr: 0, staleIfError: 0, cost: 1 },
      1,
    )
  // What the server has of it while the hours go by here alone.
  await redis.pexpire('a', 5_000)
  await write(60_000)
  expect(await redis.pttl('a')).toBeLessThanOrEqual(5_000)
  now += 13 * hour
  await write(60_000)
  expect(await redis.pttl('a')).toBeGreaterThan(23 * hour)
  await write(30 * 24 * hour)
  expect(await redis.pttl('a')).toBeGreaterThan(59 * 24 * hour)
  now += 24 * hour
  await write(60_000)
  expect(await redis.pttl('a')).toBeGreaterThan(57 * 24 * hour)
  redis.disconnect()
  await server.kill()
})
