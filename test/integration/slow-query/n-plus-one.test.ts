import { jest } from '@jest/globals'
import { batching } from '@prisma-brisk/batching'
import {
  currentRequest,
  runRequest,
  slowQuery,
  type NPlusOneOptions,
  type NPlusOneReport,
} from '@prisma-brisk/slow-query'
import { honoRequests } from '@prisma-brisk/slow-query/hono'
import { expectNoNPlusOne, expectQueryCount } from '@prisma-brisk/slow-query/testing'
import { Hono } from 'hono'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { keptRecords } from './support/kept-records.ts'

let database: TestDatabase<PrismaClient>
const USERS = 12

beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient({ adapter: database.adapter({ connections: 1 }) })
  for (let index = 0; index < USERS; index++) {
    await plain.user.create({
      data: {
        email: `${index}@example.org`,
        name: `User ${index}`,
        conversations: { create: { title: 'c' } },
      },
    })
  }
})
afterAll(() => database.drop())

function watched(
  nPlusOne: NPlusOneOptions = {},
  extend: (client: PrismaClient) => PrismaClient = (each) => each,
  options: { errorFormat?: 'minimal' } = {},
) {
  const { sink, records: reports } = keptRecords('n-plus-one')
  const base = database.createClient({ ...options, adapter: database.adapter({ connections: 3 }) })
  const prisma = extend(
    base.$extends(slowQuery({ threshold: 60_000, sinks: [sink], nPlusOne })) as unknown as PrismaClient,
  )
  const queries = (prisma as unknown as { $queries: { flush(): Promise<void> } }).$queries
  const inRequest = async (work: () => Promise<unknown>): Promise<NPlusOneReport[]> => {
    await runRequest({ name: 'GET /list' }, work)
    await queries.flush()
    return reports.splice(0)
  }
  return { prisma, inRequest }
}

