import { cache, postgresStore, type PostgresCacheStore } from '@prisma-brisk/cache'
import pg from 'pg'
import { createServer, type Socket } from 'node:net'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, heardWarnings, settled, until } from './support/cached-client.ts'

/** What the store in PostgreSQL has to show beside what every store promises. */
let pool: pg.Pool
afterAll(() => pool.end())
const bench = useBench()
beforeAll(async () => {
  pool = new pg.Pool({ connectionString: bench.database.url, max: 4 })
  await postgresStore(pool).setup()
})
const rows = async (columns = 'name') =>
  (await pool.query<Record<string, unknown>>(`SELECT ${columns} FROM brisk.cache ORDER BY name, mark`)).rows

const times = { createdAt: Date.now(), ttl: 60_000, swr: 0, staleIfError: 0, cost: 1 }

test('one statement answers all look-ups of a turn, and a hit on a client costs nothing but that', async () => {
  const counted: string[] = []
  const counting = {
    query: (text: string, values?: unknown[]) => {
      counted.push(text)
      return pool.query(text, values)
    },
  }
  const prisma = cached(bench.base, { store: postgresStore(counting) })
  const reads = () =>
    Promise.all([
      prisma.user.findMany({ cacheStrategy: { ttl: 60 } }),
      prisma.user.count({ cacheStrategy: { ttl: 60 } }),
    ])
  const first = await reads()
  await until(async () => prisma.$cache.stats().fills === 2)
  counted.length = 0
  expect(await expectStatements(bench.log, 0, reads)).toEqual(first)
  expect(counted).toHaveLength(1)
  expect(counted[0]).toMatch(/^SELECT /)
  await prisma.user.create({ data: { email: 'eve@example.org', name: 'Eve' } })
  expect((await reads())[1]).toBe(2)
})

describe('the table', () => {
  const odd = { schema: `of "ours"; DROP SCHEMA brisk`, table: `it's "the" cache` }

  test('setup creates what is missing, as often as it is called and by as many as call it, and its names are quoted', async () => {
    const stores = [1, 2, 3].map(() => postgresStore(pool, odd))
    await Promise.all(stores.map((store) => store.setup()))
    const [store] = stores as [PostgresCacheStore]
    await store.setup()
    const stamps = await store.observe(['a'])
    await store.write('key', { identity: 'i', tags: ['a'], stamps, ...times }, [1])
    expect((await store.lookup('key', ['a'])).entry?.open()).toEqual([1])
    const found = await pool.query(
      'SELECT relpersistence FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = $1 AND relname = $2',
      [odd.schema, odd.table],
    )
    expect(found.rows).toEqual([{ relpersistence: 'u' }])
    expect(await rows()).toEqual(expect.anything())
  })

  test('the SQL for a migration makes the same', async () => {
    const store = postgresStore(pool, { schema: 'migrated' })
    await pool.query(store.setupSql)
    await pool.query(store.setupSql)
    expect(await store.observe(['a'])).toEqual(await store.observe(['a']))
  })

  test('where it is missing reads go to the database, with one warning that says what to do', async () => {
    const heard = heardWarnings()
    const prisma = bench.base.$extends(
      cache({ store: postgresStore(pool, { table: 'nowhere' }), readTimeout: 5000 }),
    )
    const read = () => prisma.user.findMany({ cacheStrategy: { ttl: 60 } })
    expect(await read()).toHaveLength(1)
    expect(await read()).toHaveLength(1)
    heard.restore()
    expect(heard.warnings.filter((code) => code === 'W_CACHE_STORE_REFUSED')).toHaveLength(1)
    expect(prisma.$cache.stats().store.available).toBe(false)
  })

  test('what has expired is missing, and cleaned away by whoever writes', async () => {
    let now = Date.now()
    await pool.query('TRUNCATE brisk.cache')
    const store = postgresStore(pool, { now: () => now })
    const stamps = await store.observe(['a'])
    const write = (key: string, ttl: number) =>
      store.write(key, { identity: 'i', tags: ['a'], stamps, ...times, ttl }, 1)
    await write('short', 1)
    await until(async () => (await store.lookup('short', ['a'])).entry === null)
    expect(await rows()).toEqual([{ name: 'a' }, { name: 'short' }])
    now += 120_000
    await write('long', 3_600_000)
    await until(async () => (await rows()).length === 2)
    expect(await rows()).toEqual([{ name: 'a' }, { name: 'long' }])
  })

  test('C7 a stamp in use does not end on the day after it was made', async () => {
    let now = Date.now()
    const store = postgresStore(pool, { now: () => now })
    await store.invalidate(['used'])
    const stamps = await store.observe(['used'])
    const hours = async () => {
      const { rows: found } = await pool.query<{ left: string }>(
        `SELECT extract(epoch FROM expires - now()) / 3600 AS left FROM brisk.cache WHERE name = 'used'`,
      )
      return Math.round(Number(found[0]?.left))
    }
    expect(await hours()).toBe(24)
    now += 13 * 3_600_000
    await store.write('key', { identity: 'i', tags: ['used'], stamps, ...times, ttl: 72 * 3_600_000 }, 1)
    expect(await hours()).toBe(144)
  })

  test('names that no row can have are kept by their hash', async () => {
    const store = postgresStore(pool)
    const names = ['a\0b', 'a\0c', '\ud800', '\ud801', 'x'.repeat(100_000), `${'x'.repeat(100_000)}y`]
    expect(new Set(await store.observe(names)).size).toBe(names.length)
    expect(await store.observe(names)).toEqual(await store.observe(names))
  })
})

