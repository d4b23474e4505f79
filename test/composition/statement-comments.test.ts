import { queryTags, withQueryTags } from '@prisma/sqlcommenter-query-tags'
import { brisk, type BriskOptions } from 'prisma-brisk'
import { Prisma, type PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { commentOf } from '../support/comments.ts'
import { createDatabase, type TestDatabase } from '../support/databases.ts'
import type { RecordOptions } from '../support/statements.ts'

/**
 * What Prisma's plugins write behind the statements of the suite: a statement that one call sends has the tags of its caller, one
 * that several share says so and has only what is true of all of them.
 */

const KEYS = [1, 2, 3, 4, 5, 6]

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient()
  await plain.user.createMany({
    data: KEYS.map((id) => ({ id, email: `${id}@example.org`, name: `User ${id}` })),
  })
  await plain.conversation.createMany({
    data: KEYS.flatMap((userId) => Array.from({ length: 9 }, (_, index) => ({ title: `${index}`, userId }))),
  })
  await plain.insight.createMany({
    data: KEYS.flatMap((userId) => Array.from({ length: 9 }, () => ({ title: 'x', userId }))),
  })
  await plain.$executeRaw`CREATE INDEX ON "Insight" ("userId", "id")`
  await plain.$executeRaw`SELECT setval(pg_get_serial_sequence('"User"', 'id'), 1000)`
})
afterAll(() => database.drop())

const open = new Set<PrismaClient>()
afterEach(async () => {
  await Promise.all(Array.from(open, (client) => client.$disconnect()))
  open.clear()
})

function commented(options: BriskOptions = {}, before?: RecordOptions['before']) {
  const { client, log } = database.createRecordedClient({
    comments: [() => ({ app: 'shop' }), queryTags()],
    ...(before === undefined ? {} : { before }),
  })
  open.add(client)
  const prisma = client.$extends(
    brisk({ batching: { writes: { create: true } }, slowQuery: { sinks: [] }, ...options }),
  )
  /** The comments of what was sent since the last call. */
  const comments = () => {
    const found = log.statements.map(commentOf)
    log.clear()
    return found
  }
  return { client, prisma, log, comments }
}
type Brisk = ReturnType<typeof commented>['prisma']

const as = <T>(caller: string, call: () => PromiseLike<T>, route = 'GET /'): Promise<T> =>
  withQueryTags({ caller, route }, call)
/** One call for each key in one tick, each by a caller of its own, all on one route. */
const each = <T>(call: (key: number) => PromiseLike<T>): Promise<T[]> =>
  Promise.all(KEYS.map((key) => as(`caller ${key}`, () => call(key))))

const alone = (caller: string) => ({ app: 'shop', caller, route: 'GET /' })
const SHARED = { app: 'shop', route: 'GET /', shared: '2-9' }

