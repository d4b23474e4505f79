import { DriverTap } from '@prisma-brisk/core'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { jsonLinesSink, slowQuery, type SinkRecord, type SlowQueryRecord } from '@prisma-brisk/slow-query'
import { brisk } from 'prisma-brisk'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { hooked } from '../../support/hooked-client.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { keptRecords } from './support/kept-records.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(() => database.drop())

const pool = (connections: number) => ({ adapter: database.adapter({ connections }) })

/** A client whose every statement takes `delay` ms, and the slow operations it reports. */
function recordedClient(delay: number, threshold: number) {
  const { sink, records } = keptRecords('slow-query')
  const { client, log } = database.createRecordedClient({
    ...pool(3),
    before: () => (delay === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, delay))),
  })
  return { prisma: client.$extends(slowQuery({ threshold, sinks: [sink] })), records, log }
}

test('S1 an operation of two statements of 60 ms is one slow operation with both statements under it', async () => {
  const { prisma, records } = recordedClient(60, 100)
  const user = await prisma.user.create({ data: { email: 's1@example.org', name: 'S1' } })
  await prisma.$queries.flush()
  records.length = 0

  await prisma.user.findMany({ where: { id: user.id }, include: { conversations: true } })
  await prisma.$queries.flush()
  expect(records).toHaveLength(1)
  const [record] = records as [SlowQueryRecord]
  expect(record).toMatchObject({
    model: 'User',
    operation: 'findMany',
    threshold: 100,
    rowsRead: 1,
    rowsReturned: 1,
  })
  expect(record.ms).toBeGreaterThanOrEqual(118)
  expect(record.statements).toHaveLength(2)
  expect(record.statements[0]?.sql).toContain('FROM "public"."User"')
  expect(record.statements[1]?.sql).toContain('FROM "public"."Conversation"')
  // S8: where in the user's code.
  expect(record.callSite).toMatch(/slow-operations\.test\.ts:\d+:\d+$/)
})

test('S2 failures are counted, timed and carry the database code, though Prisma emits no event for them', async () => {
  const { prisma, records } = recordedClient(0, 0.001)
  await prisma.tag.create({ data: { name: 'taken' } })
  await expect(prisma.tag.create({ data: { name: 'taken' } })).rejects.toThrow()
  await expect(prisma.$queryRawUnsafe('SELECT * FROM nowhere')).rejects.toThrow()
  await prisma.$queries.flush()
  const stats = prisma.$queries.stats()
  expect(stats.find((line) => line.model === 'Tag')).toMatchObject({
    count: 2,
    errors: 1,
    errorCodes: { 23505: 1 },
  })
  expect(stats.find((line) => line.model === null)).toMatchObject({
    operation: '$queryRawUnsafe',
    count: 1,
    errors: 1,
    errorCodes: { '42P01': 1 },
  })
  expect(records.map((record) => record.error)).toEqual([
    undefined,
    { name: 'PrismaClientKnownRequestError', code: 'P2002', driverCode: '23505' },
    { name: 'PrismaClientKnownRequestError', code: 'P2010', driverCode: '42P01' },
  ])
})

