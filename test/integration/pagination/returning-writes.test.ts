import { pagination, type PaginationOptions } from '@prisma-brisk/pagination'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { generateClient } from '../../support/generated-client.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/**
 * Lists that a write returns: a write is never refused once it is committed. Either a list that is too long is found at the
 * driver, inside the write's transaction, or the write is refused before anything is sent.
 */

const { jest } = import.meta
jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )

type Model = Record<string, (args: object) => Promise<unknown>>
type Client = Record<'user' | 'message', Model>

/** Writes that return lists, by what the lists are asked for with; each changes something that `state` shows. */
const writes = (
  provider: Provider,
): Record<string, (client: unknown, list: object | true) => Promise<unknown>> => {
  const model = (client: unknown, name: 'user' | 'message', operation: string) =>
    (client as Client)[name][operation] as (args: object) => Promise<unknown>
  const messages = { connect: [1, 2, 3, 4, 5, 6].map((id) => ({ id })) }
  const include = (students: object | true) => ({ author: { include: { students } } })
  const data = { id: 50, conversationId: 'c', authorId: 1, role: 'USER', body: 'new' }
  return {
    create: (client, list) =>
      model(
        client,
        'user',
        'create',
      )({ data: { id: 50, email: 'new', name: 'new', messages }, include: { messages: list } }),
    'create, selecting': (client, list) =>
      model(
        client,
        'user',
        'create',
      )({ data: { id: 50, email: 'new', name: 'new', messages }, select: { messages: list } }),
    update: (client, list) =>
      model(
        client,
        'user',
        'update',
      )({ where: { id: 1 }, data: { name: 'new' }, include: { students: list } }),
    'update, two deep': (client, list) =>
      model(
        client,
        'user',
        'update',
      )({
        where: { id: 2 },
        data: { name: 'new' },
        include: { tutor: { include: { students: list } } },
      }),
    'upsert that updates': (client, list) =>
      model(
        client,
        'user',
        'upsert',
      )({
        where: { id: 1 },
        create: { email: 'new', name: 'new' },
        update: { name: 'new' },
        include: { students: list },
      }),
    'upsert that creates': (client, list) =>
      model(
        client,
        'user',
        'upsert',
      )({
        where: { id: 99 },
        create: { id: 50, email: 'new', name: 'new', messages },
        update: {},
        include: { messages: list },
      }),
    delete: (client, list) =>
      model(client, 'message', 'delete')({ where: { id: 6 }, include: include(list) }),
    ...(provider === 'mysql'
      ? {}
      : {
          createManyAndReturn: (client, list) =>
            model(client, 'message', 'createManyAndReturn')({ data: [data], include: include(list) }),
          updateManyAndReturn: (client, list) =>
            model(
              client,
              'message',
              'updateManyAndReturn',
            )({
              where: { id: 1 },
              data: { body: 'new' },
              include: include(list),
            }),
        }),
  } satisfies Record<string, (client: unknown, list: object | true) => Promise<unknown>>
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient
  const names = Object.keys(writes(provider))

  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient({ adapter: database.adapter({ connections: 2 }) })
  })
  beforeEach(async () => {
    await plain.message.deleteMany()
    await plain.conversation.deleteMany()
    await plain.user.deleteMany()
    const ids = [1, 2, 3, 4, 5, 6]
    await plain.user.createMany({
      data: ids.map((id) => ({ id, email: `u${id}`, name: 'old', tutorId: id === 1 ? null : 1 })),
    })
    await plain.conversation.create({ data: { id: 'c', title: 'c', userId: 1 } })
    await plain.message.createMany({
      data: ids.map((id) => ({ id, conversationId: 'c', authorId: 1, role: 'USER' as const, body: 'old' })),
    })
  })
  afterAll(() => database.drop())

  const state = async () => [
    await plain.user.findMany({ orderBy: { id: 'asc' } }),
    await plain.message.findMany({ orderBy: { id: 'asc' } }),
  ]

  const clients: PrismaClient[] = []
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.$disconnect()))
  })

  function recorded() {
    const made = database.createRecordedClient({ adapter: database.adapter({ connections: 1 }) })
    clients.push(made.client)
    return made
  }

  /** A client that had connected before it was extended. */
  async function late(options: PaginationOptions) {
    const { client, log } = recorded()
    await client.$connect()
    return { client: client.$extends(pagination(options)) as unknown as PrismaClient, log }
  }

  async function expectRefused(
    client: PrismaClient,
    log: { readonly statements: unknown[]; readonly transactions: unknown[] },
    run: () => Promise<unknown>,
  ) {
    const before = await state()
    expect([await outcome(run()), log.statements, log.transactions]).toEqual(['E_UNBOUNDED_READ', [], []])
    expect(await state()).toEqual(before)
  }

  test.each(names)('KP15 %s: refused before it is sent where its driver is not observed', async (name) => {
    const write = writes(provider)[name]!
    const { client, log } = await late({ maxLimit: 3 })
    await expectRefused(client, log, () => write(client, true))
    await expectRefused(client, log, () => write(client, { where: { id: { gt: 0 } } }))
    await expectRefused(client, log, () => client.$transaction([write(client, true) as never]))
    const before = await state()
    expect(await outcome(client.$transaction((tx) => write(tx, true)))).toBe('E_UNBOUNDED_READ')
    expect(await state()).toEqual(before)
    // What the arguments bound needs nobody who counts.
    expect(await outcome(write(client, { take: 3 }))).toBe('answered')
  })

  test.each(names)('KP15 %s: a default limit cuts, observed or not', async (name) => {
    const write = writes(provider)[name]!
    const { client } = await late({ defaultLimit: 2, maxLimit: 3 })
    const answer = JSON.stringify(await write(client, true))
    const [list] = /"(students|messages)":\[.*?\]/.exec(answer) ?? ['']
    expect(list.split('{').length - 1).toBe(2)
  })

  test.each(names)('KP15 %s: rolled back, or answered whole, where it is observed', async (name) => {
    const write = writes(provider)[name]!
    const { client } = recorded()
    const prisma = client.$extends(pagination({ maxLimit: 3 })) as unknown as PrismaClient
    const before = await state()
    expect(await outcome(write(prisma, true))).toBe('E_UNBOUNDED_READ')
    // Passed over are fewer rows than the list may have, and more than it may have are left.
    expect(await outcome(write(prisma, { skip: 1, orderBy: { id: 'asc' } }))).toBe('E_UNBOUNDED_READ')
    expect(await outcome(client.$transaction([write(prisma, true) as never]))).toBe('E_UNBOUNDED_READ')
    expect(await state()).toEqual(before)
    expect(await outcome(write(prisma, { skip: 4 }))).toBe('answered')
    expect(await state()).not.toEqual(before)
  })

  test('KP15 KB17 of two clients on one adapter, each is known by its own statements', async () => {
    const { log } = recorded()
    const { adapter } = log
    const early = database.createClient({ adapter })
    const base = database.createClient({ adapter })
    const third = database.createClient({ adapter })
    clients.push(early, base, third)
    await early.$connect()
    const other = base.$extends(pagination({ maxLimit: 3 }))
    await other.user.count()
    log.clear()
    const write = writes(provider)['update']!
    const client = early.$extends(pagination({ maxLimit: 3 })) as unknown as PrismaClient
    const before = await state()
    expect(await outcome(client.$transaction([write(client, true) as never]))).toBe('E_UNBOUNDED_READ')
    expect(await outcome(write(client, true))).toBe('E_UNBOUNDED_READ')
    expect(await state()).toEqual(before)
    expect(log.sql().filter((sql) => sql !== 'SELECT 1')).toEqual([])
    const seen = third.$extends(pagination({ maxLimit: 5 })) as unknown as PrismaClient
    expect(await outcome(write(seen, true))).toBe('answered')
  })

  test('KP15 lists with distinct are counted for each of several parents', async () => {
    await plain.message.create({
      data: { id: 7, conversationId: 'c', authorId: 1, role: 'ASSISTANT', body: 'old' },
    })
    await plain.conversation.create({ data: { id: 'd', title: 'd', userId: 1 } })
    await plain.message.createMany({
      data: (['USER', 'ASSISTANT'] as const).map((role, index) => ({
        id: 20 + index,
        conversationId: 'd',
        role,
        body: 'old',
      })),
    })
    const include = { conversations: { take: 2, include: { messages: { distinct: ['role' as const] } } } }
    const { client } = recorded()
    for (const [maxLimit, expected] of [
      [2, 'answered'],
      [1, 'E_UNBOUNDED_READ'],
    ] as const) {
      const prisma = client.$extends(pagination({ maxLimit: 2, models: { Message: { maxLimit } } }))
      const name = `distinct ${maxLimit}`
      expect(await outcome(prisma.user.update({ where: { id: 1 }, data: { name }, include }))).toBe(expected)
      const isWritten = (await plain.user.findUnique({ where: { id: 1 } }))?.name === name
      expect(isWritten).toBe(expected === 'answered')
    }
  })
})

