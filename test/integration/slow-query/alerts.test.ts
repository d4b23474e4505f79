import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { cache, type ChangeSink } from '@prisma-brisk/cache'
import {
  jsonLinesSink,
  slowQuery,
  type AlertRule,
  type RecordSink,
  type SinkRecord,
} from '@prisma-brisk/slow-query'
import { brisk } from 'prisma-brisk'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { keptRecords } from './support/kept-records.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(() => database.drop())

/** The clocks that operations and alerts read. All others are the drivers', who need real time. */
beforeEach(
  () =>
    void jest.useFakeTimers({
      doNotFake: [
        'setTimeout',
        'clearTimeout',
        'setImmediate',
        'clearImmediate',
        'nextTick',
        'queueMicrotask',
        'hrtime',
      ],
    }),
)
afterEach(() => void jest.useRealTimers())

const PERIOD_MS = 5000
const MINUTE_MS = 60_000

/** A client whose statements take as long as they are told to, on the clock of the test, and the alerts it tells. */
function watched(
  alerts: readonly AlertRule[],
  { connections = 2, sinks = [] as readonly RecordSink[] } = {},
) {
  const { sink, records: told } = keptRecords('alert')
  let delay = 0
  const { client } = database.createRecordedClient({
    adapter: database.adapter({ connections }),
    before: () => jest.advanceTimersByTime(delay),
  })
  const prisma = client.$extends(slowQuery({ threshold: 60_000, sinks: [...sinks, sink], alerts }))
  return {
    client,
    prisma,
    /** Runs `count` operations of `ms` milliseconds each. */
    async operations(count: number, ms: number) {
      delay = ms
      for (let index = 0; index < count; index++) await prisma.tag.count()
      delay = 0
    },
    /** The alerts told so far, once the monitor has looked again. */
    async told() {
      jest.advanceTimersByTime(PERIOD_MS)
      await prisma.$queries.flush()
      return told.splice(0)
    },
  }
}

describe.each<'p95' | 'p99'>(['p95', 'p99'])('S15 alerts on %s of a client', (metric) => {
  test('one event for each change of state, with the value that stats() shows', async () => {
    const { prisma, operations, told } = watched([{ metric, warn: 100, critical: 300 }])
    await operations(30, 10)
    expect(await told()).toEqual([])

    await operations(9, 200)
    await operations(1, 250)
    const [warned, ...more] = await told()
    expect(more).toEqual([])
    expect(warned).toMatchObject({ metric, model: null, from: 'ok', to: 'warn', limit: 100, samples: 40 })
    expect(warned?.value).toBeCloseTo(prisma.$queries.stats()[0]?.[metric] ?? NaN, 2)
    expect(await told()).toEqual([])

    await operations(8, 320)
    expect(await told()).toMatchObject([{ from: 'warn', to: 'critical', limit: 300, samples: 48 }])
    expect(await told()).toEqual([])
  })

  test('a state is left only once the value is clearly below its limit', async () => {
    const { operations, told } = watched([{ metric, warn: 100, critical: 300 }])
    const states: string[][] = []
    for (const ms of [310, 285, 310, 250, 95, 105, 85]) {
      // What was before is forgotten after two minutes.
      jest.advanceTimersByTime(3 * MINUTE_MS)
      await operations(20, ms)
      states.push((await told()).map(({ from, to }) => `${from} → ${to}`))
    }
    // 285 and 95 are below the limits, but by less than a tenth.
    expect(states).toEqual([['ok → critical'], [], [], ['critical → warn'], [], [], ['warn → ok']])
  })
})

test('S15 an error rate counts the failures of its model alone', async () => {
  const { prisma, operations, told } = watched([
    { metric: 'errorRate', model: 'Tag', warn: 0.2, critical: 0.5 },
    { metric: 'errorRate', model: 'User', warn: 0.01 },
  ])
  const taken = { data: { name: 'taken' } }
  await prisma.tag.create(taken)
  for (let index = 0; index < 30; index++) await prisma.user.count()
  await operations(14, 1)
  const fail = () => expect(prisma.tag.create(taken)).rejects.toThrow()
  for (let index = 0; index < 5; index++) await fail()
  expect(await told()).toMatchObject([
    { metric: 'errorRate', model: 'Tag', from: 'ok', to: 'warn', value: 0.25, limit: 0.2, samples: 20 },
  ])
  for (let index = 0; index < 20; index++) await fail()
  expect(await told()).toMatchObject([{ model: 'Tag', from: 'warn', to: 'critical', value: 0.625 }])
})

