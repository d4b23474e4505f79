import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { brisk } from 'prisma-brisk'
import { cache, memoryStore, redisStore, type CacheEvent } from '@prisma-brisk/cache'
import { expectStatements } from '../../support/statements.ts'
import {
  cached,
  openBench,
  ownNamespace,
  settled,
  start,
  storeKinds,
  Stores,
  until,
  type Bench,
} from './cached-client.ts'

let bench: Bench
let stores: Stores

beforeAll(async () => {
  bench = await openBench()
})
afterAll(() => bench.close())
beforeEach(async () => {
  stores = new Stores()
  await bench.clear()
  await bench.base.user.create({
    data: { email: 'ada@example.org', name: '$dAda', balance: '1234567890.10' },
  })
  bench.log.clear()
})
afterEach(() => stores.close())

const minute = { cacheStrategy: { ttl: 60 } }

describe.each(storeKinds)('on the %s store', (kind) => {
  test('C29 a hit is deep-equal to a miss: types, prototypes, key order', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const preferences = JSON.parse(
      '{"__proto__": {"x": 1}, "b": [null, "$u"], "a": -0.0, "deep": {"at": "2024-01-01"}}',
    )
    await bench.base.profile.create({
      data: {
        userId: 1,
        displayName: 'A',
        preferences,
        avatar: new Uint8Array([0, 255]),
        birthday: new Date(0),
      },
    })
    await bench.base.studySession.create({
      data: { userId: 1, subject: 's', minutes: 1, focus: -0, events: 2n ** 60n, startedAt: new Date(1) },
    })
    const reads: (() => Promise<unknown>)[] = [
      () => prisma.user.findMany({ include: { profile: true, studySessions: true }, ...minute }),
      () => prisma.studySession.aggregate({ _sum: { events: true }, _avg: { focus: true }, ...minute }),
      () => prisma.user.groupBy({ by: ['role'], _sum: { balance: true }, ...minute }),
      () => prisma.user.findUnique({ where: { id: 404 }, ...minute }),
      () => prisma.user.findMany({ where: { id: 404 }, ...minute }),
      () => prisma.user.count({ select: { _all: true, deletedAt: true }, ...minute }),
    ]
    for (const read of reads) {
      const miss = await read()
      await settled()
      await until(() => prisma.$cache.stats().fills === prisma.$cache.stats().misses)
      const hit = await expectStatements(bench.log, 0, read)
      expect(hit).toStrictEqual(miss)
      expect(JSON.stringify(keysOf(hit))).toBe(JSON.stringify(keysOf(miss)))
    }
  })

  test('C30 what a caller does to a hit stays with that caller', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const [first, second] = await Promise.all([prisma.user.findMany(minute), prisma.user.findMany(minute)])
    first[0]!.name = 'changed'
    first[0]!.createdAt.setTime(0)
    expect(second).toMatchObject([{ name: '$dAda' }])
    await until(() => prisma.$cache.stats().fills > 0)
    const third = await prisma.user.findMany(minute)
    third[0]!.name = 'changed'
    expect(await prisma.user.findMany(minute)).toEqual(second)
  })

  test('C31 null and empty results are cached, for their own time', async () => {
    let now = Date.now()
    const prisma = cached(bench.base, { store: stores.make(kind), nullTtl: 5, now: () => now })
    const reads: (() => Promise<unknown>)[] = [
      () => prisma.user.findUnique({ where: { id: 7 }, ...minute }),
      () => prisma.user.findMany({ where: { id: 7 }, ...minute }),
    ]
    for (const read of reads) {
      await read()
      await until(() => prisma.$cache.stats().fills === prisma.$cache.stats().misses)
      await expectStatements(bench.log, 0, read)
    }
    now += 6000
    for (const read of reads) await expectStatements(bench.log, 1, read)
  })
})

test('C31 each caller decides for itself how long an empty result is fresh', async () => {
  let now = Date.now()
  const prisma = cached(bench.base, { now: () => now })
  const read = (nullTtl?: number) => () =>
    prisma.user.findMany({
      where: { id: 7 },
      cacheStrategy: { ttl: 60, ...(nullTtl === undefined ? {} : { nullTtl }) },
    })
  await read()()
  await settled()
  now += 6000
  await expectStatements(bench.log, 0, read())
  await expectStatements(bench.log, 1, read(5))
  await settled()
  // Longer for empty results than for others.
  await prisma.user.count({ where: { id: 7 }, cacheStrategy: { ttl: 1 } })
  const rare = () => prisma.user.findFirst({ where: { id: 7 }, cacheStrategy: { ttl: 1, nullTtl: 60 } })
  await rare()
  await settled()
  now += 30_000
  await expectStatements(bench.log, 0, rare)
})