test('S2 statements that time out and connections that are lost are counted with their code', async () => {
  const base = database.createClient(pool(2))
  const prisma = base.$extends(
    brisk({ resilience: { timeout: 1000 }, slowQuery: { threshold: 60_000, sinks: [] } }),
  )
  const plain = database.createClient(pool(1))
  // A connection is there, so that the time passes at the database, also on a busy machine.
  await Promise.all([base.$queryRaw`SELECT 1`, base.$queryRaw`SELECT 1`])
  await expect(prisma.$queryRaw`SELECT 1 AS n FROM pg_sleep(30)`).rejects.toThrow(/E_QUERY_TIMEOUT|1000 ms/)
  const lost = prisma.$transaction(async (tx) => {
    const [{ pid } = { pid: 0 }] = await tx.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`
    await plain.$queryRaw`SELECT pg_terminate_backend(${pid})`
    await tx.tag.count()
  })
  await expect(lost).rejects.toThrow()
  const stats = prisma.$queries.stats()
  expect(stats.find((line) => line.operation === 'count')).toMatchObject({ count: 1, errors: 1 })
  expect(stats.find((line) => line.operation === '$queryRaw')).toMatchObject({
    count: 2,
    errors: 1,
    errorCodes: { 57014: 1 },
  })
  expect(Object.keys(stats.find((line) => line.operation === 'count')!.errorCodes)).toHaveLength(1)
})

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('S3 attribution on %s', (provider) => {
  test('statements that calls share are told once, of the right model, and marked', async () => {
    const own = provider === 'postgresql' ? database : await createDatabase(provider)
    try {
      const { sink, records } = keptRecords('slow-query')
      const prisma = own
        .createClient({ adapter: own.adapter({ connections: 3 }) })
        .$extends(slowQuery({ threshold: 0.001, sinks: [sink] }))
      const take = async (): Promise<SlowQueryRecord[]> => {
        await prisma.$queries.flush()
        return records.splice(0)
      }
      await Promise.all(
        Array.from({ length: 10 }, (_, id) => prisma.user.findUnique({ where: { id: id + 1 } })),
      )
      const compacted = await take()
      expect(compacted).toHaveLength(1)
      expect(compacted[0]).toMatchObject({ model: 'User', shared: 10, statements: [{ shared: true }] })
      expect(prisma.$queries.stats().find((line) => line.operation === 'findUnique')?.count).toBe(10)

      await prisma.$transaction([
        prisma.tag.create({ data: { name: `s3 ${provider}` } }),
        prisma.user.findMany({ include: { conversations: true } }),
        prisma.tag.count(),
      ])
      const members = await take()
      expect(members.map((record) => `${record.model}.${record.operation}`).sort()).toEqual([
        'Tag.count',
        'Tag.create',
        'User.findMany',
      ])
      for (const member of members) {
        const [statement] = member.statements
        expect(statement?.sql).toContain(member.model)
        expect(member.ms).toBeCloseTo(
          member.statements.reduce((sum, each) => sum + each.ms, 0),
          1,
        )
      }
    } finally {
      if (own !== database) await own.drop()
    }
  })
})

test('S4 waiting for a connection, BEGIN and COMMIT are reported apart, never as a slow model query', async () => {
  const { sink, records } = keptRecords('slow-query')
  const prisma = database.createClient(pool(1)).$extends(slowQuery({ threshold: 100, sinks: [sink] }))
  await prisma.user.count()
  await prisma.$queries.flush()
  records.length = 0
  let end = (): void => undefined
  const held = new Promise<void>((resolve) => (end = resolve))
  const holding = prisma.$transaction(async (tx) => {
    await tx.user.count()
    await held
  })
  while (prisma.$queries.connections().pool?.idle !== 0) await new Promise((resolve) => setImmediate(resolve))
  const waiting = prisma.tag.count()
  setTimeout(end, 150)
  await Promise.all([holding, waiting])
  await prisma.$queries.flush()
  expect(records).toEqual([])
  expect(prisma.$queries.stats().find((line) => line.model === 'Tag')?.max).toBeLessThan(100)
  const steps = new Map(prisma.$queries.connections().steps.map((step) => [step.step, step]))
  expect(steps.get('wait')?.max).toBeGreaterThan(100)
  expect(steps.get('begin')?.count).toBe(1)
  expect(steps.get('commit')?.count).toBe(1)
})

test('S5 a client that had connected before: one warning that says how, operations are timed all the same', async () => {
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  try {
    const client = database.createClient(pool(1))
    await client.user.count()
    const prisma = client.$extends(slowQuery({ threshold: 0.001, sinks: [] }))
    await prisma.user.count()
    await prisma.user.count()
    expect(prisma.$queries.stats()).toMatchObject([{ model: 'User', operation: 'count', count: 2 }])
    expect(warned.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringContaining('Call $extends before the first query'),
    ])
  } finally {
    warned.mockRestore()
  }
})

test('S6 values appear nowhere: not in records, messages, raw SQL; with params they are asked for', async () => {
  const { prisma, records } = recordedClient(0, 0.001)
  const secret = 'correct horse battery staple'
  await prisma.tag.findMany({ where: { name: secret } })
  await prisma.$queryRawUnsafe(`SELECT '${secret}' AS a, $1 AS b /* ${secret} */`, secret)
  await expect(prisma.$queryRawUnsafe(`SELECT '${secret}'::int`)).rejects.toThrow()
  await expect(prisma.tag.create({ data: { name: secret, id: 'x' as unknown as number } })).rejects.toThrow()
  await prisma.$queries.flush()
  expect(records).toHaveLength(4)
  expect(JSON.stringify(records)).not.toContain('horse')
  expect(prisma.$queries.metrics()).not.toContain('horse')

  const asked: SinkRecord[] = []
  const sink = { write: (record: SinkRecord) => void asked.push(record) }
  const types = database
    .createClient(pool(1))
    .$extends(slowQuery({ threshold: 0.001, sinks: [sink], params: 'types' }))
  await types.tag.findMany({ where: { name: secret } })
  await types.$queries.flush()
  expect(asked).toMatchObject([{ statements: [{ params: expect.arrayContaining(['string']) }] }])
  expect(JSON.stringify(asked)).not.toContain('horse')
})

test('S8 a record says what it cost, of which request and trace, and what the other packages noted', async () => {
  const { runRequest } = await import('@prisma-brisk/slow-query')
  const { prisma, records } = recordedClient(0, 0.001)
  await runRequest({ name: 'GET /tags', traceId: 'a'.repeat(32) }, () => prisma.tag.findMany())
  await prisma.$queries.flush()
  expect(records).toHaveLength(1)
  expect(records[0]).toMatchObject({
    type: 'slow-query',
    request: 'GET /tags',
    traceId: 'a'.repeat(32),
    fingerprint: expect.stringMatching(/^[\da-f]{16}$/),
    waitMs: expect.any(Number),
    transactionMs: 0,
    notes: {},
  })
})

test('S8 raw SQL too has its call site: awaited, beside others, failed, in a transaction, or by then()', async () => {
  const { prisma, records } = recordedClient(0, 0.000_001)
  await prisma.$connect()
  // One call a line: the line is the call site.
  const load = async (): Promise<void> => {
    await prisma.$queryRaw`SELECT 1 AS one`
    await Promise.all([prisma.$queryRawUnsafe('SELECT 2 AS two'), prisma.$executeRaw`SELECT 3 AS three`])
    await prisma.$queryRaw`SELECT nothing`.catch(() => undefined)
    await expect(prisma.$queryRawUnsafe('SELECT nothing_else')).rejects.toThrow()
    await prisma.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT 4 AS four`
    })
    await prisma.$queryRaw`SELECT 5 AS five`.then((rows) => rows)
  }
  await load()
  await prisma.$queries.flush()
  const lines = records.map(({ callSite }) =>
    Number(/slow-operations\.test\.ts:(\d+):\d+$/.exec(callSite ?? '')?.[1]),
  )
  const [first = Number.NaN] = lines
  expect(lines.map((line) => line - first)).toEqual([0, 1, 1, 2, 3, 5, 7])
})

