import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import {
  cache,
  memoryStore,
  redisStore,
  type CacheClient,
  type CacheOptions,
  type CacheStore,
  type ChangeSource,
} from '@prisma-brisk/cache'
import { installTriggersSql, postgresTriggers } from '@prisma-brisk/cache/postgres-triggers'
import { installReplicationSql, postgresReplication } from '@prisma-brisk/cache/postgres-replication'
import { parseSchema, writtenTables } from '@prisma-brisk/core'
import { Redis } from 'ioredis'
import pg from 'pg'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { startPostgres } from '../../test/support/postgres.ts'
import { Random } from '../../test/support/random.ts'
import { redisUrl } from '../../test/support/servers.ts'
import { pause } from '../../test/support/server-process.ts'
import { inTurn, median, type Bench } from '../harness.ts'

const USERS = 1000
const cacheStrategy = { ttl: 3600 }
const schema = parseSchema(readFileSync('prisma/schema.prisma', 'utf8'), 'inline')

/** What it costs and brings that the cache hears of writes from elsewhere, on a PostgreSQL of this machine. */
export async function run(bench: Bench): Promise<void> {
  await deriving(bench)
  await replicationLag(bench)
  await replicationCost(bench)
  await ownWritesOfLoggedServers(bench)
  const [told, untold] = [await open(), await open()]
  try {
    await told.elsewhere.query(installTriggersSql(schema))
    await triggerCost(bench, told, untold)
    await lag(bench, 'triggers', told)
    await hits(bench, told)
    await ownWrites(bench, told, '', () => postgresTriggers(told.database.url))
    await survival(bench, told)
  } finally {
    for (const { elsewhere, database } of [told, untold]) {
      await elsewhere.end()
      await database.drop()
    }
  }
}

interface Place {
  readonly database: TestDatabase<PrismaClient>
  /** Somebody else's connection. */
  readonly elsewhere: pg.Client
}

async function open(): Promise<Place> {
  const database = await createDatabase('postgresql')
  const elsewhere = new pg.Client({ connectionString: database.url })
  await elsewhere.connect()
  await elsewhere.query(`
    INSERT INTO "User" (email, name) SELECT 'user' || i || '@example.org', 'User ' || i FROM generate_series(1, ${USERS}) i;
    INSERT INTO "Conversation" (id, title, "userId") SELECT 'talk ' || id, 'Talk', id FROM "User"`)
  return { database, elsewhere }
}

type Followed = PrismaClient & Pick<CacheClient, '$cache'>

async function follow(
  { database }: Place,
  store: CacheStore = memoryStore(),
  options: CacheOptions = { changes: postgresTriggers(database.url) },
): Promise<Followed> {
  const prisma = database
    .createClient()
    .$extends(cache({ store, earlyRefresh: 0, ...options })) as unknown as Followed
  if (options.changes !== undefined) await prisma.$cache.untilLive()
  return prisma
}

/** Verb and table read off a statement of 300 characters. */
async function deriving(bench: Bench): Promise<void> {
  const name = 'core/derive-statement'
  if (!bench.wants(name)) return
  const head = `UPDATE "public"."User" SET "name" = $1, "email" = $2, "updatedAt" = $3 WHERE ("public"."User"."id" = $4 AND 1=1) RETURNING `
  const sql = head.padEnd(300 - 13, '"public"."User"."name", ').slice(0, 300 - 13) + ' AS "the last"'
  const times = 2000
  const [values] = await inTurn(
    [
      {
        name: 'subject',
        run: (count) => {
          for (let time = 0; time < count; time++) writtenTables(sql, 'postgresql')
        },
      },
    ],
    41,
    times,
    20,
  )
  bench.limited(name, median(values as number[]) * 1000, 'µs', 2)
}

