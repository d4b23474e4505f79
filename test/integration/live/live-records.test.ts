import { jest } from '@jest/globals'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  LiveDictionary,
  runRequest,
  type LiveBrief,
  type LiveMessage,
  type LiveTarget,
} from '@prisma-brisk/slow-query'
import { brisk } from 'prisma-brisk'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** What the recorder tells a hub: requests with their calls, and what is wrong with them. */

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const prisma = database.createClient()
  await prisma.user.createMany({
    data: Array.from({ length: 60 }, (_, index) => ({
      email: `user${index}@example.org`,
      name: `User ${index}`,
    })),
  })
  await prisma.conversation.createMany({
    data: Array.from({ length: 5 }, (_, index) => ({ id: `c${index}`, userId: index + 1, title: 'secret' })),
  })
})
afterAll(() => database.drop())

function reported() {
  const messages: LiveMessage[] = []
  const dictionary = new LiveDictionary()
  const live: LiveTarget = {
    send: (lines) => {
      for (const line of lines.trimEnd().split('\n')) {
        const message = dictionary.whole(JSON.parse(line) as LiveMessage | LiveBrief)
        if (message !== null) messages.push(message)
      }
    },
  }
  const prisma = database.createClient().$extends(
    brisk({
      slowQuery: { sinks: [], live },
      batching: false,
      pagination: false,
      cache: { models: { User: { ttl: 60 } } },
    }),
  )
  return {
    prisma,
    /** Of one type, once a plan that was asked for has been told too. */
    of: async <T extends LiveMessage['type']>(type: T) => {
      await prisma.$disconnect()
      return messages.filter((each): each is Extract<LiveMessage, { type: T }> => each.type === type)
    },
  }
}

test('a request is told with its calls in order, their statements, places and kinds of arguments', async () => {
  const { prisma, of } = reported()
  await runRequest({ name: 'digest' }, async () => {
    await prisma.conversation.findMany({ where: { title: 'secret' }, take: 3 })
    await prisma.$transaction([prisma.message.count(), prisma.tag.count()])
  })
  const calls = await of('call')
  expect(calls.map(({ model, operation }) => `${model}.${operation}`)).toEqual([
    'Conversation.findMany',
    'Message.count',
    'Tag.count',
  ])
  const [first, second] = calls
  expect(first).toMatchObject({
    args: { where: { title: 'string' }, take: 'number' },
    rowsReturned: 3,
    callSite: expect.stringMatching(/live-records\.test\.ts:\d+:\d+$/),
    statements: [{ sql: expect.stringContaining('"Conversation"'), rows: 3, at: expect.any(Number) }],
  })
  expect(second).toMatchObject({ transaction: { kind: 'array' }, request: first!.request })
  expect(calls.map(({ call }) => call)).toEqual(calls.map(({ call }) => call).toSorted((a, b) => a - b))
  expect(JSON.stringify(calls)).not.toContain('secret')
  const [begun] = await of('request')
  expect(begun).toMatchObject({ id: first!.request, name: 'digest' })
  expect(await of('request-end')).toMatchObject([{ request: first!.request, ms: expect.any(Number) }])
  expect((await of('transaction')).map(({ event }) => event)).toEqual(['begin', 'commit'])
})

test('an N+1, a repeated read, an unlimited list and a scan without an index come with place and mend', async () => {
  const { prisma, of } = reported()
  await runRequest({ name: 'GET /faults' }, async () => {
    const conversations = await prisma.conversation.findMany({ take: 5 })
    for (const { id } of conversations) await prisma.message.findFirst({ where: { conversationId: id } })
    await prisma.tag.count()
    await prisma.tag.count()
    await prisma.user.findMany({ cacheStrategy: false })
    await prisma.user.findMany({ where: { name: 'User 1' }, take: 1, cacheStrategy: false })
    // The plan is taken beside the request.
    await new Promise((resolve) => setTimeout(resolve, 300))
  })
  const problems = await of('problem')
  const here = expect.stringMatching(/live-records\.test\.ts:\d+:\d+$/)
  expect(problems).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        kind: 'n-plus-one',
        count: 5,
        callSite: here,
        mend: expect.stringMatching(
          /^include: .*prisma\.conversation\.findMany\({ take: 5, include: { messages: { take: 1 } } }\)/,
        ),
      }),
      expect.objectContaining({
        kind: 'duplicate-read',
        count: 2,
        callSite: here,
        from: here,
        mend: expect.stringContaining('prisma.tag.count({ cacheStrategy: { ttl: 60 } })'),
      }),
      expect.objectContaining({
        kind: 'unlimited-list',
        model: 'User',
        callSite: here,
        mend: expect.stringMatching(
          /^take: prisma\.user\.findMany\({ .*take: 50 }\), or pages: prisma\.user\.cursorPage\({ .*first: 50 }\)$/,
        ),
      }),
      expect.objectContaining({
        kind: 'sequential-scan',
        callSite: here,
        mend: expect.stringContaining('@@index([name]) to model User'),
      }),
    ]),
  )
  expect(problems.filter(({ mend }) => mend.includes('…'))).toEqual([])
  // The demo has no index for the messages of a conversation either.
  expect(problems.filter(({ kind }) => kind === 'sequential-scan').map(({ model }) => model)).toEqual([
    'Message',
    'User',
  ])
  expect(problems).toHaveLength(5)
})

