import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider } from '../support/databases.ts'
import { forSeeds, type Random } from '../support/random.ts'

const USERS = 4
const TAGS = 12
const BUDGET = { seconds: 8, atLeast: 25 }

type Client = Pick<PrismaClient, 'user' | 'tag' | '$transaction' | '$queryRawUnsafe'>
type Member = (client: Client) => PromiseLike<unknown>

/** What a transaction does: writes of users, reads of tags, of which nobody writes any, and statements that fail. */
interface Program {
  readonly members: readonly Member[]
  /** Rows that each member answers where it is a read; null for others. */
  readonly rows: readonly (number | null)[]
}

function programOf(random: Random, next: () => number): Program {
  const parts = random.list(1, 3, (): readonly [Member, number | null] => {
    const id = random.int(1, USERS)
    const name = `name ${next()}`
    return random.pick<readonly [Member, number | null]>([
      [(of) => of.user.update({ where: { id }, data: { name } }), null],
      [(of) => of.user.updateMany({ where: { id }, data: { name } }), null],
      [(of) => of.user.create({ data: { email: 'user1@example.org', name } }), null],
      [(of) => of.user.update({ where: { id: 99 }, data: { name } }), null],
      [(of) => of.tag.findMany({ where: { name: { startsWith: 'tag 1' } } }), 4],
      [(of) => of.tag.findMany({ unbounded: 'all' } as object), TAGS],
      [(of) => of.tag.findMany({ take: 2 }), 2],
      [(of) => of.$queryRawUnsafe('SELECT 1'), 1],
    ])
  })
  return { members: parts.map(([member]) => member), rows: parts.map(([, rows]) => rows) }
}

/** Every way to a transaction, row-level security's included, which makes one of each call. */
function waysOf(prisma: Client, base: Client, secured: Client) {
  return {
    array: (program: Program) =>
      prisma.$transaction(program.members.map((member) => member(prisma)) as never) as Promise<unknown[]>,
    base: (program: Program) =>
      base.$transaction(program.members.map((member) => member(withoutOwn(base))) as never) as Promise<
        unknown[]
      >,
    interactive: (program: Program) =>
      prisma.$transaction(async (tx) => {
        const answers: unknown[] = []
        for (const member of program.members) answers.push(await member(tx))
        return answers
      }),
    secured: async (program: Program) => {
      const answers: unknown[] = []
      for (const member of program.members) answers.push(await member(secured))
      return answers
    },
  }
}

/** The base client knows no argument of the suite. */
function withoutOwn(base: Client): Client {
  const own = (name: string) => name === 'unbounded'
  const tag = {
    findMany: (args: object) =>
      base.tag.findMany(Object.fromEntries(Object.entries(args).filter(([name]) => !own(name))) as object),
  }
  return { ...pick(base), tag } as unknown as Client
}

const pick = (client: Client) => ({
  user: client.user,
  $queryRawUnsafe: (sql: string) => client.$queryRawUnsafe(sql),
})

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('transactions at once on %s', (provider) => {
  test('KC2 KC4 KC5 P1 C15 whatever else begins in the same tick, a transaction has its own end and its own limits', async () => {
    const database = await createDatabase(provider)
    try {
      const open = () => database.createClient({ adapter: database.adapter({ connections: 6 }) })
      const [plain, base] = [open(), open()]
      const options = brisk({
        pagination: { limits: 'guard', maxLimit: 5 },
        slowQuery: { sinks: [] },
        resilience: { timeout: false },
      })
      const prisma = base.$extends(options) as unknown as Client
      const secured = base
        .$extends({
          query: {
            $allModels: {
              $allOperations: async ({ args, query }) =>
                (await base.$transaction([base.$queryRawUnsafe('SELECT 2'), query(args)] as never))[1],
            },
          },
        })
        .$extends(options) as unknown as Client
      const ways = waysOf(prisma, base, secured)
      const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
      await plain.user.createMany({
        data: numbers(USERS).map((id) => ({ id, email: `user${id}@example.org`, name: 'new' })),
      })
      await plain.tag.createMany({ data: numbers(TAGS).map((id) => ({ id, name: `tag ${id}` })) })
      const cached = (id: number) =>
        prisma.user.findUnique({ where: { id }, cacheStrategy: { ttl: 300 } } as never)
      let value = 0
      await forSeeds(
        60,
        async (random) => {
          for (const id of numbers(USERS)) await cached(id)
          const programs = random.list(2, 4, () => programOf(random, () => value++))
          const names = programs.map(() =>
            random.pick(['array', 'array', 'base', 'interactive', 'secured'] as const),
          )
          const done = await Promise.allSettled(
            programs.map((program, index) => ways[names[index] as (typeof names)[number]](program)),
          )
          for (const [index, outcome] of done.entries()) {
            if (outcome.status === 'rejected') {
              // What was meant to fail, or two that wanted the same rows.
              expect((outcome.reason as { code?: string }).code).toMatch(/^P20(02|25|28|34)$|^P1008$/)
              continue
            }
            const { rows } = programs[index] as Program
            const found = outcome.value.map((answer) => (Array.isArray(answer) ? answer.length : null))
            expect({ way: names[index], found }).toEqual({ way: names[index], found: rows })
          }
          for (const id of numbers(USERS))
            expect({ names, user: await cached(id) }).toEqual({
              names,
              user: await plain.user.findUnique({ where: { id } }),
            })
        },
        BUDGET,
      )
    } finally {
      await database.drop()
    }
  }, 7_200_000)
})