/** A single-row UPDATE of a table with triggers, against one without. */
async function triggerCost(bench: Bench, told: Place, untold: Place): Promise<void> {
  let count = 0
  const update =
    ({ elsewhere }: Place) =>
    async (times: number) => {
      for (let time = 0; time < times; time++)
        await elsewhere.query('UPDATE "User" SET name = $1 WHERE id = $2', [
          `Name ${++count}`,
          (count % USERS) + 1,
        ])
    }
  await bench.neighbours({
    bench: 'changes/trigger-cost',
    subject: update(told),
    baselines: [{ name: 'no-triggers', run: update(untold), atLeast: 0.85 }],
    rounds: 301,
    times: 4,
    warmUps: 30,
    unit: 'µs',
  })
}

/** From the moment that a COMMIT elsewhere is known to its writer to the moment that the entry is not believed, 500 times a second. */
async function lag(bench: Bench, source: string, place: Place): Promise<void> {
  const name = `changes/lag/${source}`
  if (!bench.wants(name)) return
  const store = memoryStore()
  const fallen = new Map<number, number>()
  let events = 0
  const watched = new Proxy(store, {
    get(of, key) {
      const value = Reflect.get(of, key) as unknown
      if (key !== 'invalidate' || typeof value !== 'function') return value
      return (tags: readonly string[]) => {
        const done = Reflect.apply(value, of, [tags]) as unknown
        // One writer: its changes come in the order of their commits.
        if (tags.length > 1) fallen.set(events++, performance.now())
        return done
      }
    },
  })
  const prisma = await follow(place, watched)
  await prisma.user.findMany({ where: { id: { lt: 100 } }, cacheStrategy } as never)
  events = 0
  fallen.clear()
  const committed: number[] = []
  const writes = 2000
  const startedAt = performance.now()
  for (let write = 0; write < writes; write++) {
    const due = startedAt + write * 2
    while (performance.now() < due)
      await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
    await place.elsewhere.query('UPDATE "User" SET name = $1 WHERE id = $2', [
      `Lag ${write}`,
      (write % USERS) + 1,
    ])
    committed.push(performance.now())
  }
  const seconds = (performance.now() - startedAt) / 1000
  for (let turn = 0; turn < 1000 && fallen.size < writes; turn++)
    await new Promise((resolve) => setTimeout(resolve, 5))
  const lags = committed
    .map((at, write) => Math.max(0, (fallen.get(write) ?? Infinity) - at))
    .sort((a, b) => a - b)
  bench.limited(name, lags[Math.floor(writes * 0.99)] as number, 'ms', 50)
  bench.limited(`${name}/missed`, writes - events, 'changes', 0)
  bench.limited(`${name}/pace`, (seconds / writes) * 1000, 'ms a write', 2.2)
  await prisma.$disconnect()
}

const hit = (client: PrismaClient, where: object) => async (times: number) => {
  for (let time = 0; time < times; time++)
    await client.conversation.findMany({ where, take: 1, cacheStrategy } as never)
}

const one = (client: PrismaClient) => async (times: number) => {
  for (let time = 0; time < times; time++)
    await client.user.findUnique({ where: { id: 1 }, cacheStrategy } as never)
}

/** A hit with a live source against one without, and one of a list by the value of a column against one by its table. */
async function hits(bench: Bench, place: Place): Promise<void> {
  if (!bench.wants('cache/hit-memory-live') && !bench.wants('cache/hit-memory-by-value')) return
  const live = await follow(place)
  const alone = place.database
    .createClient()
    .$extends(cache({ store: memoryStore(), earlyRefresh: 0 })) as unknown as PrismaClient
  const lists = { rounds: 301, times: 20, warmUps: 100, unit: 'µs' } as const
  await bench.neighbours({
    bench: 'cache/hit-memory-live',
    subject: one(live),
    baselines: [{ name: 'no-source', run: one(alone), atLeast: 0.95 }],
    ...lists,
  })
  await bench.neighbours({
    bench: 'cache/hit-memory-by-value',
    subject: hit(alone, { userId: 1 }),
    baselines: [{ name: 'by-table', run: hit(alone, { userId: { lt: 2 } }), atLeast: 0.9 }],
    ...lists,
  })
  await live.$disconnect()
  await alone.$disconnect()
}

