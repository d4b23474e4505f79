import { AsyncLocalStorage } from 'node:async_hooks'
import { memoryStore } from '@prisma-brisk/cache'
import { brisk } from 'prisma-brisk'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, Clock, ownNamespace, settled } from './support/cached-client.ts'
import { storeKinds } from './support/stores.ts'

const bench = useBench(async (base) => {
  await base.tag.createMany({ data: ['a', 'b'].map((name) => ({ name })) })
})
const { stores } = bench

/** A computation that counts its runs, and ends when it is told to. */
function computation<T>(value: () => T | Promise<T>) {
  const runs: (() => void)[] = []
  let times = 0
  return {
    get times() {
      return times
    },
    now: async () => {
      times++
      return value()
    },
    later: async () => {
      times++
      await new Promise<void>((resolve) => runs.push(resolve))
      return value()
    },
    finish: () => runs.splice(0).forEach((run) => run()),
  }
}

describe.each(storeKinds)('on a %s store', (kind) => {
  test('C39 a value is computed once, by its key, and again once a model or a tag it rests on is written', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const names = computation(async () => ({
      names: (await bench.base.tag.findMany({ orderBy: { id: 'asc' } })).map(({ name }) => name),
      at: new Date(0),
      sum: 10n,
    }))
    const read = (key = 'names') =>
      prisma.$cache.wrap(key, { ttl: 60, models: ['Tag'], tags: ['mine'] }, names.now)
    const first = await read()
    expect(first).toEqual({ names: ['a', 'b'], at: new Date(0), sum: 10n })
    await settled()
    expect(await prisma.$cache.withInfo(() => read())).toMatchObject({
      data: first,
      info: { status: 'hit', tags: ['mine'], models: ['Tag'] },
    })
    expect(names.times).toBe(1)
    await read('others')
    expect(names.times).toBe(2)
    await prisma.user.create({ data: { email: 'x@example.org', name: 'X' } })
    await read()
    expect(names.times).toBe(2)
    await prisma.tag.create({ data: { name: 'c' } })
    expect((await read()).names).toEqual(['a', 'b', 'c'])
    await settled()
    await prisma.$cache.invalidate({ tags: ['mine'] })
    await read()
    expect(names.times).toBe(4)
    expect(prisma.$cache.stats()).toMatchObject({ misses: 4 })
    await prisma.tag.delete({ where: { name: 'c' } })
  })

  test('C39 a value whose models are written while it is computed is answered and never again', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const count = computation(() => bench.base.tag.count())
    const read = () => prisma.$cache.wrap('count', { ttl: 60, models: ['Tag'] }, count.later)
    const early = read()
    while (count.times === 0) await settled()
    await prisma.tag.create({ data: { name: 'd' } })
    const late = read()
    while (count.times === 1) await settled()
    count.finish()
    expect([await early, await late]).toEqual([3, 3])
    await settled()
    expect(await read()).toBe(3)
    expect(count.times).toBe(2)
    await prisma.tag.delete({ where: { name: 'd' } })
  })
})

