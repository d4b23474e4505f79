import {
  briskComments,
  runRequest,
  slowQuery,
  type BriskCommentsOptions,
  type SlowQueryOptions,
} from '@prisma-brisk/slow-query'
import { expressRequests } from '@prisma-brisk/slow-query/express'
import { honoRequests } from '@prisma-brisk/slow-query/hono'
import { brisk } from 'prisma-brisk'
import express, { type NextFunction, type Response } from 'express'
import { Hono } from 'hono'
import type { AddressInfo } from 'node:net'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { commentOf } from '../../support/comments.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { keptRecords } from './support/kept-records.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  await database.createClient().user.createMany({
    data: [1, 2].map((id) => ({ id, email: `${id}@example.org`, name: 'x' })),
  })
})
afterAll(() => database.drop())

const FILE = 'test/integration/slow-query/comments.test.ts'

/** A plain client with the comments, and what was written behind its statements since the last look. */
function commented(options: BriskCommentsOptions = {}, more: object = {}) {
  const { client, log } = database.createRecordedClient({
    adapter: database.adapter({ connections: 2 }),
    comments: [briskComments(options)],
    ...more,
  })
  const comments = () => {
    const found = log.statements.map(commentOf)
    log.clear()
    return found
  }
  return { client, log, comments }
}

function mounted(options: BriskCommentsOptions = {}, more: object = {}) {
  const { client, comments } = commented(options, more)
  return { prisma: client.$extends(brisk({ slowQuery: { sinks: [] } })), comments }
}

/** The line of the test that calls this. */
const line = (): number => Number(/:(\d+):\d+\)?$/.exec(new Error('here').stack!.split('\n')[2]!)![1])

describe('S22 a statement names', () => {
  test('the route, the line of code, the operation and the shape', async () => {
    const { prisma, comments } = mounted()
    let at = 0
    await runRequest({ name: 'nightly digest' }, async () => {
      at = line() + 1
      await prisma.user.findMany({ where: { name: 'secret' }, take: 1 })
    })
    const [comment] = comments()
    expect(comment).toEqual({
      route: 'nightly digest',
      callsite: `${FILE}:${at}`,
      operation: 'User.findMany',
      shape: expect.stringMatching(/^[\da-f]{8}$/),
    })
  })

  test('one shape for all values, another for other arguments', async () => {
    const { prisma, comments } = mounted()
    await prisma.user.findMany({ where: { id: { in: [1, 2] } } })
    await prisma.user.findMany({ where: { id: { in: [3] } } })
    await prisma.user.findMany({ where: { id: { notIn: [3] } } })
    const [one, same, other] = comments().map(({ shape }) => shape)
    expect(same).toBe(one)
    expect(other).not.toBe(one)
  })

  test('what the application called, whatever is sent in its place', async () => {
    const { prisma, comments } = mounted()
    await Promise.all([1, 2].map((id) => prisma.user.findUnique({ where: { id } })))
    await prisma.user.paginate({ page: 1, limit: 1, total: 'exact' })
    await prisma.$queryRaw`SELECT 1`
    expect([...new Set(comments().map(({ operation }) => operation))]).toEqual([
      'User.findUnique',
      'User.findMany',
      'User.count',
      '$queryRaw',
    ])
  })

  test('the operation and the line of each member of an array transaction', async () => {
    const { prisma, comments } = mounted()
    const at = line() + 2
    await prisma.$transaction([
      prisma.user.findMany({ take: 1 }),
      prisma.profile.count(),
      prisma.user.updateMany({ where: { id: -1 }, data: { name: 'x' } }),
    ])
    expect(comments().map(({ operation, callsite }) => [operation, callsite])).toEqual([
      ['User.findMany', `${FILE}:${at}`],
      ['Profile.count', `${FILE}:${at + 1}`],
      ['User.updateMany', `${FILE}:${at + 2}`],
    ])
  })
})

