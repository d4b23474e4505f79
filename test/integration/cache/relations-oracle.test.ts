import { isDeepStrictEqual } from 'node:util'
import { cache, memoryStore, type CacheStats } from '@prisma-brisk/cache'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import type { Provider } from '../../support/databases.ts'
import { hooked } from '../../support/hooked-client.ts'
import { forSeeds } from '../../support/random.ts'
import { openPeople, type People, type PeopleClient } from './support/freshness/people.ts'
import { peopleRead } from './support/freshness/people-reads.ts'
import { peopleWrite } from './support/freshness/people-writes.ts'

type Cached = PeopleClient & { readonly $cache: { stats(): CacheStats; invalidateAll(): Promise<void> } }

const strategy = { cacheStrategy: { ttl: 600 } }

/** A foreign hook behind the cache that makes of some writes others, and fails after it has sent them. */
const meddling = {
  name: 'meddling',
  query: {
    person: {
      create: ({ args, query }: Hook) =>
        query({ ...args, data: { ...(args['data'] as object), reviewed: { connect: { id: 3 } } } }),
      updateMany: async ({ args, query }: Hook) => {
        await query(args)
        throw Object.assign(new Error('not for you'), { code: 'E_NOT_ALLOWED' })
      },
    },
  },
}
interface Hook {
  readonly args: Record<string, unknown>
  query(args: object): Promise<unknown>
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('on %s', (provider) => {
  let people: People
  let plain: PeopleClient
  let clients: readonly Cached[]

  beforeAll(async () => {
    people = await openPeople(provider)
    plain = people.open()
    // SQLite has one writer, so all share a connection there.
    const base = people.open()
    const onStore = cache({ store: memoryStore(), database: 'same', scope: () => 'all', earlyRefresh: 0 })
    clients = [
      base.$extends(onStore as object) as Cached,
      hooked(base as unknown as PrismaClient).$extends(onStore) as unknown as Cached,
      base.$extends(onStore as object).$extends(meddling) as Cached,
    ]
  }, 120_000)
  afterAll(() => people.drop())

  test('KC1 KC2 KC4 KC7 KC9 C15 C16 C17 every relation, read in every way, is fresh after every write, failed ones included', async () => {
    await forSeeds(
      150,
      async (random) => {
        await people.reset(plain)
        await clients[0]?.$cache.invalidateAll()
        const reads = random.list(8, 8, () => peopleRead(random))
        const readers = reads.map(() => random.pick(clients))
        const fill = (): Promise<unknown> =>
          Promise.all(reads.map((read, index) => outcome(() => read(readers[index] as Cached, strategy))))
        await fill()
        for (let round = 0; round < 3; round++) {
          const write = peopleWrite(random)
          const written = await outcome(() => write(random.pick(clients)))
          for (const [index, read] of reads.entries()) {
            const truth = await outcome(() => read(plain, {}))
            const answer = await outcome(() => read(readers[index] as Cached, strategy))
            if (isDeepStrictEqual(answer, truth)) continue
            throw new Error(
              `after ${write.toString()} (${show(written)}),\n${read.toString()}\nis  ${show(answer)}\nnot ${show(truth)}`,
            )
          }
        }
      },
      { seconds: 8, atLeast: 15 },
    )
    const { hits } = (clients[0] as Cached).$cache.stats()
    // An oracle over a cache that never answers would prove nothing.
    expect(hits).toBeGreaterThan(20)
  }, 3_600_000)
})

/** A value, or the code of the error in its place. */
async function outcome(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await run() }
  } catch (error) {
    return { error: (error as { code?: unknown }).code ?? String(error) }
  }
}

function show(value: unknown): string {
  return JSON.stringify(value)
}