test('S15 a source of changes that is lost, or late', async () => {
  const { prisma, operations, told } = watched([
    { metric: 'changesLost', warn: 1 },
    { metric: 'changesLag', warn: 500, critical: 1000 },
  ])
  const sinks: ChangeSink[] = []
  const changes = {
    name: 'told',
    onLost: 'bypass',
    start: (sink: ChangeSink) => void sinks.push(sink),
    stop: async () => undefined,
  } as const
  const cached = prisma.$extends(cache({ changes }))
  await operations(1, 1)
  // What has not been started is not lost.
  expect(await told()).toEqual([])
  const live = cached.$cache.untilLive()
  const [sink] = sinks as [ChangeSink]
  sink.live(new Set())
  sink.beat(20)
  await live
  expect(await told()).toEqual([])
  sink.beat(700)
  expect(await told()).toMatchObject([{ metric: 'changesLag', from: 'ok', to: 'warn', value: 700 }])
  sink.lost(new Error('cut'))
  expect(await told()).toMatchObject([{ metric: 'changesLost', from: 'ok', to: 'warn', value: 1 }])
  expect(prisma.$queries.metrics()).toContain('db_client_changes_live{source="told"} 0')
  sink.live(new Set())
  await cached.$cache.untilLive()
  sink.beat(20)
  expect((await told()).map(({ metric, to }) => [metric, to])).toEqual([
    ['changesLost', 'ok'],
    ['changesLag', 'ok'],
  ])
  expect(prisma.$queries.metrics()).toContain('db_client_changes_losses_total{source="told"} 1')
})

describe('S15 callers that wait for the pool', () => {
  /** A client of one connection, and that connection taken. */
  async function exhausted(prisma: PrismaClient) {
    let end = (): void => undefined
    const held = new Promise<void>((resolve) => (end = resolve))
    let began = (): void => undefined
    const begun = new Promise<void>((resolve) => (began = resolve))
    const holding = prisma.$transaction(async (tx) => {
      await tx.$queryRawUnsafe('SELECT 1')
      began()
      await held
    })
    await begun
    return { holding, end }
  }

  test('are told of when there are enough, and when there are no more', async () => {
    const { prisma, told } = watched([{ metric: 'poolWaiting', warn: 2, critical: 4 }], { connections: 1 })
    const { holding, end } = await exhausted(prisma as unknown as PrismaClient)
    const waiting = [prisma.tag.count(), prisma.tag.count()].map((each) => each.then(() => undefined))
    await waits(prisma, 2)
    expect(await told()).toMatchObject([{ metric: 'poolWaiting', to: 'warn', value: 2 }])
    waiting.push(...[prisma.tag.count(), prisma.tag.count()].map((each) => each.then(() => undefined)))
    await waits(prisma, 4)
    expect(await told()).toMatchObject([{ from: 'warn', to: 'critical', value: 4 }])
    end()
    await Promise.all([holding, ...waiting])
    expect(await told()).toMatchObject([{ from: 'critical', to: 'ok', value: 0 }])
  })

  test('also of a client none of whose operations has ended yet', async () => {
    const { client, prisma, told } = watched([{ metric: 'poolWaiting', warn: 1 }], { connections: 1 })
    const { holding, end } = await exhausted(client)
    const waiting = prisma.tag.count().then(() => undefined)
    await waits(prisma, 1)
    expect(await told()).toMatchObject([{ metric: 'poolWaiting', from: 'ok', to: 'warn', value: 1 }])
    end()
    await Promise.all([holding, waiting])
  })

  async function waits(
    { $queries }: { $queries: { connections(): { pool: { waiting: number } | null } } },
    count: number,
  ) {
    while ($queries.connections().pool?.waiting !== count)
      await new Promise((resolve) => setImmediate(resolve))
  }
})

describe('S15 what is no reason yet', () => {
  test('fewer operations than minSamples', async () => {
    const { operations, told } = watched([
      { metric: 'p95', warn: 100 },
      { metric: 'p99', warn: 100, minSamples: 25 },
    ])
    await operations(19, 150)
    expect(await told()).toEqual([])
    await operations(1, 150)
    expect(await told()).toMatchObject([{ metric: 'p95', samples: 20 }])
    await operations(5, 150)
    expect(await told()).toMatchObject([{ metric: 'p99', samples: 25 }])
  })

  test('a value that does not last', async () => {
    const { operations, told } = watched([{ metric: 'p95', warn: 100, for: 2 * PERIOD_MS }])
    await operations(20, 150)
    expect(await told()).toEqual([])
    await operations(400, 1)
    expect(await told()).toEqual([])
    jest.advanceTimersByTime(3 * MINUTE_MS)
    await operations(20, 150)
    expect(await told()).toEqual([])
    expect(await told()).toEqual([])
    expect(await told()).toMatchObject([{ from: 'ok', to: 'warn' }])
  })

  test('a value that was seen once before a silence, and once after it', async () => {
    const { operations, told } = watched([{ metric: 'p95', warn: 100, for: 4 * MINUTE_MS }])
    await operations(20, 150)
    expect(await told()).toEqual([])
    jest.advanceTimersByTime(60 * MINUTE_MS)
    await operations(20, 150)
    expect(await told()).toEqual([])
  })
})