test('rows that are read and thrown away in memory are told with what lets the database do it; those of relations are in the result', async () => {
  const { prisma, of } = reported()
  await runRequest({ name: 'GET /roles' }, async () => {
    await prisma.user.findMany({ distinct: ['role'], take: 10, cacheStrategy: false })
    await prisma.user.findMany({ take: 60, include: { conversations: true }, cacheStrategy: false })
  })
  const [calls, problems] = [await of('call'), await of('problem')]
  expect(calls[0]!.rowsRead).toBeGreaterThanOrEqual(60)
  expect(problems.filter(({ kind }) => kind === 'thrown-away')).toEqual([
    expect.objectContaining({
      callSite: calls[0]!.callSite,
      title: 'rows read and thrown away: User.findMany read 60 rows and returned 1',
      mend: expect.stringMatching(/^groupBy: prisma\.user\.groupBy\({ by: \['role'\] }\)/),
    }),
  ])
})

test('cached reads and the invalidation that a write causes belong to their request and call', async () => {
  const { prisma, of } = reported()
  const read = () => prisma.user.findUnique({ where: { id: 1 } })
  await runRequest({ name: 'reads' }, async () => {
    await read()
    await read()
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Ada' } })
  })
  const calls = await of('call')
  expect(calls.map(({ cache }) => cache)).toEqual(['miss', 'hit', undefined])
  const events = await of('cache')
  expect(events).toMatchObject([
    { event: 'read', status: 'miss', call: calls[0]!.call },
    { event: 'read', status: 'hit', call: calls[1]!.call },
    { event: 'invalidate', call: calls[2]!.call, callSite: expect.stringContaining('live-records.test.ts') },
  ])
  expect(new Set(events.map(({ request }) => request))).toEqual(new Set([calls[0]!.request]))
})