describe('S22 the line of code', () => {
  test('of several callers is named where it is the same for all', async () => {
    const { prisma, comments } = mounted()
    const at = line() + 1
    await Promise.all([1, 2, 3].map((id) => prisma.user.findUnique({ where: { id } })))
    await Promise.all([
      prisma.user.findUnique({ where: { id: 1 } }),
      prisma.user.findUnique({ where: { id: 2 } }),
    ])
    expect(comments().map(({ callsite, shared }) => [callsite, shared])).toEqual([
      [`${FILE}:${at}`, '2-9'],
      [undefined, '2-9'],
    ])
  })

  test('of more than 99 callers is not compared', async () => {
    const { prisma, comments } = mounted()
    const read = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, id) => prisma.user.findUnique({ where: { id } })))
    await read(99)
    await read(100)
    expect(comments().map(({ callsite, operation }) => [typeof callsite, operation])).toEqual([
      ['string', 'User.findUnique'],
      ['undefined', 'User.findUnique'],
    ])
  })

  test.each([
    ['/', FILE, (path: string) => `${import.meta.dirname.slice(1)}/${path.split('/').pop()}`],
    [`${import.meta.dirname}/`, FILE, () => 'comments.test.ts'],
    [`${import.meta.dirname}/a/b`, FILE, () => '../../comments.test.ts'],
    ['C:\\app', FILE, () => import.meta.filename],
  ])('is relative to root: %s', async (root, path, expected) => {
    const { prisma, comments } = mounted({ root })
    const at = line() + 1
    await prisma.user.findFirst()
    expect(comments().map(({ callsite }) => callsite)).toEqual([`${expected(path)}:${at}`])
  })

  test('is named in production, where Prisma records none, however a call is made', async () => {
    const { client, comments } = commented({}, { errorFormat: 'minimal' })
    const prisma = client.$extends(brisk({ slowQuery: { sinks: [] } }))
    const behind = client
      .$extends({ query: { $allOperations: ({ args, query }) => query(args) } })
      .$extends(brisk({ slowQuery: { sinks: [] } }))
    const at = line()
    await prisma.user.findMany({ take: 1 })
    await prisma.user.findUnique({ where: { id: 1 } })
    await behind.user.findMany({ take: 1 })
    await behind.user.findUnique({ where: { id: 1 } })
    await prisma.$queryRaw`SELECT 1`
    await prisma.$transaction(async (tx) => {
      await tx.user.findMany({ take: 1 })
      await tx.user.findUnique({ where: { id: 1 } })
    })
    const lines = [1, 2, 3, 4, 5, 7, 8]
    expect(comments().map(({ callsite }) => callsite)).toEqual(lines.map((each) => `${FILE}:${at + each}`))
  })

  test('of others is not claimed in production', async () => {
    const { client, comments } = commented({}, { errorFormat: 'minimal' })
    const prisma = client
      .$extends({ query: { $allOperations: ({ args, query }) => query(args) } })
      .$extends(brisk({ slowQuery: { sinks: [] } }))
    const one = async () => {
      await prisma.user.findUnique({ where: { id: 1 } })
    }
    const other = async () => {
      await prisma.user.findUnique({ where: { id: 2 } })
    }
    await Promise.all([one(), other()])
    expect(comments().map(({ callsite, shared }) => [callsite, shared])).toEqual([[undefined, '2-9']])
  })
})

describe('S22 the route', () => {
  test('of an Express request is its pattern', async () => {
    const { prisma, comments } = mounted()
    const app = express()
    app.use(expressRequests(prisma))
    const users = express.Router()
    const read = (id: number, response: Response, next: NextFunction) =>
      void prisma.user.findUnique({ where: { id } }).then(() => response.end('ok'), next)
    users.get('/:id', ({ params }, response, next) => read(Number(params.id), response, next))
    app.use('/users', users)
    app.use((_, response, next) => read(1, response, next))
    const server = app.listen(0)
    const { port } = server.address() as AddressInfo
    for (const path of ['users/17', 'other/42'])
      await (await fetch(`http://127.0.0.1:${port}/${path}`)).text()
    server.close()
    expect(comments().map(({ route }) => route)).toEqual(['GET /users/:id', undefined])
  })

  test('of a Hono request is its pattern', async () => {
    const { prisma, comments } = mounted()
    const app = new Hono()
    app.use(honoRequests(prisma))
    app.get('/users/:id', async (context) => {
      await prisma.user.findUnique({ where: { id: Number(context.req.param('id')) } })
      return context.text('ok')
    })
    await app.request('/users/17')
    expect(comments().map(({ route }) => route)).toEqual(['GET /users/:id'])
  })
})

