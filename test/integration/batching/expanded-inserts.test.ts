import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { hooked } from '../../support/hooked-client.ts'
import { recordStatements } from '../../support/statements.ts'

// Prisma is asked to write the INSERT of the first row, and the driver is given that of all.

let database: TestDatabase<PrismaClient>
beforeEach(async () => {
  database = await createDatabase('postgresql')
})
afterEach(() => database.drop())

const numbers = Array.from({ length: 50 }, (_, index) => index)
const user = (n: number) => ({ data: { email: `${n}@example.org`, name: `User ${n}` } })

/** A client, and how many rows Prisma has written and the driver was given, for each INSERT. */
function recorded(
  layer: (factory: SqlDriverAdapterFactory) => SqlDriverAdapterFactory = (factory) => factory,
) {
  const log = recordStatements(database.adapter({ connections: 3 }))
  const client = database.createClient({
    adapter: layer(log.adapter),
    log: [{ emit: 'event', level: 'query' }],
  })
  const written: number[] = []
  client.$on('query' as never, ({ query }: { query: string }) => {
    if (query.startsWith('INSERT')) written.push(rowsIn(query))
  })
  return {
    client,
    written,
    sent: () =>
      log
        .sql()
        .filter((sql) => sql.startsWith('INSERT'))
        .map(rowsIn),
    log,
  }
}

const rowsIn = (sql: string): number => /VALUES (.*) RETURNING/.exec(sql)?.[1]?.split('), (').length ?? 0

test.each(['directly', 'through a hook'])('B36 Prisma writes one row of fifty, called %s', async (way) => {
  const { client, written, sent } = recorded()
  const base = way === 'directly' ? client : hooked(client)
  const prisma = base.$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  await client.user.count()
  const users = await Promise.all(numbers.map((n) => prisma.user.create(user(n))))
  expect([written, sent()]).toEqual([[1], [50]])
  expect(users.map(({ name, role }) => [name, role])).toEqual(numbers.map((n) => [`User ${n}`, 'STUDENT']))
  expect(users).toEqual(await client.user.findMany({ orderBy: { id: 'asc' } }))
  // Ids that Prisma would make, a boolean and a selection.
  const userId = users[0]!.id
  const talks = await Promise.all(
    numbers.map((n) => prisma.conversation.create({ data: { userId, title: `${n}` }, select: { id: true } })),
  )
  expect([written, sent()]).toEqual([
    [1, 1],
    [50, 50],
  ])
  expect(new Set(talks.map(({ id }) => id)).size).toBe(50)
  for (const talk of talks) expect(talk).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  const stored = await client.conversation.findMany({ select: { id: true, title: true } })
  const titles = new Map(stored.map(({ id, title }) => [id, title]))
  expect(talks.map(({ id }) => titles.get(id))).toEqual(numbers.map(String))
})

test('B36 values that Prisma changes on their way are written by Prisma', async () => {
  const { client, written, sent } = recorded()
  const prisma = client.$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  await client.user.count()
  const createdAt = new Date('2020-01-02T03:04:05.678Z')
  const made = await Promise.all([
    ...[1, 2, 3, 4].map((n) => prisma.user.create({ data: { ...user(n).data, createdAt } })),
    ...[5, 6, 7, 8].map((n) => prisma.user.create({ data: { ...user(n).data, role: 'TUTOR' } })),
    ...[9, 10, 11, 12].map((n) => prisma.user.create({ data: { ...user(n).data, tutorId: null } })),
  ])
  expect([written, sent()]).toEqual([
    [4, 4, 4],
    [4, 4, 4],
  ])
  const stored = await client.user.findMany()
  expect(made).toEqual(made.map(({ id }) => stored.find((row) => row.id === id)))
})

