import { withAccelerate } from '@prisma/extension-accelerate'
import { readReplicas } from '@prisma/extension-read-replicas'
import { brisk, memoryStore } from 'prisma-brisk'
import { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { startAccelerate, type AccelerateServer } from '../support/accelerate.ts'
import { createDatabase, type TestDatabase } from '../support/databases.ts'
import { everything, parts } from './support/everything.ts'
import { foreignExtensions } from './support/foreign-extensions.ts'
import { failing, recordRun, type Outcome } from './support/recorded-run.ts'

/** With everything on and limits at 'allow', every Prisma operation returns what plain Prisma returned. */

type Extend = (client: PrismaClient) => unknown

let database: TestDatabase<PrismaClient>
let plain: Outcome[]

beforeAll(async () => {
  database = await createDatabase('postgresql')
  plain = await run((client) => client)
})
afterAll(() => database.drop())

/** Runs on emptied tables, so that every run numbers its rows alike. */
async function run(extend: Extend, open = openClient): Promise<Outcome[]> {
  const client = open()
  await database.empty()
  try {
    return await recordRun(extend(client) as PrismaClient)
  } finally {
    await client.$disconnect()
  }
}

const openClient = (): PrismaClient =>
  database.createClient({ adapter: database.adapter({ connections: 3 }) })
const mount = (client: unknown): PrismaClient =>
  (client as PrismaClient).$extends(brisk(everything)) as unknown as PrismaClient

test('the run itself succeeds and fails where it should', () => {
  expect(plain.filter((outcome) => 'error' in outcome).map((outcome) => outcome.step)).toEqual(failing)
})

describe('each part alone, every pair, and all together', () => {
  const sets: (readonly string[])[] = [
    ...parts.map((part) => [part]),
    ...parts.flatMap((one, index) => parts.slice(index + 1).map((other) => [one, other])),
    [...parts],
  ]
  test.each(sets.map((set) => [set.join(' + '), set] as const))('%s', async (_, set) => {
    const options = Object.fromEntries(parts.map((part) => [part, set.includes(part) && everything[part]]))
    expect(await run((client) => client.$extends(brisk(options)))).toEqual(plain)
  })
})

describe('among foreign extensions', () => {
  test.each(foreignExtensions.map(({ name, extend }) => [name, extend] as const))(
    '%s before and after',
    async (_, extend) => {
      const alone = await run(extend)
      expect(await run((client) => mount(extend(client)))).toEqual(alone)
      expect(await run((client) => extend(mount(client)))).toEqual(alone)
    },
  )

  const chain = (client: PrismaClient, place: number | null): unknown =>
    foreignExtensions.reduce<unknown>(
      (extended, { extend }, index) => extend((index === place ? mount(extended) : extended) as PrismaClient),
      client,
    )
  let alone: Outcome[]
  beforeAll(async () => {
    alone = await run((client) => chain(client, null))
  })

  test.each(foreignExtensions.map(({ name }, place) => [name, place] as const).slice(1))(
    'in the middle of all of them, before %s',
    async (_, place) => {
      expect(await run((client) => chain(client, place))).toEqual(alone)
    },
  )

  test('behind all of them', async () => {
    expect(await run((client) => mount(chain(client, null)))).toEqual(alone)
  })
})

describe('with @prisma/extension-read-replicas', () => {
  const replicated = (client: unknown, ...replicas: PrismaClient[]) =>
    (client as PrismaClient).$extends(readReplicas({ replicas })) as unknown as PrismaClient

  // Its own answers are the measure: a fluent read comes back wrapped from a replica, with the suite and without.
  test('before it, behind it, and on both sides of it', async () => {
    const alone = await run((client) => replicated(client, openClient()))
    expect(await run((client) => replicated(mount(client), openClient()))).toEqual(alone)
    expect(await run((client) => mount(replicated(client, openClient())))).toEqual(alone)
    const store = memoryStore()
    const sharing = (client: PrismaClient): PrismaClient =>
      client.$extends(brisk({ ...everything, cache: { ...everything.cache, store } })) as never
    expect(await run((client) => sharing(replicated(client, sharing(openClient()))))).toEqual(alone)
  })

  test('replicas that carry the suite with the same store: merged, limited, paged, and fresh after a write', async () => {
    await database.empty()
    const store = memoryStore()
    const suite = () =>
      brisk({
        cache: { store, models: { User: { ttl: 60 } } },
        pagination: { defaultLimit: 5 },
        slowQuery: { sinks: [] },
      })
    const { client: replica, log } = database.createRecordedClient()
    const prisma = openClient()
      .$extends(readReplicas({ replicas: [replica.$extends(suite())] }))
      .$extends(suite())
    await prisma.user.createMany({
      data: Array.from({ length: 12 }, (_, index) => ({
        id: index + 1,
        name: 'v0',
        email: `u${index + 1}@example.org`,
        tutorId: index === 0 ? null : 1,
      })),
    })
    log.clear()
    const lists = await Promise.all([1, 2, 3].map((tutorId) => prisma.user.findMany({ where: { tutorId } })))
    expect(lists.map((list) => list.length)).toEqual([5, 0, 0])
    expect(log.statements).toHaveLength(1)

    const seen: number[] = []
    for (let after: string | null = null, pages = 0; pages < 3; pages++) {
      const page: { items: { id: number }[]; pageInfo: { endCursor: string | null; hasNextPage: boolean } } =
        await prisma.user.cursorPage({ orderBy: { id: 'asc' }, first: 5, after })
      seen.push(...page.items.map(({ id }) => id))
      expect(page.pageInfo.hasNextPage).toBe(pages < 2)
      after = page.pageInfo.endCursor
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    const { items, pagination } = await prisma.user.paginate({ orderBy: { id: 'asc' }, page: 2, limit: 5 })
    expect([items.length, pagination.total, pagination.hasMore]).toEqual([5, 12, true])

    const read = () => prisma.user.findUnique({ where: { id: 1 } })
    await read()
    log.clear()
    await read()
    expect(log.statements).toHaveLength(0)
    await prisma.user.update({ where: { id: 1 }, data: { name: 'v1' } })
    expect((await read())?.name).toBe('v1')
    await prisma.$disconnect()
  })
})

describe('with withAccelerate()', () => {
  let accelerate: AccelerateServer
  beforeAll(async () => {
    accelerate = await startAccelerate(database.url)
  })
  afterAll(() => accelerate.stop())

  const sent: string[] = []
  const openAccelerated = () => new PrismaClient({ accelerateUrl: accelerate.url })
  const accelerated = (client: unknown) =>
    (client as PrismaClient).$extends(
      withAccelerate({
        fetch: async (url: string, init: RequestInit) => {
          sent.push(url)
          return fetch(url, init)
        },
      }),
    ) as unknown as PrismaClient

  test.each<[string, Extend]>([
    ['without the suite', accelerated],
    ['before it', (client) => accelerated(mount(client))],
    ['behind it', (client) => mount(accelerated(client))],
    ['without it, on a client that is connected through Accelerate', mount],
  ])('%s', async (_, extend) => {
    sent.length = 0
    expect(await run(extend, openAccelerated)).toEqual(plain)
    expect(sent.length).toBeGreaterThan(extend === mount ? -1 : 20)
  })
})