test('C33 result extensions and computed fields: a hit is identical to a miss', async () => {
  const computed = {
    result: {
      user: { shout: { needs: { name: true }, compute: ({ name }: { name: string }) => `${name}!` } },
    },
  }
  const before = bench.base.$extends(computed).$extends(cache())
  const behind = bench.base.$extends(cache()).$extends(computed)
  for (const prisma of [before, behind]) {
    for (const args of [{}, { select: { id: true, shout: true } }, { omit: { name: true } }]) {
      const read = () =>
        prisma.user.findMany({ ...args, ...minute }) as unknown as Promise<{ shout?: string }[]>
      const miss = await read()
      await settled()
      const hit = await read()
      // Prisma hands out proxies, which differ in a function of their own.
      expect(hit.map((row) => Object.entries(row))).toEqual(miss.map((row) => Object.entries(row)))
      expect(hit[0]?.shout).toBe('$dAda!')
    }
  }
})

test('C34 fifty cached findUnique in one tick, all missing, are one pipeline and one statement', async () => {
  await bench.base.user.createMany({
    data: Array.from({ length: 50 }, (_, index) => ({ email: `${index}@example.org`, name: String(index) })),
  })
  const store = redisStore(stores.redis())
  const prisma = bench.base.$extends(
    brisk({ cache: { store, namespace: ownNamespace(), readTimeout: 5000 } }),
  )
  await prisma.user.findUnique({ where: { id: 1 }, ...minute })
  await settled()
  const sent: number[] = []
  const send = store.port.send.bind(store.port)
  store.port.send = (commands) => (
    sent.push(commands.filter(([name]) => name === 'MGET').length),
    send(commands)
  )
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

test('C28 the memory store keeps its bytes, and what was used last', () => {
  const store = memoryStore({ maxBytes: 256 * 1024 })
  const header = { identity: 'i', tags: ['a'], stamps: [''], createdAt: 0, ttl: 1, swr: 0, grace: 0, cost: 0 }
  for (let index = 0; index < 5000; index++) {
    void store.write(`key ${index}`, { ...header, tags: [`tag ${index}`] }, { id: index })
    void store.lookup('key 0', [])
  }
  expect(store.size?.().bytes).toBeLessThanOrEqual(256 * 1024)
  const has = (index: number) => (store.lookup(`key ${index}`, []) as { entry: unknown }).entry !== null
  expect([has(0), has(1), has(4999)]).toEqual([true, false, true])
})

test('C36 statistics, channel events and withInfo agree, and hold neither arguments nor tags', async () => {
  const events: CacheEvent[] = []
  const listen = (event: unknown) => events.push(event as CacheEvent)
  subscribe('prisma-brisk:cache', listen)
  const prisma = cached(bench.base)
  const read = () =>
    prisma.user.findMany({ where: { name: 'secret name' }, cacheStrategy: { ttl: 60, tags: ['secret tag'] } })
  const { info: miss } = await prisma.$cache.withInfo(read)
  await settled()
  const { info: hit } = await prisma.$cache.withInfo(read)
  const { info: off } = await prisma.$cache.withInfo(() => prisma.user.findMany({ cacheStrategy: false }))
  const { info: unasked } = await prisma.$cache.withInfo(() => prisma.user.findMany())
  await prisma.user.updateMany({ data: { name: 'secret too' } })
  unsubscribe('prisma-brisk:cache', listen)
  expect([miss.status, hit.status, off.status, unasked.reason]).toEqual([
    'miss',
    'hit',
    'bypass',
    'no-strategy',
  ])
  expect(hit).toMatchObject({ tags: ['secret tag'], models: ['User'] })
  expect(hit.age).toBeGreaterThanOrEqual(0)
  expect(prisma.$cache.stats()).toMatchObject({
    hits: 1,
    misses: 1,
    bypasses: 1,
    bypassesByReason: { off: 1 },
    fills: 1,
    invalidations: 1,
    models: { User: { hits: 1, misses: 1, bypasses: 1 } },
    store: { name: 'memory', entries: 1 },
  })
  expect(events.map(({ type }) => type)).toEqual(['read', 'read', 'read', 'invalidate'])
  expect(JSON.stringify(events)).not.toContain('secret')
})

test('C37 a hit that differs from the database is reported, and its entry removed', async () => {
  const events: CacheEvent[] = []
  const listen = (event: unknown) => events.push(event as CacheEvent)
  subscribe('prisma-brisk:cache', listen)
  const prisma = cached(bench.base, { verify: 0.01, random: () => 0 })
  await prisma.user.findMany(minute)
  await settled()
  await prisma.user.findMany(minute)
  await until(() => prisma.$cache.stats().verified === 1)
  await bench.base.user.updateMany({ data: { name: 'written past us' } })
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: '$dAda' }])
  await until(() => prisma.$cache.stats().mismatches === 1)
  unsubscribe('prisma-brisk:cache', listen)
  expect(events.filter(({ type }) => type === 'mismatch')).toMatchObject([
    { model: 'User', operation: 'findMany' },
  ])
  await settled()
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'written past us' }])
})