test.each<[string, Record<string, unknown>]>([
  ['a unique value that is taken', user(0).data],
  ['a character that PostgreSQL does not store', { email: 'nul', name: 'a\0b' }],
  ['half a character', { email: 'half', name: 'a\ud800b' }],
  ['a value of another type', { email: 'number', name: 5 }],
  ['a number that is no integer', { ...user(9).data, tutorId: 1.5 }],
  ['a number that is too large', { ...user(9).data, tutorId: 2 ** 40 }],
  ['nobody’s id', { ...user(9).data, tutorId: 999 }],
])('B36 among others, %s is answered as without us', async (_, odd) => {
  const { client } = recorded()
  const prisma = client.$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  const { id: tutorId } = await client.user.create(user(0))
  const data = [1, 2, 3, 4].map((n) => ({ ...user(n).data, ...('tutorId' in odd ? { tutorId } : {}) }))
  const outcome = async (row: object, as: PrismaClient) => {
    try {
      return (await as.user.create({ data: row as never, select: { name: true } })).name
    } catch (error) {
      return `${(error as { code?: string }).code} ${(error as Error).message}`
    }
  }
  const rows = [...data.slice(0, 2), odd, ...data.slice(2)]
  const given = await Promise.all(rows.map((row) => outcome(row, prisma)))
  await client.user.deleteMany({ where: { NOT: { id: tutorId } } })
  const expected: string[] = []
  for (const row of rows) expected.push(await outcome(row, client))
  expect(given).toEqual(expected)
})

test('B36 where the connection is lost, no row is sent twice', async () => {
  const { client, log } = database.createRecordedClient({
    adapter: database.adapter({ connections: 3 }),
    before: ({ sql }) => {
      if (sql.startsWith('INSERT')) throw new Error('Connection terminated unexpectedly')
    },
  })
  const prisma = client.$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  await client.user.count()
  log.clear()
  const outcomes = await Promise.allSettled(numbers.map((n) => prisma.user.create(user(n))))
  expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']))
  expect(log.sql().map(rowsIn)).toEqual([50])
})

test('B36 INSERTs of others that look alike are theirs', async () => {
  const { client, log } = recorded()
  const prisma = client.$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  const { id: userId } = await client.user.create(user(0))
  const data = { userId, title: 'same' }
  log.clear()
  const answers = await Promise.all([
    client.insight.createManyAndReturn({ data: [data] }),
    ...numbers.map(() => prisma.insight.create({ data })),
    client.insight.createManyAndReturn({ data: [data] }),
    client.insight.create({ data }),
    client.tag.create({ data: { name: 'same' } }),
  ])
  expect([answers[0], answers[51]]).toEqual([
    [expect.objectContaining(data)],
    [expect.objectContaining(data)],
  ])
  expect(
    log
      .sql()
      .map(rowsIn)
      .sort((a, b) => a - b),
  ).toEqual([1, 1, 1, 1, 50])
  expect(await client.insight.count()).toBe(53)
})

test('B36 what may bind more values than one statement can is left to Prisma, which splits it', async () => {
  const wide = await createDatabase('postgresql', { schema: 'key-types' })
  try {
    const factory = wide.adapter({ connections: 3 })
    const connect = factory.connect.bind(factory)
    factory.connect = async () => {
      const adapter = await connect()
      const info = { supportsRelationJoins: true, ...adapter.getConnectionInfo?.(), maxBindValues: 45 }
      return Object.assign(Object.create(adapter) as typeof adapter, { getConnectionInfo: () => info })
    }
    const client = wide.createClient({ adapter: factory, log: [{ emit: 'event', level: 'query' }] })
    const written: number[] = []
    client.$on('query' as never, ({ query }: { query: string }) => {
      if (query.startsWith('INSERT')) written.push(rowsIn(query))
    })
    const prisma = client.$extends(batching({ writes: { create: true } }))
    await client.made.count()
    const rows = await Promise.all([1, 2, 3, 4, 5].map((number) => prisma.made.create({ data: { number } })))
    expect(rows.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
    expect(written).toEqual([5])
  } finally {
    await wide.drop()
  }
})

/** A layer of the application's own between Prisma and us. */
function changing(change: (sql: string) => string) {
  return (factory: SqlDriverAdapterFactory): SqlDriverAdapterFactory =>
    new Proxy(factory, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'connect') return typeof value === 'function' ? value.bind(target) : value
        return async () => {
          const adapter = await target.connect()
          const queryRaw = adapter.queryRaw.bind(adapter)
          return Object.assign(Object.create(adapter) as typeof adapter, {
            queryRaw: (query: Parameters<typeof queryRaw>[0]) =>
              queryRaw({ ...query, sql: change(query.sql) }),
          })
        }
      },
    })
}

