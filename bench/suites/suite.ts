import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase } from '../../test/support/databases.ts'
import { LANDMARKS, seed } from '../../prisma/seed.ts'
import { besidePrisma } from '../hook-floor.ts'
import { heapMegabytes, inTurn, median, type Bench } from '../harness.ts'

/** What the whole suite costs and gives on PostgreSQL. */
export async function run(bench: Bench): Promise<void> {
  // Nothing is cached or merged.
  await besidePrisma(bench, 'suite/brisk-overhead-postgres', (client) => client.$extends(brisk()), 0.93)
  await endpoints(bench)
  await heap(bench)
}

/** The demo's five endpoints, as an application writes them, for users who ask all at once. */
const endpointsOf = (prisma: PrismaClient): ((user: number) => Promise<unknown>)[] => [
  async (userId) => {
    const list = await prisma.conversation.findMany({
      where: { userId },
      orderBy: { createdAt: 'desc' },
      take: 50,
    })
    return Promise.all(
      list.map(({ id }) =>
        prisma.message.findFirst({ where: { conversationId: id }, orderBy: { id: 'desc' } }),
      ),
    )
  },
  () =>
    prisma.message.findMany({
      where: { conversationId: LANDMARKS.longConversationId },
      orderBy: { id: 'asc' },
    }),
  (userId) => prisma.profile.findUnique({ where: { userId } }),
  (userId) =>
    prisma.behaviorPattern.findMany({
      where: { userId, confidence: { gte: 0.7 } },
      orderBy: [{ lastSeenAt: 'desc' }, { id: 'asc' }],
      take: 20,
    }),
  (userId) =>
    prisma.recommendation.findMany({
      where: { userId, acknowledgedAt: null },
      orderBy: [{ priority: 'desc' }, { id: 'asc' }],
      take: 10,
    }),
]

const users = 50
const requests = 400

/** Requests of concurrent users, each waiting for its answer before the next; both applications in turn. */
async function endpoints(bench: Bench): Promise<void> {
  const name = 'suite/demo-endpoints'
  if (!bench.wants(name)) return
  const database = await createDatabase('postgresql')
  await seed(database.adapter(), { factor: 0.2 })
  const plain = database.createClient()
  const ttl = 300
  const extended = database.createClient().$extends(
    brisk({
      slowQuery: { sinks: [] },
      pagination: { defaultLimit: 50 },
      cache: {
        models: {
          Profile: { ttl },
          BehaviorPattern: { ttl },
          Recommendation: { ttl },
          Message: { ttl: 10 },
          Conversation: { ttl: 10 },
        },
      },
    }),
  ) as unknown as PrismaClient
  const latencies: Record<'brisk' | 'prisma', number[]> = { brisk: [], prisma: [] }
  const cpu: Record<'brisk' | 'prisma', number[]> = { brisk: [], prisma: [] }
  let rounds = 0
  const load = (client: PrismaClient, who: 'brisk' | 'prisma') => async () => {
    // The first round of each warms up connections, plans and caches.
    const isWarm = rounds++ >= 2
    const into = isWarm ? latencies[who] : []
    const used = process.cpuUsage()
    const handlers = endpointsOf(client)
    let left = requests
    const user = async (id: number): Promise<void> => {
      while (left-- > 0) {
        const handler = handlers[left % handlers.length] as (typeof handlers)[number]
        const startedAt = performance.now()
        await handler(id)
        into.push(performance.now() - startedAt)
      }
    }
    await Promise.all(Array.from({ length: users }, (_, index) => user(index + 1)))
    const { user: inProcess, system } = process.cpuUsage(used)
    if (isWarm) cpu[who].push((inProcess + system) / requests)
  }
  const [own, other] = await inTurn(
    [
      { name: 'brisk', run: load(extended, 'brisk') },
      { name: 'prisma', run: load(plain, 'prisma') },
    ],
    3,
    1,
  )
  bench.compared(
    name,
    median(own as number[]) / requests,
    'ms a request',
    'prisma',
    median(other as number[]) / requests,
    5,
  )
  bench.compared('suite/cpu-per-request', median(cpu.brisk), 'µs', 'prisma', median(cpu.prisma), 2)
  bench.compared(`${name}/p95`, p95(latencies.brisk), 'ms', 'prisma', p95(latencies.prisma), 5)
  await database.drop()
}

function p95(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * 0.95)] as number
}

/** What an extended client keeps, Prisma's own part included, after it has been used. */
async function heap(bench: Bench): Promise<void> {
  const name = 'suite/heap-per-client'
  if (!bench.wants(name)) return
  const clients = 10
  const database = await createDatabase('postgresql')
  const make = () =>
    database
      .createClient({ adapter: database.adapter({ connections: 1 }) })
      .$extends(brisk()) as unknown as PrismaClient
  const use = (client: PrismaClient) =>
    Promise.all([client.user.findFirst(), client.user.findMany({ take: 1 }), client.user.count()])
  await use(make()) // what is loaded once for all
  const before = heapMegabytes()
  const made = Array.from({ length: clients }, make)
  for (const client of made) await use(client)
  bench.limited(name, (heapMegabytes() - before) / clients, 'MB', 12)
  for (const client of made) await client.$disconnect()
  await database.drop()
}
