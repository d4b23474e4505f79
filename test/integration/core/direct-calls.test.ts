import { inspect } from 'node:util'
import { jest } from '@jest/globals'
import type { Call } from '@prisma-brisk/core'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { Prisma } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { hooked } from '../../support/hooked-client.ts'
import { mountProbe } from './support/probe.ts'

// Calls on the client itself enter the pipeline without Prisma's hook. Nobody is to notice.

const NAMES = ['ada', 'bob', 'cyd']
let database: TestDatabase<PrismaClient>
let plain: PrismaClient
beforeAll(async () => {
  database = await createDatabase('postgresql')
  plain = database.createClient()
  for (const name of NAMES)
    await plain.user.create({
      data: { name, email: `${name}@example.org`, conversations: { create: { title: `${name}'s` } } },
    })
})
afterAll(() => database.drop())

/** A client whose pipeline passes on, with what it was passed, and how many calls went through Prisma's request. */
function probed(base: PrismaClient = database.createClient()) {
  const calls: Call[] = []
  let requests = 0
  const prisma = mountProbe(base, () => (call, next) => {
    calls.push(call)
    return next(call)
  })
  const client = prisma as unknown as { _request(params: unknown): unknown }
  const request = client._request
  client._request = function counted(params) {
    requests++
    return request.call(this, params)
  }
  return { prisma, calls, requests: () => requests }
}

type Ask = (client: PrismaClient) => Promise<unknown>

const READS: Record<string, Ask> = {
  findUnique: (client) => client.user.findUnique({ where: { email: 'ada@example.org' } }),
  findUniqueOrThrow: (client) => client.user.findUniqueOrThrow({ where: { id: 2 } }),
  findFirst: (client) => client.user.findFirst({ orderBy: { id: 'desc' }, include: { conversations: true } }),
  findFirstOrThrow: (client) => client.user.findFirstOrThrow({ where: { createdAt: { lt: new Date() } } }),
  findMany: (client) => client.user.findMany(),
  count: (client) => client.user.count(),
  'count of a selection': (client) => client.user.count({ select: { _all: true, name: true } }),
  aggregate: (client) => client.user.aggregate({ _count: true, _max: { id: true } }),
  groupBy: (client) => client.user.groupBy({ by: 'role', _count: true }),
}

test.each(Object.entries(READS))('%s answers as without us, past Prisma’s hook', async (_, ask) => {
  const { prisma, calls, requests } = probed()
  expect(await ask(prisma)).toEqual(await ask(plain))
  expect(calls).toHaveLength(1)
  expect(requests()).toBe(0)
})

test('writes do what they do without us, past Prisma’s hook', async () => {
  const { prisma, calls, requests } = probed()
  const write = async ({ user }: PrismaClient) => {
    const { id } = await user.create({ data: { name: 'dot', email: 'dot@example.org' } })
    const results: unknown[] = [
      await user.createMany({ data: [{ name: 'eve', email: 'eve@example.org' }] }),
      await user.createManyAndReturn({
        data: [{ name: 'eve', email: 'eva@example.org' }],
        select: { name: true },
      }),
      await user.update({ where: { id }, data: { name: 'dora' }, select: { name: true } }),
      await user.updateMany({ where: { name: 'eve' }, data: { name: 'eva' } }),
      await user.updateManyAndReturn({
        where: { name: 'eva' },
        data: { role: 'TUTOR' },
        select: { role: true },
      }),
      await user.upsert({
        where: { email: 'dot@example.org' },
        create: { name: 'x', email: 'x@example.org' },
        update: { name: 'dot' },
        select: { name: true },
      }),
      await user.delete({ where: { id }, select: { email: true } }),
      await user.deleteMany({ where: { name: 'eva' } }),
    ]
    return results
  }
  expect(await write(prisma)).toEqual(await write(plain))
  expect(calls).toHaveLength(9)
  expect(requests()).toBe(0)
})

