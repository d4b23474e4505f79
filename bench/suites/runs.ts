import { cache, postgresStore } from '@prisma-brisk/cache'
import { Prisma, type PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../test/support/databases.ts'
import type { Bench } from '../harness.ts'

/** What only shows on a running server: one function a row, each with what it needs and nothing left behind. */
const ROWS: readonly ((bench: Bench, database: TestDatabase<PrismaClient>) => Promise<void>)[] = [
  postgresStoreHits,
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