describe('of one caller', () => {
  const calls: Record<string, (prisma: Brisk) => PromiseLike<unknown>> = {
    findMany: (prisma) => prisma.user.findMany(),
    'a list under a guard': (prisma) => prisma.user.findMany({ where: { name: { not: 'x' } } }),
    'a list and its nested list under a limit': (prisma) =>
      prisma.user.findMany({ take: 3, include: { conversations: { take: 2 } } }),
    findUnique: (prisma) => prisma.user.findUnique({ where: { id: 1 } }),
    findFirst: (prisma) => prisma.user.findFirst({ where: { name: 'User 1' } }),
    count: (prisma) => prisma.user.count(),
    aggregate: (prisma) => prisma.user.aggregate({ _max: { id: true } }),
    groupBy: (prisma) => prisma.user.groupBy({ by: ['role'], _count: true }),
    'a page and its total': (prisma) => prisma.user.paginate({ page: 1, limit: 2, total: 'exact' }),
    'pages by cursor': async (prisma) => {
      const { pageInfo } = await prisma.user.cursorPage({ orderBy: { name: 'asc' }, first: 2 })
      await prisma.user.cursorPage({ orderBy: { name: 'asc' }, first: 2, after: pageInfo.endCursor })
    },
    iterate: async (prisma) => {
      for await (const _ of prisma.user.iterate({ batch: 2 }));
    },
    'a cache miss': (prisma) =>
      prisma.user.findMany({ where: { id: { gt: 0 } }, cacheStrategy: { ttl: 60 } }),
    'a fluent read': (prisma) => prisma.user.findUnique({ where: { id: 1 } }).conversations({ take: 2 }),
    create: (prisma) => prisma.tag.create({ data: { name: `tag ${Math.random()}` } }),
    'a nested create': (prisma) =>
      prisma.user.create({
        data: { email: `${Math.random()}`, name: 'x', conversations: { create: { title: 'x' } } },
      }),
    update: (prisma) => prisma.user.update({ where: { id: 1 }, data: { name: 'User 1' } }),
    updateMany: (prisma) => prisma.user.updateMany({ where: { id: 1 }, data: { name: 'User 1' } }),
    deleteMany: (prisma) => prisma.tag.deleteMany({ where: { id: -1 } }),
    'raw SQL': (prisma) => prisma.$queryRaw`SELECT 1`,
    'a transaction': (prisma) =>
      prisma.$transaction(async (tx) => {
        await tx.user.findMany()
        await tx.user.findUnique({ where: { id: 1 } })
      }),
    'an array transaction': (prisma) =>
      prisma.$transaction([prisma.user.findMany(), prisma.user.count({ where: { id: 1 } })]),
    'deferred writes': async (prisma) => {
      void prisma.$deferred(() => prisma.tag.create({ data: { name: `tag ${Math.random()}` } }))
      await prisma.$deferred.flush()
    },
  }

  test.each(Object.entries(calls))('S23 %s has its tags', async (_, call) => {
    const { prisma, comments } = commented()
    await as('nobody', () => prisma.$queryRaw`SELECT 1`)
    comments()
    await as('ada', async () => {
      await call(prisma)
    })
    const found = comments()
    expect(found.length).toBeGreaterThan(0)
    for (const comment of found) expect(comment).toEqual(alone('ada'))
  })

  test.each(Object.entries(calls))('S23 %s has its tags among calls of others', async (name, call) => {
    const { prisma, log } = commented()
    await prisma.$queryRaw`SELECT 1`
    log.clear()
    await Promise.all([
      as('bob', () => prisma.exercise.findMany()),
      as('ada', async () => {
        await call(prisma)
      }),
      as('eve', () => prisma.profile.findUnique({ where: { id: 1 } })),
      as('kim', () => prisma.movement.findFirst()),
    ])
    const callers = (table: string, isOf = true) =>
      new Set(
        log.statements
          .filter(({ sql }) => sql.includes(`."${table}"`) === isOf)
          .map((statement) => commentOf(statement)['caller']),
      )
    expect([callers('Exercise'), callers('Profile'), callers('Movement')]).toEqual(
      ['bob', 'eve', 'kim'].map((caller) => new Set([caller])),
    )
    const others = log.statements.filter(({ sql }) => !/"(?:Exercise|Profile|Movement)"/.test(sql))
    expect({ name, of: new Set(others.map((statement) => commentOf(statement)['caller'])) }).toEqual({
      name,
      of: new Set(['ada']),
    })
  })
})

