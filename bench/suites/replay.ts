import pg from 'pg'
import { batching } from '@prisma-brisk/batching'
import { mount } from '@prisma-brisk/core'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase } from '../../test/support/databases.ts'
import type { Bench } from '../harness.ts'

/** Reads past Prisma's planner, beside plain Prisma and beside `pg` with rows mapped by hand. */
export async function run(bench: Bench): Promise<void> {
  const database = await createDatabase('postgresql')
  const pool = new pg.Pool({ connectionString: database.url, max: 10 })
  try {
    const plain = database.createClient()
    const replayed = mount(database.createClient(), [{ name: 'bench' }]) as PrismaClient
    const suite = database.createClient().$extends(batching()) as unknown as PrismaClient
    await plain.$executeRawUnsafe(
      `INSERT INTO "User" (id, email, name) SELECT i, 'user' || i || '@example.org', 'User ' || i FROM generate_series(1, ${USERS}) i`,
    )
    await plain.$executeRawUnsafe('ANALYZE')
    let next = 0
    const one = (client: PrismaClient) => () =>
      client.user.findUnique({ where: { id: 1 + (next++ % USERS) } })
    const byHand = async () => {
      const { rows } = await pool.query<unknown[]>({
        text: `SELECT "id", "email", "name", "role"::text, "balance", "createdAt", "deletedAt", "tutorId" FROM "User" WHERE "id" = $1 LIMIT 1`,
        values: [1 + (next++ % USERS)],
        rowMode: 'array',
      } as pg.QueryArrayConfig)
      const [row] = rows
      if (row === undefined) return null
      const [id, email, name, role, balance, createdAt, deletedAt, tutorId] = row
      return { id, email, name, role, balance, createdAt, deletedAt, tutorId }
    }
    const many = (client: PrismaClient, take: number) => () =>
      client.user.findMany({ take, orderBy: { id: 'asc' } })
    for (let warm = 0; warm < 3000; warm++) await one(replayed)()
    for (let warm = 0; warm < 3000; warm++) await one(plain)()
    for (let warm = 0; warm < 3000; warm++) await one(suite)()
    for (let warm = 0; warm < 3000; warm++) await byHand()
    await bench.compare({
      bench: 'replay/find-unique lone call',
      subject: repeat(one(replayed)),
      baselines: [
        { name: 'prisma', run: repeat(one(plain)), atLeast: 1.25 },
        { name: 'pg', run: repeat(byHand) },
      ],
      times: 300,
      rounds: 15,
      unit: 'µs',
    })
    await bench.compare({
      bench: 'replay/find-unique',
      subject: crowd(one(suite)),
      baselines: [
        { name: 'prisma', run: crowd(one(plain)), atLeast: 1.6 },
        { name: 'pg', run: crowd(byHand), atLeast: 0.6 },
        { name: 'without batching()', run: crowd(one(replayed)) },
      ],
      times: 2000,
      rounds: 11,
      unit: 'µs',
    })
    await bench.compare({
      bench: 'replay/find-many-1000x8',
      subject: repeat(many(replayed, 1000)),
      baselines: [{ name: 'prisma', run: repeat(many(plain, 1000)), atLeast: 2.5 }],
      times: 30,
      rounds: 11,
      unit: 'µs',
    })
  } finally {
    await pool.end()
    await database.drop()
  }
}

const USERS = 20_000

const repeat = (call: () => Promise<unknown>) => async (times: number) => {
  for (let each = 0; each < times; each++) await call()
}

/** Fifty callers, each of whom asks again as soon as it is answered. */
const crowd = (call: () => Promise<unknown>) => async (times: number) => {
  let left = times
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      while (left-- > 0) await call()
    }),
  )
}
