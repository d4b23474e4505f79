import { batching } from '@prisma-brisk/batching'
import { cache, memoryStore, type CacheStore } from '@prisma-brisk/cache'
import { pagination } from '@prisma-brisk/pagination'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../support/databases.ts'
import { forSeeds, type Random } from '../support/random.ts'

/**
 * Random trees of clients that are extended from one base: with parts of the suite, apart and in any order, several caches
 * on several stores, and other people's hooks between them, which write and read on their own account. Whichever of them
 * writes, and whenever, every cached client answers as plain Prisma does.
 */

/** A client of the tree; the operations are those of Prisma, the arguments perhaps the suite's. */
interface Node {
  readonly client: PrismaClient
  readonly steps: readonly string[]
}

interface Hook {
  readonly operation: string
  readonly args: never
  readonly __internalParams?: { readonly transaction?: unknown }
  query(args: never): Promise<unknown>
}
type Operations = Record<string, (args: unknown) => Promise<unknown>>

/** What a run keeps in mind: own writes of hooks that nobody waits for, and readers to try in the middle of one. */
class World {
  private readonly later = new Set<Promise<unknown>>()
  /** Whether writes run side by side: what is read in the middle of one may then be of either. */
  isCrowded = false
  readonly nodes: Node[] = []
  readonly stores: CacheStore[] = [memoryStore(), memoryStore()]
  private value = 1

  /** Runs what nobody waits for. */
  begin(work: Promise<unknown>): void {
    const kept = work.finally(() => this.later.delete(kept))
    this.later.add(kept)
  }

  /** Once it has ended, and what it has begun in turn. */
  async settled(): Promise<void> {
    while (this.later.size > 0) await Promise.all(this.later)
  }

  /** Whether a write is under way that the present one does not know of. */
  get isBusy(): boolean {
    return this.isCrowded || this.later.size > 0
  }

  next(): number {
    return this.value++
  }

  get readers(): Node[] {
    return this.nodes.filter(({ steps }) => steps.some((step) => step.startsWith('cache')))
  }
}

const users = (client: unknown): Operations => (client as { user: Operations }).user
const WRITES = ['create', 'update', 'updateMany', 'upsert', 'deleteMany']

/** A hook on the writes of a model; within a transaction it passes on, for others would wait for it. */
function hooked(
  client: PrismaClient,
  hook: (input: Hook) => Promise<unknown>,
  operations: readonly string[] = WRITES,
): unknown {
  const own = (input: Hook) =>
    input.__internalParams?.transaction === undefined ? hook(input) : input.query(input.args)
  const query = { user: Object.fromEntries(operations.map((operation) => [operation, own])) }
  return client.$extends({ name: 'another', query })
}

const STEPS: Record<string, (client: PrismaClient, world: World) => unknown> = {
  batching: (client) => client.$extends(batching()),
  pagination: (client) => client.$extends(pagination({ onMissing: 'allow' })),
  'cache 0': (client, { stores }) => client.$extends(cacheOn(stores[0])),
  'cache 1': (client, { stores }) => client.$extends(cacheOn(stores[1])),
  'passes on': (client) => hooked(client, ({ args, query }) => query(args)),
  'the client': (client) =>
    hooked(client, ({ operation, args }) => users(client)[operation]?.(args) as Promise<unknown>),
  'a transaction': (client) =>
    hooked(client, ({ operation, args }) =>
      client.$transaction(async (tx) => await users(tx)[operation]?.(args)),
    ),
  'an array': (client) =>
    hooked(client, async ({ args, query }) => {
      const [answer] = await client.$transaction([query(args) as never])
      return answer
    }),
  'writes first': (client, world) =>
    hooked(client, async ({ args, query }) => {
      await ownWrite(client, world)
      if (!world.isBusy) await expectFresh(world)
      return query(args)
    }),
  'writes later': (client, world) =>
    hooked(client, async ({ args, query }) => {
      const answer = await query(args)
      world.begin(new Promise((resolve) => setTimeout(resolve, 2)).then(async () => ownWrite(client, world)))
      return answer
    }),
}

const cacheOn = (store: CacheStore | undefined) =>
  cache({ store: store as CacheStore, scope: () => 'one', onRawWrite: () => ({ models: ['User'] }) })

const ownWrite = (client: PrismaClient, world: World): Promise<unknown> =>
  users(client)['update']?.({ where: { id: 1 }, data: { balance: world.next() } }) as Promise<unknown>

const READS = [
  (client: unknown) => users(client)['findMany']?.({ orderBy: { id: 'asc' }, ...strategy(client) }),
  (client: unknown) => users(client)['findUnique']?.({ where: { id: 1 }, ...strategy(client) }),
  (client: unknown) => users(client)['count']?.({ where: { balance: { gt: 3 } }, ...strategy(client) }),
]
const strategy = (client: unknown) => ('$cache' in (client as object) ? { cacheStrategy: { ttl: 60 } } : {})

