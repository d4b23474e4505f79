import { isDeepStrictEqual } from 'node:util'
import { memoryStore, redisStore, type CacheStore } from '@prisma-brisk/cache'
import { Cluster, Redis } from 'ioredis'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import { startRedisCluster, type RedisCluster } from '../../support/redis.ts'
import { redisUrl } from '../../support/servers.ts'
import { cached, ownNamespace } from './cached-client.ts'

/**
 * Two clients on one store read and write at random: directly, nested, in bulk, in transactions that commit and roll
 * back, with cascades. A read that starts after a write has resolved must never show what was before it: checked by a row
 * whose name only grows, at all times, and against plain Prisma whenever everything has come to rest.
 */
let database: TestDatabase<PrismaClient>
let bases: readonly [PrismaClient, PrismaClient]

beforeAll(async () => {
  database = await createDatabase('postgresql')
  const open = () => database.createClient({ adapter: database.adapter({ connections: 3 }) })
  bases = [open(), open()]
})
afterAll(() => database.drop())

const strategy = { cacheStrategy: { ttl: 300, swr: 60 } }
type Client = ReturnType<typeof cached>

/** 5,000 seeds (`BRISK_SEEDS`) run through the night. */
const PATIENCE = 4 * 3_600_000

test(
  'C4 C5 C11 C15 C16 C17 C18 C20 freshness oracle on one memory store',
  async () => {
    await oracle(() => {
      const store = memoryStore()
      return [store, store]
    })
  },
  PATIENCE,
)

test(
  'C4 C5 C11 C15 C16 C17 C18 C20 freshness oracle on Redis',
  async () => {
    const clients = [new Redis(redisUrl()), new Redis(redisUrl())] as const
    try {
      await oracle(() => [redisStore(clients[0]), redisStore(clients[1])])
    } finally {
      for (const client of clients) client.disconnect()
    }
  },
  PATIENCE,
)

describe('on a cluster', () => {
  let servers: RedisCluster
  beforeAll(async () => {
    servers = await startRedisCluster(3)
  })
  afterAll(() => servers.kill())

  test(
    'C4 C5 C11 C15 C16 C17 C18 C20 C27 freshness oracle on a Redis Cluster of three masters',
    async () => {
      const clients = [new Cluster(servers.addresses), new Cluster(servers.addresses)] as const
      try {
        await oracle(() => [redisStore(clients[0]), redisStore(clients[1])])
      } finally {
        for (const client of clients) client.disconnect()
      }
    },
    PATIENCE,
  )
})

async function oracle(stores: () => readonly [CacheStore, CacheStore]): Promise<void> {
  let reads = 0
  let hits = 0
  await forSeeds(200, async (random, seed) => {
    const [first, second] = stores()
    const namespace = ownNamespace()
    const clients = [
      cached(bases[0], { store: first, namespace }),
      cached(bases[1], { store: second, namespace }),
    ] as const
    const world = await World.create(bases[0], `${namespace}-${seed}`)
    const before = clients.map((client) => client.$cache.stats())
    // Everything is cached before the writes begin, so that whatever they miss shows.
    await Promise.all(world.queries.map((query) => query(random.pick(clients) as never, strategy)))
    await Promise.all([
      grow(world, random, clients),
      ...random.list(2, 4, () => act(world, random, random.pick(clients))),
      ...random.list(2, 3, () =>
        random
          .pick(world.queries)(random.pick(clients) as never, strategy)
          .catch(known),
      ),
    ])
    for (const query of world.queries) {
      const [truth, answer] = await Promise.all([
        query(bases[0] as never, {}),
        query(random.pick(clients) as never, strategy),
      ])
      reads++
      if (isDeepStrictEqual(answer, truth)) continue
      throw new Error(`${query.toString()}\nis ${show(answer)}\nnot ${show(truth)}`)
    }
    clients.forEach((client, index) => (hits += client.$cache.stats().hits - (before[index]?.hits ?? 0)))
  })
  // An oracle over a cache that never answers would prove nothing.
  expect(hits).toBeGreaterThan(reads / 20)
}

