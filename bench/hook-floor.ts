import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { createDatabase, type TestDatabase } from '../test/support/databases.ts'
import { hooked } from '../test/support/hooked-client.ts'
import type { PrismaClient } from '../prisma/generated/postgresql/client.ts'
import type { Bench } from './harness.ts'
import { memoryDriver } from './memory-driver.ts'

/** Clients whose driver answers from memory: where the overhead of extensions shows. */
export interface MemoryClients {
  readonly database: TestDatabase<PrismaClient>
  /** A bare client. */
  bare(): PrismaClient
  /** The floor: a client with one query hook that does nothing. */
  floor(): PrismaClient
  close(): Promise<void>
}

export async function memoryClients(): Promise<MemoryClients> {
  const database = await createDatabase('postgresql')
  const plain = database.createClient()
  await plain.user.createMany({
    data: Array.from({ length: 10 }, (_, index) => ({
      email: `user${index}@example.org`,
      name: `User ${index}`,
    })),
  })
  const bare = () => database.createClient({ adapter: memoryDriver(database.adapter()) })
  return {
    database,
    bare,
    floor: () => hooked(bare()),
    close: () => database.drop(),
  }
}

/**
 * One `findUnique` after the other on PostgreSQL: an extended client beside a bare one, of which it must reach `atLeast`, and
 * beside one with a hook that only passes on.
 *
 * All share one connection. Two equal clients with a connection each differ by up to five percent, because each has a
 * server process of its own, which the machine puts where it likes.
 */
export async function besidePrisma(
  bench: Bench,
  name: string,
  extend: (client: PrismaClient) => unknown,
  atLeast: number,
): Promise<void> {
  if (!bench.wants(name)) return
  const database = await createDatabase('postgresql')
  const pool = new pg.Pool({ connectionString: database.url, max: 1 })
  const make = (): PrismaClient => database.createClient({ adapter: new PrismaPg(pool) })
  const plain = make()
  await plain.user.create({ data: { name: 'ada', email: 'ada@example.org' } })
  await bench.neighbours({
    bench: name,
    subject: readOne(extend(make()) as PrismaClient),
    baselines: [
      { name: 'prisma', run: readOne(plain), atLeast },
      { name: 'floor', run: readOne(hooked(make())) },
    ],
  })
  await pool.end()
  await database.drop()
}

/** The call that overheads are measured with: one row by id. */
export const readOne =
  (client: PrismaClient) =>
  async (times: number): Promise<void> => {
    for (let index = 0; index < times; index++) await client.user.findUnique({ where: { id: 1 } })
  }

/** Another: a list with a filter, a selection and an order. */
export const readList =
  (client: PrismaClient) =>
  async (times: number): Promise<void> => {
    for (let index = 0; index < times; index++) {
      await client.user.findMany({
        where: { role: 'STUDENT' },
        select: { id: true, email: true },
        orderBy: { id: 'asc' },
        take: 5,
      })
    }
  }