test('a call begins when it is awaited, once, with the arguments of that moment', async () => {
  const { prisma, calls } = probed()
  const where = { id: 1 }
  const call = prisma.user.findUnique({ where })
  await new Promise((resolve) => setImmediate(resolve))
  expect(calls).toEqual([])
  where.id = 2
  const answer = Promise.all([call, call.then((user) => user?.name), call.catch(() => null), call.finally()])
  where.id = 3
  const [user, name] = await answer
  expect([user?.id, name]).toEqual([2, 'bob'])
  expect(calls.map(({ args }) => args)).toEqual([{ where: { id: 2 } }])
})

describe('what a method answers', () => {
  const promises: ((client: PrismaClient) => Promise<unknown>)[] = [
    ({ user }) => user.findUnique({ where: { id: 1 } }),
    ({ user }) => user.update({ where: { id: 0 }, data: {} }),
    ({ user }) => user.findFirst(),
    ({ user }) => user.findMany(),
    ({ user }) => user.count(),
  ]

  test.each(promises)('looks as Prisma’s where an await was forgotten: %s', async (make) => {
    const [ours, theirs] = [make(probed().prisma), make(plain)]
    for (const look of [JSON.stringify, Object.keys, String, inspect] as ((promise: object) => unknown)[])
      expect(look(ours)).toEqual(look(theirs))
    for (const name of ['then', 'spec', 'tutor', 'toString', 'answer', Symbol.toStringTag])
      expect([name, name in ours]).toEqual([name, name in theirs])
    expect((ours as unknown as { spec: unknown }).spec).toEqual((theirs as unknown as { spec: unknown }).spec)
    const refusal = (client: PrismaClient) =>
      client.user.findMany({ where: { id: make(client) as never } }).catch(({ message }: Error) => message)
    expect(await refusal(probed().prisma)).toBe(await refusal(plain))
  })

  test('shows nothing of the client', () => {
    const { prisma } = probed()
    for (const make of promises) expect(inspect(make(prisma), { depth: 20 })).not.toMatch(/adapter|postgres/)
  })

  test('has members that work alone, and copies that work', async () => {
    const { then } = probed().prisma.user.count()
    // eslint-disable-next-line unicorn/no-thenable
    expect(await new Promise((resolve) => then(resolve))).toBe(3)
    const copy: unknown = Object.assign({}, probed().prisma.user.findFirst({ select: { name: true } }))
    expect(await copy).toEqual({ name: 'ada' })
    const { prisma } = probed()
    expect(await prisma.$transaction([Object.assign({}, prisma.user.count())])).toEqual([3])
  })

  test('can be marked, as React does', async () => {
    for (const make of promises.slice(2)) {
      const promise = Object.assign(make(probed().prisma), { status: 'pending' })
      promise.status = 'fulfilled'
      expect(Object.keys(promise)).toContain('status')
      expect([promise.status, await promise]).toEqual(['fulfilled', await make(plain)])
    }
  })

  test('has relations of any name', () => {
    const renamed = (config: {
      runtimeDataModel: { models: Record<string, { fields: { name: string }[] }> }
    }) => {
      const model = structuredClone(config.runtimeDataModel)
      model.models['User']!.fields.find(({ name }) => name === 'profile')!.name = 'answer'
      model.models['User']!.fields.find(({ name }) => name === 'tutor')!.name = 'method'
      return { ...config, runtimeDataModel: model }
    }
    const { prisma } = probed(database.createClient({ __internal: { configOverride: renamed } }))
    const row = prisma.user.findUnique({ where: { id: 1 } }) as unknown as Record<string, unknown>
    expect([typeof row['answer'], typeof row['method']]).toEqual(['function', 'function'])
  })
})

