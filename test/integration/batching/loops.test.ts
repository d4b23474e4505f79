import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { batching, type BatchingOptions, type LoopEvent } from '@prisma-brisk/batching'
import { ChangeWatch, hostOf } from '@prisma-brisk/core'
import { brisk, runRequest, type SinkRecord } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { RecordOptions } from '../../support/statements.ts'

const USERS = 60

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('loops on %s', (provider) => {
  let database: TestDatabase<PrismaClient>

  beforeAll(async () => {
    database = await createDatabase(provider)
    const plain = database.createClient()
    await plain.user.createMany({
      data: Array.from({ length: USERS }, (_, index) => ({
        id: index + 1,
        email: `user${index + 1}@example.org`,
        name: `User ${index + 1}`,
        tutorId: index === 0 ? null : 1 + (index % 3),
      })),
    })
    await plain.insight.createMany({
      data: Array.from({ length: 3 * USERS }, (_, index) => ({
        id: index + 1,
        userId: 1 + (index % USERS),
        title: `Insight ${index + 1}`,
      })),
    })
    // Without one, first rows are better asked for one by one.
    if (provider !== 'mysql') await plain.$executeRawUnsafe('CREATE INDEX by_user ON "Insight" ("userId")')
  })
  afterAll(() => database.drop())

  const opened: PrismaClient[] = []
  afterEach(() => Promise.all(opened.splice(0).map((client) => client.$disconnect())))

  const clients = (
    options: BatchingOptions = { loops: { mode: 'mend', maxAge: 60_000 } },
    before?: RecordOptions['before'],
  ) => {
    const { client, log } = database.createRecordedClient({
      adapter: database.adapter({ connections: 2 }),
      ...(before === undefined ? {} : { before }),
    })
    opened.push(client)
    return { base: client, log, prisma: client.$extends(batching(options)) }
  }
  type Client = ReturnType<typeof clients>['prisma']

  const users = (prisma: Client, take = USERS) => prisma.user.findMany({ orderBy: { id: 'asc' }, take })
  const insightsOf = (prisma: Client, userId: number) =>
    prisma.insight.findMany({ where: { userId }, orderBy: { id: 'asc' } })
  const inRequest = <T>(work: () => Promise<T>): Promise<T> => runRequest({ name: 'GET /feed' }, work)

  /** The titles of each user's insights, one user after another, and what `between` does before each of them. */
  const feed = async (
    prisma: Client,
    between: (index: number) => unknown = () => undefined,
    take = USERS,
  ): Promise<string[][]> => {
    const told: string[][] = []
    for (const [index, { id }] of (await users(prisma, take)).entries()) {
      await between(index)
      told.push((await insightsOf(prisma, id)).map(({ title }) => title))
    }
    return told
  }

  test('B38 a loop over the rows of a list costs a few statements, and three where it is known', async () => {
    const { prisma, log } = clients()
    const expected = await feed(prisma)
    expect(log.statements).toHaveLength(1 + USERS)
    const counts: number[] = []
    for (let round = 0; round < 3; round++) {
      log.clear()
      expect(await inRequest(() => feed(prisma))).toEqual(expected)
      counts.push(log.statements.length)
    }
    // PostgreSQL is asked once for the columns of the table, MySQL for its collations.
    expect(counts[0]).toBeLessThanOrEqual(1 + 5)
    expect(counts.slice(1)).toEqual([1 + 3, 1 + 3])
    // The first time, a few are read ahead before the rest.
    const kept = 3 * (USERS - 3) - 1
    expect(prisma.$batching.stats().loops).toEqual({ seen: 3, ahead: kept, used: kept })
  })

  test('B38 so do counts, sums, single rows and the rows within rows', async () => {
    const { prisma, log, base } = clients()
    const reads: ((client: Client) => Promise<unknown>)[] = [
      async (client) => {
        const told: unknown[] = []
        for (const { id } of await users(client))
          told.push(await client.insight.count({ where: { userId: id } }))
        return told
      },
      async (client) => {
        const told: unknown[] = []
        for (const { id } of await users(client))
          told.push(
            await client.insight.aggregate({ where: { userId: id }, _max: { id: true }, _count: true }),
          )
        return told
      },
      async (client) => {
        const told: unknown[] = []
        for (const { tutorId } of await users(client))
          if (tutorId !== null) told.push(await client.user.findUnique({ where: { id: tutorId } }))
        return told
      },
      async (client) => {
        const told: unknown[] = []
        const tutors = await client.user.findMany({
          where: { id: { lte: 3 } },
          include: { students: { orderBy: { id: 'asc' } } },
          orderBy: { id: 'asc' },
        })
        for (const { students } of tutors)
          for (const { id } of students)
            told.push(await client.insight.findMany({ where: { userId: id }, orderBy: { id: 'desc' } }))
        return told
      },
    ]
    for (const [index, read] of reads.entries()) {
      const expected = await read(base as unknown as Client)
      await inRequest(() => read(prisma))
      log.clear()
      expect(await inRequest(() => read(prisma))).toEqual(expected)
      expect([index, log.statements.length < 10 || log.statements.length]).toEqual([index, true])
    }
  })

  test('B39 outside of requests, and where loops are only reported, nothing is read ahead', async () => {
    const events: LoopEvent[] = []
    const note = (event: unknown) => events.push(event as LoopEvent)
    subscribe('prisma-brisk:loop', note)
    for (const loops of ['report', false, undefined] as const) {
      const { prisma, log } = clients({ loops })
      await inRequest(() => feed(prisma))
      expect(log.statements).toHaveLength(1 + USERS)
      expect(prisma.$batching.stats().loops).toEqual({ seen: loops === false ? 0 : 1, ahead: 0, used: 0 })
    }
    unsubscribe('prisma-brisk:loop', note)
    expect(events).toHaveLength(2)
    expect(events[0]).toEqual({
      model: 'Insight',
      operation: 'findMany',
      mode: 'report',
      list: 'User',
      path: 'id',
      reads: USERS,
      sent: USERS,
      ahead: 0,
      used: 0,
      callSite: expect.stringMatching(/loops\.test\.ts:\d+:\d+$/),
      request: 'GET /feed',
    })
    const { prisma, log } = clients({ loops: 'mend' })
    await feed(prisma)
    expect(log.statements).toHaveLength(1 + USERS)
  })

  test('B39 a task is what the application says it is', async () => {
    const jobs = new AsyncLocalStorage<object>()
    const { prisma, log } = clients({ loops: { mode: 'mend', maxAge: 60_000, scope: () => jobs.getStore() } })
    await jobs.run({}, () => feed(prisma))
    expect(log.statements.length).toBeLessThan(10)
  })

  test('B40 what is written meanwhile, by whatever client of the process, is seen', async () => {
    const { prisma, base } = clients()
    const title = (index: number) => `Rewritten ${index}`
    const where = (index: number) => ({ where: { userId: index + 1 }, data: { title: title(index) } })
    const quote = provider === 'mysql' ? '`' : '"'
    const writes: ((index: number) => Promise<unknown>)[] = [
      (index) => base.insight.updateMany(where(index)),
      (index) => prisma.insight.updateMany(where(index)),
      (index) =>
        prisma.$executeRawUnsafe(
          `UPDATE ${quote}Insight${quote} SET title = '${title(index)}' WHERE ${quote}userId${quote} = ${index + 1}`,
        ),
      (index) => base.$transaction((tx) => tx.insight.updateMany(where(index))),
      (index) => base.$transaction([base.insight.updateMany(where(index)), base.user.count()]),
      (index) =>
        base.user.update({
          where: { id: index + 1 },
          data: { insights: { updateMany: { where: {}, data: { title: title(index) } } } },
        }),
    ]
    for (const write of writes) {
      await base.insight.updateMany({ data: { title: 'As it was' } })
      // Before the tenth row it is that row's insights that are written, when they have been read ahead.
      const told = await inRequest(() => feed(prisma, (index) => (index === 9 ? write(9) : null), 20))
      expect(told.map(([first]) => first)).toEqual(
        told.map((_, index) => (index === 9 ? title(9) : 'As it was')),
      )
    }
    expect(prisma.$batching.stats().loops.used).toBeGreaterThan(0)
  })

  test('B40 a delete is seen by what rests on rows it takes along, another table is not', async () => {
    const { prisma, base, log } = clients()
    const extra = await base.user.create({
      data: { id: 1000, email: 'extra@example.org', name: 'Extra', tutorId: 1 },
    })
    const gone = await inRequest(async () => {
      const told: unknown[] = []
      for (const { id } of await prisma.user.findMany({
        where: { id: { gt: USERS - 5 } },
        orderBy: { id: 'asc' },
      })) {
        if (id === extra.id) await base.user.delete({ where: { id } })
        told.push(await prisma.insight.count({ where: { userId: id } }))
      }
      return told
    })
    expect(gone.at(-1)).toBe(0)
    log.clear()
    await inRequest(() => feed(prisma, () => base.tag.updateMany({ data: { name: 'other' } })))
    expect(log.statements.length - USERS).toBeLessThan(10)
  })

  test('B40 a source that tells of writes from elsewhere is listened to', async () => {
    const { prisma, base } = clients()
    const elsewhere = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    opened.push(elsewhere)
    await elsewhere.insight.updateMany({ data: { title: 'As it was' } })
    const changes = ChangeWatch.of(hostOf(base))
    const told = await inRequest(() =>
      feed(
        prisma,
        async (index) => {
          if (index !== 9) return
          await elsewhere.insight.updateMany({ where: { userId: 10 }, data: { title: 'From elsewhere' } })
          changes.tell(new Set(['Insight']))
        },
        20,
      ),
    )
    expect(told.map(([first]) => first)).toEqual(
      told.map((_, index) => (index === 9 ? 'From elsewhere' : 'As it was')),
    )
  })

  test('B40 what has grown old is read again', async () => {
    const { prisma } = clients({ loops: { mode: 'mend', maxAge: 0 } })
    const elsewhere = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    opened.push(elsewhere)
    await elsewhere.insight.updateMany({ data: { title: 'As it was' } })
    const told = await inRequest(() =>
      feed(
        prisma,
        async (index) => {
          await new Promise((resolve) => setTimeout(resolve, 2))
          if (index === 9)
            await elsewhere.insight.updateMany({ where: { userId: 10 }, data: { title: 'From elsewhere' } })
        },
        20,
      ),
    )
    expect(told[9]?.[0]).toBe('From elsewhere')
    expect(prisma.$batching.stats().loops.used).toBe(0)
  })

  test('B40 under a writer elsewhere that nobody tells of, an answer is what was true since the loop began', async () => {
    const { prisma } = clients()
    const elsewhere = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    opened.push(elsewhere)
    const padded = (version: number) => String(version).padStart(6, '0')
    let version = 0
    const over = new AbortController()
    const rewrite = async () => {
      await elsewhere.insight.updateMany({ data: { title: padded(version + 1) } })
      version++
    }
    await rewrite()
    const writer = (async () => {
      while (!over.signal.aborted) {
        await rewrite()
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    })()
    try {
      for (let round = 0; round < 5; round++) {
        const began = version
        const told = await inRequest(() => feed(prisma, undefined, 30))
        for (const [title] of told) {
          expect(Number(title)).toBeGreaterThanOrEqual(began)
          // One may be committed whose writer has not been told yet.
          expect(Number(title)).toBeLessThanOrEqual(version + 1)
        }
      }
    } finally {
      over.abort()
      await writer
    }
    expect(prisma.$batching.stats().loops.used).toBeGreaterThan(0)
  })

  test('B40 once the request has written a table, its reads of it are left alone', async () => {
    const { prisma, log } = clients()
    await inRequest(async () => {
      await prisma.insight.updateMany({ where: { id: 1 }, data: { read: true } })
      log.clear()
      await feed(prisma)
    })
    expect(log.statements).toHaveLength(1 + USERS)
  })

  test('B41 in a transaction, only where its level makes a read repeatable', async () => {
    const levels: Partial<Record<Provider, readonly (readonly [string | undefined, boolean])[]>> = {
      postgresql: [
        [undefined, false],
        ['ReadCommitted', false],
        ['RepeatableRead', true],
        ['Serializable', true],
      ],
      mysql: [
        [undefined, false],
        ['ReadCommitted', false],
        ['RepeatableRead', true],
        ['Serializable', false],
      ],
      sqlite: [
        [undefined, true],
        ['Serializable', true],
      ],
    }
    for (const [isolationLevel, isMended] of levels[provider] ?? []) {
      const { prisma, log, base } = clients()
      const expected = await feed(base as unknown as Client)
      log.clear()
      const options = isolationLevel === undefined ? {} : { isolationLevel: isolationLevel as 'Serializable' }
      const told = await inRequest(() => prisma.$transaction((tx) => feed(tx as unknown as Client), options))
      expect(told).toEqual(expected)
      expect([isolationLevel, log.statements.length < 12]).toEqual([isolationLevel, isMended])
    }
  })

  test('B41 a transaction sees its own writes, and answers nothing once it is over', async () => {
    const { prisma } = clients()
    const options = provider === 'sqlite' ? {} : ({ isolationLevel: 'RepeatableRead' } as const)
    let kept: Client | null = null
    const told = await inRequest(() =>
      prisma.$transaction(async (tx) => {
        kept = tx as unknown as Client
        await tx.insight.updateMany({ data: { title: 'As it was' } })
        return feed(
          tx as unknown as Client,
          (index) =>
            index === 9
              ? tx.insight.updateMany({ where: { userId: 10 }, data: { title: 'Rewritten' } })
              : null,
          20,
        )
      }, options),
    )
    expect(told.map(([first]) => first)).toEqual(
      told.map((_, index) => (index === 9 ? 'Rewritten' : 'As it was')),
    )
    const late = inRequest(async () => {
      const list = await prisma.$transaction(async (tx) => {
        kept = tx as unknown as Client
        const found = await users(kept, 20)
        for (const { id } of found.slice(0, 5)) await insightsOf(kept, id)
        return found
      }, options)
      return insightsOf(kept as unknown as Client, list[5]!.id)
    })
    await expect(late).rejects.toMatchObject({ code: 'P2028' })
  })

  test('B42 loops that stop early read ahead less, and then nothing', async () => {
    const { prisma, log } = clients()
    let rows = 0
    for (let round = 0; round < 10; round++) {
      log.clear()
      await inRequest(async () => {
        for (const { id } of (await users(prisma)).slice(0, 3))
          await prisma.insight.findFirst({
            where: { userId: id, read: { not: true } },
            orderBy: { id: 'desc' },
          })
      })
      rows += prisma.$batching.stats().loops.ahead
    }
    expect(rows).toBeGreaterThan(0)
    expect(prisma.$batching.stats().loops.ahead).toBeLessThanOrEqual(60)
    const { ahead } = prisma.$batching.stats().loops
    await inRequest(async () => {
      for (const { id } of (await users(prisma)).slice(0, 3))
        await prisma.insight.findFirst({
          where: { userId: id, read: { not: true } },
          orderBy: { id: 'desc' },
        })
    })
    // Another place, another habit.
    expect(prisma.$batching.stats().loops.ahead).toBeGreaterThan(ahead)
  })

  test('B43 a statement that fails costs nobody an answer, and what nobody asks for is not sent again', async () => {
    let fails = false
    const { prisma, log } = clients({ loops: { mode: 'mend', maxAge: 60_000 } }, ({ sql }) => {
      if (fails && sql.includes('Insight') && / IN \(/i.test(sql)) throw new Error('broken')
    })
    const expected = await feed(prisma)
    fails = true
    log.clear()
    expect(await inRequest(() => feed(prisma))).toEqual(expected)
    expect(log.statements.filter(({ error }) => error !== undefined).length).toBeLessThanOrEqual(2)
    expect(log.statements.length).toBeLessThanOrEqual(1 + USERS + 4)
  })

  test('B43 a row that is missed fails its own call, with the error of its own', async () => {
    const { prisma, base } = clients()
    const profiles = [1, 2, 3, 4, 6, 8, 9]
    await base.profile.createMany({
      data: profiles.map((userId) => ({ id: userId, userId, displayName: 'x', preferences: {} })),
    })
    const told = await inRequest(async () => {
      const outcomes: unknown[] = []
      for (const { id } of await users(prisma, 10))
        outcomes.push(
          await prisma.profile.findUniqueOrThrow({ where: { userId: id } }).then(
            ({ userId }) => userId,
            (error: { code: string }) => error.code,
          ),
        )
      return outcomes
    })
    expect(told).toEqual([1, 2, 3, 4, 'P2025', 6, 'P2025', 8, 9, 'P2025'])
    expect(prisma.$batching.stats().loops.used).toBeGreaterThan(0)
  })

  test('B44 what is kept is given once, to whom asks for just that', async () => {
    const { prisma, log } = clients()
    await inRequest(async () => {
      const list = await users(prisma, 20)
      for (const { id } of list.slice(0, 4)) {
        // Slow enough that what is kept is not old too soon.
        await new Promise((resolve) => setTimeout(resolve, 300))
        await insightsOf(prisma, id)
      }
      log.clear()
      const [fifth] = list.slice(4)
      const own = await insightsOf(prisma, fifth!.id)
      expect(log.statements).toHaveLength(0)
      own[0]!.title = 'mine'
      const again = await insightsOf(prisma, fifth!.id)
      expect(again[0]!.title).not.toBe('mine')
      expect(log.statements).toHaveLength(1)
      log.clear()
      const others: (() => Promise<unknown>)[] = [
        () => prisma.insight.findMany({ where: { userId: 7 }, orderBy: { id: 'desc' } }),
        () => prisma.insight.findMany({ where: { userId: 7 }, orderBy: { id: 'asc' }, take: 1 }),
        () => prisma.insight.findMany({ where: { userId: 7, read: false }, orderBy: { id: 'asc' } }),
        () => prisma.insight.findMany({ where: { userId: 7 }, orderBy: { id: 'asc' }, select: { id: true } }),
        () => prisma.insight.findMany({ where: { userId: { equals: 7 } }, orderBy: { id: 'asc' } }),
        () => runRequest({ name: 'another' }, () => insightsOf(prisma, 7)),
        () =>
          prisma
            .$extends({ name: 'another client' })
            .insight.findMany({ where: { userId: 7 }, orderBy: { id: 'asc' } }),
      ]
      for (const read of others) await read()
      expect(log.statements.length).toBeGreaterThanOrEqual(others.length - 1)
      log.clear()
      expect(await insightsOf(prisma, 7)).toHaveLength(3)
      expect(log.statements).toHaveLength(0)
    })
  })
})

test('B39 a loop that is mended is still told of, as one that is', async () => {
  const database = await createDatabase('postgresql', { schema: 'demo', seed: 0.01 })
  try {
    const records: SinkRecord[] = []
    const prisma = database.createClient().$extends(
      brisk({
        slowQuery: { sinks: [{ write: (record) => void records.push(record) }] },
        batching: { loops: { mode: 'mend', maxAge: 60_000 } },
      }),
    )
    await runRequest({ name: 'GET /users' }, async () => {
      const users = await prisma.user.findMany({ orderBy: { id: 'asc' }, take: 40 })
      for (const { id } of users)
        await prisma.insight.findMany({ where: { userId: id }, orderBy: { id: 'asc' } })
    })
    await prisma.$queries.flush()
    expect(records.filter(({ type }) => type === 'n-plus-one')).toEqual([
      expect.objectContaining({
        model: 'Insight',
        count: 40,
        mended: expect.any(Number),
        callSite: expect.stringMatching(/loops\.test\.ts/),
        parent: expect.stringMatching(/^User\.findMany/),
        advice: expect.stringMatching(/^include: .*batching answers most of them ahead/),
      }),
    ])
  } finally {
    await database.drop()
  }
})

test('B40 what the cache stores is read when it is asked for, never ahead', async () => {
  const database = await createDatabase('postgresql', { schema: 'demo', seed: 0.01 })
  try {
    const { client, log } = database.createRecordedClient()
    const prisma = client.$extends(
      brisk({
        cache: { models: { Insight: { ttl: 60 } } },
        batching: { loops: { mode: 'mend', maxAge: 60_000 } },
      }),
    )
    const feed = () =>
      runRequest({ name: 'GET /users' }, async () => {
        const users = await prisma.user.findMany({ orderBy: { id: 'asc' }, take: 30 })
        for (const { id } of users)
          await prisma.insight.findMany({ where: { userId: id }, orderBy: { id: 'asc' } })
      })
    await feed()
    expect(log.statements).toHaveLength(31)
    expect(prisma.$batching.stats().loops).toEqual({ seen: 1, ahead: 0, used: 0 })
  } finally {
    await database.drop()
  }
})