test.each([
  ['as Prisma is in production', false],
  ['behind another extension', true],
])('S8 where Prisma records no call site, it is where the call is awaited: %s', async (_, isHooked) => {
  const records: SlowQueryRecord[] = []
  const sink = { write: (record: SinkRecord) => void records.push(record as SlowQueryRecord) }
  const base = database.createClient({ errorFormat: 'minimal' })
  const prisma = (isHooked ? hooked(base) : base).$extends(slowQuery({ threshold: 0.000_001, sinks: [sink] }))
  await prisma.$connect()
  const load = async (): Promise<void> => {
    await prisma.tag.count()
    await Promise.all([prisma.tag.findFirst(), prisma.user.findMany()])
    await prisma.user.findUniqueOrThrow({ where: { id: -1 } }).catch(() => undefined)
    await prisma.$transaction(async (tx) => {
      await tx.tag.findMany({ take: 1 })
    })
    await expect(prisma.user.findUniqueOrThrow({ where: { id: -1 } })).rejects.toThrow()
  }
  await load()
  await prisma.$queries.flush()
  const lines = records.map(({ callSite }) =>
    Number(/slow-operations\.test\.ts:(\d+):\d+$/.exec(callSite ?? '')?.[1]),
  )
  const [first = Number.NaN] = lines
  expect(lines.map((line) => line - first)).toEqual([0, 1, 1, 2, 4, 6])
})