test('what is sent at once is sent in the order of the calls, whichever way each of them goes', async () => {
  const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 1 }) })
  for (const base of [client, client.$extends({}) as unknown as PrismaClient]) {
    const { prisma } = probed(base)
    log.clear()
    const answers = await Promise.all([
      prisma.$executeRaw`UPDATE "User" SET "tutorId" = 1 WHERE id = 2`,
      prisma.user.count({ where: { tutorId: 1 } }),
      prisma.user.updateMany({ where: { balance: { gte: new Prisma.Decimal(0) } }, data: { tutorId: 3 } }),
      prisma.user.count({ where: { tutorId: 1 } }),
      prisma.$executeRaw`UPDATE "User" SET "tutorId" = NULL`,
      prisma.user.count({ where: { tutorId: null } }),
    ])
    expect(answers).toEqual([1, 1, { count: 3 }, 0, 3, 3])
  }
})

test('what hangs on a promise is Prisma’s: relations, and its place in an array transaction', async () => {
  const { prisma, calls } = probed()
  const ask = (client: PrismaClient) => [
    client.user.findUnique({ where: { id: 1 } }).conversations({ select: { title: true } }),
    client.conversation.findFirst({ where: { title: "bob's" } }).user({ select: { name: true } }),
    client.conversation
      .findUnique({ where: { id: 'none' } })
      .user()
      .conversations(),
    client.user
      .update({ where: { id: 2 }, data: { role: 'STUDENT' } })
      .conversations({ select: { id: true } }),
  ]
  expect(await Promise.all(ask(prisma))).toEqual(await Promise.all(ask(plain)))
  calls.length = 0
  const [user, count] = await prisma.$transaction([
    prisma.user.findUniqueOrThrow({ where: { id: 3 } }),
    prisma.user.count(),
  ])
  expect([user.name, count]).toEqual(['cyd', 3])
  expect(calls.map(({ transaction }) => transaction.kind)).toEqual(['array', 'array'])
  expect(new Set(calls.map(({ transaction }) => transaction.id)).size).toBe(1)
})

test('errors are the same, and name the line of the call', async () => {
  const { prisma, requests } = probed()
  const failing: Record<string, Ask> = {
    validation: (client) => client.user.findMany({ where: { nobody: 1 } } as never),
    missing: (client) => client.user.findUniqueOrThrow({ where: { id: 0 } }),
    'unique constraint': async (client) =>
      client.user.create({ data: { name: 'ada', email: 'ada@example.org' } }),
    aggregate: (client) => client.user.count({ where: { nobody: 1 } } as never),
  }
  const failureOf = async (client: PrismaClient, ask: Ask) => {
    const error = (await ask(client).catch((reason: unknown) => reason)) as Error & Record<string, unknown>
    const { name, message, code, meta, clientVersion } = error
    return {
      name,
      message,
      code,
      meta,
      clientVersion,
      known: error instanceof Prisma.PrismaClientKnownRequestError,
    }
  }
  for (const ask of Object.values(failing)) {
    const failure = await failureOf(prisma, ask)
    expect(failure.message).toContain('direct-calls.test.ts:')
    expect(failure).toEqual(await failureOf(plain, ask))
  }
  expect(requests()).toBe(0)
})

class Filter {
  constructor(readonly name: string) {}
}

test('uncommon arguments are left to Prisma, and become what it makes of them for a hook', async () => {
  const { prisma, calls, requests } = probed()
  const cyclic: Record<string, unknown> = {}
  cyclic['AND'] = cyclic
  const uncommon: Ask[] = [
    (client) => client.user.findMany({ where: { balance: { gte: new Prisma.Decimal(0) } } }),
    (client) => client.user.findMany({ where: { balance: { s: 1, e: 0, d: [0], toFixed: () => '0' } } }),
    (client) => client.user.findMany({ where: { name: { equals: client.user.fields.email } } }),
    (client) => client.conversation.findMany({ where: { metadata: { equals: Prisma.DbNull } } } as never),
    (client) => client.user.findMany({ where: new Filter('ada') }),
    (client) => client.user.findMany(JSON.parse('{"where":{"__proto__":{"id":1}}}') as object),
    (client) => client.user.findMany({ where: cyclic }),
    (client) => client.user.findMany(5 as never),
    (client) => client.user.findMany([{ take: 1 }] as never),
    (client) => client.user.findMany(null as never),
  ]
  const outcome = (client: PrismaClient, ask: Ask) =>
    ask(client).catch((error: Error) => `${error.name}: ${error.message.slice(0, 60)}`)
  for (const ask of uncommon) expect(await outcome(prisma, ask)).toEqual(await outcome(hooked(plain), ask))
  expect(requests()).toBe(uncommon.length - 1)
  // those that contain themselves reach nobody
  expect(calls).toHaveLength(uncommon.length - 1)
})