test('C37 a write whose invalidation is still on its way is no difference', async () => {
  const inner = memoryStore()
  let release = (): void => undefined
  const store = Object.assign(Object.create(inner) as typeof inner, {
    invalidate: async (tags: readonly string[]) => {
      await new Promise<void>((resolve) => (release = resolve))
      return inner.invalidate(tags)
    },
  })
  const prisma = cached(bench.base, { store, verify: 1, writeTimeout: 1000 })
  await prisma.user.findMany(minute)
  await settled()
  const write = start(prisma.user.updateMany({ data: { name: 'committed' } }))
  await until(async () => (await bench.base.user.count({ where: { name: 'committed' } })) === 1)
  bench.log.clear()
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: '$dAda' }])
  await until(() => bench.log.statements.some(({ rows }) => rows === 1))
  await settled()
  release()
  await write
  await until(() => prisma.$cache.stats().verified === 1)
  expect(prisma.$cache.stats().mismatches).toBe(0)
})

test('C38 an etag is equal until one of its tags or models is invalidated, across processes', async () => {
  const namespace = ownNamespace()
  const open = () => cached(bench.base, { store: redisStore(stores.redis()), namespace })
  const [here, there] = [
    open(),
    bench.database
      .createClient()
      .$extends(cache({ store: redisStore(stores.redis()), namespace, readTimeout: 5000 })),
  ]
  const selection = { tags: ['a'], models: ['User'] }
  const etag = await here.$cache.etag(selection)
  expect(etag).toMatch(/^"[\w-]+"$/)
  expect(await there.$cache.etag(selection)).toBe(etag)
  await there.tag.create({ data: { name: 'unrelated' } })
  expect(await here.$cache.etag(selection)).toBe(etag)
  await there.user.updateMany({ data: { name: 'n' } })
  const next = await here.$cache.etag(selection)
  expect(next).not.toBe(etag)
  await here.$cache.invalidate({ tags: ['a'] })
  expect(await there.$cache.etag(selection)).not.toBe(next)
})

test('warm fills what later reads ask for, and counts what fails', async () => {
  const prisma = cached(bench.base)
  const runs = [
    () => prisma.user.findMany(minute),
    () => prisma.user.findUniqueOrThrow({ where: { id: 9 }, ...minute }),
  ]
  expect(await prisma.$cache.warm(runs, { concurrency: 1 })).toEqual({ warmed: 1, failed: 1 })
  await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
})

