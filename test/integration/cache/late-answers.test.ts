import { Redis } from 'ioredis'
import { cache, memoryStore, redisStore, tieredStore } from '@prisma-brisk/cache'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, ownNamespace, until } from './support/cached-client.ts'
import { connect, server, useRedisServers } from './support/redis-servers.ts'

const bench = useBench()
useRedisServers()

const minute = { cacheStrategy: { ttl: 60 } }

test('C24 a thousand concurrent misses of one key are one statement', async () => {
  for (const store of [memoryStore(), redisStore(connect((await server()).url))]) {
    const prisma = cached(bench.base, { store })
    await prisma.user.count()
    const rows = await expectStatements(bench.log, 1, () =>
      Promise.all(Array.from({ length: 1000 }, () => prisma.user.findMany(minute))),
    )
    expect(new Set(rows.map(([row]) => row)).size).toBe(1000)
    expect(rows.every(([row]) => row?.name === 'Ada')).toBe(true)
  }
})

test('C24 with a fill lock one process reads; where it dies the others go on', async () => {
  const redis = await server()
  const namespace = ownNamespace()
  const options = { namespace, fillLock: { lease: 500 }, earlyRefresh: 0, readTimeout: 5000 }
  const open = () => cached(bench.base, { ...options, store: redisStore(connect(redis.url)) })
  const fleet = [open(), open()]
  await bench.base.user.count()
  await expectStatements(bench.log, 1, () => Promise.all(fleet.map((each) => each.user.findMany(minute))))
  await fleet[0]?.$cache.invalidateAll()
  const [key] = (await connectOnce(redis.url, (each) => each.keys('*:q:*'))) as [string]
  await connectOnce(redis.url, (each) => each.set(`${key}:lock`, 'of a dead process', 'PX', 400))
  await expectStatements(bench.log, 1, () => Promise.all(fleet.map((each) => each.user.findMany(minute))))
})

test('C25 a failed read is shared with those who wait, and never stored', async () => {
  const prisma = cached(bench.base)
  bench.fail(/^SELECT/, new Error('disk on fire'))
  const answers = await Promise.allSettled([1, 2, 3].map(() => prisma.user.findMany(minute)))
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(await prisma.user.findMany(minute)).toHaveLength(1)
  for (let time = 0; time < 2; time++) {
    await expect(prisma.user.findUniqueOrThrow({ where: { id: 9 }, ...minute })).rejects.toMatchObject({
      code: 'P2025',
    })
  }
  await prisma.user.create({ data: { id: 9, email: 'nine@example.org', name: 'Nine' } })
  expect(await prisma.user.findUniqueOrThrow({ where: { id: 9 }, ...minute })).toMatchObject({ name: 'Nine' })
})

test('C26 near tier: another process is heard, at most nearTtl late, and a bus that is down empties it', async () => {
  const redis = await server()
  let now = Date.now()
  const listeners: { message(text: string): void; state(isUp: boolean): void }[] = []
  let isHeard = true
  const bus = {
    publish: async (text: string) => {
      if (isHeard) for (const listener of listeners) listener.message(text)
    },
    subscribe: async (message: (text: string) => void, state: (isUp: boolean) => void) => {
      listeners.push({ message, state })
      state(true)
      return async () => undefined
    },
  }
  const options = { namespace: ownNamespace(), database: 'same', readTimeout: 5000, earlyRefresh: 0 }
  const open = () => {
    const far = redisStore(connect(redis.url))
    const store = tieredStore({ near: memoryStore(), far, nearTtl: 5, bus, now: () => now })
    const base = bench.database.createClient({ adapter: bench.database.adapter({ connections: 2 }) })
    return base.$extends(cache({ ...options, store }))
  }
  const [here, there] = [open(), open()]
  const admin = connect(redis.url)
  const commands = async () => Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))?.[1])
  await here.user.findMany(minute)
  await until(() => here.$cache.stats().fills === 1)
  await here.user.findMany(minute)
  const before = await commands()
  for (let time = 0; time < 10; time++) await here.user.findMany(minute)
  expect((await commands()) - before).toBe(1)
  await there.user.update({ where: { id: 1 }, data: { name: 'Heard' } })
  expect(await here.user.findMany(minute)).toMatchObject([{ name: 'Heard' }])
  await until(() => here.$cache.stats().fills === 2)
  await here.user.findMany(minute)
  isHeard = false
  await there.user.update({ where: { id: 1 }, data: { name: 'Unheard' } })
  expect(await here.user.findMany(minute)).toMatchObject([{ name: 'Heard' }])
  now += 5001
  expect(await here.user.findMany(minute)).toMatchObject([{ name: 'Unheard' }])
  await until(() => here.$cache.stats().fills === 3)
  await here.user.findMany(minute)
  for (const { state } of listeners) state(false)
  await there.user.update({ where: { id: 1 }, data: { name: 'Down' } })
  expect(await here.user.findMany(minute)).toMatchObject([{ name: 'Down' }])
})

test('C26 the bus of Redis itself: lost connections empty the near tier, and it hears again afterwards', async () => {
  const redis = await server()
  const admin = connect(redis.url)
  const options = { namespace: ownNamespace(), database: 'same', readTimeout: 5000, earlyRefresh: 0 }
  const channel = ownNamespace()
  const open = () => {
    const far = redisStore(connect(redis.url))
    const store = tieredStore({ near: memoryStore(), far, nearTtl: 3600, channel })
    const base = bench.database.createClient({ adapter: bench.database.adapter({ connections: 2 }) })
    return base.$extends(cache({ ...options, store }))
  }
  const [here, there] = [open(), open()]
  const subscribers = async () => ((await admin.pubsub('NUMSUB', channel)) as [string, number])[1]
  await until(async () => (await subscribers()) === 2)
  const read = () => here.user.findMany(minute)
  const lookups = async () =>
    Number(/cmdstat_mget:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0)
  const isNear = async (): Promise<boolean> => {
    const before = await lookups()
    await read()
    return (await lookups()) === before
  }
  for (const name of ['One', 'Two']) {
    await read()
    await until(isNear)
    await there.user.update({ where: { id: 1 }, data: { name } })
    await until(async () => (await read())[0]?.name === name)
    await until(isNear)
    const filled = here.$cache.stats().store.entries
    expect(filled).toBeGreaterThan(0)
    await admin.client('KILL', 'TYPE', 'pubsub')
    // What was near is asked of the far store again, until messages are heard again.
    await until(() => here.$cache.stats().store.entries < filled)
    await until(async () => (await subscribers()) === 2)
  }
  await redis.kill('SIGKILL')
  await until(() => here.$cache.stats().store.entries === 0)
  await there.user.update({ where: { id: 1 }, data: { name: 'Gone' } })
  expect(await read()).toMatchObject([{ name: 'Gone' }])
})

async function connectOnce<T>(url: string, run: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url)
  try {
    return await run(redis)
  } finally {
    redis.disconnect()
  }
}