/**
 * Reads of rows and lists, and one write in twenty: their hits with a source against those without. By one client with a cache in
 * memory, and by two processes on one Redis, of which each hears of what the other has written and invalidated.
 */
async function ownWrites(
  bench: Bench,
  place: Place,
  source: string,
  changes: () => ChangeSource,
): Promise<void> {
  const name = `changes/own-writes-hit-rate${source}`
  await hitRates(bench, place, name, changes, () => [memoryStore()])
  const two = () => [1, 2].map(() => redisStore(new Redis(redisUrl())))
  await hitRates(bench, place, `${name}/two-processes`, changes, two)
}

/** The same with sources that need a server of their own. */
async function ownWritesOfLoggedServers(bench: Bench): Promise<void> {
  if (!bench.wants('changes/own-writes-hit-rate/replication')) return
  const [before, server] = [process.env.POSTGRES_URL, await startPostgres(LOGICAL)]
  process.env.POSTGRES_URL = server.url
  const place = await open()
  await place.elsewhere.query(installReplicationSql(schema, { fullRows: true }))
  await ownWrites(bench, place, '/replication', () => postgresReplication(place.database.url))
  await place.elsewhere.end()
  await place.database.drop()
  await server.kill()
  if (before === undefined) delete process.env.POSTGRES_URL
  else process.env.POSTGRES_URL = before
}

async function hitRates(
  bench: Bench,
  place: Place,
  name: string,
  changes: () => ChangeSource,
  storesOf: () => CacheStore[],
): Promise<void> {
  if (!bench.wants(name)) return
  const rates: number[] = []
  for (const hears of [true, false]) {
    const namespace = `bench-${process.pid}-${name}-${hears}`
    const clients: Followed[] = []
    for (const store of storesOf())
      clients.push(await follow(place, store, { namespace, ...(hears ? { changes: changes() } : {}) }))
    const random = new Random(7)
    await clients[0]?.$cache.invalidateAll()
    const counted = () => {
      const all = clients.map(({ $cache }) => $cache.stats())
      const sum = (key: 'hits' | 'misses') => all.reduce((total, stats) => total + stats[key], 0)
      return { hits: sum('hits'), misses: sum('misses') }
    }
    const before = counted()
    for (let step = 0; step < 4000; step++) {
      const client = random.pick(clients)
      const id = random.int(1, 50)
      const where = { userId: id }
      if (random.chance(0.05)) {
        const talk = { where: { id: `talk ${id}` }, data: { title: `Talk ${step}` } }
        if (random.chance(0.5)) await client.user.update({ where: { id }, data: { name: `Own ${step}` } })
        else await client.conversation.update(talk)
      } else if (random.chance(0.5)) await client.user.findUnique({ where: { id }, cacheStrategy } as never)
      else await client.conversation.findMany({ where, take: 20, cacheStrategy } as never)
    }
    const { hits, misses } = counted()
    rates.push((hits - before.hits) / (hits - before.hits + misses - before.misses))
    for (const client of clients) await client.$disconnect()
  }
  const [withSource, without] = rates as [number, number]
  bench.compared(name, 1 / withSource, 'reads a hit', 'no-source', 1 / without, 0.98)
}

/** Of a thousand lists by their author how many fall when one author writes, and others write for him. */
async function survival(bench: Bench, place: Place): Promise<void> {
  const name = 'changes/list-survival'
  if (!bench.wants(name)) return
  const prisma = await follow(place)
  const list = (userId: number) =>
    prisma.conversation.findMany({ where: { userId }, take: 20, cacheStrategy } as never)
  for (let id = 1; id <= USERS; id++) await list(id)
  for (let write = 0; write < 50; write++) {
    await prisma.conversation.create({ data: { title: `Own ${write}`, userId: 7 } })
    await place.elsewhere.query('UPDATE "Conversation" SET title = $1 WHERE "userId" = 7', [`Other ${write}`])
  }
  const { events } = prisma.$cache.stats().changes ?? { events: 0 }
  await place.elsewhere.query('UPDATE "Conversation" SET title = $1 WHERE "userId" = 7', ['last'])
  while ((prisma.$cache.stats().changes?.events ?? 0) <= events)
    await new Promise((done) => setTimeout(done, 5))
  const { misses } = prisma.$cache.stats()
  for (let id = 1; id <= USERS; id++) await list(id)
  bench.limited(name, prisma.$cache.stats().misses - misses, 'lists of 1,000 fallen', 10)
  await prisma.$disconnect()
}

