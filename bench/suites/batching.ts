import DataLoader from 'dataloader'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../test/support/databases.ts'
import { heapMegabytes, inTurn, median, type Bench, heapPeak } from '../harness.ts'
import { memoryClients, readOne } from '../hook-floor.ts'

/** Concurrent calls, as resolvers and loops make them, on PostgreSQL over loopback. */
export async function run(bench: Bench): Promise<void> {
  await loneCall(bench)
  const database = await createDatabase('postgresql')
  try {
    const plain = database.createClient()
    const batched = database.createClient().$extends(batching())
    await fill(plain)
    const clients: Clients = { database, plain, batched: batched as unknown as PrismaClient }
    await lists(bench, clients)
    await singles(bench, clients)
    await firstRows(bench, clients)
    await neverSlower(bench, clients)
    await creates(bench, database)
    await waterfall(bench, database)
    await manyCalls(bench, clients)
  } finally {
    await database.drop()
  }
}

interface Clients {
  readonly database: TestDatabase<PrismaClient>
  readonly plain: PrismaClient
  readonly batched: PrismaClient
}

const USERS = 100_000
const PARENTS = 200
const CHILDREN = 5_000
const UNINDEXED = 40
const PAIRS = 1_000
/** Rounds before any is counted: what a server does after its first seconds, for all contenders alike. */
const WARM = 30
/** Calls after which V8 has compiled their code. */
const COMPILED = 10_000

/**
 * 100,000 users, five insights for each of the first thousand, 200 conversations of 5,000 messages, 500 recommendations
 * for each of 40 users without an index.
 */