test('a request of a plain server is a request of its own, and its response says what the database did', async () => {
  const { prisma, of } = reported()
  const server = createServer((request, response) => {
    void (async () => {
      for (const id of [1, 2, 3, 4]) await prisma.conversation.findFirst({ where: { userId: id } })
      response.statusCode = 201
      response.end(request.url)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const answers = [await fetch(`${url}/users/42?secret=1`), await fetch(`${url}/about`)]
  expect(answers.map(({ headers }) => headers.get('server-timing'))).toEqual([
    expect.stringMatching(/^db;dur=[\d.]+;desc="4 statements, N\+1"$/),
    expect.stringMatching(/^db;dur=[\d.]+;desc="4 statements, N\+1"$/),
  ])
  for (const answer of answers) await answer.text()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const ends = await of('request-end')
  expect(ends.map(({ name, status }) => `${name} ${status}`)).toEqual([
    'GET /users/:value 201',
    'GET /about 201',
  ])
  expect(new Set((await of('call')).map(({ request }) => request)).size).toBe(2)
})

test('a call that failed comes with its codes, place and what to do, and raw SQL with its place', async () => {
  const { prisma, of } = reported()
  await runRequest({ name: 'GET /fails' }, async () => {
    await prisma.conversation
      .create({ data: { id: 'orphan', userId: 123_456, title: 'secret' } })
      .catch(() => undefined)
    await prisma.$queryRaw`SELECT 1`
    await prisma.$queryRawUnsafe('SELECT 2')
  })
  const here = expect.stringMatching(/live-records\.test\.ts:\d+:\d+$/)
  expect(await of('problem')).toEqual([
    expect.objectContaining({
      kind: 'failed-call',
      callSite: here,
      title: expect.stringMatching(/^failed: Conversation\.create with P2003, 23503$/),
      mend: expect.stringMatching(/^handle: a foreign key does not hold/),
    }),
  ])
  expect((await of('call')).map(({ operation, callSite }) => ({ operation, callSite }))).toEqual([
    { operation: 'create', callSite: here },
    { operation: '$queryRaw', callSite: here },
    { operation: '$queryRawUnsafe', callSite: here },
  ])
})

test('a path shows words alone', async () => {
  const { prisma, of } = reported()
  const server = createServer((_, response) => {
    void prisma.tag.count().then(() => response.end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const paths = [
    ['/users/ada.lovelace', '/users/ada.lovelace'],
    ['/api/userProfile/all-posts', '/api/userProfile/all-posts'],
    ['/reset/SECRETtok', '/reset/:value'],
    ['/reset/aGVsbG8', '/reset/:value'],
    ['/do/ignore-your-instructions-now', '/do/:value'],
    ['/u/a@b.example', '/u/:value'],
  ]
  for (const [path] of paths) await (await fetch(`${url}${path}`)).text()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  expect((await of('request-end')).map(({ name }) => name)).toEqual(paths.map(([, shown]) => `GET ${shown}`))
})

test('a request that its caller gave up has no status, whatever the response held by then', async () => {
  const { prisma, of } = reported()
  const gone: (() => void)[] = []
  const server = createServer((request, response) => {
    void (async () => {
      await prisma.tag.count()
      response.once('close', () => gone.pop()?.())
      if (request.url === '/whole') return void response.end('whole')
      if (request.url === '/cut') response.writeHead(200).write('a part')
      gone.pop()?.()
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const path of ['/never', '/cut']) {
    const giveUp = new AbortController()
    const isServed = new Promise<void>((resolve) => gone.push(resolve))
    const answer = fetch(`${url}${path}`, { signal: giveUp.signal }).then((response) => response.text())
    await isServed
    const isGone = new Promise<void>((resolve) => gone.push(resolve))
    giveUp.abort()
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' })
    await isGone
  }
  await (await fetch(`${url}/whole`)).text()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const ends = (await of('request-end')).map(({ name, status, isAborted }) => ({ name, status, isAborted }))
  expect(ends).toEqual([
    { name: 'GET /never', status: null, isAborted: true },
    { name: 'GET /cut', status: null, isAborted: true },
    { name: 'GET /whole', status: 200, isAborted: undefined },
  ])
})

test('a loop is counted to its end, and reads that are too many to be compared are said to be at least so many', async () => {
  const { prisma, of } = reported()
  await runRequest({ name: 'GET /long' }, async () => {
    for (let index = 0; index < 2100; index += 50)
      await Promise.all(
        Array.from({ length: 50 }, (_, each) => prisma.tag.findFirst({ where: { id: index + each } })),
      )
  })
  await runRequest({ name: 'GET /same' }, async () => {
    for (let index = 0; index < 42; index++)
      await Promise.all(Array.from({ length: 50 }, () => prisma.tag.count()))
  })
  const titles = (await of('problem')).map(({ title }) => title)
  expect(titles).toContainEqual(expect.stringMatching(/^N\+1: Tag.findFirst 2100 times, /))
  expect(titles).toContain('the same read at least 2000 times: Tag.count')
})

test('a scan is no longer told once an index is there, without a restart', async () => {
  const { prisma, of } = reported()
  await prisma.user.createMany({
    data: Array.from({ length: 5000 }, (_, index) => ({
      email: `many${index}@example.org`,
      name: `n${index}`,
    })),
  })
  await prisma.$executeRawUnsafe('ANALYZE "User"')
  let asked = 0
  /** Whether a request of its own is told to scan the table. */
  const scans = async () => {
    const name = `GET /scan/${++asked}`
    await runRequest({ name }, async () => {
      await prisma.user.findMany({ where: { name: 'n1' }, take: 1, cacheStrategy: false })
      await new Promise((resolve) => setTimeout(resolve, 200))
    })
    const problems = await of('problem')
    const id = (await of('request')).find((each) => each.name === name)?.id
    return problems.some(({ kind, request }) => kind === 'sequential-scan' && request === id)
  }
  expect([await scans(), await scans()]).toEqual([true, true])
  await prisma.$executeRawUnsafe('CREATE INDEX brisk_live_name ON "User" (name)')
  let isTold = true
  for (let tries = 0; isTold && tries < 30; tries++) isTold = await scans()
  expect(isTold).toBe(false)
})

test('calls outside of requests are one request until nothing happens', async () => {
  const { prisma, of } = reported()
  await prisma.tag.count()
  await prisma.message.count()
  const calls = await of('call')
  expect(new Set(calls.map(({ request }) => request)).size).toBe(1)
  expect(await of('request-end')).toMatchObject([
    { name: '(outside of requests)', request: calls[0]!.request },
  ])
})

test('nothing is reported under NODE_ENV=production, and one warning says why', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    const { prisma, of } = reported()
    await prisma.tag.count()
    expect(await of('process')).toEqual([])
  } finally {
    process.env['NODE_ENV'] = before
  }
  expect(warn.mock.calls.map(([message]) => message)).toEqual([
    expect.stringContaining('does nothing under NODE_ENV=production'),
  ])
  warn.mockRestore()
})
