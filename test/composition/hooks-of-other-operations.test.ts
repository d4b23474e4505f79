import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../support/databases.ts'

/**
 * An extension before the suite that hooks one operation sees the calls of that operation, and nothing else: a call of another one
 * may be answered by a statement of the hooked kind, which is the suite's own.
 */

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql' as Provider, { seed: 0.01 })
})
afterAll(() => database.drop())

const HOOKED = [
  'findMany',
  'findFirst',
  'groupBy',
  'aggregate',
  'createManyAndReturn',
  '$queryRawUnsafe',
  '$queryRaw',
]

type Call = (client: PrismaClient, index: number) => Promise<unknown>
const CALLS: Record<string, Call> = {
  findUnique: (of, index) => of.user.findUnique({ where: { id: index } }),
  findUniqueOrThrow: (of, index) =>
    of.user.findUniqueOrThrow({ where: { id: index }, select: { name: true } }),
  'findFirst by a key': (of, index) =>
    of.insight.findFirst({ where: { userId: index }, orderBy: { id: 'desc' } }),
  'findMany by a key': (of, index) =>
    of.insight.findMany({ where: { userId: index }, orderBy: { id: 'asc' } }),
  'the first of each': (of, index) =>
    of.insight.findMany({ where: { userId: index }, orderBy: { id: 'desc' }, take: 2 }),
  count: (of, index) => of.insight.count({ where: { userId: index } }),
  'count of columns': (of, index) =>
    of.insight.count({ where: { userId: index }, select: { _all: true, patternId: true } }),
  aggregate: (of, index) => of.insight.aggregate({ where: { userId: index }, _max: { id: true } }),
  create: async (of, index) => {
    const { name } = await of.tag.create({ data: { name: `tag ${index} ${Math.random()}` } })
    return name.slice(0, 5)
  },
  'a list with rows that it includes': (of, index) =>
    of.user.findMany({ where: { id: index }, include: { insights: { orderBy: { id: 'asc' } } } }),
}

/** The calls of one hooked operation, and what became of all of them: hooks say that they were there. */
async function outcome(extend: (base: object) => unknown, hooked: string, call: Call) {
  const seen: string[] = []
  const hook = async ({ args, query }: { args: unknown; query(args: unknown): Promise<unknown> }) => {
    seen.push(hooked)
    return query(args)
  }
  const query = (hooked.startsWith('$') ? { [hooked]: hook } : { $allModels: { [hooked]: hook } }) as Record<
    string,
    never
  >
  const base = database.createClient()
  const client = extend(base.$extends({ query })) as PrismaClient
  const answers = await Promise.all([1, 2, 3, 4].map((index) => call(client, index)))
  await base.$disconnect()
  return { answers, seen }
}

test.each(
  HOOKED.flatMap((hooked) => Object.entries(CALLS).map(([name, call]) => [hooked, name, call] as const)),
)('KC10 a hook of %s sees no %s that is none', async (hooked, _, call) => {
  const plain = await outcome((base) => base, hooked, call)
  const given = await outcome(
    (base) =>
      (base as PrismaClient).$extends(
        brisk({ batching: { writes: { create: true } }, slowQuery: { sinks: [] } }),
      ),
    hooked,
    call,
  )
  expect(given.answers).toEqual(plain.answers)
  // A hook of the very operation is run for each call, before the suite merges them.
  expect(given.seen).toEqual(plain.seen)
})