async function fill(prisma: PrismaClient): Promise<void> {
  await prisma.$executeRawUnsafe(
    `INSERT INTO "User" (id, email, name) SELECT i, 'user' || i || '@example.org', 'User ' || i FROM generate_series(1, ${USERS}) i`,
  )
  await prisma.$executeRawUnsafe(
    `INSERT INTO "Insight" ("userId", title) SELECT 1 + i % 1000, 'Insight ' || i FROM generate_series(1, 5000) i`,
  )
  await prisma.$executeRawUnsafe(
    `INSERT INTO "Conversation" (id, title, "userId") SELECT 'conversation-' || i, 'Conversation', 1 FROM generate_series(1, ${PARENTS}) i`,
  )
  await prisma.$executeRawUnsafe(
    `INSERT INTO "Message" ("conversationId", role, body, tokens, "createdAt")
     SELECT 'conversation-' || (1 + i % ${PARENTS}), 'USER', 'Message ' || i, i % 5, '2025-01-01'::timestamp - i * interval '1 second'
     FROM generate_series(1, ${PARENTS * CHILDREN}) i`,
  )
  await prisma.$executeRawUnsafe(
    `INSERT INTO "Recommendation" ("userId", title, priority) SELECT 1 + i % ${UNINDEXED}, 'Recommendation ' || i, i FROM generate_series(1, ${UNINDEXED * 500}) i`,
  )
  await prisma.$executeRawUnsafe(
    `INSERT INTO "Workshop" (id, title, "ownerId") SELECT i, 'Workshop ' || i, 1 FROM generate_series(1, ${PAIRS}) i`,
  )
  await prisma.$executeRawUnsafe(
    `INSERT INTO "WorkshopMember" ("workshopId", "userId", role) SELECT i, ${PAIRS} - i + 1, 'annotator' FROM generate_series(1, ${PAIRS}) i`,
  )
  await prisma.$executeRawUnsafe(`CREATE INDEX ON "Insight" ("userId")`)
  await prisma.$executeRawUnsafe(`CREATE INDEX ON "Message" ("conversationId", "createdAt" DESC)`)
  await prisma.$executeRawUnsafe('ANALYZE')
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** `count` calls at once. */
const atOnce = (count: number, call: (number: number) => Promise<unknown>) => () =>
  Promise.all(numbers(count).map(call))

/** What no merging can undercut: the one operation of Prisma's that asks for all keys, its rows dealt out to nobody. */
const statementOf = (
  { plain }: Pick<Clients, 'plain'>,
  count: number,
  statement: (client: PrismaClient, keys: number[]) => Promise<unknown>,
) => ({ name: 'statement', run: () => statement(plain, numbers(count)) })

async function lists(bench: Bench, clients: Clients): Promise<void> {
  const { plain, batched } = clients
  const insights = (client: PrismaClient) => (userId: number) =>
    client.insight.findMany({ where: { userId } })
  const insightsIn = (client: PrismaClient, userIds: number[]) =>
    client.insight.findMany({ where: { userId: { in: userIds } } })
  for (const [count, atLeast] of [
    [100, 5],
    [1000, 20],
  ] as const) {
    const loaded = {
      name: 'dataloader',
      run: () => {
        const loader = insightLoader(plain)
        return atOnce(count, (userId) => loader.load(userId))()
      },
      ...(count === 1000 ? { atLeast: 0.75 } : {}),
    }
    await bench.compare({
      bench: `batching/find-many-by-fk/${count}`,
      subject: atOnce(count, insights(batched)),
      baselines: [
        { name: 'prisma', run: atOnce(count, insights(plain)), atLeast },
        loaded,
        { ...statementOf(clients, count, insightsIn), ...(count === 1000 ? { atLeast: 2 } : {}) },
      ],
      rounds: 15,
      warmUps: WARM,
    })
  }
  const counts = (client: PrismaClient) => (userId: number) => client.insight.count({ where: { userId } })
  await bench.compare({
    bench: 'batching/count-by-fk/1000',
    subject: atOnce(1000, counts(batched)),
    baselines: [
      { name: 'prisma', run: atOnce(1000, counts(plain)), atLeast: 15 },
      statementOf(clients, 1000, (client, userIds) =>
        client.insight.groupBy({
          by: ['userId'],
          where: { userId: { in: userIds } },
          _count: { _all: true },
        }),
      ),
    ],
    warmUps: WARM,
  })
}

/** What one writes by hand: a loader for one relation, good for one request. */
function insightLoader(prisma: PrismaClient): DataLoader<number, unknown[]> {
  return new DataLoader<number, unknown[]>(
    async (userIds) => {
      const rows = await prisma.insight.findMany({ where: { userId: { in: [...userIds] } } })
      const byUser = new Map<number, unknown[]>()
      for (const row of rows) {
        const list = byUser.get(row.userId)
        if (list === undefined) byUser.set(row.userId, [row])
        else list.push(row)
      }
      return userIds.map((userId) => byUser.get(userId) ?? [])
    },
    { maxBatchSize: 30_000 },
  )
}

async function singles(bench: Bench, clients: Clients): Promise<void> {
  const { plain, batched } = clients
  const usersIn = (client: PrismaClient, ids: number[]) =>
    client.user.findMany({ where: { id: { in: ids } } })
  const first = (client: PrismaClient) => (id: number) => client.user.findFirst({ where: { id } })
  await bench.compare({
    bench: 'batching/find-first/1000',
    subject: atOnce(1000, first(batched)),
    baselines: [
      { name: 'prisma', run: atOnce(1000, first(plain)), atLeast: 8 },
      statementOf(clients, 1000, usersIn),
    ],
    warmUps: WARM,
  })
  const unique = (client: PrismaClient) => (id: number) => client.user.findUnique({ where: { id } })
  for (const [count, atLeast, rounds, warmUps] of [
    [1000, 3, 9, WARM],
    [5000, 8, 5, 5],
    [20_000, 40, 1, 1],
  ] as const) {
    await bench.compare({
      bench: `batching/find-unique/${count}`,
      subject: atOnce(count, unique(batched)),
      baselines: [
        { name: 'prisma', run: atOnce(count, unique(plain)), atLeast },
        { ...statementOf(clients, count, usersIn), ...(count === 20_000 ? { atLeast: 1.5 } : {}) },
      ],
      rounds,
      warmUps,
    })
  }
  await ownCost(bench, clients)
}

/** What a call costs beside its statement, of many calls and of few. */
async function ownCost(bench: Bench, { plain, batched }: Clients): Promise<void> {
  const name = 'batching/own-cost'
  if (!bench.wants(name)) return
  const unique = (id: number) => batched.user.findUnique({ where: { id } })
  const costs: number[] = []
  for (const count of [20_000, 1000]) {
    const [calls, statement] = await inTurn(
      [
        { name: 'calls', run: atOnce(count, unique) },
        { name: 'statement', run: () => plain.user.findMany({ where: { id: { in: numbers(count) } } }) },
      ],
      count === 1000 ? 31 : 9,
      1,
      count === 1000 ? WARM : 3,
    )
    costs.push((median(calls as number[]) - median(statement as number[])) / count)
  }
  bench.compared(name, costs[0]! * 1000, 'µs a call', '1000 calls', costs[1]! * 1000)
  bench.limited(`${name}/ratio`, costs[0]! / costs[1]!, '×', 1.3)
}

async function firstRows(bench: Bench, clients: Clients): Promise<void> {
  const { plain, batched } = clients
  const latest = (client: PrismaClient) => (parent: number) =>
    client.message.findMany({
      where: { conversationId: `conversation-${parent}` },
      orderBy: { createdAt: 'desc' },
      take: 3,
    })
  const lists = (await atOnce(PARENTS, latest(plain))()) as readonly { id: number }[][]
  const ids = lists.flat().map(({ id }) => id)
  await bench.compare({
    bench: `batching/first-k-per-parent/${PARENTS}x${CHILDREN}`,
    subject: atOnce(PARENTS, latest(batched)),
    baselines: [
      { name: 'prisma', run: atOnce(PARENTS, latest(plain)), atLeast: 5 },
      // As if it were known which rows those are.
      statementOf(clients, PARENTS, (client) => client.message.findMany({ where: { id: { in: ids } } })),
    ],
    rounds: 15,
    warmUps: WARM,
  })
  const top = (client: PrismaClient) => (userId: number) =>
    client.recommendation.findMany({ where: { userId }, orderBy: { priority: 'desc' }, take: 3 })
  await bench.compare({
    bench: `batching/first-k-unindexed/${UNINDEXED}x500`,
    subject: atOnce(UNINDEXED, top(batched)),
    baselines: [{ name: 'prisma', run: atOnce(UNINDEXED, top(plain)), atLeast: 1 }],
  })
}

/** What Prisma does well by itself, or what cannot be merged: plain Prisma must not be faster. */
async function neverSlower(bench: Bench, { plain, batched }: Clients): Promise<void> {
  const cases: Record<
    string,
    { count: number; call(client: PrismaClient): (number: number) => Promise<unknown> }
  > = {
    // Prisma merges these by itself.
    'compound-both-vary': {
      count: PAIRS,
      call: (client) => (workshopId) =>
        client.workshopMember.findUnique({
          where: { workshopId_userId: { workshopId, userId: PAIRS - workshopId + 1 } },
        }),
    },
    // First rows are found by one key, and both of these vary.
    'unmerged-pairs': {
      count: 60,
      call: (client) => (userId) =>
        client.insight.findMany({
          where: { userId, title: `Insight ${userId}` },
          orderBy: { id: 'asc' },
          take: 1,
        }),
    },
    // A million messages, no index on `tokens`: each call stops at the first messages it meets.
    'first-rows-ordered-by-indexed': {
      count: 4,
      call: (client) => (tokens) => client.message.findFirst({ where: { tokens }, orderBy: { id: 'desc' } }),
    },
    'or-throw-misses': {
      count: 200,
      call: (client) => (number) =>
        client.user
          .findUniqueOrThrow({ where: { id: number % 2 === 0 ? number : USERS + number } })
          .catch(() => null),
    },
  }
  for (const [name, { count, call }] of Object.entries(cases))
    await bench.neighbours({
      bench: `batching/${name}/${count}`,
      subject: atOnce(count, call(batched)),
      baselines: [{ name: 'prisma', run: atOnce(count, call(plain)), atLeast: 0.95 }],
      rounds: 101,
      times: 1,
      // Calls of a few tenths of a millisecond: what V8 has not compiled yet would weigh as much as they do.
      warmUps: Math.ceil(COMPILED / count),
    })
}

/** Fifty users get an insight at the same moment; what is stored stays, for all contenders alike. */
async function creates(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const plain = database.createClient()
  const batched = database
    .createClient()
    .$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  const create = (client: PrismaClient) => (userId: number) =>
    client.insight.create({ data: { userId, title: 'New' } })
  const statement = statementOf({ plain }, 50, (client, userIds) =>
    client.insight.createManyAndReturn({ data: userIds.map((userId) => ({ userId, title: 'New' })) }),
  )
  await bench.compare({
    bench: 'batching/creates/50',
    subject: atOnce(50, create(batched)),
    baselines: [{ name: 'prisma', run: atOnce(50, create(plain)), atLeast: 4 }, statement],
    rounds: 25,
    warmUps: WARM,
  })
}

/** 100 loads that each follow a query of their own: they come one by one, as the pool answers. */
async function waterfall(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = 'batching/waterfall-statements/100'
  if (!bench.wants(name)) return
  const { client, log } = database.createRecordedClient()
  const prisma = client.$extends(batching())
  const counts: number[] = []
  for (let round = 0; round < 9; round++) {
    log.clear()
    await Promise.all(
      numbers(100).map(async (id) => {
        await client.$queryRaw`SELECT ${id}::int`
        return prisma.user.findUnique({ where: { id } })
      }),
    )
    counts.push(log.statements.filter(({ sql }) => sql.includes('"User"')).length)
  }
  bench.limited(name, median(counts), 'statements', 10)
}

async function loneCall(bench: Bench): Promise<void> {
  const name = 'batching/lone-call-overhead'
  if (!bench.wants(name)) return
  const clients = await memoryClients()
  const floor = clients.floor()
  const extended = clients.bare().$extends(batching()) as unknown as PrismaClient
  await bench.overhead(name, readOne(floor), readOne(extended), 8)
  await clients.close()
}

/** Time and memory of 100,000 calls in one tick, against 10,000. */
async function manyCalls(bench: Bench, { plain, batched }: Clients): Promise<void> {
  const name = 'batching/100000-calls'
  if (!bench.wants(name)) return
  const calls = (count: number) => atOnce(count, (id) => batched.user.findUnique({ where: { id } }))
  const [fewer, all] = await inTurn(
    [
      { name: '10000', run: calls(10_000) },
      { name: '100000', run: calls(100_000) },
    ],
    3,
    1,
  )
  const perCall = { few: median(fewer as number[]) / 10_000, all: median(all as number[]) / 100_000 }
  bench.limited(`${name}/time-per-call-ratio`, perCall.all / perCall.few, '×', 1.5)
  const ours = await heapPeak(calls(100_000))
  bench.limited(`${name}/peak-heap`, ours, 'MB', 400)
  bench.compared(`${name}/peak-heap`, ours, 'MB', 'hook', await heapPeak(heldCalls(plain, 100_000)))
  bench.limited(`${name}/live-heap`, await heapPeak(calls(100_000), heapMegabytes), 'MB', 400)
}

/** As many calls that a query hook holds back until all have come: what Prisma itself keeps of them. */
function heldCalls(prisma: PrismaClient, count: number): () => Promise<unknown> {
  return async () => {
    let letGo: (answer: null) => void = () => undefined
    const answer = new Promise<null>((resolve) => (letGo = resolve))
    const holding = prisma.$extends({ query: { $allOperations: () => answer } }) as unknown as PrismaClient
    const calls = atOnce(count, (id) => holding.user.findUnique({ where: { id } }))()
    setTimeout(() => letGo(null), 50)
    await calls
  }
}
