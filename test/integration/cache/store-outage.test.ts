import { createServer, type Server } from 'node:net'
import { cache, redisStore } from '@prisma-brisk/cache'
import { freePort } from '../../support/server-process.ts'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, ownNamespace, settled, start, until } from './support/cached-client.ts'
import { atEnd, connect, movableAddress, server, useRedisServers } from './support/redis-servers.ts'

const bench = useBench()
useRedisServers()

const minute = { cacheStrategy: { ttl: 60 } }

/** Reads and writes work, in time, and say what the database says. */
async function expectAlive(prisma: ReturnType<typeof cached>): Promise<void> {
  for (let round = 0; round < 4; round++) {
    const name = `name ${round}`
    await prisma.user.update({ where: { id: 1 }, data: { name } })
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name }])
    expect(await prisma.user.findUnique({ where: { id: 1 }, ...minute })).toMatchObject({ name })
  }
}

describe('C21 reads answer and writes resolve', () => {
  const timeouts = { readTimeout: 60, writeTimeout: 100 }

  test('while Redis refuses connections', async () => {
    const port = await freePort()
    const prisma = cached(bench.base, {
      store: redisStore(connect(`redis://127.0.0.1:${port}`)),
      ...timeouts,
    })
    const startedAt = performance.now()
    await expectAlive(prisma)
    // Three failures open the breaker; after that nothing waits.
    expect(performance.now() - startedAt).toBeLessThan(5000)
    expect(prisma.$cache.stats()).toMatchObject({ hits: 0, store: { available: false } })
  })

  test('while Redis accepts connections and never answers', async () => {
    const silent: Server = createServer(() => undefined)
    const port = await freePort()
    await new Promise<void>((resolve) => silent.listen(port, '127.0.0.1', resolve))
    atEnd(() => silent.close())
    const prisma = cached(bench.base, {
      store: redisStore(connect(`redis://127.0.0.1:${port}`)),
      ...timeouts,
    })
    await expectAlive(prisma)
    expect(prisma.$cache.stats().store.timeouts).toBeGreaterThan(0)
  })

  test('while Redis is frozen in the middle, and after it', async () => {
    const redis = await server()
    const prisma = cached(bench.base, { store: redisStore(connect(redis.url)), ...timeouts })
    await prisma.user.findMany(minute)
    redis.pause()
    await expectAlive(prisma)
    redis.resume()
    await until(() => prisma.$cache.stats().store.available && prisma.$cache.stats().store.journal === 0)
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'name 3' }])
  })

  test('while Redis is slow, and then answers in time again', async () => {
    const redis = await server()
    const prisma = cached(bench.base, { store: redisStore(connect(redis.url)), ...timeouts })
    const admin = connect(redis.url)
    await prisma.user.findMany(minute)
    await until(async () => (await prisma.user.findMany(minute)) && prisma.$cache.stats().fills === 1)
    await admin.client('PAUSE', 1_500)
    const { data, info } = await prisma.$cache.withInfo(() => prisma.user.findMany(minute))
    expect(data).toMatchObject([{ name: 'Ada' }])
    expect(info).toMatchObject({ status: 'bypass', reason: 'store-timeout' })
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Meanwhile' } })
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Meanwhile' }])
    await until(() => prisma.$cache.stats().store.available && prisma.$cache.stats().store.journal === 0)
    await until(async () => {
      const { data: rows, info: how } = await prisma.$cache.withInfo(() => prisma.user.findMany(minute))
      expect(rows).toMatchObject([{ name: 'Meanwhile' }])
      return how.status === 'hit'
    })
  })

  test('while Redis is a replica that takes no writes (READONLY)', async () => {
    const master = await server()
    const replica = await server({ replicaof: `127.0.0.1 ${master.port}` })
    const prisma = cached(bench.base, { store: redisStore(connect(replica.url)), ...timeouts })
    await expectAlive(prisma)
    expect(prisma.$cache.stats()).toMatchObject({ hits: 0, store: { available: false } })
  })

  test('while Redis is out of memory (OOM), and nothing stale is served', async () => {
    const redis = await server({ 'maxmemory-policy': 'noeviction' })
    const admin = connect(redis.url)
    const prisma = cached(bench.base, { store: redisStore(connect(redis.url)), ...timeouts })
    await prisma.user.findMany(minute)
    await until(async () => (await prisma.user.findMany(minute)) && prisma.$cache.stats().fills === 1)
    await admin.config('SET', 'maxmemory', '1mb')
    await expectAlive(prisma)
    await admin.config('SET', 'maxmemory', '0')
    await until(() => prisma.$cache.stats().store.available)
    await expectAlive(prisma)
  })

  test('while Redis is killed in the middle of a request', async () => {
    const redis = await server()
    const prisma = cached(bench.base, { store: redisStore(connect(redis.url)), ...timeouts })
    await prisma.user.findMany(minute)
    const reads = Array.from({ length: 20 }, () => start(prisma.user.findMany(minute)))
    await redis.kill('SIGKILL')
    for (const read of reads) expect(await read).toMatchObject([{ name: 'Ada' }])
    await expectAlive(prisma)
  })
})

