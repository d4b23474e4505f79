import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { cache, memoryStore, redisStore, type CacheEvent } from '@prisma-brisk/cache'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, ownNamespace, settled, start, until } from './support/cached-client.ts'

const bench = useBench()
const { stores } = bench

const minute = { cacheStrategy: { ttl: 60 } }

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
  // Another client, as another process has one.
  await bench.database.createClient().user.updateMany({ data: { name: 'written past us' } })
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Ada' }])
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
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Ada' }])
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

test('KC14 C38 an etag changes by writes alone, whoever reads a row first', async () => {
  for (const store of [memoryStore(), redisStore(stores.redis())]) {
    const prisma = cached(bench.base, { store })
    const etag = await prisma.$cache.etag({ models: ['User'] })
    await prisma.user.findUnique({ where: { id: 1 }, ...minute })
    expect(await prisma.$cache.etag({ models: ['User'] })).toBe(etag)
    await prisma.user.update({ where: { id: 1 }, data: { name: 'n' } })
    expect(await prisma.$cache.etag({ models: ['User'] })).not.toBe(etag)
  }
})

test('KC14 callers who give the same tags in another order share an entry', async () => {
  for (const store of [memoryStore(), redisStore(stores.redis())]) {
    const prisma = cached(bench.base, { store })
    const read = (...tags: string[]) => prisma.user.findMany({ cacheStrategy: { ttl: 60, tags } })
    await prisma.$cache.warm([() => read('a', 'b')])
    for (let round = 0; round < 3; round++) {
      await expectStatements(bench.log, 0, () => read('b', 'a'))
      await expectStatements(bench.log, 0, () => read('a', 'b'))
    }
    await prisma.$cache.invalidate({ tags: ['b'] })
    await expectStatements(bench.log, 1, () => read('b', 'a'))
  }
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