/** One row whose name is a number that only grows, written by one and read by all. */
async function grow(world: World, random: Random, clients: readonly Client[]): Promise<void> {
  let resolved = world.version
  const writing = (async () => {
    for (let step = 0; step < 3; step++) {
      const data = { name: String(world.version + 1) }
      const client = random.pick(clients)
      const where = random.chance(0.5) ? { id: world.grower } : { email: `grower-${world.name}` }
      if (random.chance(0.5)) await client.user.update({ where, data })
      else await client.$transaction(async (tx) => void (await tx.user.update({ where, data })))
      resolved = ++world.version
    }
  })()
  const reading = async (): Promise<void> => {
    for (let step = 0; step < 4; step++) {
      const least = resolved
      const client = random.pick(clients)
      const where = random.chance(0.5) ? { id: world.grower } : { email: `grower-${world.name}` }
      const row = random.chance(0.5)
        ? await client.user.findUnique({ where, ...strategy })
        : (await client.user.findMany({ where, ...strategy }))[0]
      if (Number(row?.name) < least) throw new Error(`a read after version ${least} gave ${row?.name}`)
    }
  }
  await Promise.all([writing, reading(), reading()])
}

type Query = (client: PrismaClient, strategy: object) => Promise<unknown>

class World {
  version = 0
  private constructor(
    readonly name: string,
    readonly grower: number,
    readonly users: number[],
    readonly conversations: string[],
    readonly messages: number[],
    readonly tags: number[],
  ) {}

  static async create(prisma: PrismaClient, name: string): Promise<World> {
    const { id: grower } = await prisma.user.create({ data: { email: `grower-${name}`, name: '0' } })
    const users: number[] = []
    const conversations: string[] = []
    const messages: number[] = []
    const tags = await prisma.tag.createManyAndReturn({
      data: [{ name: `a-${name}` }, { name: `b-${name}` }],
    })
    for (const each of ['x', 'y']) {
      const user = await prisma.user.create({
        data: {
          email: `${each}-${name}`,
          name: each,
          conversations: {
            create: {
              title: each,
              tags: { connect: { id: tags[0]?.id as number } },
              messages: {
                create: [
                  { role: 'USER', body: '1' },
                  { role: 'ASSISTANT', body: '2' },
                ],
              },
            },
          },
        },
        include: { conversations: { include: { messages: true } } },
      })
      users.push(user.id)
      conversations.push(...user.conversations.map(({ id }) => id))
      messages.push(...user.conversations.flatMap(({ messages }) => messages.map(({ id }) => id)))
    }
    return new World(
      name,
      grower,
      users,
      conversations,
      messages,
      tags.map(({ id }) => id),
    )
  }

  readonly queries: readonly Query[] = [
    (p, s) => p.user.findUnique({ where: { id: this.users[0] as number }, ...s }),
    (p, s) => p.user.findUnique({ where: { email: `x-${this.name}` }, ...s }),
    (p, s) =>
      p.user.findMany({
        where: { id: { in: this.users } },
        orderBy: { id: 'asc' },
        include: {
          profile: true,
          conversations: { orderBy: { id: 'asc' }, include: { messages: { orderBy: { id: 'asc' } } } },
        },
        ...s,
      }),
    (p, s) =>
      p.conversation.findMany({
        where: { tags: { some: { id: { in: this.tags } } } },
        orderBy: { id: 'asc' },
        ...s,
      }),
    (p, s) =>
      p.conversation.findMany({
        where: { userId: { in: this.users } },
        orderBy: [{ user: { name: 'asc' } }, { id: 'asc' }],
        select: { title: true, _count: { select: { messages: true } } },
        ...s,
      }),
    (p, s) => p.message.count({ where: { conversation: { userId: { in: this.users } } }, ...s }),
    (p, s) =>
      p.message.groupBy({
        by: ['role'],
        where: { conversationId: { in: this.conversations } },
        _count: true,
        orderBy: { role: 'asc' },
        ...s,
      }),
    (p, s) =>
      p.message.findMany({
        where: { id: { in: this.messages } },
        orderBy: { id: 'asc' },
        select: { body: true, replyTo: { select: { body: true } }, author: { select: { name: true } } },
        ...s,
      }),
    (p, s) =>
      p.tag.findMany({
        where: { id: { in: this.tags } },
        orderBy: { id: 'asc' },
        include: { conversations: { orderBy: { id: 'asc' } } },
        ...s,
      }),
    (p, s) => p.profile.findUnique({ where: { userId: this.users[0] as number }, ...s }),
    (p, s) => p.message.findUnique({ where: { id: this.messages[0] as number }, ...s }),
    (p, s) =>
      p.user
        .findUnique({ where: { id: this.users[1] as number }, ...s })
        .conversations({ orderBy: { id: 'asc' } }),
  ]
}

