import pg from 'pg'
import { batching } from '@prisma-brisk/batching'
import { mount } from '@prisma-brisk/core'
import { pagination } from '@prisma-brisk/pagination'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { generateClient } from '../../test/support/generated-client.ts'
import { heapMegabytes, median, type Bench } from '../harness.ts'

/** Reads past Prisma's planner, beside plain Prisma and beside `pg` with rows mapped by hand. */
export async function run(bench: Bench): Promise<void> {
  const database = await createDatabase('postgresql')
  try {
    await database
      .createClient()
      .$executeRawUnsafe(
        `INSERT INTO "User" (id, email, name) SELECT i, 'user' || i || '@example.org', 'User ' || i FROM generate_series(1, ${USERS}) i`,
      )
    await singles(bench, database)
    await rows(bench, database)
    await pages(bench, database)
    await shapes(bench, database)
  } finally {
    await database.drop()
  }
  await onSqlite(bench)
}

const USERS = 20_000
/** Calls after which V8 has compiled their code. */
const COMPILED = 3000

const replayed = (client: object) => mount(client, [{ name: 'bench' }]) as unknown as PrismaClient

/** Calls for one row after another. */
function oneByOne(): (client: PrismaClient) => () => Promise<unknown> {
  let next = 0
  return (client) => () => client.user.findUnique({ where: { id: 1 + (next++ % USERS) } })
}

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

async function singles(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  if (!bench.wants('replay/find-unique')) return
  const pool = new pg.Pool({ connectionString: database.url, max: 10 })
  const one = oneByOne()
  const plain = one(database.createClient())
  const alone = one(replayed(database.createClient()))
  const merged = one(database.createClient().$extends(batching()) as unknown as PrismaClient)
  let next = 0
  const byHand = async (): Promise<unknown> => {
    const query: pg.QueryArrayConfig = {
      text: `SELECT "id", "email", "name", "role"::text, "balance", "createdAt", "deletedAt", "tutorId" FROM "User" WHERE "id" = $1 LIMIT 1`,
      values: [1 + (next++ % USERS)],
      rowMode: 'array',
    }
    const [row] = (await pool.query<unknown[]>(query)).rows
    if (row === undefined) return null
    const [id, email, name, role, balance, createdAt, deletedAt, tutorId] = row
    return { id, email, name, role, balance, createdAt, deletedAt, tutorId }
  }
  for (const call of [plain, alone, merged, byHand]) await repeat(call)(COMPILED)
  await bench.compare({
    bench: 'replay/find-unique-lone',
    subject: repeat(alone),
    baselines: [
      { name: 'prisma', run: repeat(plain), atLeast: 1.25 },
      { name: 'pg', run: repeat(byHand) },
    ],
    times: 300,
    rounds: 15,
    unit: 'µs',
  })
  await bench.compare({
    bench: 'replay/find-unique',
    subject: crowd(merged),
    baselines: [
      { name: 'prisma', run: crowd(plain), atLeast: 1.6 },
      { name: 'pg', run: crowd(byHand), atLeast: 0.6 },
      { name: 'without batching()', run: crowd(alone) },
    ],
    times: 2000,
    rounds: 15,
    unit: 'µs',
  })
  await pool.end()
}

const MEASURED = `
enum Kind {
  SMALL
  LARGE @map("large one")
}

model Measured {
  id     Int      @id
  code   String   @db.Uuid
  name   String
  note   String?
  kind   Kind
  weight Float
  isNew  Boolean
  amount Decimal  @db.Decimal(12, 2)
  at     DateTime
  data   Json
}
`

interface Measured {
  readonly measured: { findMany(args: object): Promise<unknown[]> }
}

/** A thousand rows of ten columns: numbers, texts, an enum, a time, JSON. */
async function rows(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = 'replay/find-many-1000x10'
  if (!bench.wants(name)) return
  const pool = new pg.Pool({ connectionString: database.url, max: 10 })
  await pool.query(`CREATE TYPE "Kind" AS ENUM ('SMALL', 'large one')`)
  await pool.query(
    `CREATE TABLE "Measured" AS SELECT i AS id, gen_random_uuid() AS code, 'Name ' || i AS name,
       CASE WHEN i % 3 = 0 THEN 'a note' END AS note, (ARRAY['SMALL', 'large one'])[1 + i % 2]::"Kind" AS kind,
       i / 7.0::float8 AS weight, i % 2 = 0 AS "isNew", (i / 3.0)::numeric(12, 2) AS amount,
       '2025-01-01'::timestamp(3) + i * interval '61.007 s' AS at, '{"a": [1, 2, 3], "b": "text"}'::jsonb AS data
     FROM generate_series(1, 1000) i`,
  )
  const generated = await generateClient(MEASURED)
  const { PrismaClient: Client, Prisma } = generated.module as {
    PrismaClient: new (options: object) => Measured & { $disconnect(): Promise<void> }
    Prisma: { Decimal: new (digits: string) => object }
  }
  const [plain, base] = [0, 1].map(() => new Client({ adapter: database.adapter() })) as [
    InstanceType<typeof Client>,
    InstanceType<typeof Client>,
  ]
  const ours = replayed(base) as unknown as Measured
  const read = (client: Measured) => () =>
    client.measured.findMany({ where: { id: { gt: 0 } }, orderBy: { id: 'asc' }, take: 1000 })
  const asText = {
    getTypeParser: ((type, format) =>
      TEXTS.has(type) ? String : pg.types.getTypeParser(type, format)) as typeof pg.types.getTypeParser,
  }
  const byHand = async (): Promise<unknown[]> => {
    const result = await pool.query<unknown[]>({
      text: `SELECT id, code, name, note, kind::text, weight, "isNew", amount, at, data FROM "Measured" WHERE id > $1 ORDER BY id LIMIT $2`,
      values: [0, 1000],
      rowMode: 'array',
      types: asText,
    } as pg.QueryArrayConfig)
    return result.rows.map((row) => ({
      id: row[0],
      code: row[1],
      name: row[2],
      note: row[3],
      kind: row[4] === 'large one' ? 'LARGE' : row[4],
      weight: row[5],
      isNew: row[6],
      amount: new Prisma.Decimal(row[7] as string),
      at: new Date(`${(row[8] as string).replace(' ', 'T')}Z`),
      data: JSON.parse(row[9] as string),
    }))
  }
  await bench.compare({
    bench: name,
    subject: repeat(read(ours)),
    baselines: [
      { name: 'prisma', run: repeat(read(plain)), atLeast: 2.5 },
      { name: 'pg', run: repeat(byHand), atLeast: 0.7 },
    ],
    times: 20,
    rounds: 15,
    warmUps: 5,
    unit: 'µs',
  })
  await Promise.all([plain.$disconnect(), base.$disconnect(), pool.end()])
  generated.remove()
}