describe('C22 Redis comes back after invalidations were missed', () => {
  test('they are replayed, and no entry of before the outage is served', async () => {
    const redis = await server()
    const namespace = ownNamespace()
    const options = { namespace, readTimeout: 60, writeTimeout: 100 }
    const prisma = cached(bench.base, { store: redisStore(connect(redis.url)), ...options })
    await prisma.user.findMany(minute)
    await until(async () => (await prisma.user.findMany(minute)) && prisma.$cache.stats().fills === 1)
    redis.pause()
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Missed' } })
    expect(prisma.$cache.stats().store.journal).toBeGreaterThan(0)
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Missed' }])
    redis.resume()
    await until(() => prisma.$cache.stats().store.journal === 0)
    expect(prisma.$cache.stats().store.replayed).toBeGreaterThan(0)
    // Another process, which never saw the outage.
    const other = bench.database
      .createClient({ adapter: bench.database.adapter({ connections: 2 }) })
      .$extends(cache({ store: redisStore(connect(redis.url)), ...options, readTimeout: 5000 }))
    expect(await other.user.findMany(minute)).toMatchObject([{ name: 'Missed' }])
  })

  test('more of them than the journal holds: everything is invalidated', async () => {
    const redis = await server()
    const namespace = ownNamespace()
    const open = (readTimeout: number) =>
      cached(bench.base, {
        store: redisStore(connect(redis.url)),
        namespace,
        database: 'same',
        readTimeout,
        writeTimeout: 100,
      })
    const [prisma, other] = [open(60), open(5000)]
    const tagged = (tag: string) => other.user.findMany({ cacheStrategy: { ttl: 60, tags: [tag] } })
    await tagged('forgotten')
    await until(() => other.$cache.stats().fills === 1)
    await prisma.user.count(minute)
    redis.pause()
    await prisma.$cache.invalidate({ tags: Array.from({ length: 10_001 }, (_, index) => `tag ${index}`) })
    expect(prisma.$cache.stats().store.journal).toBe(1)
    // This process believes nothing any more.
    await expectStatements(bench.log, 1, () => prisma.user.count(minute))
    redis.resume()
    await until(() => prisma.$cache.stats().store.journal === 0)
    await expectStatements(bench.log, 1, () => tagged('forgotten'))
  })

  test('C7 a failover that loses invalidations which the server had confirmed', async () => {
    const master = await server()
    const replica = await server({ replicaof: `127.0.0.1 ${master.port}` })
    const address = await movableAddress(master.port)
    const options = { namespace: ownNamespace(), database: 'same', readTimeout: 1000, writeTimeout: 1000 }
    const open = () => cached(bench.base, { store: redisStore(connect(address.url)), ...options })
    const [writer, reader] = [open(), open()]
    await reader.user.findMany(minute)
    const successor = connect(replica.url)
    const isStored = async () => (await successor.keys(`${options.namespace}:[qma]*`)).length === 3
    await until(isStored)
    // From here on the successor hears of nothing any more, as one that lags behind when its master dies.
    await successor.replicaof('NO', 'ONE')
    await writer.user.update({ where: { id: 1 }, data: { name: 'Confirmed' } })
    expect(writer.$cache.stats().store.journal).toBe(0)
    await master.kill('SIGKILL')
    address.moveTo(replica.port)
    for (const { $cache, user } of [reader, writer]) {
      do expect(await user.findMany(minute)).toMatchObject([{ name: 'Confirmed' }])
      while (!$cache.stats().store.available || $cache.stats().store.journal > 0)
      await until(async () => {
        const { data, info } = await $cache.withInfo(() => user.findMany(minute))
        expect(data).toMatchObject([{ name: 'Confirmed' }])
        return info.status === 'hit'
      })
    }
  })

  test('a server that restarts empty gives misses only', async () => {
    const redis = await server()
    const prisma = cached(bench.base, {
      store: redisStore(connect(redis.url)),
      readTimeout: 60,
      writeTimeout: 100,
    })
    await prisma.user.findMany(minute)
    await redis.kill('SIGKILL')
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Meanwhile' } })
    await server({}, redis.port)
    await until(() => prisma.$cache.stats().store.available && prisma.$cache.stats().store.journal === 0)
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Meanwhile' }])
  })
})

test('C23 a corrupt, truncated or foreign payload is a miss, and overwritten', async () => {
  const redis = await server()
  const admin = connect(redis.url)
  const prisma = cached(bench.base, { store: redisStore(connect(redis.url)) })
  await prisma.user.findMany(minute)
  await until(() => prisma.$cache.stats().fills === 1)
  const [key] = (await admin.keys('*:q:*')) as [string]
  const good = (await admin.get(key)) as string
  const bad = [
    '',
    'x',
    good.slice(0, -3),
    good.slice(0, 20),
    good.replace('Ada', 'Eve'),
    '{"a":1}',
    `${good} `,
  ]
  for (const [index, payload] of bad.entries()) {
    await admin.set(key, payload)
    const rows = await expectStatements(bench.log, 1, () => prisma.user.findMany(minute))
    expect(rows).toMatchObject([{ name: 'Ada' }])
    await until(() => prisma.$cache.stats().fills === index + 2)
    await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  }
})

test('staleIfError: an old result is served where the database cannot be reached, one invalidated is not', async () => {
  let now = 1_700_000_000_000
  const prisma = cached(bench.base, { staleIfError: 3600, now: () => now })
  await prisma.user.findMany(minute)
  await settled()
  now += 120_000
  const lost = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })
  bench.fail(/^SELECT/, lost)
  const { data, info } = await prisma.$cache.withInfo(() => prisma.user.findMany(minute))
  expect(data).toMatchObject([{ name: 'Ada' }])
  expect(info).toMatchObject({ status: 'stale', reason: 'error', age: 120 })
  await prisma.user.update({ where: { id: 1 }, data: { name: 'New' } })
  bench.fail(/^SELECT/, lost)
  await expect(prisma.user.findMany(minute)).rejects.toThrow()
})
