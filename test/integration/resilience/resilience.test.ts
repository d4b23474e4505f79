import { AsyncLocalStorage } from 'node:async_hooks'
import { jest } from '@jest/globals'
import { DriverTap, hostOf } from '@prisma-brisk/core'
import { resilience, withLimits } from '@prisma-brisk/resilience'
import { slowQuery, type SinkRecord } from '@prisma-brisk/slow-query'
import { brisk } from 'prisma-brisk'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(() => database.drop())

function driverError(code: string): Error {
  const cause = { kind: 'postgres', originalCode: code, code, severity: 'ERROR', message: code }
  return Object.assign(new Error(code), { name: 'DriverAdapterError', cause })
}

/** A client whose statements fail with these codes, one after another, before they work. */
function failing(codes: string[], options: Parameters<typeof resilience>[0]) {
  const records: SinkRecord[] = []
  const { client, log } = database.createRecordedClient({
    adapter: database.adapter({ connections: 2 }),
    before: () => {
      const code = codes.shift()
      if (code !== undefined) throw driverError(code)
    },
  })
  const sink = { write: (record: SinkRecord) => void records.push(record) }
  const prisma = client.$extends(slowQuery({ threshold: 0.001, sinks: [sink] })).$extends(resilience(options))
  return { prisma, log, records }
}

describe('R2 retries', () => {
  const retry = { attempts: 3, baseDelay: 1, maxDelay: 2 }

  test('come also where a test has faked the timers, of an operation and of a transaction', async () => {
    const { prisma, log } = failing(['40001', '40001'], { retry })
    const { client } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    let attempts = 0
    jest.useFakeTimers({ doNotFake: ['nextTick'] })
    try {
      await prisma.tag.count()
      expect(log.statements).toHaveLength(3)
      const again = client.$extends(resilience())
      await again.$retryTransaction(
        async (tx) => {
          await tx.tag.count()
          if (++attempts < 3) throw driverError('40001')
        },
        { ...retry },
      )
      expect(attempts).toBe(3)
    } finally {
      jest.useRealTimers()
    }
  })

  test.each(['40001', '40P01', '53300', '57P03'])('%s is sent again, as one operation', async (code) => {
    const { prisma, log, records } = failing([code, code], { retry })
    await prisma.tag.create({ data: { name: `retried ${code}` } })
    await prisma.$queries.flush()
    expect(log.statements).toHaveLength(3)
    expect(prisma.$queries.stats()).toMatchObject([
      { model: 'Tag', operation: 'create', count: 1, errors: 0 },
    ])
    expect(records).toMatchObject([{ type: 'slow-query', notes: { retries: 2 } }])
  })

  test('KP10 a procedure that may have committed part of its work is not run again, nor are several statements', async () => {
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends(resilience({ retry }))
    await prisma.$executeRawUnsafe(`CREATE PROCEDURE nightly() LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO "Tag" (name) VALUES ('nightly ' || clock_timestamp()); COMMIT; RAISE 'again' USING ERRCODE = '40001'; END $$`)
    for (const sql of ['CALL nightly()', '/* SELECT */ CALL nightly()']) {
      await prisma.tag.deleteMany({ where: { name: { startsWith: 'nightly' } } })
      await expect(prisma.$executeRawUnsafe(sql)).rejects.toThrow('again')
      expect(await prisma.tag.count({ where: { name: { startsWith: 'nightly' } } })).toBe(1)
    }
  })

  test.each([
    ['SELECT 1', 3],
    ['update "Tag" set name = name', 3],
    ['SELECT 1; CALL nightly()', 1],
    ['DO $$ BEGIN COMMIT; END $$', 1],
  ])('KP10 %s, undone by the database, is sent %i times in all', async (sql, times) => {
    const { prisma, log } = failing(['40001', '40001', '40001'], { retry })
    await expect(prisma.$executeRawUnsafe(sql)).rejects.toThrow()
    expect(log.statements).toHaveLength(times)
  })

  test('gives up after its attempts, with the last error', async () => {
    const { prisma, log } = failing(['40001', '40001', '40001', '40001'], { retry })
    await expect(prisma.tag.count()).rejects.toThrow()
    expect(log.statements).toHaveLength(3)
  })

  test.each(['23505', '57014', '08006', 'ECONNRESET', '42601'])('%s is not sent again', async (code) => {
    const { prisma, log } = failing([code], { retry })
    await expect(prisma.tag.count()).rejects.toThrow()
    expect(log.statements).toHaveLength(1)
  })

  test('nothing is sent again inside an outer transaction, nor without the option', async () => {
    const inside = failing(['40001'], { retry })
    await expect(inside.prisma.$transaction((tx) => tx.tag.count())).rejects.toThrow()
    expect(inside.log.statements).toHaveLength(1)
    const without = failing(['40001'], {})
    await expect(without.prisma.tag.count()).rejects.toThrow()
    expect(without.log.statements).toHaveLength(1)
  })
})