let plain: PrismaClient

/** Every reader answers as plain Prisma, whatever it has stored, and stores it. */
async function expectFresh({ readers }: World): Promise<void> {
  for (const read of READS) {
    const truth = await read(plain)
    for (const { client, steps } of readers)
      expect({ steps, answer: await read(client) }).toEqual({ steps, answer: truth })
  }
}

const PROGRAM: Record<string, (client: PrismaClient, world: World) => Promise<unknown>> = {
  update: ownWrite,
  updateMany: (client, world) => client.user.updateMany({ data: { balance: { increment: world.next() } } }),
  create: (client, world) =>
    client.user.create({
      data: { id: 1 + world.next(), name: 'new', email: `${world.next()}@`, balance: 5 },
    }),
  deleteMany: (client) => client.user.deleteMany({ where: { name: 'new' } }),
  upsert: (client, world) =>
    client.user.upsert({
      where: { id: 1 },
      create: { id: 1, name: 'one', email: 'one' },
      update: { balance: world.next() },
    }),
  several: async (client, world) => {
    world.isCrowded = true
    await Promise.all([ownWrite(client, world), ownWrite(client, world)])
    world.isCrowded = false
  },
  'an array transaction': (client, world) =>
    client.$transaction([
      client.user.update({ where: { id: 1 }, data: { balance: world.next() } }),
      client.user.count(),
    ]),
  'an interactive transaction': (client, world) =>
    client.$transaction(async (tx) => ownWrite(tx as PrismaClient, world)),
  $executeRaw: (client, world) =>
    client.$executeRawUnsafe(`UPDATE "User" SET balance = ${world.next()} WHERE id = 1`),
  '$executeRaw, a template': (client, world) =>
    client.$executeRaw`UPDATE "User" SET balance = ${world.next()} WHERE id = 1`,
  '$queryRaw that writes, a template': (client, world) =>
    client.$queryRaw`UPDATE "User" SET balance = ${world.next()} WHERE id = 1 RETURNING id`,
  // It answers with another row than the one that it writes.
  'a fluent update': (client, world) =>
    client.user.update({ where: { id: 1 }, data: { balance: world.next() } }).tutor(),
  'a fluent update in an array': (client, world) =>
    client.$transaction([client.user.update({ where: { id: 1 }, data: { balance: world.next() } }).tutor()]),
  '$queryRaw that writes': (client, world) =>
    client.$queryRawUnsafe(`UPDATE "User" SET balance = ${world.next()} WHERE id = 1 RETURNING id`),
}

const SUITE = /^(cache|batching|pagination)/

function grow(random: Random, world: World, base: PrismaClient): void {
  world.nodes.push({ client: base, steps: [] })
  for (let left = 6; left > 0; left--) {
    // Chains, rather than a bush.
    const parent = random.chance(0.6) ? (world.nodes.at(-1) as Node) : random.pick(world.nodes)
    const ofSuite = random.chance(0.5)
    const step = random.pick(Object.keys(STEPS).filter((each) => SUITE.test(each) === ofSuite))
    const isThere = (name: string): boolean => name.split(' ')[0] === step.split(' ')[0]
    if (ofSuite && parent.steps.some(isThere)) continue
    const client = STEPS[step]?.(parent.client, world) as PrismaClient
    world.nodes.push({ client, steps: [...parent.steps, step] })
  }
}

async function writeAnywhere(random: Random, world: World, provider: Provider): Promise<void> {
  await expectFresh(world)
  const { client, steps } = random.chance(0.5) ? (world.nodes.at(-1) as Node) : random.pick(world.nodes)
  const [name, write] = random.pick(
    Object.entries(PROGRAM).filter(
      ([each]) => provider === 'postgresql' || !each.startsWith('$queryRaw that writes'),
    ),
  )
  try {
    await write(client, world)
    await world.settled()
    await expectFresh(world)
  } catch (error) {
    throw new Error(`${name} through [${steps.join(', ')}]`, { cause: error })
  }
}

describe.each<Provider>(['postgresql', 'sqlite'])('clients of one base on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient()
  })
  afterAll(() => database.drop())

  test('C6 C12 whichever client of the base writes, every cached client of it is fresh', async () => {
    await forSeeds(20, async (random) => {
      await plain.user.deleteMany()
      await plain.user.create({ data: { id: 1_000_000, name: 'tutor', email: 'tutor' } })
      await plain.user.create({ data: { id: 1, name: 'one', email: 'one', tutorId: 1_000_000 } })
      const world = new World()
      const base = database.createClient()
      try {
        grow(random, world, base)
        for (let step = 0; step < 6; step++) await writeAnywhere(random, world, provider)
      } finally {
        await base.$disconnect()
      }
    })
  })
})
