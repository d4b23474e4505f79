import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../support/databases.ts'
import { forSeeds, type Random } from '../support/random.ts'
import { everything } from './support/everything.ts'

/**
 * Random chains of other people's extensions, those included that send the call, or another in its place, through the
 * client they extend or a transaction of it; the suite somewhere in the chain, with everything on and every model cached;
 * random programs of reads, writes and transactions, with failures that are caught. The same chain without the suite is
 * the truth.
 */

type Extend = (client: PrismaClient) => unknown
type Operations = Record<string, (args: unknown) => Promise<unknown>>
const modelOf = (client: unknown, model: string): Operations =>
  (client as Record<string, Operations>)[model.charAt(0).toLowerCase() + model.slice(1)] as Operations

/** What goes through the client would wait for the transaction, which waits for it. */
const isInTransaction = (rest: object): boolean =>
  (rest as { __internalParams?: { transaction?: unknown } }).__internalParams?.transaction !== undefined

const EXTENSIONS: Record<string, Extend> = {
  'soft delete': (client) =>
    client.$extends({
      query: {
        user: {
          delete: async ({ args, query, ...rest }) =>
            isInTransaction(rest)
              ? query(args)
              : ((await client.user.update({ ...args, data: { deletedAt: new Date(0) } })) as never),
          deleteMany: async ({ args, query, ...rest }) =>
            isInTransaction(rest)
              ? query(args)
              : ((await client.user.updateMany({
                  where: args.where ?? {},
                  data: { deletedAt: new Date(0) },
                })) as never),
          findMany: ({ args, query }) => query({ ...args, where: { deletedAt: null, ...args.where } }),
          findUnique: async ({ args, query, ...rest }) =>
            isInTransaction(rest)
              ? query(args)
              : ((await client.user.findFirst({
                  ...args,
                  where: { deletedAt: null, ...args.where },
                })) as never),
          count: ({ args, query }) =>
            query({ ...args, where: { deletedAt: null, ...args.where } } as typeof args),
        },
      },
    }),
  'a transaction for each call': (client) =>
    client.$extends({
      query: {
        $allModels: {
          $allOperations: async ({ model, operation, args, query, ...rest }) => {
            if (isInTransaction(rest)) return query(args)
            return (await client.$transaction(async (tx) => {
              await tx.$queryRaw`SELECT 1`
              return modelOf(tx, model)[operation]?.(args)
            })) as never
          },
        },
      },
    }),
  'an array transaction for each call': (client) =>
    client.$extends({
      query: {
        $allModels: {
          $allOperations: async ({ args, query, ...rest }) => {
            if (isInTransaction(rest)) return query(args)
            return (await client.$transaction([client.$queryRaw`SELECT 1`, query(args)]))[1]
          },
        },
      },
    }),
  'through the client': (client) =>
    client.$extends({
      query: {
        $allModels: {
          $allOperations: async ({ model, operation, args, query, ...rest }) => {
            if (isInTransaction(rest)) return query(args)
            return await modelOf(client, model)[operation]?.(args)
          },
        },
      },
    }),
  'an audit beside writes': (client) =>
    client.$extends({
      query: {
        user: {
          update: async ({ args, query, ...rest }) => {
            const result = await query(args)
            if (isInTransaction(rest)) return result
            await client.tag.upsert({ where: { name: 'audit' }, update: {}, create: { name: 'audit' } })
            return result
          },
        },
      },
    }),
  'a counter before writes': (client) =>
    client.$extends({
      query: {
        tag: {
          create: async ({ args, query, ...rest }) => {
            if (isInTransaction(rest)) return query(args)
            await client.user.updateMany({ where: { id: 1 }, data: { balance: { increment: 1 } } })
            return query(args)
          },
        },
      },
    }),
  'a filter by arguments': (client) =>
    client.$extends({
      query: {
        conversation: {
          findMany: ({ args, query }) =>
            query({ ...args, where: { AND: [args.where ?? {}, { userId: { lt: 5 } }] } }),
        },
      },
    }),
  'a log': (client) =>
    client.$extends({
      query: {
        async $allOperations({ args, query }) {
          await Promise.resolve()
          return query(args)
        },
      },
    }),
  'a retry': (client) =>
    client.$extends({
      query: {
        $allModels: {
          $allOperations: async ({ operation, args, query }) => {
            if (!operation.startsWith('find')) return query(args)
            await query(args)
            return query(args)
          },
        },
      },
    }),
}

