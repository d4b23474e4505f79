import { createHash } from 'node:crypto'
import { pagination } from '@prisma-brisk/pagination'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { CursorCodec } from '../../packages/pagination/src/keyset/cursor-codec.ts'
import { resolveOptions } from '../../packages/pagination/src/options.ts'
import { createDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { heapMegabytes, inTurn, median, type Bench } from '../harness.ts'
import { memoryClients, readList } from '../hook-floor.ts'

const cursor = { secret: 'the secret of the benchmarks' }

/** Pages and limits on PostgreSQL: 300,000 rows with an index on (priority, id), long conversations, wide families. */
export async function run(bench: Bench): Promise<void> {
  await overhead(bench)
  await codec(bench)
  const database = await createDatabase('postgresql')
  try {
    await depth(bench, database)
    await conversation(bench, database)
    await nested(bench, database)
    await skewed(bench)
  } finally {
    await database.drop()
  }
}

/** What limits add to a list read that needs none of them. */
async function overhead(bench: Bench): Promise<void> {
  const name = 'pagination/limit-overhead'
  if (!bench.wants(name)) return
  const clients = await memoryClients()
  const extended = clients.bare().$extends(pagination()) as unknown as PrismaClient
  await bench.overhead(name, readList(clients.floor()), readList(extended), 4)
  await clients.close()
}

async function codec(bench: Bench): Promise<void> {
  const name = 'pagination/cursor-encode-decode'
  if (!bench.wants(name)) return
  const cursors = new CursorCodec(resolveOptions({ cursor }).cursor)
  const binding = createHash('sha256').update('binding').digest()
  const both = (times: number) => {
    for (let index = 0; index < times; index++)
      cursors.decode(cursors.encode(binding, [1_700_000_000_000 + index, index]), binding, 'after')
  }
  const [times] = await inTurn([{ name: 'both', run: both }], 31, 1000)
  bench.limited(name, median(times as number[]) * 1000, 'µs', 15)
}

const ROWS = 300_000
const DEPTH = 150_000

async function depth(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = `pagination/keyset-depth/${DEPTH}`
  const total = 'pagination/bounded-total'
  if (!bench.wants(name) && !bench.wants(total)) return
  const plain = database.createClient()
  const paged = plain.$extends(pagination({ cursor }))
  await plain.user.create({ data: { id: 1, email: 'u', name: 'u' } })
  await plain.$executeRawUnsafe(
    `INSERT INTO "Recommendation" (id, "userId", title, priority)
     SELECT i, 1, 'title ' || i, (hashint4(i) & 65535) FROM generate_series(1, ${ROWS}) i`,
  )
  await plain.$executeRawUnsafe('CREATE INDEX ON "Recommendation" (priority, id)')
  await plain.$executeRawUnsafe('VACUUM ANALYZE "Recommendation"')
  const orderBy = [{ priority: 'asc' as const }, { id: 'asc' as const }]
  const [row] = await plain.recommendation.findMany({ orderBy, skip: DEPTH, take: 1 })
  const { pageInfo } = await paged.recommendation.cursorPage({ orderBy, first: 1 })
  void pageInfo
  // The cursor of the row at the depth, without walking there: of the page that ends with it.
  const after = await cursorAt(paged, row as { id: number; priority: number })
  const repeat = (read: () => Promise<unknown>) => async (times: number) => {
    for (let index = 0; index < times; index++) await read()
  }
  await bench.compare({
    bench: name,
    subject: repeat(() => paged.recommendation.cursorPage({ orderBy, first: 20, after })),
    baselines: [
      {
        name: 'first-page',
        atLeast: 0.5,
        run: repeat(() => paged.recommendation.cursorPage({ orderBy, first: 20 })),
      },
      {
        name: 'prisma-cursor',
        atLeast: 30,
        run: repeat(() =>
          plain.recommendation.findMany({ orderBy, cursor: { id: row?.id ?? 0 }, skip: 1, take: 21 }),
        ),
      },
      {
        name: 'offset',
        atLeast: 30,
        run: repeat(() => plain.recommendation.findMany({ orderBy, skip: DEPTH, take: 21 })),
      },
    ],
    times: 5,
    rounds: 15,
  })
  await bench.compare({
    bench: total,
    subject: repeat(() => paged.recommendation.paginate({ limit: 20, total: { upTo: 10_000 } })),
    baselines: [
      { name: 'exact-count', atLeast: 5, run: repeat(() => paged.recommendation.paginate({ limit: 20 })) },
    ],
    times: 3,
    rounds: 15,
  })
}

/**
 * A guarded list of a rare value, whose rows stand at the end of the table: with an order by the id the planner would walk
 * the id's index through all the others.
 */
async function skewed(bench: Bench): Promise<void> {
  const name = 'pagination/guard-skewed'
  if (!bench.wants(name)) return
  const database = await createDatabase('postgresql')
  try {
    const plain = database.createClient()
    const guarded = database.createClient().$extends(pagination())
    await plain.$executeRawUnsafe(
      `INSERT INTO "User" (id, email, name) SELECT i, 'u' || i, 'u' FROM generate_series(1, 999) i`,
    )
    await plain.$executeRawUnsafe(
      `INSERT INTO "Recommendation" (id, "userId", title, priority)
       SELECT i, CASE WHEN i > 600000 THEN 999 ELSE 1 + i % 200 END, 't', 0 FROM generate_series(1, 600150) i`,
    )
    await plain.$executeRawUnsafe('CREATE INDEX "skewed" ON "Recommendation" ("userId")')
    await plain.$executeRawUnsafe('ANALYZE "Recommendation"')
    // The driver is observed from the first connection on.
    await guarded.user.count()
    const where = { userId: 999 }
    const read = (client: Pick<PrismaClient, 'recommendation'>) => async (times: number) => {
      for (let index = 0; index < times; index++) await client.recommendation.findMany({ where })
    }
    await bench.neighbours({
      bench: name,
      subject: read(guarded as unknown as PrismaClient),
      baselines: [{ name: 'plain', atLeast: 0.95, run: read(plain) }],
      times: 5,
      rounds: 201,
      warmUps: 400,
    })
  } finally {
    await database.drop()
  }
}

interface Pages {
  recommendation: {
    cursorPage(args: object): Promise<{ items: { id: number }[]; pageInfo: { endCursor: string | null } }>
  }
}

/** The cursor of a row in the whole list: cursors of a filtered list do not fit, so the list is walked in steps of 200. */
async function cursorAt({ recommendation }: Pages, { id }: { id: number }): Promise<string> {
  const orderBy = [{ priority: 'asc' }, { id: 'asc' }]
  let after: string | null = null
  for (;;) {
    const page: Awaited<ReturnType<Pages['recommendation']['cursorPage']>> = await recommendation.cursorPage({
      orderBy,
      first: 200,
      after,
      select: { id: true },
    })
    const at = page.items.findIndex((item) => item.id === id)
    if (at >= 0)
      return (await recommendation.cursorPage({ orderBy, first: at + 1, after })).pageInfo.endCursor as string
    after = page.pageInfo.endCursor
  }
}

/** A conversation of 1,000 messages of 50 kB: read whole, and by the page. */
async function conversation(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = 'pagination/long-conversation-heap'
  if (!bench.wants(name)) return
  const plain = database.createClient()
  const paged = plain.$extends(pagination({ cursor }))
  await plain.user.upsert({ where: { id: 1 }, update: {}, create: { id: 1, email: 'u', name: 'u' } })
  await plain.conversation.create({ data: { id: 'long', title: 'long', userId: 1 } })
  await plain.$executeRawUnsafe(
    `INSERT INTO "Message" (id, "conversationId", role, body)
     SELECT i, 'long', 'USER', repeat(md5(i::text), 1600) FROM generate_series(1, 1000) i`,
  )
  const where = { conversationId: 'long' }
  const held = async (read: () => Promise<unknown>) => {
    const values: number[] = []
    const kept: unknown[] = []
    for (let round = 0; round < 5; round++) {
      // Another answer, so that nothing holds the last one any more.
      await plain.user.count()
      const before = heapMegabytes()
      kept.push(await read())
      values.push(heapMegabytes() - before)
      kept.length = 0
    }
    return median(values)
  }
  await held(() => plain.message.findMany({ where }))
  const whole = await held(() => plain.message.findMany({ where }))
  const page = await held(() => paged.message.cursorPage({ where, first: 50 }))
  bench.compared(name, page, 'MB', 'find-many', whole, 15)
}

/** 50 parents of 5,000 children each, 20 children wanted of each. */
async function nested(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = 'pagination/nested-rows-read'
  const speed = 'pagination/nested-take/50x5000'
  if (!bench.wants(name) && !bench.wants(speed)) return
  const client = database.createClient()
  // Mounted before the client's first query: only then is its driver heard.
  const recorded = database.createRecordedClient()
  const limited = recorded.client.$extends(pagination())
  await client.user.upsert({ where: { id: 1 }, update: {}, create: { id: 1, email: 'u', name: 'u' } })
  await client.$executeRawUnsafe(
    `INSERT INTO "Workshop" (id, "ownerId", title) SELECT i, 1, 'w' || i FROM generate_series(1, 50) i`,
  )
  await client.$executeRawUnsafe(
    `INSERT INTO "Trace" (id, "workshopId", name, size, context)
     SELECT i, 1 + i % 50, 't' || i, i, '{}' FROM generate_series(1, 250000) i`,
  )
  await client.$executeRawUnsafe('CREATE INDEX ON "Trace" ("workshopId", id)')
  await client.$executeRawUnsafe('VACUUM ANALYZE "Trace"')
  const args = {
    take: 50,
    orderBy: { id: 'asc' },
    include: { traces: { take: 20, select: { id: true, name: true } } },
  } as const
  await limited.workshop.findMany(args)
  bench.limited(
    name,
    recorded.log.statements.reduce((sum, { rows }) => sum + rows, 0),
    'rows',
    1050,
  )
  await bench.compare({
    bench: speed,
    subject: () => limited.workshop.findMany(args),
    baselines: [{ name: 'prisma', run: () => client.workshop.findMany(args) }],
    rounds: 5,
  })
}