test('R2 an AbortSignal ends the wait before the next attempt, and nothing more is sent', async () => {
  const { prisma, log } = failing(['40001'], { retry: { attempts: 3, baseDelay: 500, maxDelay: 500 } })
  const controller = new AbortController()
  const answer = withLimits({ signal: controller.signal }, () => prisma.tag.count())
  while (log.statements.length === 0) await new Promise((resolve) => setImmediate(resolve))
  controller.abort()
  await expect(answer).rejects.toMatchObject({ code: 'E_QUERY_ABORTED' })
  expect(log.statements).toHaveLength(1)
})

test('S19 extending a client 1,000 times adds one listener; after $disconnect no timer is left', async () => {
  const client = database.createClient({ adapter: database.adapter({ connections: 1 }) })
  const first = client.$extends(resilience())
  for (let index = 0; index < 1000; index++) client.$extends(resilience())
  await first.tag.count()
  const tap = DriverTap.of(hostOf(client)) as unknown as { listeners: { all: unknown[] } }
  const { states } = hostOf(client) as unknown as { states: Map<symbol, { timer?: unknown }> }
  expect(tap.listeners.all).toHaveLength(1)
  const timers = () => [...states.values()].map((state) => state?.timer).filter((timer) => timer != null)
  expect(timers()).toHaveLength(1)
  await first.$disconnect()
  expect(timers()).toEqual([])
})

test.each([[{ timeout: 0 }], [{ timeout: Number.NaN }], [{ signal: 5 }], [{ timeuot: 5 }]])(
  'R1 withLimits(%j) is refused',
  (limits) => {
    expect(() => withLimits(limits as never, () => undefined)).toThrow(
      expect.objectContaining({ code: 'E_INVALID_OPTIONS' }),
    )
  },
)