/** Types that are read by hand: numeric, timestamp, JSON, UUID. */
const TEXTS: ReadonlySet<number> = new Set([1700, 1114, 3802, 2950])

async function pages(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = 'replay/keyset-page'
  if (!bench.wants(name)) return
  const pageOf = () => {
    const paged = database
      .createClient()
      .$extends(pagination({ cursor: { secret: 'a secret of the bench, 32 long' } }))
    let after: string | undefined
    return async () => {
      const page = await paged.user.cursorPage({
        orderBy: { id: 'asc' },
        first: 50,
        ...(after === undefined ? {} : { after }),
      })
      after = page.pageInfo.endCursor ?? undefined
    }
  }
  const ours = pageOf()
  process.env['BRISK_REPLAY'] = 'off'
  const before = pageOf()
  delete process.env['BRISK_REPLAY']
  await bench.compare({
    bench: name,
    subject: repeat(ours),
    baselines: [{ name: 'by Prisma', run: repeat(before), atLeast: 1.3 }],
    times: 50,
    rounds: 15,
    warmUps: 10,
    unit: 'µs',
  })
}

/** What Prisma's being watched adds to the first calls of a shape, and what shapes keep. */
async function shapes(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const fields = ['id', 'email', 'name', 'role', 'balance', 'createdAt', 'deletedAt', 'tutorId']
  const selects = Array.from({ length: 250 }, (_, mask) =>
    Object.fromEntries(
      fields.filter((_field, bit) => ((mask + 1) & (1 << bit)) !== 0).map((name) => [name, true]),
    ),
  )
  const first = 'replay/first-call'
  if (bench.wants(first)) {
    const differences: number[] = []
    for (let round = 0; round < 4; round++) {
      const clients = [database.createClient(), replayed(database.createClient())] as const
      for (const client of clients) await client.user.findFirst({ where: { id: 1 } })
      for (const select of selects) {
        const cost = async (client: PrismaClient): Promise<number> => {
          const startedAt = performance.now()
          for (let id = 1; id <= 4; id++) await client.user.findFirst({ where: { id }, select })
          return (performance.now() - startedAt) * 1000
        }
        const [theirs, ours] = [await cost(clients[0]), await cost(clients[1])]
        // Of the first round, V8 has compiled nothing.
        if (round > 0) differences.push(ours - theirs)
      }
      await Promise.all(clients.map((client) => client.$disconnect()))
    }
    bench.limited(first, Math.max(0, median(differences)), 'µs', 300)
  }
  const memory = 'replay/500-shapes'
  if (bench.wants(memory)) {
    const client = replayed(database.createClient())
    await client.user.findFirst()
    const before = heapMegabytes()
    for (const select of selects)
      for (const order of ['asc', 'desc'] as const)
        for (let id = 1; id <= 5; id++)
          await client.user.findMany({ where: { id }, select, orderBy: { id: order } })
    const plain = database.createClient()
    await plain.user.findFirst()
    const theirs = heapMegabytes()
    for (const select of selects)
      for (const order of ['asc', 'desc'] as const)
        await plain.user.findMany({ where: { id: 1 }, select, orderBy: { id: order } })
    // Prisma keeps plans of its own for the same shapes.
    bench.limited(memory, theirs - before - (heapMegabytes() - theirs), 'MB', 8)
  }
}

async function onSqlite(bench: Bench): Promise<void> {
  const name = 'replay/sqlite'
  if (!bench.wants(name)) return
  const database = await createDatabase('sqlite')
  const [plain, ours] = [database.createClient(), replayed(database.createClient())]
  await plain.user.createMany({
    data: Array.from({ length: 1000 }, (_, id) => ({ id: id + 1, email: `${id}`, name: 'Ada' })),
  })
  let next = 0
  const one = (client: PrismaClient) => () => client.user.findUnique({ where: { id: 1 + (next++ % 1000) } })
  for (const client of [plain, ours]) await repeat(one(client))(COMPILED)
  await bench.compare({
    bench: name,
    subject: repeat(one(ours)),
    baselines: [{ name: 'prisma', run: repeat(one(plain)), atLeast: 1.5 }],
    times: 300,
    rounds: 15,
    unit: 'µs',
  })
  await database.drop()
}