test.each<[string, (sql: string) => string, number[]]>([
  // Refused unsent, and then written whole.
  ['is of another form', (sql) => sql.replace(' RETURNING ', ' /* app */ RETURNING '), [50, 50]],
  // Stored for the first, whose row tells it; the others are sent one by one. The next time it is written whole.
  ['is not recognised', (sql) => sql.replace(/^INSERT/, '/* app */ INSERT'), []],
])('B36 where the statement %s, every row is stored once', async (_, change, expected) => {
  const { client, sent, log } = recorded(changing(change))
  const prisma = client.$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  await client.user.count()
  for (const from of [0, 50]) {
    log.clear()
    const users = await Promise.all(numbers.map((n) => prisma.user.create(user(from + n))))
    expect(users.map(({ name }) => name)).toEqual(numbers.map((n) => `User ${from + n}`))
    expect(await client.user.findMany({ where: { id: { in: users.map(({ id }) => id) } } })).toHaveLength(50)
    expect(log.statements.length).toBeLessThanOrEqual(from === 0 ? 51 : 2)
    if (expected.length > 0) expect(sent()).toEqual([50])
  }
  expect(await client.user.count()).toBe(100)
})

/** Has the database change what is inserted into "User", or leave it out. */
const onInsert = async (client: PrismaClient, body: string) => {
  await client.$executeRawUnsafe(
    `CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${body}; RETURN NEW; END $$`,
  )
  await client.$executeRawUnsafe(
    'CREATE TRIGGER change BEFORE INSERT ON "User" FOR EACH ROW EXECUTE FUNCTION change()',
  )
}

test('B36 where a trigger changes rows and leaves out some, nobody is given the row of another', async () => {
  const { client } = recorded()
  await onInsert(client, `NEW.name := 'x'; IF NEW.email LIKE '3%' THEN RETURN NULL; END IF`)
  const prisma = client.$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  const outcomes = await Promise.allSettled(numbers.slice(0, 6).map((n) => prisma.user.create(user(n))))
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'E_ROWS_NOT_TOLD_APART' } })
  expect(await client.user.count()).toBe(5)
})

test('B36 rows that a trigger keeps from being stored are told as without us, the others once', async () => {
  const { client } = recorded()
  await onInsert(
    client,
    `IF NEW.name LIKE '%3' THEN INSERT INTO "Tag" (name) VALUES (gen_random_uuid()::text); RETURN NULL; END IF`,
  )
  const prisma = client.$extends(batching({ writes: { create: true } })) as unknown as PrismaClient
  const outcome = (as: PrismaClient, n: number) =>
    as.user.create(user(n)).then(
      (row: { name: string } | null) => row?.name ?? 'null',
      (error: Error & { code?: string }) => `${error.name} ${error.code}`,
    )
  const expected: string[] = []
  for (const n of numbers.slice(0, 8)) expected.push(await outcome(client, n))
  await Promise.all([client.user.deleteMany(), client.tag.deleteMany()])
  expect(expected).toContain('null')
  // Written for one row, and written for all.
  for (const [from, to] of [
    [0, 8],
    [2, 5],
  ]) {
    const given = await Promise.all(numbers.slice(from, to).map((n) => outcome(prisma, n)))
    expect(given).toEqual(expected.slice(from, to))
    expect(await client.user.count()).toBe(given.length - 1)
    // What the trigger does in their place is done once.
    expect(await client.tag.count()).toBe(1)
    await Promise.all([client.user.deleteMany(), client.tag.deleteMany()])
  }
})
