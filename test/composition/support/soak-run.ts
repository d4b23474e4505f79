import { AsyncLocalStorage } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { redisStore } from '@prisma-brisk/cache'
import { Redis } from 'ioredis'
import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase } from '../../support/databases.ts'
import { startRedis } from '../../support/redis.ts'
import { Random } from '../../support/random.ts'

/**
 * A process that serves mixed load with everything on while its servers are disturbed, and then has to be able to
 * exit. Prints one line of JSON: what it did, and every answer that was wrong.
 *
 * The oracle: each user's row and each user's conversations carry a version that only grows. A read that starts after
 * a write resolved must show at least that write's version; what was rolled back must never show.
 */

const seconds = Number(process.argv[2] ?? 60)
const seed = Number(process.argv[3] ?? Date.now() % 1e9)
const random = new Random(seed)
const users = 40
const callers = 200
const never = 1_000_000_000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const unhandled: string[] = []
process.on('unhandledRejection', (reason) => unhandled.push(String(reason)))
process.on('warning', () => undefined)

const database = await createDatabase('postgresql')
let redisServer = await startRedis()
const connections: Redis[] = []
const clients = [client(), client()]
const plain = database.createClient({ adapter: database.adapter({ connections: 4 }) })
await plain.user.createMany({
  data: Array.from({ length: users }, (_, index) => ({
    id: index + 1,
    name: 'v0',
    email: `u${index + 1}@example.org`,
    balance: 0,
  })),
})
await plain.conversation.createMany({
  data: Array.from({ length: users }, (_, index) => ({ id: `c${index + 1}`, userId: index + 1, title: '0' })),
})

/** Versions that are certain to be stored: a read must show no less. */
const rows = new Map<number, number>()
const titles = new Map<number, number>()
const locks = new Map<number, Promise<unknown>>()
const wrong: string[] = []
const counts = { reads: 0, writes: 0, rolledBack: 0, refused: 0, redisKills: 0, terminations: 0 }

function client(): PrismaClient {
  const redis = new Redis(redisServer.url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy: () => 50,
  })
  redis.on('error', () => undefined)
  connections.push(redis)
  return database.createClient({ adapter: database.adapter({ connections: 8 }) }).$extends(
    brisk({
      cache: { store: redisStore(redis), models: { User: { ttl: 30, swr: 10 }, Conversation: { ttl: 30 } } },
      pagination: { defaultLimit: 50 },
      slowQuery: { threshold: 5000, sinks: [] },
      resilience: { timeout: 10_000, retry: { attempts: 2 } },
    }),
  ) as unknown as PrismaClient
}

const anyUser = () => random.int(1, users)

/** Writes of one user follow each other, so that the order of versions is certain. */
function alone<T>(user: number, work: () => Promise<T>): Promise<T> {
  const next = (locks.get(user) ?? Promise.resolve()).then(work, work)
  locks.set(
    user,
    next.catch(() => undefined),
  )
  return next
}

function judge(what: string, least: number | undefined, seen: number): void {
  counts.reads++
  if (seen >= never) wrong.push(`${what} showed what was rolled back`)
  else if (seen < (least ?? 0)) wrong.push(`${what} showed version ${seen}, written ${least}`)
}