describe('of several callers', () => {
  const reads: Record<string, (prisma: Brisk, key: number) => PromiseLike<unknown>> = {
    'single rows': (prisma, id) => prisma.user.findUnique({ where: { id } }),
    'lists by foreign key': (prisma, userId) => prisma.conversation.findMany({ where: { userId } }),
    'first rows of each key': (prisma, userId) =>
      prisma.insight.findMany({ where: { userId }, orderBy: { id: 'desc' }, take: 2 }),
    counts: (prisma, userId) => prisma.conversation.count({ where: { userId } }),
    aggregates: (prisma, userId) =>
      prisma.conversation.aggregate({ where: { userId }, _max: { createdAt: true } }),
    'equal lists': (prisma) => prisma.user.findMany({ where: { name: { not: 'x' } } }),
    creates: (prisma, key) => prisma.tag.create({ data: { name: `${key} ${Math.random()}` } }),
    'compound keys': (prisma, userId) =>
      prisma.userExercise.findUnique({
        where: { exerciseId_userId_attempt: { exerciseId: 1, userId, attempt: 1 } },
      }),
  }
  test.each(Object.entries(reads))('S23 %s say so, and have what is true of all', async (_name, read) => {
    const { prisma, comments, log } = commented()
    await each((key) => read(prisma, key))
    log.clear()
    await each((key) => read(prisma, key))
    const found = comments()
    expect(found.length).toBeLessThan(KEYS.length)
    for (const comment of found) expect(comment).toEqual(SHARED)
  })

  test('S23 what all callers are tagged with stays, and nothing else', async () => {
    const { prisma, comments } = commented()
    const read = (caller: string, route: string, id: number) =>
      as(caller, () => prisma.user.findMany({ where: { id } }), route)
    await Promise.all([read('ada', 'GET /a', 1), read('ada', 'GET /b', 2), read('ada', 'GET /a', 3)])
    expect(comments()).toEqual([{ app: 'shop', caller: 'ada', shared: '2-9' }])
  })

  test('S23 the first rows of each key are read LATERAL, and say so', async () => {
    const { prisma, log } = commented()
    const latest = (userId: number) =>
      prisma.insight.findMany({ where: { userId }, orderBy: { id: 'desc' }, take: 2 })
    await each(latest)
    log.clear()
    await each(latest)
    expect(log.statements.map(({ sql }) => sql.includes('LATERAL'))).toEqual([true])
    expect(log.statements.map(commentOf)).toEqual([SHARED])
  })

  test('S23 an INSERT of many rows says so', async () => {
    const { prisma, log } = commented()
    await each((key) => prisma.tag.create({ data: { name: `insert ${key}` } }))
    expect(log.statements).toHaveLength(1)
    expect(log.statements.map(commentOf)).toEqual([SHARED])
  })

  test('S23 statements of a batch in pieces name nobody who has no part in them', async () => {
    const { prisma, log } = commented({ batching: { maxBatchSize: 2 } })
    await Promise.all(
      ['ada', 'kim', 'bob', 'bob', 'bob', 'eve'].map((caller, index) =>
        as(caller, () => prisma.user.findMany({ where: { id: index + 1 } })),
      ),
    )
    const found = log.statements.map(commentOf)
    expect(found.map(({ caller, shared }) => ({ caller, shared }))).toEqual([
      { caller: undefined, shared: '2-9' },
      { caller: 'bob', shared: '2-9' },
      { caller: undefined, shared: '2-9' },
    ])
  })

  test('S23 how many share it is told by magnitude', async () => {
    const { prisma, comments } = commented()
    await Promise.all(Array.from({ length: 38 }, (_, id) => prisma.user.findUnique({ where: { id } })))
    await Promise.all(Array.from({ length: 100 }, (_, id) => prisma.user.findMany({ where: { id } })))
    expect(comments().map(({ shared }) => shared)).toEqual(['10-99', '100-999'])
  })

  const cached = { cacheStrategy: { ttl: 60 } }

  test.each([
    ['with batching', {}],
    ['without batching', { batching: false }],
  ] as const)('S23 a cache miss that others wait for says so, %s', async (_name, options) => {
    const { prisma, comments } = commented(options)
    await each(() => prisma.user.findMany({ where: { id: { lt: 5 } }, ...cached }))
    expect(comments()).toEqual([SHARED])
  })

  test('S23 cache misses that are merged say so, and count those who wait for one', async () => {
    const { prisma, comments } = commented()
    await Promise.all([
      ...[1, 1, 1, 1, 1, 1, 1].map((id) =>
        as('ada', () => prisma.user.findUnique({ where: { id }, ...cached })),
      ),
      ...[2, 3, 2].map((id) => as('bob', () => prisma.user.findUnique({ where: { id }, ...cached }))),
    ])
    expect(comments()).toEqual([{ ...SHARED, shared: '10-99' }])
  })

  test('S23 what is computed once for several says so of its own calls', async () => {
    const { prisma, comments } = commented()
    const latest = () => prisma.$cache.wrap('latest', { ttl: 60 }, () => prisma.user.findMany())
    await each(latest)
    expect(comments()).toEqual([SHARED])
    await as('ada', () => prisma.$cache.wrap('other', { ttl: 60 }, () => prisma.user.findMany()))
    expect(comments()).toEqual([alone('ada')])
  })

  test('S23 single rows that Prisma puts together say so without batching too', async () => {
    const { prisma, comments } = commented({ batching: false })
    await each((id) => prisma.user.findUnique({ where: { id } }))
    expect(comments()).toEqual([SHARED])
  })

  test('S23 single rows that Prisma sends one after another have each its own', async () => {
    const { prisma, log } = commented({ batching: false })
    await each((id) => prisma.user.findUnique({ where: { id, AND: [] } }))
    expect(log.statements.map((statement) => [commentOf(statement), statement.args[0]])).toEqual(
      KEYS.map((id) => [alone(`caller ${id}`), id]),
    )
  })

  test('S23 calls of one tick in a transaction have each its own where they share nothing', async () => {
    const { prisma, comments } = commented()
    await prisma.$transaction((tx) =>
      Promise.all([
        as('ada', () => tx.user.findMany()),
        as('bob', () => tx.conversation.count()),
        as('eve', () => tx.user.update({ where: { id: 1 }, data: { name: 'User 1' } })),
        as('kim', () => tx.profile.findUnique({ where: { id: 1 } })),
      ]),
    )
    const found = comments().filter(({ caller }) => caller !== undefined)
    expect(new Set(found.map(({ caller }) => caller))).toEqual(new Set(['ada', 'bob', 'eve', 'kim']))
    expect(found.map(({ shared }) => shared)).toEqual(found.map(() => undefined))
  })

  test('S23 reads that are merged in a transaction say so', async () => {
    const { prisma, comments } = commented()
    await prisma.$transaction((tx) => each((userId) => tx.conversation.findMany({ where: { userId } })))
    expect(comments()).toEqual([SHARED])
  })
})