/** One random write; what it could not do, because the row is gone or taken, it leaves. */
async function act(world: World, random: Random, client: Client): Promise<void> {
  const write = random.pick(writes)
  try {
    if (random.chance(0.6)) await write(world, random, client as never)
    else {
      const rollsBack = random.chance(0.5)
      await client.$transaction(async (tx) => {
        await write(world, random, tx as never)
        if (random.chance(0.5)) await random.pick(writes)(world, random, tx as never)
        if (rollsBack) throw Object.assign(new Error('rolled back'), { code: 'P2000' })
      })
    }
  } catch (error) {
    known(error)
  }
}

type Write = (world: World, random: Random, client: PrismaClient) => Promise<unknown>
const user = (world: World, random: Random) => ({ id: random.pick(world.users) })
const conversation = (world: World, random: Random) => ({ id: random.pick(world.conversations) })
const tag = (world: World, random: Random) => ({ id: random.pick(world.tags) })
const profile = (random: Random) => ({
  displayName: random.word(),
  preferences: { [random.word()]: random.int(0, 9) },
})

const writes: readonly Write[] = [
  (w, r, p) => p.user.update({ where: user(w, r), data: { name: r.word() } }),
  (w, r, p) =>
    p.user.update({ where: { email: `x-${w.name}` }, data: { name: r.word() }, select: { id: true } }),
  (w, r, p) => p.user.updateMany({ where: user(w, r), data: { name: r.word() } }),
  (w, r, p) => p.user.update({ where: user(w, r), data: { email: `${r.pick(['x', 'y', 'z'])}-${w.name}` } }),
  (w, r, p) =>
    p.user.update({
      where: user(w, r),
      data: { profile: { upsert: { create: profile(r), update: profile(r) } } },
    }),
  (w, r, p) => p.user.update({ where: user(w, r), data: { conversations: { connect: conversation(w, r) } } }),
  async (w, r, p) => {
    const data = { title: r.word(), userId: r.pick(w.users), tags: { connect: tag(w, r) } }
    const { id } = await p.conversation.create({
      data: { ...data, messages: { create: { role: 'USER', body: 'n' } } },
    })
    w.conversations.push(id)
  },
  (w, r, p) =>
    p.conversation.update({
      where: conversation(w, r),
      data: {
        messages: {
          create: { role: 'USER', body: r.word() },
          updateMany: { where: {}, data: { body: r.word() } },
        },
      },
    }),
  (w, r, p) =>
    p.conversation.update({ where: conversation(w, r), data: { messages: { deleteMany: { body: '1' } } } }),
  (w, r, p) => p.conversation.update({ where: conversation(w, r), data: { tags: { set: [tag(w, r)] } } }),
  (w, r, p) =>
    p.conversation.update({ where: conversation(w, r), data: { tags: { disconnect: tag(w, r) } } }),
  (w, r, p) => p.tag.update({ where: tag(w, r), data: { conversations: { connect: conversation(w, r) } } }),
  (w, r, p) =>
    p.conversation.update({
      where: conversation(w, r),
      data: {
        tags: { connectOrCreate: { where: { name: `c-${w.name}` }, create: { name: `c-${w.name}` } } },
        user: { update: { name: r.word(), profile: { update: profile(r) } } },
      },
    }),
  (w, r, p) =>
    p.message.update({ where: { id: r.pick(w.messages) }, data: { replyToId: r.pick(w.messages) } }),
  (w, r, p) =>
    p.message.update({ where: { id: r.pick(w.messages) }, data: { author: { connect: user(w, r) } } }),
  (w, r, p) => p.message.delete({ where: { id: r.pick(w.messages) } }),
  (w, r, p) =>
    p.message.createMany({ data: [{ conversationId: r.pick(w.conversations), role: 'USER', body: 'm' }] }),
  (w, r, p) =>
    p.message.updateManyAndReturn({
      where: { id: { in: r.sample(w.messages, 2) } },
      data: { body: r.word() },
    }),
  (w, r, p) => p.conversation.delete({ where: conversation(w, r) }),
  (w, r, p) => p.user.delete({ where: user(w, r) }),
  async (w, r, p) => {
    const id = r.pick(w.users)
    await p.user.upsert({
      where: { id },
      create: { id, email: `x-${w.name}`, name: 'again' },
      update: { name: r.word() },
    })
  },
  (w, r, p) => p.tag.delete({ where: tag(w, r) }),
]

/** Rows that are gone or taken, deadlocks and rolled back transactions are part of the game. */
function known(error: unknown): undefined {
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && code.startsWith('P2')) return undefined
  if (/deadlock|25P02|40P01|aborted/.test(String(error))) return undefined
  throw error
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each))
}