describe.each(storeKinds)('computations within each other, on a %s store', (kind) => {
  test('C39 values that are made of each other are computed, and do not wait for each other for ever', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const pair = (own: string, other: string) =>
      prisma.$cache.wrap(own, { ttl: 60 }, async () => {
        await settled()
        return [own, await prisma.$cache.wrap(other, { ttl: 60 }, async () => other)]
      })
    const both = Promise.all([pair('a', 'b'), pair('b', 'a')])
    const overdue = new Promise((resolve) => setTimeout(resolve, 5000, 'overdue').unref())
    expect(await Promise.race([both, overdue])).toEqual([
      ['a', expect.anything()],
      ['b', expect.anything()],
    ])
  })

  test('C39 what a computation has begun and not waited for may ask for its value', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    let later: Promise<unknown> = Promise.resolve()
    await prisma.$cache.wrap('outlived', { ttl: 0.001 }, async () => {
      later = new Promise((resolve) => setTimeout(resolve, 30)).then(async () =>
        prisma.$cache.wrap('outlived', { ttl: 60 }, async () => 'second'),
      )
      return 'first'
    })
    expect(await later).toBe('second')
  })

  test('C3 C39 a value may be made of that of another scope', async () => {
    const scopes = new AsyncLocalStorage<string>()
    const prisma = cached(bench.base, { store: stores.make(kind), scope: () => scopes.getStore() ?? 'none' })
    const value = () => prisma.$cache.wrap('scoped', { ttl: 60 }, async () => scopes.getStore())
    const made = await scopes.run('outer', async () =>
      prisma.$cache.wrap('scoped', { ttl: 60 }, async () => [await scopes.run('inner', value)]),
    )
    expect(made).toEqual(['inner'])
  })

  test('C39 a value that contains itself is given to everybody, and the store is not to blame', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const circle: { self?: unknown } = {}
    circle.self = circle
    for (let round = 0; round < 4; round++) {
      const read = () => prisma.$cache.wrap('circle', { ttl: 60 }, async () => circle)
      for (const answer of await Promise.all([read(), read(), read()])) expect(answer === circle).toBe(true)
      // Failures within a moment count as one.
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    expect(prisma.$cache.stats().store).toMatchObject({ available: true, errors: 0 })
  })
})

test('C39 all who ask at the same time wait for one computation, and get copies or its error', async () => {
  const prisma = cached(bench.base)
  const value = computation(() => ({ list: [1] }))
  const reads = [1, 2, 3].map(() => prisma.$cache.wrap('k', { ttl: 60 }, value.later))
  while (value.times === 0) await settled()
  value.finish()
  const answers = await Promise.all(reads)
  answers[0]!.list.push(2)
  expect(answers.map(({ list }) => list.length)).toEqual([2, 1, 1])
  expect(value.times).toBe(1)

  const failing = computation(() => {
    throw new TypeError('upstream')
  })
  const failed = await Promise.allSettled([1, 2].map(() => prisma.$cache.wrap('f', { ttl: 60 }, failing.now)))
  expect(failed.map((each) => (each as PromiseRejectedResult).reason)).toEqual([
    new TypeError('upstream'),
    new TypeError('upstream'),
  ])
  await expect(prisma.$cache.wrap('f', { ttl: 60 }, () => 'again')).resolves.toBe('again')
})

test('C39 lifetimes are those of reads: fresh, old while it is refreshed, and what fails is answered old', async () => {
  const clock = new Clock()
  const prisma = cached(bench.base, { now: clock.now })
  let outcome: () => unknown = () => 'one'
  const read = () => prisma.$cache.wrap('k', { ttl: 10, swr: 10, staleIfError: 100 }, () => outcome())
  const status = async () => {
    const { data, info } = await prisma.$cache.withInfo(read)
    await settled()
    return [data, info.status, info.reason]
  }
  expect(await status()).toEqual(['one', 'miss', undefined])
  outcome = () => 'two'
  clock.advance(9)
  expect(await status()).toEqual(['one', 'hit', undefined])
  clock.advance(2)
  expect(await status()).toEqual(['one', 'stale', undefined])
  expect(await status()).toEqual(['two', 'hit', undefined])
  outcome = () => {
    throw new Error('the service is down')
  }
  clock.advance(30)
  expect(await status()).toEqual(['two', 'stale', 'error'])
  clock.advance(100)
  await expect(read()).rejects.toThrow('the service is down')
})

test('C39 scope, namespace and tags are a part of the key, and a read of the same text is another', async () => {
  const store = memoryStore()
  let tenant = 'one'
  const namespace = ownNamespace()
  const prisma = cached(bench.base, { store, namespace, scope: () => tenant, database: 'd' })
  const other = cached(bench.base, { store, namespace: ownNamespace(), database: 'd' })
  const read = (client: typeof prisma, value: string, tags: string[] = []) =>
    client.$cache.wrap('k', { ttl: 60, tags }, () => value)
  expect(await read(prisma, 'first')).toBe('first')
  tenant = 'two'
  expect(await read(prisma, 'second')).toBe('second')
  expect(await read(prisma, 'third', ['t'])).toBe('third')
  expect(await read(other, 'fourth')).toBe('fourth')
  tenant = 'one'
  expect(await read(prisma, 'fifth')).toBe('first')
})

