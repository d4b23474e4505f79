import { redactSql, slowQuery } from '@prisma-brisk/slow-query'
import { Random } from '../../test/support/random.ts'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { heapMegabytes, type Bench } from '../harness.ts'
import { besidePrisma, memoryClients, readList, readOne } from '../hook-floor.ts'

/** What watching costs: the callers, the process, the memory. */
export async function run(bench: Bench): Promise<void> {
  await overhead(bench)
  await besidePrisma(
    bench,
    'slow-query/overhead-postgres',
    (client) => client.$extends(slowQuery({ sinks: [] })),
    0.96,
  )
  await record(bench)
  await percentileError(bench)
  redact(bench)
  await flood(bench)
  await memory(bench)
}

async function overhead(bench: Bench): Promise<void> {
  const name = 'slow-query/overhead'
  if (!bench.wants(name)) return
  const clients = await memoryClients()
  const floor = clients.floor()
  const watched = clients.bare().$extends(slowQuery({ sinks: [] })) as unknown as PrismaClient
  await bench.overhead(name, mixed(floor), mixed(watched), 8)
  await clients.close()
}

/** Single-row and list reads by halves. */
const mixed = (client: PrismaClient) => async (times: number) => {
  await readOne(client)(times / 2)
  await readList(client)(times / 2)
}

async function record(bench: Bench): Promise<void> {
  const name = 'slow-query/record'
  if (!bench.wants(name)) return
  const { Series } = await import('../../packages/slow-query/src/metrics/series.ts')
  const series = new Series('User', 'findMany')
  const random = new Random(1)
  const values = Array.from({ length: 4096 }, () => logNormal(random))
  const outcome = { failed: false, rowsRead: 1, rowsReturned: 1, endedAt: 1_000_000 }
  const times: number[] = []
  for (let round = 0; round < 15; round++) {
    const startedAt = performance.now()
    for (let index = 0; index < 1_000_000; index++)
      series.record(values[index & 4095] as number, false, outcome)
    times.push(performance.now() - startedAt)
  }
  times.sort((a, b) => a - b)
  bench.limited(name, times[7] as number, 'ns', 80)
}

/** The worst of p50, p95 and p99 against the exact values. */
async function percentileError(bench: Bench): Promise<void> {
  const name = 'slow-query/percentile-error'
  if (!bench.wants(name)) return
  const random = new Random(7)
  const { LatencySketch } = await import('../../packages/slow-query/src/metrics/latency-sketch.ts')
  const sketch = new LatencySketch()
  const values = new Float64Array(1_000_000)
  for (let index = 0; index < values.length; index++) {
    values[index] = logNormal(random)
    sketch.record(values[index] as number)
  }
  values.sort()
  const errors = [0.5, 0.95, 0.99].map((q) => {
    const exact = values[Math.ceil(q * values.length) - 1] as number
    return Math.abs(sketch.quantile(q) - exact) / exact
  })
  bench.limited(name, Math.max(...errors) * 100, '%', 1)
}

function logNormal(random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  return Math.exp(1 + 1.3 * normal)
}

/** The slowest of several megabytes, each made to be slow. */
function redact(bench: Bench): void {
  const name = 'slow-query/redact-1MB'
  if (!bench.wants(name)) return
  const megabyte = (text: string): string =>
    text.repeat(Math.ceil(1_000_000 / text.length)).slice(0, 1_000_000)
  const hostile = [
    "SELECT * FROM t WHERE a = 'x' AND b = 1 AND c IN (1, 2, 3) ",
    '(',
    '1 ',
    "''",
    "'a'\n",
    '$a',
    '$a$',
    '$a$ $b$ ',
    '/*',
    '/* */',
    '-- \n',
    '"a" ',
    "(1,'x'),",
    'or(a=1)',
  ].map(megabyte)
  const slowest = hostile.map((sql) => {
    const times = Array.from({ length: 5 }, () => {
      const startedAt = performance.now()
      redactSql(sql, 'postgresql')
      return performance.now() - startedAt
    })
    return times.sort((a, b) => a - b)[2] as number
  })
  bench.limited(name, Math.max(...slowest), 'ms', 60)
}

/** 10,000 slow operations a second for ten seconds, into a sink that never answers. */
async function flood(bench: Bench): Promise<void> {
  const name = 'slow-query/flood'
  if (!bench.wants(name)) return
  const clients = await memoryClients()
  const sinks = [{ write: () => new Promise<void>(() => undefined) }]
  const client = clients.bare().$extends(slowQuery({ threshold: 0.001, sinks }))
  for (let index = 0; index < 2000; index++) await client.user.findUnique({ where: { id: 1 } })
  const before = heapMegabytes()
  let worst = 0
  let sent = 0
  for (let second = 1; second <= 10; second++) {
    const startedAt = performance.now()
    for (; sent < second * 10_000; sent++) await client.user.findUnique({ where: { id: 1 } })
    worst = Math.max(worst, heapMegabytes() - before)
    const left = 1000 - (performance.now() - startedAt)
    if (left > 0) await new Promise((resolve) => setTimeout(resolve, left))
  }
  const { dropped } = client.$queries
  if (dropped < 90_000) throw new Error(`of ${sent} slow operations only ${dropped} are counted as dropped`)
  bench.limited(name, Math.max(0, worst), 'MB', 64)
  await clients.close()
}

async function memory(bench: Bench): Promise<void> {
  const name = 'slow-query/stats-memory/200-series'
  if (!bench.wants(name)) return
  const { SeriesTable } = await import('../../packages/slow-query/src/metrics/series.ts')
  const random = new Random(3)
  const before = await usedMegabytes()
  const table = new SeriesTable(500)
  for (let index = 0; index < 200; index++) {
    const series = table.get(`Model${index % 20}`, `operation${Math.floor(index / 20)}`)
    // Every slot of the window in use, times from microseconds to minutes.
    for (let minute = 0; minute < 10; minute++)
      for (let sample = 0; sample < 300; sample++)
        series.record(logNormal(random) * 10 ** random.int(-2, 3), false, {
          failed: false,
          rowsRead: 1,
          rowsReturned: 1,
          endedAt: minute * 60_000,
        })
  }
  bench.limited(name, (await usedMegabytes()) - before, 'MB', 8)
  if (table.get('Model0', 'operation0').total.latency.count === 0) throw new Error('nothing was recorded')
}

/** What lives on the heap, and the arrays beside it. */
async function usedMegabytes(): Promise<number> {
  heapMegabytes()
  // What a collection finds of arrays is freed by another thread, some time later.
  await new Promise((resolve) => setTimeout(resolve, 200))
  return heapMegabytes() + process.memoryUsage().arrayBuffers / 1e6
}