const TABLE = `CREATE TABLE account (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO account SELECT i, 'name' FROM generate_series(0, 9999) i`
const PUBLISHED = `CREATE PUBLICATION brisk_changes FOR TABLE account`
const LOGICAL = { wal_level: 'logical', max_replication_slots: '10', max_wal_senders: '10' }
/** As in production: a commit waits for the disk. */
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' }

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

/** From before a write is sent to when its entry is invalidated, at 500 writes a second. */
async function replicationLag(bench: Bench): Promise<void> {
  const name = 'changes/lag/replication'
  if (!bench.wants(name)) return
  const server = await startPostgres({ ...LOGICAL, ...DURABLE })
  const writers = await Promise.all([1, 2, 3, 4].map(() => connected(server.url)))
  await writers[0]?.query(`${TABLE}; ${PUBLISHED}`)
  const sentAt = new Map<string, number>()
  const lags: number[] = []
  const source = postgresReplication(server.url)
  await new Promise<void>((resolve, reject) =>
    source.start({
      live: () => resolve(),
      lost: reject,
      beat: () => undefined,
      changed: (change) => {
        const now = performance.now()
        for (const [id] of change?.rows ?? []) lags.push(now - (sentAt.get(String(id)) ?? now))
      },
    }),
  )
  const startedAt = performance.now()
  const writes: Promise<unknown>[] = []
  for (let id = 0; id < 4000; id++) {
    const wait = startedAt + id * 2 - performance.now()
    if (wait > 0) await pause(wait)
    sentAt.set(String(id), performance.now())
    writes.push(
      (writers[id % 4] as pg.Client).query('UPDATE account SET name = $1 WHERE id = $2', ['other', id]),
    )
  }
  await Promise.all(writes)
  while (lags.length < 4000) await pause(5)
  await source.stop()
  await Promise.all(writers.map((writer) => writer.end()))
  await server.kill()
  lags.sort((a, b) => a - b)
  bench.limited(name, lags[Math.floor(lags.length * 0.99)] as number, 'ms', 50)
}

/** A single-row UPDATE on a server whose log another process reads, against one on a server that does not replicate. */
async function replicationCost(bench: Bench): Promise<void> {
  const name = 'changes/replication-cost'
  if (!bench.wants(name)) return
  const [logical, silent] = await Promise.all([
    startPostgres({ ...LOGICAL, ...DURABLE }),
    startPostgres(DURABLE),
  ])
  const [watched, plain] = await Promise.all([connected(logical.url), connected(silent.url)])
  await watched.query(`${TABLE}; ${PUBLISHED}`)
  await plain.query(TABLE)
  const reader = fork(new URL('../changes-reader.ts', import.meta.url), [logical.url], {
    execArgv: process.execArgv,
  })
  await once(reader, 'message')
  const times = new Map<pg.Client, number[]>([
    [watched, []],
    [plain, []],
  ])
  // Some hundred a second, so that who reads does not take the processors from who writes: they are other machines' mostly.
  for (let id = 0; id < 3000; id++)
    for (const [client, taken] of times) {
      await pause(2)
      const startedAt = performance.now()
      await client.query('UPDATE account SET name = $1 WHERE id = $2', ['other', id])
      taken.push((performance.now() - startedAt) * 1000)
    }
  const [told = 0, untold = 0] = [...times.values()].map((taken) => median(taken.slice(300)))
  bench.compared(name, told, 'µs', 'without', untold, 0.97)
  reader.kill()
  await once(reader, 'exit')
  await Promise.all([watched.end(), plain.end()])
  await Promise.all([logical.kill(), silent.kill()])
}