test('S15 alerts reach every sink that takes them, once, however often the client is extended', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-alerts-'))
  try {
    const file = join(directory, 'alerts.ndjson')
    const sinks: RecordSink[] = [
      {
        write: () => {
          throw new Error('no')
        },
      },
      jsonLinesSink(file),
    ]
    const rules: AlertRule[] = [{ metric: 'p95', warn: 100 }]
    const { client, prisma, operations, told } = watched(rules, { sinks })
    const other: SinkRecord[] = []
    client.$extends(slowQuery({ sinks: [{ write: (record) => void other.push(record) }], alerts: rules }))
    await operations(20, 150)
    const events = await told()
    expect(events).toMatchObject([{ type: 'alert', to: 'warn' }])
    expect(other).toEqual([])
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events)
    expect(prisma.$queries.dropped).toBe(1)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('S15 S19 nothing is watched after $disconnect, even if an operation ends later; use begins it again', async () => {
  const { prisma, operations, told } = watched([{ metric: 'p95', warn: 100 }])
  await operations(20, 10)
  expect(jest.getTimerCount()).toBe(1)
  const late = prisma.$queryRawUnsafe(`SELECT pg_sleep(0.05)::text`).then(() => undefined)
  await new Promise((resolve) => setImmediate(resolve))
  await Promise.all([prisma.$disconnect(), late])
  expect(jest.getTimerCount()).toBe(0)

  await operations(20, 150)
  expect(await told()).toMatchObject([{ to: 'warn' }])
  await prisma.$disconnect()
  expect(jest.getTimerCount()).toBe(0)
})

describe('S15 shares', () => {
  test('the hit rate of the cache and the failures of deferred work fire, of the last two minutes', async () => {
    const { sink, records: told } = keptRecords('alert')
    const prisma = database.createClient({ adapter: database.adapter({ connections: 2 }) }).$extends(
      brisk({
        slowQuery: {
          threshold: 60_000,
          sinks: [sink],
          alerts: [
            { metric: 'hitRate', model: 'Tag', warn: 0.7, minSamples: 10 },
            { metric: 'hitRate', model: 'User', warn: 0.7, minSamples: 1 },
            { metric: 'deferredFailureRate', warn: 0.2, critical: 0.9, minSamples: 4 },
          ],
        },
      }),
    )
    const look = async () => {
      jest.advanceTimersByTime(PERIOD_MS)
      await prisma.$queries.flush()
      return told.splice(0).map(({ metric, model, to, value }) => [metric, model, to, value])
    }
    const read = (ttl: number) => prisma.tag.count({ cacheStrategy: { ttl } })
    for (let time = 0; time < 5; time++) {
      await prisma.tag.findMany({ where: { id: time }, cacheStrategy: { ttl: 60 } })
      await read(60)
    }
    for (let time = 0; time < 4; time++)
      await prisma.$deferred(() => (time === 0 ? Promise.reject(new Error('no')) : undefined))
    await prisma.$deferred.flush()
    expect(await look()).toEqual([
      ['hitRate', 'Tag', 'warn', 0.4],
      ['deferredFailureRate', null, 'warn', 0.25],
    ])
    jest.advanceTimersByTime(2 * MINUTE_MS)
    for (let time = 0; time < 10; time++) await read(600)
    expect(await look()).toEqual([['hitRate', 'Tag', 'ok', expect.any(Number)]])
    await prisma.$disconnect()
  })

  test('the share of the pool that is in use fires, and not where the pool has no end', async () => {
    const { prisma, told } = watched([{ metric: 'poolShare', warn: 0.8, critical: 1 }], { connections: 1 })
    await prisma.tag.count()
    expect(await told()).toEqual([])
    await prisma.$transaction(async (tx) => {
      await tx.tag.count()
      expect(await told()).toMatchObject([{ metric: 'poolShare', to: 'critical', value: 1 }])
    })
    expect(await told()).toMatchObject([{ to: 'ok', value: 0 }])
  })
})

test('S15 waits for a small pool are advised on, in $queries.connections() and once on the log', async () => {
  jest.useRealTimers()
  const { sink, records } = keptRecords('small-pool')
  const run = async (connections: number, at: number) => {
    const prisma = database
      .createClient({ adapter: database.adapter({ connections }) })
      .$extends(slowQuery({ threshold: 60_000, sinks: [sink] }))
    for (let round = 0; round < 2; round++)
      await Promise.all(
        Array.from({ length: at }, () => prisma.$queryRaw`SELECT 1 AS n FROM pg_sleep(0.002)`),
      )
    await prisma.$queries.flush()
    const { advice } = prisma.$queries.connections()
    await prisma.$disconnect()
    return advice
  }
  const advice = await run(1, 70)
  expect(advice).toMatch(/^\d+ % of operations waited for one of 1 connection, p95 \d+ ms: give the pool 4 /)
  expect(records).toEqual([expect.objectContaining({ max: 1, suggested: 4 })])
  expect(await run(4, 2)).toBeNull()
})
