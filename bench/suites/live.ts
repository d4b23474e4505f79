import { performance } from 'node:perf_hooks'
import { slowQuery } from '@prisma-brisk/slow-query'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { median, type Bench } from '../harness.ts'
import { memoryClients, readList, readOne } from '../hook-floor.ts'
import { latencies, pageSize, pageTimes, startHubProcess } from '../live-page-load.ts'

/** What reporting to `brisk live` costs an application, and how much a hub takes. */
export async function run(bench: Bench): Promise<void> {
  // In production nothing is reported; `bench/run.ts` measures as servers run.
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'development'
  try {
    await off(bench)
    await report(bench)
    await ingest(bench)
    await page(bench)
    await latency(bench)
  } finally {
    process.env['NODE_ENV'] = before
  }
}

const watched = (client: PrismaClient): PrismaClient =>
  client.$extends(slowQuery({ sinks: [] })) as unknown as PrismaClient

/** Single-row and list reads by halves, as `slow-query/overhead` measures them. */
const mixed = (client: PrismaClient) => async (times: number) => {
  await readOne(client)(times / 2)
  await readList(client)(times / 2)
}

/** No hub: a client of a process that has loaded the package, beside one from before. */
async function off(bench: Bench): Promise<void> {
  const name = 'live/off'
  if (!bench.wants(name)) return
  const clients = await memoryClients()
  const without = watched(clients.bare())
  await import('@prisma-brisk/live')
  const mounted = watched(clients.bare())
  await bench.overhead(name, mixed(without), mixed(mounted), 0.5)
  await clients.close()
}

/** Each operation is told to a hub of another process. */
async function report(bench: Bench): Promise<void> {
  const name = 'live/report'
  if (!bench.wants(name)) return
  const hub = await startHubProcess()
  const clients = await memoryClients()
  const silent = watched(clients.bare())
  process.env['BRISK_LIVE'] = hub.address
  const reporting = watched(clients.bare())
  delete process.env['BRISK_LIVE']
  const differences: number[] = []
  for (let round = 0; round < ROUNDS; round++)
    differences.push((await busyOf(reporting)) - (await busyOf(silent)))
  bench.limited(name, median(differences.slice(WARM_UPS)), 'µs', 15)
  await clients.close()
  const { processes } = (await hub.get('/api')) as { processes: { dropped: number }[] }
  if (processes[0]?.dropped !== 0) throw new Error(`the reporter dropped ${processes[0]?.dropped} messages`)
  hub.end()
}

const ROUNDS = 14
const WARM_UPS = 4
const CALLS = 4000

/**
 * Microseconds for which an operation keeps the event loop busy, with what is made of it and sent after its answer: reports are made
 * once the loop is free.
 */
async function busyOf(client: PrismaClient): Promise<number> {
  const before = performance.eventLoopUtilization()
  for (let done = 0; done < CALLS; done += 50) {
    await mixed(client)(50)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
  return (performance.eventLoopUtilization(before).active * 1000) / CALLS
}

/** Lines as an application sends them, in deliveries of 500, from the same process. */
async function ingest(bench: Bench): Promise<void> {
  const name = 'live/hub-ingest'
  if (!bench.wants(name)) return
  const { startHub } = await import('@prisma-brisk/live')
  const hub = await startHub({ port: 0 })
  const { origin, searchParams } = new URL(hub.address)
  const headers = { Authorization: `Bearer ${searchParams.get('token')}` }
  let number = 0
  const delivery = (): string => {
    const lines: object[] = []
    for (let index = 0; index < 500; index++, number++)
      lines.push({ ...CALL, request: `p-${Math.floor(number / 20)}`, call: number })
    return [ABOUT, ...lines.map((line) => JSON.stringify(line))].join('\n')
  }
  const send = (body: string) => fetch(`${origin}/v1/report`, { method: 'POST', headers, body })
  const bodies = Array.from({ length: 200 }, delivery)
  for (const body of bodies.slice(0, 20)) await send(body)
  const startedAt = performance.now()
  for (const body of bodies) await send(body)
  const seconds = (performance.now() - startedAt) / 1000
  bench.compared(name, 1_000_000 / ((bodies.length * 500) / seconds), 'µs', 'needed', 50, 1)
  bench.limited(`${name}/memory`, hub.history.bytes / 1024 / 1024, 'MB', 64)
  await hub.close()
}

/** What the page weighs, and how long its list of 10,000 requests takes to be there and to go by. */
async function page(bench: Bench): Promise<void> {
  if (bench.wants('live/page-size')) bench.limited('live/page-size', pageSize() / 1000, 'kB', 150)
  const name = 'live/page-10000-requests'
  if (!bench.wants(name)) return
  const hub = await startHubProcess()
  for (let first = 0; first < REQUESTS; first += 500)
    await hub.report(
      [ABOUT, ...Array.from({ length: 500 }, (_, index) => requestLines(first + index)).flat()].join('\n'),
    )
  const { interactive, frame } = await pageTimes(hub.address, REQUESTS)
  bench.limited(name, interactive, 'ms', 1500)
  bench.limited(`${name}/frame`, frame, 'ms', 33.3)
  hub.end()
}

const REQUESTS = 10_000

/** A request of three calls, as an application tells of it. */
function requestLines(number: number): string[] {
  const id = `p-${number}`
  const name = `GET /route-${number % 20}/:id`
  return [
    { type: 'request', id, name, time: new Date(1_790_000_000_000 + number * 100).toISOString() },
    ...[1, 2, 3].map((call) => ({ ...CALL, request: id, call: number * 3 + call })),
    { type: 'request-end', request: id, name, status: 200, ms: 12.3 },
  ].map((line) => JSON.stringify(line))
}

/** From the end of a request to its row on the page. */
async function latency(bench: Bench): Promise<void> {
  const name = 'live/latency'
  if (!bench.wants(name)) return
  const hub = await startHubProcess()
  const clients = await memoryClients()
  process.env['BRISK_LIVE'] = hub.address
  const reporting = watched(clients.bare())
  delete process.env['BRISK_LIVE']
  const times = (await latencies(hub.address, reporting, 200)).sort((a, b) => a - b)
  bench.limited(`${name}/p95`, times[Math.ceil(0.95 * times.length) - 1] ?? Infinity, 'ms', 300)
  await clients.close()
  hub.end()
}

const ABOUT = JSON.stringify({
  type: 'process',
  protocol: 1,
  process: 'p',
  pid: 1,
  name: 'app',
  cwd: '/',
  dropped: 0,
  args: 'kinds',
})
const CALL = {
  type: 'call',
  model: 'User',
  operation: 'findUnique',
  at: 12.345,
  ms: 1.234,
  waitMs: 0,
  transactionMs: 0,
  statements: [
    {
      sql: 'SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3',
      ms: 1.1,
      rows: 1,
      fingerprint: '0123456789abcdef',
      at: 12.4,
      waitMs: 0,
    },
  ],
  rowsRead: 1,
  rowsReturned: 1,
  callSite: '/app/src/posts.ts:17:37',
  args: { where: { id: 'number' } },
}
