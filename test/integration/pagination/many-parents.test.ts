import { pagination, type PaginationOptions } from '@prisma-brisk/pagination'
import { brisk } from 'prisma-brisk'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/**
 * Lists of more parents than one statement may bind, on the database that binds fewest (SQLite, 998): Prisma splits their keys
 * over several statements, and so it must with limits.
 */

const PARENTS = 1010

let database: TestDatabase<PrismaClient>
let plain: PrismaClient
beforeAll(async () => {
  database = await createDatabase('sqlite')
  plain = database.createClient()
  const ids = Array.from({ length: PARENTS }, (_, index) => index + 1)
  await plain.user.createMany({
    data: ids.map((id) => ({ id, email: `u${id}`, name: `n${id % 7}`, tutorId: id > 600 ? id - 600 : null })),
  })
  await plain.conversation.createMany({
    data: ids.map((id) => ({ id: `c${id}`, title: 't', userId: 1 + (id % 500) })),
  })
  await plain.message.createMany({
    data: ids.flatMap((id) =>
      [0, 1].map((index) => ({
        id: 2 * id + index,
        conversationId: `c${id}`,
        authorId: 1 + ((id * 7) % PARENTS),
        role: index === 0 ? ('USER' as const) : ('ASSISTANT' as const),
        body: `b${index}`,
      })),
    ),
  })
  // One author of many.
  await plain.message.createMany({
    data: [1, 2, 3, 4, 5, 6].map((id) => ({
      id: 9000 + id,
      conversationId: 'c1',
      authorId: 3,
      role: 'USER' as const,
      body: 'many',
    })),
  })
  await plain.tag.createMany({ data: [1, 2, 3].map((id) => ({ id, name: `t${id}` })) })
  await plain.$executeRawUnsafe(
    'INSERT INTO "_ConversationToTag" ("A", "B") SELECT c.id, t.id FROM "Conversation" c, "Tag" t',
  )
})
afterAll(() => database.drop())

interface Rows {
  findMany(args: object): Promise<Record<string, unknown>[]>
}
const read = (client: unknown, model: string, args: object) =>
  (client as Record<string, Rows>)[model]!.findMany(args)

/** Rows and the rows within them in the order of their ids: none was asked for. */
function byId(value: unknown): unknown {
  if (!Array.isArray(value)) {
    if (typeof value !== 'object' || value === null || value instanceof Date) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, byId(inner)]))
  }
  return (value.map(byId) as { id: unknown }[]).sort((a, b) => String(a.id).localeCompare(String(b.id)))
}

const shapes: Record<string, [model: string, args: object]> = {
  'a list': ['user', { include: { messages: true } }],
  'a list that is filtered': [
    'user',
    { include: { messages: { where: { role: 'USER', body: { contains: '0' } } } } },
  ],
  'a list selected': ['user', { select: { id: true, messages: { select: { id: true } } } }],
  'a list with counts': [
    'user',
    { include: { messages: { include: { _count: { select: { replies: true } } } } } },
  ],
  'two lists': ['user', { include: { messages: true, conversations: true } }],
  'two deep': ['user', { include: { conversations: { include: { messages: true } } } }],
  'a list of its own model': ['user', { include: { students: true } }],
  'a list of its own model, and the row it belongs to': [
    'user',
    { include: { students: true, tutor: true } },
  ],
  'many to many': ['conversation', { include: { tags: true } }],
  distinct: ['user', { include: { messages: { distinct: ['role'] } } }],
  'under a filter': ['user', { where: { name: { not: 'nobody' } }, include: { messages: true } }],
}

const mounts: Record<string, (options: PaginationOptions) => PrismaClient> = {
  pagination: (options) => database.createClient().$extends(pagination(options)) as unknown as PrismaClient,
  'everything on': (options) =>
    database.createClient().$extends(brisk({ pagination: options })) as unknown as PrismaClient,
}