describe('again', () => {
  test('S23 calls whose shared statement failed are sent again with their own tags', async () => {
    const { prisma, log } = commented({}, ({ sql }) => {
      if (/ IN \(/.test(sql)) throw new Error('a bug')
    })
    await each((id) => prisma.user.findUnique({ where: { id } }))
    expect(log.statements.map(commentOf)).toEqual([SHARED, ...KEYS.map((key) => alone(`caller ${key}`))])
  })

  test('S23 a retry has the tags of its call', async () => {
    let failures = 2
    const { prisma, log } = commented({ resilience: { retry: { attempts: 3, baseDelay: 1 } } }, ({ sql }) => {
      if (/"Profile"/.test(sql) && failures-- > 0)
        throw Object.assign(new Error('x'), {
          name: 'DriverAdapterError',
          cause: { kind: 'TransactionWriteConflict', originalCode: '40001' },
        })
    })
    await Promise.all([
      as('bob', () => prisma.exercise.findMany()),
      as('ada', () => prisma.profile.findMany()),
    ])
    expect(log.statements.filter(({ sql }) => sql.includes('"Profile"')).map(commentOf)).toEqual([
      alone('ada'),
      alone('ada'),
      alone('ada'),
    ])
  })

  test('S23 a refresh in the background has the tags of the call that found the entry stale', async () => {
    const { prisma, log } = commented()
    const read = () => prisma.user.findMany({ cacheStrategy: { ttl: 0.001, swr: 60 } })
    await as('ada', read)
    await new Promise((resolve) => setTimeout(resolve, 20))
    log.clear()
    await as('bob', read)
    while (log.statements.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(log.statements.map(commentOf)).toEqual([alone('bob')])
  })

  test('S23 a transaction that is run again has the tags of its caller', async () => {
    let failures = 1
    const { prisma, log } = commented()
    await as('ada', () =>
      prisma.$retryTransaction(
        async (tx) => {
          await tx.user.findMany()
          if (failures-- > 0)
            throw new Prisma.PrismaClientKnownRequestError('x', { code: 'P2034', clientVersion: '7' })
        },
        { baseDelay: 1 },
      ),
    )
    expect(log.statements.map(commentOf)).toEqual([alone('ada'), alone('ada')])
  })
})