test('`count` takes what Prisma’s takes', async () => {
  const { prisma } = probed()
  const outcome = (client: PrismaClient, args: never) =>
    client.user.count(args).catch(({ message }: Error) => message)
  for (const args of [{ _count: true }, { select: null }, { select: true }, { select: {} }, 5] as never[])
    expect(await outcome(prisma, args)).toEqual(await outcome(plain, args))
  for (const client of [prisma, plain])
    expect(() => client.user.count(null as never)).toThrow(/reading 'select'/)
})

test('the client looks as it did', async () => {
  const before = database.createClient().$extends({}) as unknown as PrismaClient
  const { prisma } = probed()
  expect(Object.keys(prisma)).toEqual(expect.arrayContaining(Object.keys(before)))
  expect(Object.keys(prisma.user)).toEqual(Object.keys(before.user))
  expect(new Set(Reflect.ownKeys(prisma.user))).toEqual(new Set(Reflect.ownKeys(before.user)))
  expect(prisma.user).toBe(prisma.user)
  expect(prisma.user.fields.name.name).toBe('name')
  expect((prisma.user as unknown as { $name: string }).$name).toBe('User')
  const mock = { count: () => Promise.resolve(7) }
  const client = prisma as { user: unknown }
  client.user = mock
  expect(await prisma.user.count()).toBe(7)
  const spied = jest.spyOn(prisma.conversation, 'count').mockResolvedValue(8)
  expect(await prisma.conversation.count()).toBe(8)
  spied.mockRestore()
  expect(await prisma.conversation.count()).toBe(await plain.conversation.count())
})