test('C39 what cannot be stored is answered and computed again; a cache that is off computes', async () => {
  const prisma = cached(bench.base)
  class Point {
    readonly x = 1
  }
  for (const value of [new Point(), () => 1]) {
    const odd = computation(() => value)
    for (let time = 0; time < 2; time++)
      expect(await prisma.$cache.wrap('odd', { ttl: 60 }, odd.now)).toBe(value)
    expect(odd.times).toBe(2)
  }
  const off = computation(() => 1)
  for (let time = 0; time < 2; time++)
    await cached(bench.base, { enabled: false }).$cache.wrap('off', { ttl: 60 }, off.now)
  await prisma.$cache.wrap('off', { ttl: 0 }, off.now)
  expect(off.times).toBe(3)
})

test('C39 a database that the adapter does not name is asked for its name, so that the value can be stored', async () => {
  const { client: shown, log } = bench.database.createRecordedClient()
  await shown.$disconnect()
  const { provider, adapterName } = log.adapter
  const silent = { provider, adapterName, connect: () => log.adapter.connect() }
  const client = bench.database.createClient({ adapter: silent })
  const prisma = cached(client, { store: stores.make('redis') })
  const value = computation(() => 7)
  for (let time = 0; time < 2; time++) {
    expect(await prisma.$cache.wrap('named', { ttl: 60 }, value.now)).toBe(7)
    await settled()
    await prisma.$cache.warm([])
  }
  expect(value.times).toBe(1)
  expect(log.sql().filter((sql) => sql.includes('current_database'))).toHaveLength(1)
})

test('C39 in the whole suite, with Prisma calls inside; a value that wraps its own key is refused, not waited for', async () => {
  const prisma = bench.base.$extends(
    brisk({ slowQuery: { sinks: [] }, cache: { namespace: ownNamespace() } }),
  )
  const read = () =>
    prisma.$cache.wrap('nested', { ttl: 60, models: ['Tag'] }, async () => {
      const inner = await prisma.$cache.wrap('inner', { ttl: 60, models: ['Tag'] }, () => prisma.tag.count())
      return inner + (await prisma.tag.count())
    })
  expect(await read()).toBe(4)
  await settled()
  await expectStatements(bench.log, 0, read)
  const own = (): Promise<unknown> => prisma.$cache.wrap('own', { ttl: 60 }, () => own())
  await expect(own()).rejects.toMatchObject({ code: 'E_INVALID_CACHE_STRATEGY' })
})

test.each<[string, RegExp, unknown[]]>([
  ['no key', /^\$cache\.wrap\.key: expected text/, ['', { ttl: 1 }, () => 1]],
  ['a key that is no text', /^\$cache\.wrap\.key/, [7, { ttl: 1 }, () => 1]],
  ['no function', /^\$cache\.wrap\.fn: expected a function/, ['k', { ttl: 1 }, 1]],
  ['a strategy that makes no sense', /^\$cache\.wrap\.ttl/, ['k', { ttl: -1 }, () => 1]],
  ['an unknown setting', /^\$cache\.wrap\.tll/, ['k', { tll: 1 }, () => 1]],
  ['an unknown model', /^\$cache\.wrap\.models\[0\]/, ['k', { ttl: 1, models: ['Tgg'] }, () => 1]],
])('C39 %s is E_INVALID_CACHE_STRATEGY, and nothing is computed', async (_, message, given) => {
  const prisma = cached(bench.base)
  await expect(Reflect.apply(prisma.$cache.wrap, prisma.$cache, given)).rejects.toMatchObject({
    code: 'E_INVALID_CACHE_STRATEGY',
    message: expect.stringMatching(message),
  })
})
