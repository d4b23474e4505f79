import { memoryStore, redisStore, tieredStore } from '@prisma-brisk/cache'
import { testCacheStore } from '@prisma-brisk/cache/testing'
import { Decimal } from '@prisma/client-runtime-utils'
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import { startRedis, startRedisCluster, type RedisCluster, type RedisServer } from '../../support/redis.ts'

/** Conformance of the Redis store, through every client, on a standalone server and on a cluster. */
describe('a Redis of its own', () => {
  let server: RedisServer
  let ioredis: Redis
  const nodeRedis = () => createClient({ url: server.url })
  let node: ReturnType<typeof nodeRedis>

  beforeAll(async () => {
    server = await startRedis()
    ioredis = new Redis(server.url)
    node = nodeRedis()
    await node.connect()
  })
  afterAll(async () => {
    ioredis.disconnect()
    node.destroy()
    await server.kill()
  })
  const empty = () => ioredis.flushall()

  describe('by ioredis', () => {
    testCacheStore({
      test,
      create: async () => (await empty(), redisStore(ioredis)),
      createPeer: () => redisStore(ioredis),
      decimal: Decimal,
    })
  })
  describe('by node-redis', () => {
    testCacheStore({
      test,
      create: async () => (await empty(), redisStore(node)),
      createPeer: () => redisStore(ioredis),
      decimal: Decimal,
    })
  })
  describe.each(['ioredis', 'node-redis'])('as the far store of a tiered one, by %s', (name) => {
    const far = () => redisStore(name === 'ioredis' ? ioredis : node)
    testCacheStore({
      test,
      create: async () => (await empty(), tieredStore({ near: memoryStore(), far: far() })),
      createPeer: far,
      decimal: Decimal,
    })
  })
})

describe('C27 a Redis Cluster of three masters', () => {
  let servers: RedisCluster
  let ioredis: Cluster
  let node: ReturnType<typeof createCluster>

  beforeAll(async () => {
    servers = await startRedisCluster(3)
    ioredis = new Cluster(servers.addresses)
    node = createCluster({
      rootNodes: servers.addresses.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
    })
    await node.connect()
  })
  afterAll(async () => {
    ioredis.disconnect()
    node.destroy()
    await servers.kill()
  })
  const empty = () => Promise.all(ioredis.nodes('master').map((master) => master.flushall()))

  describe('by ioredis', () => {
    testCacheStore({
      test,
      create: async () => (await empty(), redisStore(ioredis)),
      createPeer: () => redisStore(ioredis),
      decimal: Decimal,
    })
  })
  describe('by node-redis', () => {
    testCacheStore({
      test,
      create: async () => (await empty(), redisStore(node)),
      createPeer: () => redisStore(ioredis),
      decimal: Decimal,
    })
  })
})