const RESENDERS = ['a transaction for each call', 'through the client']
const WRITERS = ['soft delete', 'an audit beside writes', 'a counter before writes']

const SUITES: readonly Extend[] = [
  (client) => client.$extends(brisk(everything)),
  // No list here is as long as that: limits that nothing reaches change nothing.
  (client) => client.$extends(brisk({ ...everything, pagination: { maxLimit: 100 } })),
]

interface Step {
  readonly name: string
  readonly run: (client: PrismaClient) => Promise<unknown>
}

const select = { id: true, name: true, balance: true, deletedAt: true, tutorId: true } as const

function randomRead(random: Random): Step {
  const id = random.int(1, 4)
  return random.pick<Step>([
    { name: `user ${id}`, run: (client) => client.user.findUnique({ where: { id }, select }) },
    {
      name: `user ${id} with tutor and students`,
      run: (client) =>
        client.user.findUnique({
          where: { id },
          select: { ...select, tutor: { select }, students: { select, orderBy: { id: 'asc' } } },
        }),
    },
    {
      name: `students of ${id}`,
      run: (client) => client.user.findMany({ where: { tutorId: id }, select, orderBy: { id: 'asc' } }),
    },
    {
      name: `users whose tutor is ${id}`,
      run: (client) => client.user.findMany({ where: { tutor: { id } }, select, orderBy: { id: 'asc' } }),
    },
    {
      name: `counts of students of ${id}`,
      run: (client) =>
        client.user.findFirst({
          where: { id },
          orderBy: { id: 'asc' },
          select: { id: true, _count: { select: { students: true, conversations: true } } },
        }),
    },
    { name: 'users', run: (client) => client.user.count() },
    {
      name: `conversations of ${id}`,
      run: (client) =>
        client.conversation.findMany({
          where: { userId: id },
          orderBy: { id: 'asc' },
          select: {
            id: true,
            title: true,
            user: { select: { name: true } },
            tags: { orderBy: { id: 'asc' } },
          },
        }),
    },
    { name: 'tags', run: (client) => client.tag.findMany({ orderBy: { id: 'asc' } }) },
    {
      name: `balances by tutor`,
      run: (client) =>
        client.user.groupBy({ by: ['tutorId'], _sum: { balance: true }, orderBy: { tutorId: 'asc' } }),
    },
    {
      name: `several users at once`,
      run: (client) =>
        Promise.all([1, 2, 3, id].map((one) => client.user.findUnique({ where: { id: one }, select }))),
    },
  ])
}

function randomWrite(random: Random): Step {
  const id = random.int(1, 4)
  const name = random.word(3)
  const tutorId = random.pick([1, 2, 3])
  return random.pick<Step>([
    {
      name: `name ${id} ${name}`,
      run: (client) => client.user.update({ where: { id }, data: { name }, select }),
    },
    { name: `delete ${id}`, run: (client) => client.user.delete({ where: { id }, select }) },
    { name: `delete many ${id}`, run: (client) => client.user.deleteMany({ where: { tutorId: id } }) },
    {
      name: `tutor of ${id}`,
      run: (client) => client.user.updateMany({ where: { id }, data: { tutorId } }),
    },
    {
      name: `rename the students of ${id}`,
      run: (client) =>
        client.user.update({
          where: { id },
          data: { students: { updateMany: { where: {}, data: { name } } } },
          select,
        }),
    },
    { name: `tag ${name}`, run: (client) => client.tag.create({ data: { name } }) },
    {
      name: `conversation c${id}`,
      run: (client) =>
        client.conversation.upsert({
          where: { id: `c${id}` },
          update: { title: name },
          create: {
            id: `c${id}`,
            title: name,
            userId: id,
            tags: { connectOrCreate: { where: { name }, create: { name } } },
          },
          select: { id: true, title: true },
        }),
    },
    {
      name: `a write that fails half way`,
      run: (client) =>
        client.user.update({
          where: { id },
          data: { name, students: { connect: { id: 1_000_000 } } },
          select,
        }),
    },
    {
      name: `new user ${name}`,
      run: (client) => client.user.create({ data: { name, email: `${name}@example.org` }, select }),
    },
  ])
}