describe('other extensions', () => {
  const asks: Ask[] = [READS['findUnique']!, READS['findMany']!, READS['count']!, READS['groupBy']!]
  const expected = ['findUnique', 'findMany', 'count', 'groupBy']

  test('a hook before ours sees every call, and so does one behind it', async () => {
    for (const isBefore of [true, false]) {
      const seen: string[] = []
      const noting = (client: PrismaClient) =>
        client.$extends({
          query: {
            $allModels: {
              $allOperations: ({ operation, args, query }) => {
                seen.push(operation)
                return query(args)
              },
            },
          },
        }) as unknown as PrismaClient
      const { prisma, calls } = probed(isBefore ? noting(database.createClient()) : undefined)
      const client = isBefore ? prisma : noting(prisma)
      for (const ask of asks) expect(await ask(client)).toEqual(await ask(plain))
      expect(seen).toEqual(expected)
      expect(calls.map(({ operation }) => operation)).toEqual(expected)
    }
  })

  test('a hook for one operation leaves the others direct', async () => {
    const seen: string[] = []
    const base = database.createClient().$extends({
      query: { user: { count: ({ args, query }) => (seen.push('count'), query(args)) } },
    }) as unknown as PrismaClient
    const { prisma, requests } = probed(base)
    for (const ask of asks) expect(await ask(prisma)).toEqual(await ask(plain))
    expect([seen, requests()]).toEqual([['count'], 1])
  })

  test('computed fields are there, whichever comes first', async () => {
    const computed = (client: PrismaClient) =>
      client.$extends({
        result: { user: { loud: { needs: { name: true }, compute: ({ name }) => name.toUpperCase() } } },
      }) as unknown as PrismaClient
    const ask = async (client: PrismaClient) => {
      const rows = await client.conversation.findMany({
        orderBy: { title: 'asc' },
        select: { user: { select: { loud: true } as never } },
      })
      return rows.map(({ user }) => (user as { loud?: string }).loud)
    }
    // What the pipeline gets, and a cache would keep, is what the database gave: fields are computed for each caller.
    const inPipeline: unknown[] = []
    const mounted = (client: PrismaClient) =>
      mountProbe(client, () => async (call, next) => {
        const rows = (await next(call)) as { user: object }[]
        inPipeline.push(...rows.map(({ user }) => ({ ...user })))
        return rows
      })
    for (const client of [
      mounted(computed(database.createClient())),
      computed(mounted(database.createClient())),
    ])
      expect(await ask(client)).toEqual(['ADA', 'BOB', 'CYD'])
    expect(inPipeline).toEqual([...NAMES, ...NAMES].map((name) => ({ name })))
  })

  test('what others put in place of a model is theirs', async () => {
    for (const name of ['user', 'User']) {
      const base = database.createClient().$extends({
        client: { [name]: { count: () => 'theirs' } },
      }) as unknown as PrismaClient
      const { prisma } = probed(base)
      const delegates = prisma as unknown as Record<string, PrismaClient['user']>
      expect(await delegates[name]!.count()).toBe('theirs')
      expect(await delegates[name === 'user' ? 'User' : 'user']!.count()).toBe(3)
    }
  })

  test('methods that others put in place of Prisma’s are theirs, and their own reach the pipeline', async () => {
    const base = database.createClient().$extends({
      model: {
        user: {
          findMany: () => Promise.resolve('theirs'),
          async names(this: unknown) {
            const user = this as PrismaClient['user']
            return [(await user.findUnique({ where: { id: 1 } }))?.name]
          },
        },
      },
    }) as unknown as PrismaClient
    const { prisma, calls, requests } = probed(base)
    expect(await prisma.user.findMany()).toBe('theirs')
    expect(await (prisma.user as unknown as { names(): Promise<unknown> }).names()).toEqual(['ada'])
    expect([calls.length, requests()]).toEqual([1, 0])
  })

  test('calls of interactive transactions stay in them', async () => {
    const { prisma, calls, requests } = probed()
    await prisma
      .$transaction(async (tx) => {
        await tx.user.update({ where: { id: 1 }, data: { name: 'Ada' } })
        expect((await tx.user.findUnique({ where: { id: 1 } }))?.name).toBe('Ada')
        expect((await prisma.user.findUnique({ where: { id: 1 } }))?.name).toBe('ada')
        throw new Error('back')
      })
      .catch(() => undefined)
    expect(calls.map(({ transaction }) => transaction.kind)).toEqual(['interactive', 'interactive', 'none'])
    expect(requests()).toBe(2)
  })
})

test('while spans are recorded, each call has Prisma’s own', async () => {
  // Answered by the pipeline: of what is sent, the client that was extended would make a span in any case.
  const prisma = mountProbe(database.createClient(), () => () => Promise.resolve(7))
  const spans: string[] = []
  const world = globalThis as { PRISMA_INSTRUMENTATION?: unknown }
  const helper = {
    isEnabled: () => true,
    getTraceParent: () => '00-10-10-00',
    dispatchEngineSpans: () => undefined,
    getActiveContext: () => undefined,
    runInChildSpan(span: string | { name: string }, run: () => unknown) {
      spans.push(typeof span === 'string' ? span : span.name)
      return run()
    },
  }
  world.PRISMA_INSTRUMENTATION = { helper }
  try {
    expect(await prisma.user.count()).toBe(7)
  } finally {
    delete world.PRISMA_INSTRUMENTATION
  }
  expect(spans).toEqual(['operation'])
})
