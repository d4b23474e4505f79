import { PrismaPg } from '@prisma/adapter-pg'
import { runRequest } from 'prisma-brisk'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../test/support/databases.ts'
import type { Bench } from '../harness.ts'
import { memoryClients } from '../hook-floor.ts'
import { slowConnection } from '../slow-connection.ts'

/** Loops of reads that are awaited one after another, mended, on PostgreSQL over loopback. */
export async function run(bench: Bench): Promise<void> {
  const database = await createDatabase('postgresql')
  try {
    await fill(database.createClient())
    await mend(bench, database)
    await mendFar(bench, database)
    await statements(bench, database)
    await wasted(bench, database)
  } finally {
    await database.drop()
  }
  await watch(bench)
}

const PARENTS = 200
const CHILDREN = 100

/** 200 conversations of 100 messages. */
async function fill(prisma: PrismaClient): Promise<void> {
  await prisma.user.create({ data: { id: 1, email: 'user@example.org', name: 'User' } })
  await prisma.$executeRawUnsafe(
    `INSERT INTO "Conversation" (id, title, "userId") SELECT 'conversation-' || i, 'Conversation', 1 FROM generate_series(1, ${PARENTS}) i`,
  )
  await prisma.$executeRawUnsafe(
    `INSERT INTO "Message" ("conversationId", role, body, tokens, "createdAt")
     SELECT 'conversation-' || (1 + i % ${PARENTS}), 'USER', 'Message ' || i, i % 5, '2025-01-01'::timestamp - i * interval '1 second'
     FROM generate_series(1, ${PARENTS * CHILDREN}) i`,
  )
  await prisma.$executeRawUnsafe(`CREATE INDEX ON "Message" ("conversationId", "createdAt" DESC)`)
  await prisma.$executeRawUnsafe('ANALYZE')
}

const mending = (database: TestDatabase<PrismaClient>, url = database.url): PrismaClient =>
  database
    .createClient({ adapter: new PrismaPg({ connectionString: url }) })
    .$extends(batching({ loops: 'mend' })) as unknown as PrismaClient

/** The last message of each conversation, as it is written without a thought of statements. */
const lastMessages =
  (prisma: PrismaClient, stop = Infinity) =>
  async (): Promise<number> => {
    const conversations = await prisma.conversation.findMany({ orderBy: { id: 'asc' } })
    let found = 0
    for (const { id } of conversations) {
      const last = await prisma.message.findFirst({
        where: { conversationId: id },
        orderBy: { createdAt: 'desc' },
      })
      if (last !== null) found++
      if (found === stop) break
    }
    return found
  }

const inRequest = (work: () => Promise<number>) => async () => {
  const found = await runRequest({ name: 'bench' }, work)
  if (found !== PARENTS) throw new Error(`The loop found ${found}`)
}

/** What one writes by hand once the loop is known. */
const included = (prisma: PrismaClient) => () =>
  prisma.conversation.findMany({
    orderBy: { id: 'asc' },
    include: { messages: { orderBy: { createdAt: 'desc' }, take: 1 } },
  })

async function mend(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const plain = database.createClient()
  await bench.compare({
    bench: `loops/mend/${PARENTS}`,
    subject: inRequest(lastMessages(mending(database))),
    baselines: [
      { name: 'prisma', run: inRequest(lastMessages(plain)), atLeast: 5 },
      { name: 'include', run: included(plain), atLeast: 0.5 },
    ],
    rounds: 21,
    warmUps: 15,
  })
}

/** Behind a network that takes a millisecond each way. */
async function mendFar(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = `loops/mend-1ms/${PARENTS}`
  if (!bench.wants(name)) return
  const far = await slowConnection(database.url, 1)
  const plain = database.createClient({ adapter: new PrismaPg({ connectionString: far.url }) })
  const mended = mending(database, far.url)
  await bench.compare({
    bench: name,
    subject: inRequest(lastMessages(mended)),
    baselines: [{ name: 'prisma', run: inRequest(lastMessages(plain)), atLeast: 20 }],
    rounds: 7,
    warmUps: 5,
  })
  await Promise.all([plain.$disconnect(), mended.$disconnect()])
  far.close()
}

/** Statements of the loop, its list not counted, the first time that a process meets it. */
async function statements(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = `loops/mend/statements/${PARENTS}`
  if (!bench.wants(name)) return
  const { client, log } = database.createRecordedClient()
  const prisma = client.$extends(batching({ loops: 'mend' })) as unknown as PrismaClient
  // What batching learns of a table once: its columns and indexes.
  await Promise.all(
    ['conversation-1', 'conversation-2'].map((conversationId) =>
      prisma.message.findFirst({ where: { conversationId }, orderBy: { createdAt: 'desc' } }),
    ),
  )
  log.clear()
  await inRequest(lastMessages(prisma))()
  bench.limited(name, log.statements.length - 1, 'statements', 4)
}

/** Rows that ten loops read which stop after 3 of 200, beyond those that they use. */
async function wasted(bench: Bench, database: TestDatabase<PrismaClient>): Promise<void> {
  const name = 'loops/wasted'
  if (!bench.wants(name)) return
  const prisma = database.createClient().$extends(batching({ loops: 'mend' }))
  for (let round = 0; round < 10; round++)
    await runRequest({ name: 'bench' }, lastMessages(prisma as unknown as PrismaClient, 3))
  const { ahead, used } = prisma.$batching.stats().loops
  bench.limited(name, ahead - used, 'rows', 60)
}

const READS = 20

/** What watching costs a request that has no loop: twenty reads of several models, above the same without watching. */
async function watch(bench: Bench): Promise<void> {
  const name = 'loops/watch'
  if (!bench.wants(name)) return
  const clients = await memoryClients()
  const request = (prisma: PrismaClient) => async () => {
    const users = await prisma.user.findMany({ take: 10, orderBy: { id: 'asc' } })
    const [first] = users
    await prisma.user.findUnique({ where: { id: first?.id ?? 1 } })
    await prisma.user.findFirst({ where: { email: 'user3@example.org' }, orderBy: { id: 'asc' } })
    for (const take of [2, 3, 4]) {
      await prisma.conversation.findMany({ where: { userId: 1 }, orderBy: { id: 'asc' }, take })
      await prisma.message.findMany({ where: { tokens: take }, take: 5, orderBy: { id: 'asc' } })
      await prisma.insight.count({ where: { userId: 1 } })
      await prisma.profile.findUnique({ where: { userId: 1000 - take } })
      await prisma.tag.findMany({ where: { name: { contains: 'a' } }, take: 5, orderBy: { id: 'asc' } })
    }
    await prisma.user.findUnique({ where: { id: 1 }, select: { name: true } })
    await prisma.conversation.count()
  }
  // Of one base: two clients with an engine each differ by more than this.
  const base = clients.bare()
  const of = (loops: 'report' | false) =>
    request(base.$extends(batching({ loops })) as unknown as PrismaClient)
  const [floor, subject] = [of(false), of('report')]
  const repeated = (work: () => Promise<void>) => async (times: number) => {
    for (let index = 0; index < times / READS; index++) await runRequest({ name: 'bench' }, work)
  }
  await bench.overhead(name, repeated(floor), repeated(subject), 1.5, {
    rounds: 151,
    times: READS * 20,
    warmUps: 60,
  })
  await clients.close()
}