function randomTransaction(random: Random): Step {
  const steps = random.list(1, 3, () => (random.chance(0.5) ? randomRead(random) : randomWrite(random)))
  const fails = random.chance(0.25)
  return {
    name: `transaction of ${steps.map(({ name }) => name).join(', ')}${fails ? ', that fails' : ''}`,
    run: (client) =>
      client.$transaction(async (tx) => {
        const results: unknown[] = []
        for (const step of steps) results.push(await outcomeOf(() => step.run(tx as PrismaClient)))
        if (fails) throw new Error('back')
        return results
      }),
  }
}

async function outcomeOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return plainOf(await run())
  } catch (error) {
    const { code, name } = error as { code?: string; name?: string }
    return { failed: code ?? name }
  }
}

const plainOf = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('chains of extensions on %s', (provider) => {
  const databases: TestDatabase<PrismaClient>[] = []
  beforeAll(async () => {
    for (let index = 0; index < 2; index++) databases.push(await createDatabase(provider))
  })
  afterAll(async () => {
    for (const database of databases) await database.drop()
  })

  async function openClient(database: TestDatabase<PrismaClient>): Promise<PrismaClient> {
    const client = database.createClient({ adapter: database.adapter({ connections: 4 }) })
    for (const model of ['message', 'conversation', 'tag', 'user'] as const)
      await (client[model] as never as { deleteMany(): Promise<unknown> }).deleteMany()
    await client.user.createMany({
      data: Array.from({ length: 6 }, (_, index) => ({
        id: index + 1,
        name: `u${index + 1}`,
        email: `u${index + 1}@example.org`,
        tutorId: null,
      })),
    })
    await client.user.updateMany({ where: { id: { gt: 2 } }, data: { tutorId: 1 } })
    return client
  }

  test('KC1 KC2 KC5 KC9 KR-C answer as they do without the suite, wherever it stands', async () => {
    await forSeeds(
      30,
      async (random) => {
        const others = random.sample(Object.keys(EXTENSIONS), random.int(0, 2))
        if (random.chance(0.5)) others.push(random.pick(RESENDERS))
        // One that writes past the call itself is there in any case.
        const names = random.shuffle([...new Set([random.pick(WRITERS), ...others])])
        // Last, as the README advises, more often than anywhere else.
        const place = random.chance(0.4) ? names.length : random.int(0, names.length)
        // The same few reads before and after each write: what is stale shows.
        const reads = random.list(3, 4, () => randomRead(random))
        const writes = random.list(3, 5, () =>
          random.chance(0.7) ? randomWrite(random) : randomTransaction(random),
        )
        const steps = [...reads, ...writes.flatMap((write) => [write, ...reads])]
        const truth = names.map((name) => EXTENSIONS[name] as Extend)
        const suite = random.pick(SUITES)
        const tried = [...truth.slice(0, place), suite, ...truth.slice(place)]
        const outcomes: unknown[][] = []
        for (const [index, chain] of [truth, tried].entries()) {
          const base = await openClient(databases[index] as TestDatabase<PrismaClient>)
          const client = chain.reduce<unknown>((extended, extend) => extend(extended as PrismaClient), base)
          const run: unknown[] = []
          for (const step of steps) {
            run.push([step.name, withoutIds(await outcomeOf(() => step.run(client as PrismaClient)))])
          }
          await base.$disconnect()
          outcomes.push(run)
        }
        expect({ names, place, run: outcomes[1] }).toEqual({ names, place, run: outcomes[0] })
      },
      { seconds: 8, atLeast: 4 },
    )
  })
})

/** Numbers that the database gives go on from run to run; of rows made in a run only that they are there counts. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === 'id' && typeof each === 'number' && each > 6 ? 'new' : withoutIds(each),
    ]),
  )
}