const actions: ((prisma: PrismaClient) => Promise<void>)[] = [
  async (prisma) => {
    const id = anyUser()
    const least = rows.get(id)
    const user = await prisma.user.findUnique({ where: { id } })
    judge('findUnique', least, Number(user?.balance))
  },
  async (prisma) => {
    const some = Array.from({ length: 5 }, anyUser)
    const least = some.map((id) => titles.get(id))
    const lists = await Promise.all(some.map((userId) => prisma.conversation.findMany({ where: { userId } })))
    lists.forEach((list, index) => judge('findMany by key', least[index], Number(list[0]?.title)))
  },
  async (prisma) => {
    const id = anyUser()
    const [row, title] = [rows.get(id), titles.get(id)]
    const user = await prisma.user.findFirst({ where: { id }, include: { conversations: true } })
    judge('include, own row', row, Number(user?.balance))
    judge('include, nested list', title, Number(user?.conversations[0]?.title))
  },
  async (prisma) => {
    const page = await prisma.user.findMany({ orderBy: { id: 'asc' }, take: 10 })
    if (page.length !== 10) wrong.push(`a page of 10 has ${page.length}`)
  },
  (prisma) => {
    const id = anyUser()
    return alone(id, async () => {
      const user = await prisma.user.update({ where: { id }, data: { balance: { increment: 1 } } })
      rows.set(id, Math.max(rows.get(id) ?? 0, Number(user.balance)))
      counts.writes++
    })
  },
  (prisma) => {
    const id = anyUser()
    return alone(id, async () => {
      const version = (titles.get(id) ?? 0) + 1
      await prisma.user.update({
        where: { id },
        data: { conversations: { updateMany: { where: {}, data: { title: String(version) } } } },
      })
      titles.set(id, version)
      counts.writes++
    })
  },
  (prisma) => {
    const id = anyUser()
    return alone(id, async () => {
      const balance = await prisma.$transaction(async (tx) => {
        await tx.user.updateMany({ where: { id }, data: { balance: { increment: 1 } } })
        return (await tx.user.findUniqueOrThrow({ where: { id } })).balance
      })
      rows.set(id, Math.max(rows.get(id) ?? 0, Number(balance)))
      counts.writes++
    })
  },
  (prisma) => {
    const id = anyUser()
    return alone(id, async () => {
      const refusal = new Error('rolled back on purpose')
      await prisma
        .$transaction(async (tx) => {
          await tx.user.update({ where: { id }, data: { balance: { increment: never } } })
          await tx.conversation.updateMany({ where: { userId: id }, data: { title: String(never) } })
          throw refusal
        })
        .catch((error: unknown) => {
          if (error !== refusal) throw error
          counts.rolledBack++
        })
    })
  },
]

/** Errors that a caller has to expect while connections are cut. */
const expected =
  /terminat|connection|closed|P1017|P1001|P1002|P1008|P2024|P2028|P2034|Transaction|Server has|ECONN|timeout/i

const until = Date.now() + seconds * 1000
const context = new AsyncLocalStorage<number>()
const calling = Array.from({ length: callers }, (_, caller) =>
  context.run(caller, async () => {
    while (Date.now() < until) {
      try {
        await random.pick(actions)(random.pick(clients))
      } catch (error) {
        const { code, message } = error as Error & { code?: string }
        if (!expected.test(`${code} ${message}`))
          wrong.push(`unexpected error ${code}: ${message.slice(0, 300)}`)
        counts.refused++
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }),
)

let warm: { heap: number; resources: number } | null = null
/** Bytes of live heap after each quarter of the time: a leak makes each one higher than the last. */
const heaps: number[] = []
const began = until - seconds * 1000
const disturbing = (async () => {
  for (let round = 0; Date.now() < until; round++) {
    await new Promise((resolve) => setTimeout(resolve, 1500))
    if (round === 2) warm = measure()
    if (Date.now() - began > ((heaps.length + 1) * seconds * 1000) / 4) heaps.push(measure().heap)
    if (round % 3 === 0) {
      const { port } = redisServer
      await redisServer.kill('SIGKILL')
      await new Promise((resolve) => setTimeout(resolve, 500))
      redisServer = await startRedis({}, { port })
      counts.redisKills++
    } else {
      const [{ n }] = await plain.$queryRaw<[{ n: bigint }]>`
        SELECT count(pg_terminate_backend(pid)) AS n FROM (
          SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
          ORDER BY random() LIMIT 3) victims`
      counts.terminations += Number(n)
    }
  }
})().catch((error: unknown) => wrong.push(`disturbing failed: ${String(error)}`))

await Promise.all([...calling, disturbing])
const end = measure()
heaps.push(end.heap)

// Nothing that was stored may be missing in the database itself.
const stored = await plain.user.findMany({ include: { conversations: true } })
for (const user of stored) {
  if (Number(user.balance) < (rows.get(user.id) ?? 0)) wrong.push(`user ${user.id} lost a write`)
  if (Number(user.conversations[0]?.title) < (titles.get(user.id) ?? 0))
    wrong.push(`conversation of ${user.id} lost a write`)
}

for (const each of clients) await each.$disconnect()
for (const redis of connections) redis.disconnect()
await redisServer.kill('SIGKILL')
await database.drop()
console.log(
  JSON.stringify({
    seed,
    seconds,
    ...counts,
    wrong: [...new Set(wrong)].slice(0, 20),
    wrongs: wrong.length,
    unhandled,
    warm,
    end,
    heaps,
  }),
)
// The process must now end by itself: whatever keeps it alive is a leak that the test sees.

function measure() {
  collectGarbage()
  return { heap: process.memoryUsage().heapUsed, resources: process.getActiveResourcesInfo().length }
}