test('many processes that look, write and invalidate the same tags at once get along', async () => {
  const stores = [postgresStore(pool), postgresStore(bench.database.url)]
  const tags = Array.from({ length: 40 }, (_, index) => `shared ${index}`)
  const shuffled = (seed: number) => tags.toSorted((a, b) => (a + seed < b === seed % 2 > 0 ? 1 : -1))
  await Promise.all(
    Array.from({ length: 120 }, async (_, index) => {
      const store = stores[index % 2] as PostgresCacheStore
      const own = shuffled(index)
      const stamps = await store.observe(own)
      await store.write(`key ${index % 5}`, { identity: 'i', tags: own, stamps, ...times }, index)
      await store.invalidate(own)
      const mark = await store.marks?.set(own, 60_000)
      await store.marks?.remove(mark ?? '', own)
    }),
  )
  expect(await stores[0]?.observe(tags)).toEqual(await stores[1]?.observe(tags))
  await stores[1]?.close()
})

test('rows are locked in the order of their names, so that no two statements wait for each other', async () => {
  const store = postgresStore(pool)
  const tags = ['order a', 'order m', 'order z', 'order ü', 'order \u{1f600}']
  await store.observe(tags)
  const holder = await pool.connect()
  await holder.query(`BEGIN; SELECT 1 FROM brisk.cache WHERE name = 'order m' FOR UPDATE`)
  const dropped = store.invalidate(tags.toReversed())
  const free = async () => {
    const { rows: found } = await pool.query<{ name: string }>(
      `SELECT name FROM brisk.cache WHERE name LIKE 'order %' ORDER BY name FOR UPDATE SKIP LOCKED`,
    )
    return found.map(({ name }) => name)
  }
  await until(async () => !(await free()).includes('order a'))
  expect(await free()).toEqual(['order z', 'order ü', 'order \u{1f600}'])
  await holder.query('COMMIT')
  holder.release()
  await dropped
  expect(await free()).toEqual([])
})

test('a server that does not answer is a miss within readTimeout, one that is away is one at once', async () => {
  const sockets: Socket[] = []
  const silent = createServer((socket) => void sockets.push(socket))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as { port: number }
  const store = postgresStore(`postgresql://nobody@127.0.0.1:${port}/app`)
  const prisma = bench.base.$extends(cache({ store, readTimeout: 20, writeTimeout: 20 }))
  const began = performance.now()
  const { data, info } = await prisma.$cache.withInfo(() =>
    prisma.user.findMany({ cacheStrategy: { ttl: 60 } }),
  )
  expect(data).toHaveLength(1)
  expect(info).toMatchObject({ status: 'bypass', reason: 'store-timeout' })
  expect(performance.now() - began).toBeLessThan(2000)
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => silent.close(resolve))
  const away = bench.base.$extends(
    cache({ store: postgresStore(`postgresql://nobody@127.0.0.1:${port}/app`), readTimeout: 5000 }),
  )
  const gone = await away.$cache.withInfo(() => away.user.findMany({ cacheStrategy: { ttl: 60 } }))
  expect(gone.info).toMatchObject({ status: 'bypass', reason: 'store-error' })
  await store.close()
  await settled()
})

test('what is no pool and no URL is refused, without being repeated', () => {
  for (const target of [null, {}, 'mysql://root:secret@localhost/app', '']) {
    expect(() => postgresStore(target as never)).toThrow(
      expect.objectContaining({ code: 'E_INVALID_OPTIONS', path: 'postgresStore.pool' }),
    )
  }
  expect(() => postgresStore('mysql://root:secret@localhost/app')).toThrow(/^(?!.*secret)/)
  expect(() => postgresStore(pool, { schema: '' })).toThrow(
    expect.objectContaining({ path: 'postgresStore.schema' }),
  )
})