describe('R3 deferred work', () => {
  test('runs after the caller goes on; $disconnect waits for it', async () => {
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends(resilience())
    await prisma.$deferred(() => prisma.tag.create({ data: { name: 'deferred' } }))
    expect(prisma.$deferred.stats()).toMatchObject({ queued: 1, completed: 0 })
    await prisma.$disconnect()
    expect(prisma.$deferred.stats()).toMatchObject({ queued: 0, completed: 1, failed: 0 })
    expect(await prisma.tag.findUnique({ where: { name: 'deferred' } })).not.toBeNull()
  })

  test('what fails while the client disconnects has reached its sinks by then, and been flushed', async () => {
    const written: SinkRecord[] = []
    const flushed: SinkRecord[] = []
    const sink = {
      write: (record: SinkRecord) => void written.push(record),
      flush: async () => void flushed.push(...written.splice(0)),
    }
    const options = {
      batching: false,
      cache: false,
      pagination: false,
      // On a busy machine any operation may be slow, and would be told too.
      slowQuery: { sinks: [sink], threshold: 600_000 },
    } as const
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends(brisk(options))
    await prisma.tag.create({ data: { name: 'taken at the end' } })
    await prisma.$deferred(() => prisma.tag.create({ data: { name: 'taken at the end' } }))
    await prisma.$disconnect()
    expect(flushed).toMatchObject([{ type: 'deferred-failure', error: { code: 'P2002' } }])
  })

  test('fake timers of a test hold up neither a task nor $disconnect', async () => {
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends(resilience())
    await prisma.tag.count()
    // The driver's own use of nextTick is its affair.
    jest.useFakeTimers({ doNotFake: ['nextTick'] })
    try {
      await prisma.$deferred(() => prisma.tag.create({ data: { name: 'under fake timers' } }))
      await prisma.$disconnect()
    } finally {
      jest.useRealTimers()
    }
    expect(await prisma.tag.findUnique({ where: { name: 'under fake timers' } })).not.toBeNull()
  })

  test('KP1 a lazy call is sent in its own request, whoever queued first and whatever runs meanwhile', async () => {
    const tenant = new AsyncLocalStorage<number>()
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends({
        query: {
          tag: {
            create: ({ args, query }) =>
              query({ ...args, data: { ...args.data, name: `${args.data.name} of ${tenant.getStore()}` } }),
          },
        },
      })
      .$extends(resilience())
    const queued = (id: number) =>
      tenant.run(id, async () => {
        void prisma.$deferred(() => prisma.tag.create({ data: { name: `lazy ${id}` } }))
        void prisma.$deferred(async () => {
          await prisma.tag.create({ data: { name: `async ${id}` } })
        })
      })
    await Promise.all([1, 2, 3].map(queued))
    await prisma.$deferred.flush()
    const names = (await prisma.tag.findMany({ where: { name: { contains: ' of ' } } })).map(
      ({ name }) => name,
    )
    expect(names.sort()).toEqual(
      [1, 2, 3].flatMap((id) => `async ${id} of ${id}`).concat([1, 2, 3].map((id) => `lazy ${id} of ${id}`)),
    )
  })

  test('KP2 a task that queues more than there are places is done, and so is $disconnect', async () => {
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends(resilience({ deferred: { maxQueue: 5 } }))
    await prisma.$deferred(async () => {
      for (let index = 0; index < 20; index++)
        await prisma.$deferred(() => prisma.tag.create({ data: { name: `within ${index}` } }))
    })
    await prisma.$disconnect()
    expect(await prisma.tag.count({ where: { name: { startsWith: 'within ' } } })).toBe(20)
  })

  test('operations of tasks that are no lazy call keep the order too', async () => {
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 4 }) })
      .$extends(resilience())
    const names = Array.from({ length: 20 }, (_, index) => `ordered ${index}`)
    for (const [index, name] of names.entries()) {
      await prisma.$deferred(
        index % 2 === 0
          ? () => prisma.tag.create({ data: { name } })
          : async () => {
              await prisma.tag.create({ data: { name } })
            },
      )
    }
    await prisma.$deferred.flush()
    const rows = await prisma.tag.findMany({
      where: { name: { startsWith: 'ordered' } },
      orderBy: { id: 'asc' },
    })
    expect(rows.map((row) => row.name)).toEqual(names)
  })

  test('a failure goes to the sinks of slow-query, without values', async () => {
    const records: SinkRecord[] = []
    const sink = { write: (record: SinkRecord) => void records.push(record) }
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends(slowQuery({ sinks: [sink] }))
      .$extends(resilience())
    await prisma.tag.create({ data: { name: 'taken' } })
    await prisma.$deferred(() => prisma.tag.create({ data: { name: 'taken' } }))
    await prisma.$deferred.flush()
    await prisma.$queries.flush()
    const failures = records.filter((each) => each.type === 'deferred-failure')
    expect(failures).toMatchObject([{ error: { code: 'P2002' } }])
    expect(JSON.stringify(failures)).not.toContain('taken')
  })

  test('R3 a failure names the operation it came from and the place where the task was deferred, and is counted', async () => {
    const records: Extract<SinkRecord, { type: 'deferred-failure' }>[] = []
    const sink = {
      write: (record: SinkRecord) => void (record.type === 'deferred-failure' && records.push(record)),
    }
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends(slowQuery({ sinks: [sink] }))
      .$extends(resilience())
    await prisma.tag.create({ data: { name: 'named' } })
    await prisma.$deferred(() => prisma.tag.create({ data: { name: 'named' } }))
    await prisma.$deferred(async () => {
      await prisma.tag.count()
      await prisma.tag.updateMany({ data: { id: 1 } })
    })
    await prisma.$deferred(async () => {
      await prisma.tag.count()
      throw new TypeError('of its own')
    })
    await prisma.$deferred(() => prisma.tag.count())
    await prisma.$deferred.flush()
    await prisma.$queries.flush()
    const place = expect.stringMatching(/resilience\.test\.ts:\d+:\d+$/)
    const inOrder = [...records].sort((a, b) => String(a.operation).localeCompare(String(b.operation)))
    expect(inOrder).toEqual([
      expect.objectContaining({ model: 'Tag', operation: 'create', callSite: place }),
      expect.objectContaining({
        model: null,
        operation: null,
        callSite: place,
        error: { name: 'TypeError' },
      }),
      expect.objectContaining({ model: 'Tag', operation: 'updateMany', callSite: place }),
    ])
    const metrics = prisma.$queries.metrics()
    expect(metrics).toContain('db_client_deferred_tasks_total{outcome="completed"} 1')
    expect(metrics).toContain('db_client_deferred_tasks_total{outcome="failed"} 3')
    expect(metrics).toContain('db_client_deferred_tasks_total{outcome="dropped"} 0')
  })
})