test('S9 rows that are read and thrown away are pointed out', async () => {
  const { prisma, records } = recordedClient(0, 0.001)
  await prisma.exercise.createMany({
    data: Array.from({ length: 1500 }, (_, index) => ({
      slug: `s9-${index}`,
      title: 'T',
      subject: `subject ${index % 3}`,
      difficulty: 1,
      content: {},
    })),
  })
  await prisma.exercise.findMany({ distinct: ['subject'], where: { slug: { startsWith: 's9-' } } })
  await prisma.exercise.findMany({ where: { slug: { startsWith: 's9-' } } })
  await prisma.$queries.flush()
  const reads = records.filter((record) => record.operation === 'findMany')
  expect(
    reads.map(({ rowsRead, rowsReturned, hints }) => [rowsRead, rowsReturned, hints?.[0]?.split(':')[0]]),
  ).toEqual([
    [1500, 3, 'paginated in memory'],
    [1500, 1500, undefined],
  ])
})

test('S10 percentiles of two processes are those of the whole', async () => {
  const { mergeStatistics } = await import('@prisma-brisk/slow-query')
  const one = recordedClient(0, 5000)
  const two = recordedClient(25, 5000)
  for (let index = 0; index < 10; index++) await Promise.all([one.prisma.tag.count(), two.prisma.tag.count()])
  const [line] = mergeStatistics(
    structuredClone([one.prisma.$queries.snapshot(), two.prisma.$queries.snapshot()]),
  )
  expect(line).toMatchObject({ model: 'Tag', operation: 'count', count: 20 })
  expect(line!.p95).toBeGreaterThanOrEqual(24)
  const { p50, p95, p99, max, mean } = line!
  for (const ms of [p50, p95, p99, max, mean]) expect(ms).toBe(Number(ms.toPrecision(4)))
})

test('S4 a wait while another statement of the operation runs is no wait: the operation is slow by itself', async () => {
  const { sink, records } = keptRecords('slow-query')
  const plain = database.createClient(pool(1))
  await plain.user.create({ data: { email: 's4@example.org', name: 's4' } })
  const prisma = database.createClient(pool(1)).$extends(slowQuery({ threshold: 100, sinks: [sink] }))
  await prisma.user.count()
  const read = () => prisma.user.findFirst({ include: { conversations: true, profile: true } })
  await read()
  await prisma.$queries.flush()
  records.length = 0
  let end = (): void => undefined
  const held = new Promise<void>((resolve) => (end = resolve))
  let locked = (): void => undefined
  const begun = new Promise<void>((resolve) => (locked = resolve))
  const holding = plain.$transaction(async (tx) => {
    await tx.$executeRaw`LOCK TABLE "Conversation", "Profile"`
    locked()
    await held
  })
  await begun
  const reading = read()
  setTimeout(end, 250)
  await Promise.all([holding, reading])
  await prisma.$queries.flush()
  expect(records).toMatchObject([{ model: 'User', operation: 'findFirst' }])
  expect(records[0]!.ms).toBeGreaterThan(100)
  expect(records[0]!.waitMs).toBeLessThan(records[0]!.ms)
})

test.each(['postgresql', 'mysql'] as const)(
  'S4 of a burst on one connection of %s each statement has its own time, and the rest is wait',
  async (provider) => {
    const own = provider === 'postgresql' ? database : await createDatabase(provider)
    try {
      const prisma = own
        .createClient({ adapter: own.adapter({ connections: 1 }) })
        .$extends(slowQuery({ threshold: 60_000 }))
      await prisma.tag.count()
      const sleep =
        provider === 'postgresql' ? 'SELECT 1 AS n FROM pg_sleep(0.05)' : 'SELECT SLEEP(0.05) AS n'
      await Promise.all(Array.from({ length: 10 }, () => prisma.$queryRawUnsafe(sleep)))
      const burst = prisma.$queries.stats().find((line) => line.operation === '$queryRawUnsafe')
      expect(burst?.count).toBe(10)
      // The last one waited for the nine before it.
      const wait = prisma.$queries.connections().steps.find(({ step }) => step === 'wait')
      expect(wait?.max).toBeGreaterThan(300)
      expect(burst?.max).toBeLessThan(wait!.max)
      await prisma.$disconnect()
    } finally {
      if (own !== database) await own.drop()
    }
  },
)

