import { cache, memoryStore, redisStore, type ValueCodec } from '@prisma-brisk/cache'
import { msgpackr } from '@prisma-brisk/cache/msgpackr'
import { Redis } from 'ioredis'
import { PrismaExtensionRedis } from 'prisma-extension-redis'
import { taggedJson } from '../../packages/cache/src/codec/payload.ts'
import { Prisma, type PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { startRedis, type RedisServer } from '../../test/support/redis.ts'
import { heapMegabytes, type Bench } from '../harness.ts'
import { memoryClients } from '../hook-floor.ts'

const minute = { cacheStrategy: { ttl: 60 } }
const one = { where: { id: 1 } } as const
const list = { where: { role: 'STUDENT' as const }, orderBy: { id: 'asc' as const }, take: 100 }

/** Hits, misses, invalidations and bounds of the cache, on a PostgreSQL and a Redis of this machine. */
export async function run(bench: Bench): Promise<void> {
  const database = await createDatabase('postgresql')
  const server = await startRedis({ 'enable-debug-command': 'yes' })
  const redis = new Redis(server.url)
  const plain = database.createClient()
  await plain.user.createMany({
    data: Array.from({ length: 200 }, (_, index) => ({
      email: `user${index}@example.org`,
      name: `User ${index}`,
      balance: `${index}.50`,
    })),
  })
  try {
    await memoryHits(bench, plain)
    await redisHits(bench, plain, redis)
    await invalidations(bench, redis)
    await writes(bench, database, plain, server, redis)
    await stampede(bench, database)
  } finally {
    redis.disconnect()
    await server.kill()
    await database.drop()
  }
  await codecs(bench)
  await missOverhead(bench)
  memoryBound(bench)
}

/** An extension that answers a constant from its query hook. */
function constant(client: PrismaClient, answer: () => unknown): PrismaClient {
  return client.$extends({ query: { $allOperations: async () => answer() } }) as unknown as PrismaClient
}

const repeat = (run: () => PromiseLike<unknown>) => async (times: number) => {
  for (let time = 0; time < times; time++) await run()
}

async function memoryHits(bench: Bench, plain: PrismaClient): Promise<void> {
  const prisma = plain.$extends(cache({ store: memoryStore(), earlyRefresh: 0, models: {} }))
  const row = await prisma.user.findUnique({ ...one, ...minute })
  const floor = constant(plain, () => row)
  await bench.compare({
    bench: 'cache/hit-memory',
    subject: repeat(() => prisma.user.findUnique({ ...one, ...minute })),
    baselines: [
      { name: 'floor', run: repeat(() => floor.user.findUnique(one)), atLeast: 0.6 },
      { name: 'prisma', run: repeat(() => plain.user.findUnique(one)), atLeast: 5 },
    ],
    rounds: 41,
    times: 100,
    warmUps: 20,
    unit: 'µs',
  })
  await prisma.user.findMany({ ...list, ...minute })
  await bench.compare({
    bench: 'cache/hit-memory-100-rows',
    subject: repeat(() => prisma.user.findMany({ ...list, ...minute })),
    baselines: [{ name: 'prisma', run: repeat(() => plain.user.findMany(list)), atLeast: 4 }],
    rounds: 21,
    times: 20,
    warmUps: 10,
    unit: 'µs',
  })
}

async function redisHits(bench: Bench, plain: PrismaClient, redis: Redis): Promise<void> {
  if (!bench.wants('cache/hit-redis')) return
  const prisma = plain.$extends(cache({ store: redisStore(redis), earlyRefresh: 0, readTimeout: 5000 }))
  const row = await prisma.user.findUnique({ ...one, ...minute })
  await prisma.$cache.warm([() => prisma.user.findUnique({ ...one, ...minute })])
  const [key] = (await redis.keys('brisk:q:*')) as [string]
  const get = plain.$extends({
    query: { $allOperations: async () => (await redis.get(key), row) },
  }) as unknown as PrismaClient
  const peer = plain.$extends(
    PrismaExtensionRedis({ config: { ttl: 60, stale: 30, type: 'STRING', auto: true }, client: redis }),
  ) as unknown as PrismaClient
  await peer.user.findUnique(one)
  await bench.compare({
    bench: 'cache/hit-redis',
    subject: repeat(() => prisma.user.findUnique({ ...one, ...minute })),
    baselines: [
      { name: 'ioredis-get', run: repeat(() => get.user.findUnique(one)), atLeast: 0.65 },
      { name: 'prisma-extension-redis', run: repeat(() => peer.user.findUnique(one)), atLeast: 1.5 },
    ],
    rounds: 41,
    times: 200,
    warmUps: 40,
    unit: 'µs',
  })
  // One GET, nothing else: what no cache on Redis can be faster than.
  await bench.compare({
    bench: 'cache/hit-redis-floor',
    subject: repeat(() => redis.get(key)),
    baselines: [{ name: 'prisma-extension-redis', run: repeat(() => peer.user.findUnique(one)) }],
    rounds: 41,
    times: 50,
    unit: 'µs',
  })
}

/** The two codecs on 100 rows of the usual types: time there and back, and characters in Redis. */
async function codecs(bench: Bench): Promise<void> {
  if (!bench.wants('cache/codec')) return
  const rows = Array.from({ length: 100 }, (_, id) => ({
    id,
    email: `user${id}@example.org`,
    name: `User ${id}`,
    role: 'STUDENT',
    balance: new Prisma.Decimal(`${id}.50`),
    visits: BigInt(id) ** 5n,
    avatar: new Uint8Array(16).fill(id),
    settings: { theme: 'dark', tags: ['a', 'b'], nothing: null },
    createdAt: new Date(1_700_000_000_000 + id * 1001),
    deletedAt: null,
  }))
  const thereAndBack = (codec: ValueCodec) => (times: number) => {
    for (let time = 0; time < times; time++) codec.decode(codec.encode(rows), Prisma.Decimal)
  }
  await bench.compare({
    bench: 'cache/codec/msgpackr',
    subject: thereAndBack(msgpackr),
    baselines: [{ name: 'default', run: thereAndBack(taggedJson) }],
    rounds: 41,
    times: 20,
    warmUps: 20,
    unit: 'µs',
  })
  const characters = (codec: ValueCodec): number => codec.encode(rows).length
  bench.compared(
    'cache/codec/msgpackr',
    characters(msgpackr),
    'characters',
    'default',
    characters(taggedJson),
  )
}

/** Entries that rest on a tag, so many that walking them would show. */
async function invalidations(bench: Bench, redis: Redis): Promise<void> {
  if (!bench.wants('cache/invalidate')) return
  const store = redisStore(redis)
  const fill = async (tag: string, entries: number): Promise<void> => {
    const stamps = [...(await store.observe([tag]))]
    const header = {
      identity: 'i',
      tags: [tag],
      stamps,
      createdAt: Date.now(),
      ttl: 600_000,
      swr: 0,
      staleIfError: 0,
      cost: 1,
    }
    for (let from = 0; from < entries; from += 1000) {
      await Promise.all(
        Array.from({ length: Math.min(1000, entries - from) }, async (_, index) =>
          store.write(`bench:${tag}:${from + index}`, header, { id: from + index }),
        ),
      )
    }
  }
  await fill('bench:small', 1000)
  await fill('bench:large', 100_000)
  const invalidate = (tag: string) =>
    repeat(async () => {
      await store.observe([tag])
      await store.invalidate([tag])
    })
  await bench.compare({
    bench: 'cache/invalidate/100k-entries',
    subject: invalidate('bench:large'),
    baselines: [{ name: '1k-entries', run: invalidate('bench:small'), atLeast: 0.5 }],
    rounds: 21,
    times: 50,
    unit: 'µs',
  })
}

async function writes(
  bench: Bench,
  database: TestDatabase<PrismaClient>,
  plain: PrismaClient,
  server: RedisServer,
  redis: Redis,
): Promise<void> {
  if (!bench.wants('cache/write')) return
  await redis.call('DEBUG', 'POPULATE', '200000', `unrelated-${server.port}`, '100')
  const prisma = database.createClient().$extends(cache({ store: redisStore(redis), readTimeout: 5000 }))
  const update = { where: { id: 1 }, data: { name: 'written' } }
  await prisma.user.findUnique({ ...one, ...minute })
  await bench.compare({
    bench: 'cache/write/200k-unrelated-keys',
    subject: repeat(() => prisma.user.update(update)),
    baselines: [{ name: 'prisma', run: repeat(() => plain.user.update(update)), atLeast: 0.5 }],
    rounds: 21,
    times: 10,
  })
}

async function stampede(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  if (!bench.wants('cache/stampede/1000')) return
  const { client, log } = database.createRecordedClient()
  const prisma = client.$extends(cache({ store: memoryStore() }))
  await client.user.count()
  log.clear()
  await Promise.all(Array.from({ length: 1000 }, () => prisma.user.findMany({ ...list, ...minute })))
  bench.limited('cache/stampede/1000', log.statements.length, 'statements', 1)
}

/** What a miss costs above the query it sends, storing included. */
async function missOverhead(bench: Bench): Promise<void> {
  if (!bench.wants('cache/miss-overhead-memory')) return
  const clients = await memoryClients()
  const floor = clients.floor()
  const prisma = clients.bare().$extends(cache({ store: memoryStore() }))
  let id = 1
  const unhooked = repeat(() => floor.user.findUnique({ where: { id: id++ } }))
  const missing = repeat(() => prisma.user.findUnique({ where: { id: id++ }, ...minute }))
  await bench.overhead('cache/miss-overhead-memory', unhooked, missing, 25, { warmUps: 20 })
  await bench.compare({
    bench: 'cache/miss-memory',
    subject: missing,
    baselines: [{ name: 'hook-floor', run: unhooked }],
    rounds: 41,
    times: 100,
    unit: 'µs',
  })
  await clients.close()
}

function memoryBound(bench: Bench): void {
  if (!bench.wants('cache/memory-bound/64MB')) return
  const store = memoryStore({ maxBytes: 64 * 1024 * 1024 })
  const before = heapMegabytes()
  for (let index = 0; index < 1_000_000; index++) {
    const tags = ['brisk:all', 'brisk:b:User:id', `brisk:r:${index}`]
    const { stamps } = store.lookup(`brisk:q:${index}`, tags) as { stamps: readonly string[] }
    const entry = {
      identity: `User.findUnique#${index}`,
      tags,
      stamps,
      createdAt: index,
      ttl: 60_000,
      swr: 0,
      staleIfError: 0,
      cost: 1,
    }
    void store.write(`brisk:q:${index}`, entry, {
      id: index,
      email: `user${index}@example.org`,
      createdAt: new Date(index),
    })
  }
  bench.limited('cache/memory-bound/64MB', heapMegabytes() - before, 'MB', 80)
  store.clear?.()
}