describe('S13 loops are reported once, with the change to make', () => {
  test('reading a relation row by row: include it in the parent query', async () => {
    const { prisma, inRequest } = watched()
    const reports = await inRequest(async () => {
      const users = await prisma.user.findMany()
      for (const user of users) await prisma.conversation.findMany({ where: { userId: user.id } })
    })
    expect(reports).toHaveLength(1)
    expect(reports[0]).toMatchObject({
      kind: 'read',
      model: 'Conversation',
      operation: 'findMany',
      field: 'conversations',
      count: USERS,
      statements: USERS,
      request: 'GET /list',
      callSite: expect.stringMatching(/n-plus-one\.test\.ts:\d+:\d+$/),
      parent: expect.stringMatching(/^User\.findMany \(.*n-plus-one\.test\.ts/),
      advice: expect.stringMatching(
        /^include: .*prisma\.user\.findMany\(\{ include: \{ conversations: true \} \}\)/,
      ),
      sql: expect.stringContaining('"Conversation"'),
    })
    expect(reports[0]!.totalMs).toBeGreaterThan(0)
  })

  test('where Prisma records no call sites, as in production, it is where a call is awaited', async () => {
    const { prisma, inRequest } = watched({}, (client) => client, { errorFormat: 'minimal' })
    const lineOf = (): number => Number(/:(\d+):\d+\)?$/.exec(new Error('here').stack!.split('\n')[2]!)?.[1])
    const ids = Array.from({ length: 12 }, (_, index) => index + 1)
    let line = 0
    const reports = await inRequest(async () => {
      for (const id of ids) {
        line = lineOf() + 1
        await prisma.conversation.findMany({ where: { userId: id } })
      }
      await Promise.all(ids.map((id) => prisma.user.findFirst({ where: { id } })))
    })
    expect(reports.map(({ callSite }) => callSite)).toEqual([
      expect.stringMatching(new RegExp(`n-plus-one\\.test\\.ts:${line}:\\d+$`)),
      expect.stringMatching(new RegExp(`n-plus-one\\.test\\.ts:${line + 2}:\\d+$`)),
    ])
  })

  test('reading parents by the key that rows hold', async () => {
    const { prisma, inRequest } = watched()
    const [report] = await inRequest(async () => {
      for (const { userId } of await prisma.conversation.findMany())
        await prisma.user.findUnique({ where: { id: userId } })
    })
    expect(report).toMatchObject({
      model: 'User',
      field: 'user',
      advice: expect.stringMatching(/^include: /),
    })
  })

  test('what the calls ask for beside the key belongs into the include', async () => {
    const { prisma, inRequest } = watched()
    const [last] = await inRequest(async () => {
      for (const { id } of await prisma.conversation.findMany())
        await prisma.message.findFirst({
          where: { conversationId: id, role: 'USER' },
          orderBy: { id: 'desc' },
          select: { body: true },
        })
    })
    expect(last?.advice).toContain(
      "prisma.conversation.findMany({ include: { messages: { where: { role }, orderBy: { id: 'desc' }, select: { body: true }, take: 1 } } })",
    )
    const [page] = await inRequest(async () => {
      for (const { id } of await prisma.conversation.findMany())
        await prisma.message.findMany({ where: { conversationId: id }, take: 2 })
    })
    expect(page?.advice).toContain('include: { messages: { take: 2 } }')
  })

  test('keys from elsewhere: one read with in', async () => {
    const { prisma, inRequest } = watched()
    const [report] = await inRequest(async () => {
      for (let id = 1; id <= 10; id++) await prisma.exercise.findMany({ where: { difficulty: id } })
    })
    expect(report).toMatchObject({
      model: 'Exercise',
      field: 'difficulty',
      advice: expect.stringMatching(/^in: /),
    })
    expect(report!.parent).toBeUndefined()
  })

  test('what cannot be one read: sequential', async () => {
    const { prisma, inRequest } = watched()
    const [report] = await inRequest(async () => {
      for (let take = 1; take <= 10; take++)
        await prisma.exercise.findFirst({ where: { difficulty: { gt: take } }, orderBy: { id: 'asc' } })
    })
    expect(report?.advice).toMatch(/^sequential: cannot be batched/)
  })

  test('S13 relations read from their parents, one after another: the relation is part of the advice', async () => {
    const { prisma, inRequest } = watched()
    const [report] = await inRequest(async () => {
      for (let id = 1; id <= 12; id++) await prisma.user.findUnique({ where: { id } }).messages()
    })
    expect(report?.advice).toMatch(
      /^include: .*findMany\(\{ where: \{ id: \{ in: ids \} \}, include: \{ messages: true \} \}\)/,
    )
  })

  test('S13 many rows that belong to few parents: thirty calls with five values', async () => {
    const { prisma, inRequest } = watched()
    const [report] = await inRequest(async () => {
      for (let index = 0; index < 30; index++)
        await prisma.user.findUnique({ where: { id: 1 + (index % 5) } })
    })
    expect(report).toMatchObject({ model: 'User', count: 30, advice: expect.stringMatching(/^in: /) })
    const polled = await inRequest(async () => {
      for (let index = 0; index < 30; index++)
        await prisma.user.findUnique({ where: { id: 1 + (index % 2) } })
    })
    expect(polled).toEqual([])
  })

  test('S13 the advice names batching only for calls that it merges, and not where it is mounted', async () => {
    const { prisma, inRequest } = watched()
    const latest = (difficulty: number) =>
      prisma.exercise.findFirst({ where: { difficulty, title: { not: '' } }, orderBy: { id: 'desc' } })
    const numbers = Array.from({ length: 12 }, (_, index) => index)
    const [inTurn] = await inRequest(async () => {
      for (const number of numbers) await latest(number)
    })
    expect(inTurn?.advice).toMatch(/^together: .*Promise\.all/)
    const [atOnce] = await inRequest(() => Promise.all(numbers.map(latest)))
    expect(atOnce?.advice).toMatch(/^batching: .*mount batching/)
    const byRelation = (of: PrismaClient) => (id: number) =>
      of.message.findMany({ where: { conversation: { userId: id } } })
    const [related] = await inRequest(() => Promise.all(numbers.map(byRelation(prisma))))
    expect(related?.advice).toMatch(/^sequential: cannot be batched; they run together/)
    const mounted = watched({}, (client) => client.$extends(batching()) as unknown as PrismaClient)
    const [still] = await mounted.inRequest(() => Promise.all(numbers.map(byRelation(mounted.prisma))))
    expect(still?.advice).not.toMatch(/mount batching|Promise\.all/)
    // Two shapes in turn: each begins while those before it run, and none has another of its shape in its tick.
    const [staggered] = await mounted.inRequest(async () => {
      const begun: Promise<unknown>[] = []
      for (const number of numbers) {
        const read = mounted.prisma.exercise.findFirst({
          where: { difficulty: number, id: { gt: -number } },
          orderBy: { id: 'desc' },
        })
        begun.push(read.then((found) => found))
        await new Promise((resolve) => setImmediate(resolve))
      }
      await Promise.all(begun)
    })
    expect(staggered?.advice ?? 'merged').not.toMatch(/mount batching|Promise\.all/)
  })

  test('calls that differ in bytes alone, views of one buffer or not', async () => {
    const { prisma, inRequest } = watched()
    const memory = new Uint8Array(40).map((_, index) => index)
    const [report, ...others] = await inRequest(async () => {
      for (let index = 0; index < 12; index++)
        await prisma.profile.findMany({ where: { avatar: memory.subarray(index, index + 4) } })
    })
    expect(others).toEqual([])
    expect(report).toMatchObject({ model: 'Profile', count: 12, field: 'avatar' })
    const same = await inRequest(async () => {
      for (let index = 0; index < 12; index++)
        await prisma.profile.findMany({ where: { avatar: new Uint8Array(4 + index).subarray(0, 4) } })
    })
    expect(same).toEqual([])
  })

  test('KN7 merged already: no report', async () => {
    const { prisma, inRequest } = watched(
      {},
      (client) => client.$extends(batching()) as unknown as PrismaClient,
    )
    const reports = await inRequest(async () => {
      const users = await prisma.user.findMany()
      await Promise.all(users.map((user) => prisma.conversation.findMany({ where: { userId: user.id } })))
    })
    expect(reports).toEqual([])
  })

  test('a loop of creates or updates', async () => {
    const { prisma, inRequest } = watched()
    const creates = await inRequest(async () => {
      for (let index = 0; index < 10; index++) await prisma.tag.create({ data: { name: `loop ${index}` } })
    })
    expect(creates).toMatchObject([
      {
        kind: 'write',
        model: 'Tag',
        operation: 'create',
        count: 10,
        advice: expect.stringMatching(/^createMany: .*batching\(\{ writes/),
      },
    ])
    const updates = await inRequest(async () => {
      for (let id = 1; id <= 10; id++) await prisma.user.update({ where: { id }, data: { name: 'x' } })
    })
    expect(updates).toMatchObject([
      { kind: 'write', operation: 'update', advice: expect.stringMatching(/^updateMany: /) },
    ])
  })
})

describe('S14 what is no loop', () => {
  const readOne = (prisma: PrismaClient, id: number) => prisma.user.findMany({ where: { id } })

  test.each<[string, (prisma: PrismaClient) => Promise<unknown>]>([
    [
      'an array transaction',
      (prisma) => prisma.$transaction(Array.from({ length: 20 }, (_, id) => readOne(prisma, id))),
    ],
    [
      'polling: the same read over and over',
      async (prisma) => {
        for (let index = 0; index < 20; index++) await readOne(prisma, 1)
      },
    ],
    [
      'a few calls of several shapes',
      async (prisma) => {
        for (let id = 0; id < 8; id++) {
          await prisma.user.findMany({ where: { id } })
          await prisma.user.findMany({ where: { email: `${id}` } })
        }
      },
    ],
    [
      'a caller that tries again',
      async (prisma) => {
        for (let index = 0; index < 20; index++)
          await prisma.tag
            .create({ data: { name: 'x', id: 'y' as unknown as number } })
            .catch(() => undefined)
      },
    ],
    [
      'paused work',
      async (prisma) => {
        currentRequest()?.pause()
        for (let id = 0; id < 20; id++) await readOne(prisma, id)
        currentRequest()?.resume()
      },
    ],
    [
      'fewer calls than the threshold',
      async (prisma) => {
        for (let id = 0; id < 9; id++) await readOne(prisma, id)
      },
    ],
  ])('%s', async (_, work) => {
    const { prisma, inRequest } = watched()
    expect(await inRequest(() => work(prisma))).toEqual([])
  })

  test('what is allowed by model or by path', async () => {
    const loop = (prisma: PrismaClient) => async () => {
      for (let id = 0; id < 12; id++) await readOne(prisma, id)
    }
    for (const allow of [
      [{ model: 'User' }],
      [{ path: 'n-plus-one.test' }],
      [{ path: /^GET \/list/, model: 'User' }],
    ]) {
      const { prisma, inRequest } = watched({ allow })
      expect(await inRequest(loop(prisma))).toEqual([])
    }
    const { prisma, inRequest } = watched({ allow: [{ model: 'Tag' }, { path: 'elsewhere' }] })
    expect(await inRequest(loop(prisma))).toHaveLength(1)
  })

  test('work outside of a request, unless its rate is high', async () => {
    const { prisma } = watched()
    const queries = (prisma as unknown as { $queries: { flush(): Promise<void>; metrics(): string } })
      .$queries
    const reported = (): string | undefined => /db_client_n_plus_one_total (\d+)/.exec(queries.metrics())?.[1]
    for (let id = 0; id < 30; id++) await readOne(prisma, id)
    await queries.flush()
    expect(reported()).toBe('0')
    await Promise.all(Array.from({ length: 400 }, (_, id) => readOne(prisma, id)))
    await queries.flush()
    expect(reported()).toBe('1')
  })

  test("action 'throw' names the call site, and the call that closes the loop is not sent", async () => {
    const { prisma, inRequest } = watched({ action: 'throw' })
    let done = 0
    const failing = inRequest(async () => {
      for (let id = 0; id < 20; id++) {
        await readOne(prisma, id)
        done++
      }
    })
    await expect(failing).rejects.toMatchObject({
      code: 'E_N_PLUS_ONE',
      message: expect.stringMatching(
        /User\.findMany is called 10 times in a loop at .*n-plus-one\.test\.ts:\d+/,
      ),
    })
    expect(done).toBe(9)
  })

  test('a function that throws or rejects costs nobody a report: one warning, and $disconnect ends', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    try {
      let told = 0
      const { prisma, inRequest } = watched({
        action: () => {
          if (told++ === 0) throw new Error('secret')
          return Promise.reject(new Error('secret')) as never
        },
      })
      const reports = await inRequest(async () => {
        for (let id = 0; id < 12; id++) await readOne(prisma, id)
        for (let id = 0; id < 12; id++) await prisma.conversation.findMany({ where: { userId: id } })
      })
      expect(reports.map(({ model }) => model)).toEqual(['User', 'Conversation'])
      expect(told).toBe(2)
      await prisma.$disconnect()
      expect(warned.mock.calls.map(([message]) => String(message))).toEqual([
        expect.stringMatching(/nPlusOne\.action failed \(Error\)/),
      ])
    } finally {
      warned.mockRestore()
    }
  })

  test('a function is called with the report', async () => {
    const reports: NPlusOneReport[] = []
    const { prisma, inRequest } = watched({ action: (report) => void reports.push(report) })
    await inRequest(async () => {
      for (let id = 0; id < 12; id++) await readOne(prisma, id)
    })
    expect(reports).toMatchObject([{ model: 'User', count: 12 }])
  })
})

describe('S21 expectations fail with the statements and call sites listed', () => {
  const client = () =>
    database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends(slowQuery({ sinks: [] }))

  test('expectQueryCount', async () => {
    const prisma = client()
    const users = await expectQueryCount(prisma, 2, () =>
      prisma.user.findMany({ include: { conversations: true } }),
    )
    expect(users).toHaveLength(USERS)
    await expect(
      expectQueryCount(prisma, 1, () => prisma.user.findMany({ include: { conversations: true } })),
    ).rejects.toThrow(
      /^Expected 1 statement, 2 were sent:\n {2}1\. User\.findMany at .*n-plus-one\.test\.ts:\d+:\d+\n {5}SELECT .*"User"(.|\n)*2\. User\.findMany(.|\n)*"Conversation"/,
    )
    await expectQueryCount(prisma, 0, () => undefined)
  })

  test('expectNoNPlusOne', async () => {
    const prisma = client()
    await expectNoNPlusOne(prisma, () => prisma.user.findMany({ include: { conversations: true } }))
    const loop = async (): Promise<void> => {
      for (const user of await prisma.user.findMany({ take: 3 }))
        await prisma.conversation.findMany({ where: { userId: user.id } })
    }
    await expect(expectNoNPlusOne(prisma, loop)).rejects.toThrow(
      /Conversation\.findMany: 3 calls, 3 statements, at .*n-plus-one\.test\.ts(.|\n)*for each row of User\.findMany(.|\n)*include: (.|\n)*All statements:/,
    )
    await expectNoNPlusOne(prisma, loop, { threshold: 4 })
  })

  test('requests and jobs that begin within the work are part of it', async () => {
    const prisma = client()
    const app = new Hono()
    app.use(honoRequests(prisma))
    app.get('/conversations', async (c) => {
      for (const user of await prisma.user.findMany({ take: 3 }))
        await prisma.conversation.findMany({ where: { userId: user.id } })
      return c.json({})
    })
    await expectQueryCount(prisma, 4, () => app.request('/conversations'))
    await expect(expectNoNPlusOne(prisma, () => app.request('/conversations'))).rejects.toThrow(
      /Conversation\.findMany: 3 calls, 3 statements/,
    )
    await expectQueryCount(prisma, 1, () => runRequest({ name: 'a job' }, () => prisma.user.count()))
  })

  test('a client without slowQuery() is refused', async () => {
    await expect(expectQueryCount({} as never, 0, () => undefined)).rejects.toThrow(
      'expected a client extended with slowQuery()',
    )
  })
})