test('KP15 with relationJoins, a list that is too long is found before the write is committed', async () => {
  const models = [
    'model Author {',
    '  id Int @id',
    '  name String',
    '  books Book[]',
    '}',
    'model Book {',
    '  id Int @id',
    '  authorId Int',
    '  author Author @relation(fields: [authorId], references: [id])',
    '}',
  ].join('\n')
  const database = await createDatabase('postgresql')
  const { module, remove } = await generateClient(models, 'postgresql', ['relationJoins'])
  try {
    const admin = database.createClient()
    for (const sql of [
      'CREATE TABLE "Author" (id int primary key, name text not null)',
      'CREATE TABLE "Book" (id int primary key, "authorId" int not null references "Author")',
      `INSERT INTO "Author" VALUES (1, 'old')`,
      'INSERT INTO "Book" SELECT i, 1 FROM generate_series(1, 6) i',
    ])
      await admin.$executeRawUnsafe(sql)
    const { PrismaClient: Client } = module as { PrismaClient: new (options: object) => PrismaClient }
    const base = new Client({ adapter: database.adapter({ connections: 2 }) })
    const { author } = base.$extends(pagination({ maxLimit: 3 })) as unknown as { author: Model }
    for (const relationLoadStrategy of [undefined, 'join', 'query'])
      for (const operation of ['update', 'upsert'] as const) {
        const args = {
          where: { id: 1 },
          ...(operation === 'update'
            ? { data: { name: 'new' } }
            : { update: { name: 'new' }, create: { id: 1, name: 'new' } }),
          include: { books: true },
          ...(relationLoadStrategy === undefined ? {} : { relationLoadStrategy }),
        }
        expect(await outcome(author[operation]!(args))).toBe('E_UNBOUNDED_READ')
        expect(await admin.$queryRawUnsafe('SELECT name FROM "Author"')).toEqual([{ name: 'old' }])
      }
    await base.$disconnect()
  } finally {
    remove()
    await database.drop()
  }
})