describe('S22 what is not known is left out', () => {
  test('no request is open', async () => {
    const { prisma, comments } = mounted()
    await prisma.user.findFirst()
    expect(Object.keys(comments()[0]!)).toEqual(['callsite', 'operation', 'shape'])
  })

  test('no suite is mounted', async () => {
    const { client, comments } = commented()
    await runRequest({ name: 'job' }, async () => {
      await client.user.findFirst()
      await client.tag.create({ data: { name: `${Math.random()}` } })
      await client.$queryRaw`SELECT 1`
    })
    expect(comments()).toEqual(
      ['User.findFirst', 'Tag.create', '$queryRaw'].map((operation) => ({ operation, route: 'job' })),
    )
  })

  test('parts that are not wanted', async () => {
    const parts = ['route', 'callSite', 'operation', 'shape'] as const
    for (const part of parts) {
      const { prisma, comments } = mounted({ [part]: false })
      await runRequest({ name: 'job' }, () => prisma.user.findFirst().then())
      expect(Object.keys(comments()[0]!).sort()).toEqual(
        parts
          .filter((each) => each !== part)
          .map((each) => each.toLowerCase())
          .sort(),
      )
    }
  })

  test('the slow-query log is off, or mounted alone', async () => {
    for (const extension of [brisk({ slowQuery: false }), slowQuery({ sinks: [] })]) {
      const { client, comments } = commented()
      const prisma = client.$extends(extension as ReturnType<typeof brisk>)
      await prisma.user.findFirst()
      expect(comments()[0]).toMatchObject({ operation: 'User.findFirst', callsite: expect.any(String) })
    }
  })
})

test('S22 options are checked', () => {
  expect(() => briskComments({ routes: true } as never)).toThrow(
    /briskComments\.routes.*did you mean route\?/s,
  )
  expect(() => briskComments({ root: '' })).toThrow(/briskComments\.root/)
})

test('S22 the log has the statement without its comment, and one fingerprint with and without', async () => {
  const { sink, records } = keptRecords('slow-query')
  const options: SlowQueryOptions = { threshold: 0.000_001, sinks: [sink] }
  for (const client of [commented().client, database.createClient()]) {
    const prisma = client.$extends(slowQuery(options))
    await prisma.user.findFirst()
    await prisma.$queries.flush()
  }
  const [one, other] = records.map(({ statements, fingerprint }) => ({
    sql: statements[0]!.sql,
    fingerprint,
  }))
  expect(one).toEqual(other)
  expect(one!.sql).not.toContain('/*')
})

test('S22 plugins that several clients share are joined once; a frozen list stays as it is', async () => {
  const shared = [briskComments(), () => ({ app: 'shop' })]
  const frozen = Object.freeze([briskComments(), () => ({ app: 'shop' })])
  const joined = new Set<unknown>()
  for (const comments of [shared, shared, frozen]) {
    const { client, log } = database.createRecordedClient({ comments })
    // It has taken the list by now.
    if (comments === shared) await client.$connect()
    const prisma = client.$extends(brisk({ slowQuery: { sinks: [] } }))
    joined.add(shared[0])
    await Promise.all([1, 2].map((id) => prisma.user.findUnique({ where: { id } })))
    expect(log.statements.map(commentOf)).toMatchObject([{ app: 'shop', operation: 'User.findUnique' }])
    expect(log.statements.map(commentOf)).toMatchObject([{ shared: '2-9' }])
  }
  expect([joined.size, shared.length, frozen.length]).toEqual([1, 1, 2])
})
