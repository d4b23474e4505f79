import { cache, postgresStore } from '@prisma-brisk/cache'
import { join } from 'node:path'
import { brisk } from 'prisma-brisk'
import { Prisma, type PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { run as runProgram } from '../../scripts/program.ts'
import { ROOT } from '../../scripts/workspace.ts'
import { createDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { heapMegabytes, heapPeak, median, type Bench } from '../harness.ts'

/** What only shows on a running server: one function a row, each with what it needs and nothing left behind. */
const ROWS: readonly ((bench: Bench, database: TestDatabase<PrismaClient>) => Promise<void>)[] = [
  postgresStoreHits,
  importTime,
  mounts,
  iteration,
]

export async function run(bench: Bench): Promise<void> {
  const database = await createDatabase('postgresql')
  try {
    for (const row of ROWS) await row(bench, database)
  } finally {
    await database.drop()
  }
}

const repeat = (read: () => PromiseLike<unknown>) => async (times: number) => {
  for (let time = 0; time < times; time++) await read()
}

/** A store in PostgreSQL answers with a statement of its own: it must be well below the query it replaces. */
async function postgresStoreHits(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = 'runs/postgres-store-hit'
  if (!bench.wants(name)) return
  const plain = database.createClient()
  await plain.user.createMany({
    data: Array.from({ length: 100 }, (_, index) => ({
      email: `user${index}@example.org`,
      name: `User ${index}`,
      balance: `${index}.50`,
    })),
  })
  const store = postgresStore(database.url)
  await store.setup()
  const prisma = plain.$extends(cache({ store, earlyRefresh: 0, readTimeout: 1000 }))
  const minutes = { ttl: 600 }
  const query = Prisma.sql`SELECT "id", "email", "name", "balance" FROM "User", pg_sleep(0.005) ORDER BY "id"`
  const list = { orderBy: { id: 'asc' as const } }
  await prisma.$cache.warm([
    () => prisma.$cache.queryRaw(query, { ...minutes, models: ['User'] }),
    () => prisma.user.findMany({ ...list, cacheStrategy: minutes }),
  ])
  await bench.compare({
    bench: name,
    subject: repeat(() => prisma.$cache.queryRaw(query, { ...minutes, models: ['User'] })),
    baselines: [{ name: 'query of 5 ms', run: repeat(() => plain.$queryRaw(query)), atLeast: 1.3 }],
    rounds: 21,
    times: 10,
    warmUps: 5,
  })
  // A query that is as short as a look-up is not worth a store that is no nearer than the database.
  await bench.compare({
    bench: `${name}-short-query`,
    subject: repeat(() => prisma.user.findMany({ ...list, cacheStrategy: minutes })),
    baselines: [{ name: 'findMany', run: repeat(() => plain.user.findMany(list)) }],
    rounds: 21,
    times: 10,
    warmUps: 5,
  })
  const { hits, misses, bypasses } = prisma.$cache.stats()
  if (misses !== 2 || bypasses > 0)
    throw new Error(`Not all were hits: ${hits} hits, ${misses} misses, ${bypasses} bypasses`)
  await store.close()
}

/** What `prisma-brisk` adds to the start of a process that has loaded Prisma's client. */
async function importTime(bench: Bench): Promise<void> {
  const name = 'runs/import'
  if (!bench.wants(name)) return
  const program = `await import('@prisma/client/runtime/client')
const startedAt = performance.now()
await import('prisma-brisk')
console.log(performance.now() - startedAt)`
  const times: number[] = []
  // The first reads the files into memory.
  for (let round = 0; round <= 15; round++) {
    const { code, output } = await runProgram(
      process.execPath,
      ['--input-type=module', '--eval', program],
      join(ROOT, 'packages/prisma-brisk'),
    )
    if (code !== 0) throw new Error(output)
    if (round > 0) times.push(Number(output))
  }
  bench.limited(name, median(times), 'ms', 60)
}

/** A client for each request, as row-level security has it: none leaves anything behind, and the last costs what the first does. */
async function mounts(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = 'runs/mounts'
  if (!bench.wants(name)) return
  const base = database.createClient({ adapter: database.adapter({ connections: 1 }) })
  const tenant = (userId: number) =>
    Prisma.defineExtension({
      query: {
        conversation: {
          findMany: ({ args, query }) => query({ ...args, where: { ...args.where, userId } }),
        },
      },
    })
  const request = async (userId: number) => {
    const prisma = base.$extends(tenant(userId)).$extends(brisk({ slowQuery: { sinks: [] } }))
    await prisma.conversation.findMany({ take: 2, include: { messages: { take: 2 } } })
  }
  for (let index = 0; index < 1000; index++) await request(index)
  const before = heapMegabytes()
  const times: number[] = []
  for (let index = 0; index < 10_000; index++) {
    const startedAt = performance.now()
    await request(index)
    times.push(performance.now() - startedAt)
  }
  bench.limited(`${name}-heap`, heapMegabytes() - before, 'MB', 5)
  const [first, last] = [times.slice(0, 1000), times.slice(-1000)].map(median) as [number, number]
  bench.compared(name, last, 'ms', 'first thousand', first, 0.91)
  await base.$disconnect()
}

const ROWS_WALKED = 300_000
const BATCH = 1000

/** A walk through a large table, against the loop that one would write by hand. */
async function iteration(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = 'runs/iterate'
  if (!bench.wants(name)) return
  const plain = database.createClient()
  const prisma = plain.$extends(brisk({ slowQuery: { sinks: [] }, pagination: { maxLimit: BATCH } }))
  await plain.conversation.create({
    data: { id: 'long', title: 'x', user: { create: { email: 'walk@example.org', name: 'x' } } },
  })
  await plain.$executeRaw`INSERT INTO "Message" ("conversationId", role, body)
    SELECT 'long', 'USER', repeat(md5(n::text), 32) FROM generate_series(1, ${ROWS_WALKED}::int) n`
  await plain.$executeRaw`ANALYZE "Message"`
  const iterate = async () => {
    let rows = 0
    for await (const _ of prisma.message.iterate({ batch: BATCH })) rows++
    if (rows !== ROWS_WALKED) throw new Error(`iterate gave ${rows} rows`)
  }
  const keysetLoop = async () => {
    let rows = 0
    for (let last = 0, read = BATCH; read === BATCH;) {
      const page = await plain.message.findMany({
        where: { id: { gt: last } },
        orderBy: { id: 'asc' },
        take: BATCH,
      })
      read = page.length
      last = page.at(-1)?.id ?? last
      rows += read
    }
    if (rows !== ROWS_WALKED) throw new Error(`The loop gave ${rows} rows`)
  }
  await bench.compare({
    bench: name,
    subject: iterate,
    baselines: [{ name: 'keyset-loop', run: keysetLoop, atLeast: 0.8 }],
    rounds: 3,
  })
  bench.limited(`${name}-heap`, await heapPeak(iterate, heapMegabytes), 'MB', 40)
}