describe('bad input', () => {
  test.each([
    { ttl: -1 },
    { ttl: NaN },
    { ttl: Infinity },
    { ttl: '60' },
    { swr: -1 },
    { tags: 'a' },
    { tags: [''] },
    { tags: ['x'.repeat(257)] },
    { tags: [7] },
    { ttll: 60 },
    true,
    'a minute',
  ])('%j is E_INVALID_CACHE_STRATEGY before anything is sent', async (cacheStrategy) => {
    const prisma = cached(bench.base)
    await expectStatements(bench.log, 0, () =>
      expect(prisma.user.findMany({ cacheStrategy } as never)).rejects.toMatchObject({
        code: 'E_INVALID_CACHE_STRATEGY',
      }),
    )
  })

  test.each<[string, (prisma: ReturnType<typeof cached>) => unknown]>([
    ['invalidate without anything', ({ $cache }) => $cache.invalidate({})],
    ['invalidate of null', ({ $cache }) => $cache.invalidate(null as never)],
    ['invalidate of a text', ({ $cache }) => $cache.invalidate('team:7' as never)],
    ['invalidate of a misspelt selection', ({ $cache }) => $cache.invalidate({ tag: ['a'] } as never)],
    ['invalidate of an empty tag', ({ $cache }) => $cache.invalidate({ tags: [''] })],
    ['invalidate of a long tag', ({ $cache }) => $cache.invalidate({ tags: ['ü'.repeat(129)] })],
    ['invalidate of a model as text', ({ $cache }) => $cache.invalidate({ models: 'User' as never })],
    ['etag of an unknown model', ({ $cache }) => $cache.etag({ models: ['Usr'] })],
    ['etag of a number', ({ $cache }) => $cache.etag({ tags: [7 as never] })],
    ['queryRaw without SQL', ({ $cache }) => $cache.queryRaw([] as never, { ttl: 1 })],
    ['queryRaw of a text', ({ $cache }) => $cache.queryRaw('SELECT 1' as never, { ttl: 1 })],
    [
      'queryRaw of an unknown model',
      ({ $cache }) => $cache.queryRaw(['SELECT 1'], { ttl: 1, models: ['Usr'] }),
    ],
    ['queryRaw with a negative ttl', ({ $cache }) => $cache.queryRaw(['SELECT 1'], { ttl: -1 })],
    ['warm with no concurrency', ({ $cache }) => $cache.warm([], { concurrency: 0 })],
    ['warm of one function', ({ $cache }) => $cache.warm((() => 1) as never)],
    ['warm of promises', ({ $cache }) => $cache.warm([Promise.resolve()] as never)],
  ])('%s is E_INVALID_CACHE_STRATEGY before anything is sent', async (_, call) => {
    const prisma = cached(bench.base)
    await expectStatements(bench.log, 0, async () => {
      await expect((async () => call(prisma))()).rejects.toMatchObject({ code: 'E_INVALID_CACHE_STRATEGY' })
    })
  })

  test.each<[string, () => unknown]>([
    ['a symbol', () => Symbol('tenant')],
    ['a function', () => () => 'tenant'],
    ['a promise', async () => 'tenant'],
    ['a class instance', () => new (class Tenant {})()],
    ['a map', () => new Map()],
    ['a function deep inside', () => ({ tenant: { id: () => 1 } })],
    [
      'a circle',
      () => {
        const circle: { self?: unknown } = {}
        circle.self = circle
        return circle
      },
    ],
  ])('a scope that is %s is E_INVALID_CACHE_STRATEGY before anything is sent', async (_, scope) => {
    const prisma = cached(bench.base, { scope })
    await expectStatements(bench.log, 0, () =>
      expect(prisma.user.findMany(minute)).rejects.toMatchObject({ code: 'E_INVALID_CACHE_STRATEGY' }),
    )
  })

  test('a scope that is not plain data, unknown models, two caches', async () => {
    const scoped = cached(bench.base, { scope: () => Symbol('tenant') })
    await expect(scoped.user.findMany(minute)).rejects.toMatchObject({ code: 'E_INVALID_CACHE_STRATEGY' })
    const invalid = expect.objectContaining({ code: 'E_INVALID_OPTIONS' }) as unknown as Error
    expect(() => cached(bench.base, { models: { Usr: { ttl: 1 } } })).toThrow(invalid)
    expect(() => bench.base.$extends(cache()).$extends(cache())).toThrow(invalid)
    expect(() => cache({ ttl: 1 } as object)).toThrow(invalid)
    expect(() => cache({ store: {} as never })).toThrow(invalid)
    expect(() => cache({ models: { User: { ttl: -1 } } })).toThrow(invalid)
    const prisma = cached(bench.base)
    await expect(prisma.$cache.invalidate({ models: ['Usr'] })).rejects.toMatchObject({
      code: 'E_INVALID_CACHE_STRATEGY',
    })
  })
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

function keysOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return null
  return Object.entries(value).map(([key, each]) => [key, keysOf(each)])
}