const few = ['a list', 'two deep', 'a list of its own model']

test.each([
  ...Object.entries(shapes).map(([shape, call]) => ['pagination', shape, ...call] as const),
  ...few.map((shape) => ['everything on', shape, ...(shapes[shape] as [string, object])] as const),
])('KF2 with %s it is what plain Prisma gives: %s', async (mount, _, model, args) => {
  const expected = byId(await read(plain, model, args))
  const client = mounts[mount]!({ maxLimit: 5000 })
  // The first read of a client, before it has connected, and a later one.
  expect(byId(await read(client, model, args))).toEqual(expected)
  expect(byId(await read(client, model, args))).toEqual(expected)
  expect(byId(await client.$transaction((tx) => read(tx, model, args)))).toEqual(expected)
})

test('KF2 a list that is too long is refused, one more is read of each, and a default limit cuts', async () => {
  const { client, log } = database.createRecordedClient()
  const nested = { maxLimit: 4 }
  const guarded = client.$extends(pagination({ maxLimit: 5000, nested }))
  await expect(guarded.user.findMany({ include: { messages: true } })).rejects.toMatchObject({
    code: 'E_UNBOUNDED_READ',
    list: 'User.findMany → messages',
  })
  const [most] = await plain.$queryRawUnsafe<{ rows: bigint }[]>(
    'SELECT SUM(MIN(n, 5)) AS rows FROM (SELECT COUNT(*) AS n FROM "Message" GROUP BY "authorId")',
  )
  const rows = log.statements.filter(({ sql }) => sql.includes('ROW_NUMBER()')).map((each) => each.rows)
  expect(rows.length).toBeGreaterThan(1)
  expect(rows.reduce((sum, each) => sum + each, 0)).toBe(Number(most!.rows))
  const cut = client.$extends(pagination({ maxLimit: 5000, defaultLimit: 2000, nested: { defaultLimit: 3 } }))
  const users = await cut.user.findMany({ include: { messages: true } })
  const all = await plain.user.findMany({
    include: { messages: { orderBy: { id: 'asc' }, take: undefined } },
    take: 900,
  })
  expect(users.find(({ id }) => id === 3)?.messages).toEqual(
    all.find(({ id }) => id === 3)?.messages.slice(0, 3),
  )
})

test('KF2 two clients with limits of their own share neither a statement nor an entry', async () => {
  const base = database.createClient()
  const few = base.$extends(brisk({ pagination: { maxLimit: 5000, nested: { maxLimit: 1 } } }))
  const many = base.$extends(brisk({ pagination: { maxLimit: 5000 } }))
  const args = { include: { messages: true }, cacheStrategy: { ttl: 60 } }
  const expected = byId(await plain.user.findMany({ include: { messages: true } }))
  for (let round = 0; round < 2; round++) {
    const [refused, found] = await Promise.all([
      few.user.findMany(args).catch((error: { code: string }) => error.code),
      many.user.findMany(args),
    ])
    expect(refused).toBe('E_UNBOUNDED_READ')
    expect(byId(found)).toEqual(expected)
  }
})

test("KF2 where plain Prisma fails, Prisma's own error comes", async () => {
  const notIn = { where: { id: { notIn: Array.from({ length: 1000 }, (_, index) => index) } } }
  const own: [string, object][] = [
    ['user', notIn],
    ['user', { ...notIn, include: { messages: true } }],
    ['user', { include: { messages: { take: 2 } } }],
    ['user', { include: { messages: { orderBy: { id: 'asc' } } } }],
  ]
  for (const [model, args] of own) {
    const error = (client: unknown) =>
      read(client, model, args).catch((reason: { code: string }) => reason.code)
    expect(await error(plain)).toBe('P2029')
    for (const mounted of Object.values(mounts)) {
      const client = mounted({ maxLimit: 5000 })
      expect([await error(client), await error(client)]).toEqual(['P2029', 'P2029'])
    }
  }
})