describe('S11 sinks', () => {
  test('one that throws, rejects or hangs changes no query, and the others get everything', async () => {
    const got: SinkRecord[] = []
    const sinks = [
      {
        write: () => {
          throw new Error('no')
        },
      },
      { write: () => Promise.reject(new Error('no')) },
      { write: () => new Promise<void>(() => undefined) },
      { write: (record: SinkRecord) => void got.push(record) },
    ]
    const prisma = database.createClient(pool(1)).$extends(slowQuery({ threshold: 0.001, sinks }))
    for (let index = 0; index < 20; index++) await prisma.tag.count()
    await new Promise((resolve) => setImmediate(resolve))
    expect(got).toHaveLength(20)
    expect(prisma.$queries.dropped).toBe(40)
  })

  test('fake timers of a test hold up neither a record nor $disconnect, even where a sink hangs', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'brisk-log-'))
    const path = join(directory, 'slow.ndjson')
    const got: SinkRecord[] = []
    const sinks = [
      jsonLinesSink(path),
      { write: (record: SinkRecord) => void got.push(record) },
      { write: () => new Promise<void>(() => undefined) },
    ]
    const prisma = database.createClient(pool(1)).$extends(slowQuery({ threshold: 0.001, sinks }))
    await prisma.$connect()
    // The driver's own use of nextTick is its affair; where time stands still nothing is slow.
    jest.useFakeTimers({ doNotFake: ['nextTick', 'performance'] })
    try {
      await prisma.tag.count()
      await prisma.$disconnect()
      expect(got).toHaveLength(1)
      expect(readFileSync(path, 'utf8')).toContain('"operation":"count"')
    } finally {
      jest.useRealTimers()
      rmSync(directory, { recursive: true })
    }
  })

  test('a flood of slow operations: what waits is bounded, what is dropped is counted', async () => {
    const got: SinkRecord[] = []
    const sinks = [{ write: (record: SinkRecord) => void got.push(record) }]
    const patient = { ...pool(1), transactionOptions: { timeout: 60_000 } }
    const prisma = database.createClient(patient).$extends(slowQuery({ threshold: 0.000_001, sinks }))
    // Members of an array transaction end in one moment.
    await prisma.$transaction(Array.from({ length: 1200 }, () => prisma.tag.count()))
    await prisma.$queries.flush()
    expect(got).toHaveLength(1000)
    expect(prisma.$queries.dropped).toBe(200)
    expect(prisma.$queries.stats()[0]).toMatchObject({ count: 1200, slow: 1200 })
  })

  test('a full disk: one warning, drops counted, queries go on', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    try {
      const sink = jsonLinesSink('/dev/full')
      const prisma = database.createClient(pool(1)).$extends(slowQuery({ threshold: 0.001, sinks: [sink] }))
      for (let index = 0; index < 5; index++) {
        await prisma.tag.count()
        await prisma.$queries.flush()
      }
      expect(sink.dropped).toBe(5)
      expect(warned.mock.calls.map(([message]) => String(message))).toEqual([
        expect.stringContaining('/dev/full cannot be written (ENOSPC)'),
      ])
    } finally {
      warned.mockRestore()
    }
  })
})

test('S19 extending a client 10,000 times adds no listener and no timer; $disconnect stops everything', async () => {
  const client = database.createClient(pool(1))
  const started = jest.spyOn(globalThis, 'setInterval')
  const stopped = jest.spyOn(globalThis, 'clearInterval')
  try {
    const extend = () => client.$extends(slowQuery({ alerts: [{ metric: 'p95', warn: 1, critical: 5 }] }))
    const first = extend()
    await first.tag.count()
    const { hostOf } = await import('@prisma-brisk/core')
    const tap = DriverTap.of(hostOf(client)) as unknown as { listeners: unknown[] }
    const count = () => [
      tap.listeners.length,
      process.listenerCount('exit'),
      process.listenerCount('SIGTERM'),
    ]
    const before = count()
    for (let index = 0; index < 10_000; index++) extend()
    await extend().tag.count()
    expect(count()).toEqual(before)
    const own = started.mock.calls.filter(([, period]) => period === 5000)
    expect(own).toHaveLength(1)
    await first.$disconnect()
    const timer = started.mock.results[started.mock.calls.indexOf(own[0]!)]?.value
    expect(stopped.mock.calls.map(([each]) => each as unknown)).toContain(timer)
  } finally {
    started.mockRestore()
    stopped.mockRestore()
  }
})
