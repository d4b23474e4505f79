import { context, metrics, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { cache, memoryStore, type ChangeSource } from '@prisma-brisk/cache'
import { pagination } from '@prisma-brisk/pagination'
import { runRequest, slowQuery, type SinkRecord } from '@prisma-brisk/slow-query'
import { expressMetrics, expressRequests } from '@prisma-brisk/slow-query/express'
import { fastifyMetrics, fastifyRequests } from '@prisma-brisk/slow-query/fastify'
import { honoMetrics, honoRequests } from '@prisma-brisk/slow-query/hono'
import { openTelemetry } from '@prisma-brisk/slow-query/opentelemetry'
import { brisk } from 'prisma-brisk'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(() => database.drop())

function watched() {
  const records: SinkRecord[] = []
  const prisma = database.createClient({ adapter: database.adapter({ connections: 2 }) }).$extends(
    slowQuery({
      threshold: 60_000,
      sinks: [{ write: (record) => void records.push(record) }],
      requestBudget: { queries: 2 },
    }),
  )
  return { prisma, records }
}

/** A page of the text format, as `promtool check metrics` reads it: types first, buckets rising to +Inf = count. */
function parsed(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.trimEnd().split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-z_:][a-z0-9_:]*) (.+)$/.exec(line)
    if (comment !== null) {
      // A backslash stands before another or before n.
      if (comment[1] === 'HELP') expect(comment[3]).toMatch(/^(?:[^\\]|\\[\\n])*$/)
      if (comment[1] === 'TYPE') {
        expect(types.has(comment[2]!)).toBe(false)
        types.set(comment[2]!, comment[3]!)
      }
      continue
    }
    const sample =
      /^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})? (-?[\d.e+-]+|[+-]Inf|NaN)$/.exec(line)
    expect(sample ?? line).not.toBe(line)
    const [, name, labels = '', value] = sample!
    const family = types.has(name!) ? name! : name!.replace(/_(bucket|sum|count)$/, '')
    expect([...types.keys()]).toContain(family)
    if (types.get(family) === 'counter') expect(name).toMatch(/_total$/)
    for (const [, label] of labels.matchAll(/([a-z_]+)="/g))
      expect([
        'model',
        'operation',
        'code',
        'outcome',
        'method',
        'route',
        'status',
        'source',
        'le',
      ]).toContain(label)
    samples.set(`${name}${labels}`, Number(value!.replace('Inf', 'Infinity')))
  }
  for (const [key, count] of samples) {
    const histogram = /^(.+)_count(.*)$/.exec(key)
    if (histogram === null) continue
    const labels = histogram[2]!.slice(1, -1)
    const infinite = `${histogram[1]}_bucket{${labels === '' ? '' : `${labels},`}le="+Inf"}`
    expect(samples.get(infinite)).toBe(count)
  }
  return samples
}

interface Served {
  get(path: string): Promise<{ status: number; text: string }>
  close(): Promise<unknown>
}

type Prisma = ReturnType<typeof watched>['prisma']
const page = async (prisma: Prisma, statements: number): Promise<object> => {
  for (let index = 0; index < statements; index++) await prisma.tag.findMany({ where: { id: 7 } })
  return {}
}

const frameworks: Record<string, (prisma: Prisma) => Promise<Served>> = {
  async express(prisma) {
    const app = express()
    app.use(expressRequests(prisma))
    app.get(
      '/posts/:statements',
      (request, response) =>
        void page(prisma, Number(request.params.statements)).then((body) => response.json(body)),
    )
    app.get('/metrics', expressMetrics(prisma))
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    return {
      get: async (path) => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`)
        return { status: response.status, text: await response.text() }
      },
      close: () => new Promise((resolve) => server.close(resolve)),
    }
  },
  async fastify(prisma) {
    const app = fastify()
    await app.register(fastifyRequests(prisma))
    app.get<{ Params: { statements: string } }>('/posts/:statements', ({ params }) =>
      page(prisma, Number(params.statements)),
    )
    app.get('/metrics', fastifyMetrics(prisma))
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    return {
      get: async (path) => {
        const response = await fetch(`${origin}${path}`)
        return { status: response.status, text: await response.text() }
      },
      close: () => app.close(),
    }
  },
  async hono(prisma) {
    const app = new Hono()
    app.use(honoRequests(prisma))
    app.get('/posts/:statements', async (c) => c.json(await page(prisma, Number(c.req.param('statements')))))
    app.get('/metrics', honoMetrics(prisma))
    return {
      get: async (path) => {
        const response = await app.request(path)
        return { status: response.status, text: await response.text() }
      },
      close: () => Promise.resolve(),
    }
  },
}

test.each(Object.keys(frameworks))('S16 S17 S18 %s: requests, metrics, budgets', async (name) => {
  const { prisma, records } = watched()
  const app = await frameworks[name]!(prisma)
  try {
    expect((await app.get('/posts/1')).status).toBe(200)
    expect((await app.get('/posts/5')).status).toBe(200)
    expect((await app.get('/nowhere')).status).toBe(404)
    const samples = parsed((await app.get('/metrics')).text)
    const duration = 'http_server_request_duration_seconds_count'
    expect(samples.get(`${duration}{method="GET",route="/posts/:statements",status="2xx"}`)).toBe(2)
    const lost = [...samples].filter(([key]) => key.startsWith(duration) && key.includes('status="4xx"'))
    expect(lost).toEqual([[expect.stringMatching(/method="GET",route="(|\/\*|\*)"/), 1]])
    expect(samples.get('http_server_request_queries_sum')).toBe(6)
    expect(samples.get('db_client_operation_duration_seconds_count{model="Tag",operation="findMany"}')).toBe(
      6,
    )
    expect(samples.get('db_client_connections_open')).toBe(1)
    await prisma.$queries.flush()
    // On a busy machine a request may be slow as well.
    expect(records.filter(({ type }) => type !== 'slow-request')).toMatchObject([
      { type: 'request-budget', request: 'GET /posts/:statements', statements: 5, top: [{ count: 5 }] },
    ])
  } finally {
    await app.close()
  }
})

/** How a router may stand in a path, what is asked of it, and what the page may say of that. */
const MOUNTS = [
  { path: '/users/:email', asked: '/users/ann%40example.org', shown: '/users/:email' },
  { path: '/:kind/:id', asked: '/kind/kind', shown: '/:kind/:id' },
  { path: '/id/:id', asked: '/id/id', shown: '/id/:id' },
  { path: '/v:version-:patch', asked: '/v71-82', shown: '/v:version-:patch' },
  { path: '/files/*rest/end', asked: '/files/secret/plans/end', shown: '/files/:rest/end' },
  { path: /^\/(\w+)-team/, asked: '/secret-team', shown: '/:0-team' },
  { path: ['/a/:one', '/b/:two'], asked: '/b/secret', shown: '/b/:two' },
  { path: '/plain', asked: '/plain', shown: '/plain' },
]

test('S16 S17 express: routers show the patterns that they are mounted by, however deep, never what these matched', async () => {
  const { prisma, records } = watched()
  const app = express()
  app.use(expressRequests(prisma))
  // A second client of the same request.
  app.use(expressRequests(watched().prisma))
  const expected = new Map<string, number>()
  const paths: string[] = []
  const serve: express.RequestHandler = (_, response) =>
    void page(prisma, 3).then((body) => response.json(body))
  MOUNTS.forEach((outer, outerAt) =>
    MOUNTS.forEach((inner, innerAt) => {
      // The first of two would take all.
      if (String(outer.path).includes('*') && outer === inner) return
      for (const mergeParams of [false, true]) {
        const [first, last] = [express.Router(), express.Router({ mergeParams })]
        last.get('/posts/:post', serve)
        if (mergeParams)
          last.param('post', (request, _, next) => (void (request.params['post'] = 'x'), next()))
        first.use(inner.path, last)
        const at = `/m${outerAt}x${innerAt}${mergeParams ? 'm' : ''}`
        const mounted = express.Router({ mergeParams })
        mounted.use(outer.path, mergeParams ? first : express().use(first))
        app.use(at, mounted)
        paths.push(`${at}${outer.asked}${inner.asked}/posts/9`)
        expected.set(`${at}${outer.shown}${inner.shown}/posts/:post`, 1)
      }
    }),
  )
  // What the application makes of a parameter is no longer in the path.
  const changed = express.Router()
  changed.get('/posts', serve)
  const around = express.Router()
  around.param('secret', (request, _, next) => (void (request.params['secret'] = 'another'), next()))
  around.use('/changed/:secret', changed)
  app.use(around)
  paths.push('/changed/value/posts')
  expected.set('/:secret/posts', 1)
  // Behind a router that did not take it, and where nobody takes it.
  const passes = express.Router()
  passes.use((_, __, next) => next())
  app.use('/passed/:by', passes)
  app.get('/passed/:other', serve)
  paths.push('/passed/secret', '/nobody/takes/secret')
  expected.set('/passed/:other', 1).set('', 1)
  const server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    const { port } = server.address() as AddressInfo
    for (const path of paths) await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
    const duration = 'http_server_request_duration_seconds_count{method="GET",route="'
    const shown = [...parsed(prisma.$queries.metrics())]
      .filter(([key]) => key.startsWith(duration))
      .map(([key, count]) => [key.slice(duration.length).split('"')[0], count])
    expect(new Map(shown as [string, number][])).toEqual(expected)
    await prisma.$queries.flush()
    expect(JSON.stringify(records)).not.toMatch(/[^:]secret|example\.org|\/v71/)
    expect(records.map((record) => (record as { request?: string }).request)).toContain(
      'GET /m0x0/users/:email/users/:email/posts/:post',
    )
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
})

test("S16 failures are counted by their code, and the application's own metrics stand on the same page", async () => {
  const { prisma } = watched()
  await prisma.tag.create({ data: { name: 'twice' } })
  await expect(prisma.tag.create({ data: { name: 'twice' } })).rejects.toThrow()
  await prisma.$queries.own.timing('generation_seconds').time(() => prisma.tag.count())
  prisma.$queries.own.counter('generated_total', { help: "In C:\\new\\ by 'x'." }).add(2)
  prisma.$queries.own.gauge('highest').set(Infinity)
  prisma.$queries.own.gauge('lowest').set(-Infinity)
  const samples = parsed(prisma.$queries.metrics())
  expect(samples.get('db_client_operation_failures_total{model="Tag",operation="create",code="23505"}')).toBe(
    1,
  )
  expect(samples.get('generation_seconds_count')).toBe(1)
  expect(samples.get('generated_total')).toBe(2)
  expect([samples.get('highest'), samples.get('lowest')]).toEqual([Infinity, -Infinity])
  // One registry for all that is extended from one client.
  expect(prisma.$extends({}).$queries.own).toBe(prisma.$queries.own)
})

test('S16 the Grafana dashboard and the Prometheus rules speak of metrics that are there', async () => {
  const source: ChangeSource = {
    name: 'told',
    onLost: 'bypass',
    start: (sink) => (sink.live(new Set()), sink.beat(3)),
    stop: async () => undefined,
  }
  const prisma = watched().prisma.$extends(cache({ changes: source }))
  await prisma.$cache.untilLive()
  const app = await frameworks['hono']!(prisma as never)
  await app.get('/posts/1')
  const names = new Set([...parsed((await app.get('/metrics')).text).keys()].map((key) => key.split('{')[0]))
  await app.close()
  const docs = (file: string) => readFileSync(new URL(`../../../docs/${file}`, import.meta.url), 'utf8')
  const dashboard = JSON.parse(docs('grafana-dashboard.json')) as {
    panels: { targets?: { expr: string }[] }[]
  }
  const panels = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const rules = [...docs('prometheus-alerts.yml').matchAll(/^ +expr: (.+)$/gm)].map(([, expr]) => expr!)
  expect(panels.length).toBeGreaterThan(5)
  expect(rules.length).toBeGreaterThan(5)
  for (const expression of [...panels, ...rules]) {
    const used = expression.match(/\b(db_client|http_server)_\w+/g) ?? []
    expect(used).not.toEqual([])
    for (const name of used) expect([...names]).toContain(name)
  }
})

test('S16 OpenTelemetry: conventional names, seconds, a span that failed says so', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const spans = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  })
  const records: SinkRecord[] = []
  const prisma = database.createClient({ adapter: database.adapter({ connections: 2 }) }).$extends(
    slowQuery({
      threshold: 0.001,
      sinks: [{ write: (record) => void records.push(record) }],
      telemetry: openTelemetry({ tracerProvider, meterProvider }),
    }),
  )
  await prisma.tag.create({ data: { name: 'otel secret' } })
  await expect(prisma.tag.create({ data: { name: 'otel secret' } })).rejects.toThrow()
  await prisma.$queries.flush()
  await meterProvider.forceFlush()

  const [good, bad] = spans.getFinishedSpans()
  expect(good).toMatchObject({
    name: 'create Tag',
    kind: 2,
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': 'create',
      'db.collection.name': 'Tag',
    },
    status: { code: 0 },
  })
  expect(bad).toMatchObject({ status: { code: 2, message: '23505' }, attributes: { 'error.type': '23505' } })
  expect(records[0]).toMatchObject({ traceId: good?.spanContext().traceId })
  const exported = exporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? []
  const durations = exported.find((each) => each.descriptor.name === 'db.client.operation.duration')
  expect(durations?.descriptor.unit).toBe('s')
  expect(durations?.dataPoints).toHaveLength(2)
  expect(exported.map((each) => each.descriptor.name)).toContain('db.client.connection.count')
  expect(JSON.stringify([bad?.attributes, bad?.events, bad?.status])).not.toContain('secret')
  await meterProvider.shutdown()
  context.disable()
  trace.disable()
  metrics.disable()
})

/** Requirement level "Required" of the semantic conventions for database client metrics, 1.38. */
const required: Readonly<Record<string, readonly string[]>> = {
  'db.client.operation.duration': ['db.system.name'],
  'db.client.response.returned_rows': ['db.system.name'],
  'db.client.connection.count': ['db.client.connection.pool.name', 'db.client.connection.state'],
  'db.client.connection.pending_requests': ['db.client.connection.pool.name'],
  'db.client.connection.max': ['db.client.connection.pool.name'],
  'db.client.connection.wait_time': ['db.client.connection.pool.name'],
}

test('P1 long lists and cuts are counted in OpenTelemetry', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const client = database.createClient({ adapter: database.adapter({ connections: 1 }) })
  const telemetry = openTelemetry({ meterProvider, spans: false })
  const observed = client.$extends(slowQuery({ sinks: [], telemetry }))
  await observed.tag.createMany({ data: ['a', 'b', 'c'].map((name) => ({ name: `counted ${name}` })) })
  await observed.$extends(pagination({ limits: 'warn', maxLimit: 1 })).tag.findMany()
  await observed.$extends(pagination({ defaultLimit: 2 })).tag.findMany()
  const { resourceMetrics } = await reader.collect()
  const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
  const valueOf = (name: string) => all.find(({ descriptor }) => descriptor.name === name)?.dataPoints
  const attributes = { 'db.operation.name': 'findMany', 'db.collection.name': 'Tag' }
  for (const name of ['db.client.long_lists', 'db.client.cut_lists'])
    expect(valueOf(name)).toEqual([
      expect.objectContaining({ value: 1, attributes: expect.objectContaining(attributes) }),
    ])
  await observed.$disconnect()
  await meterProvider.shutdown()
})

test('KP21 every metric of OpenTelemetry has the attributes that its convention requires; a collection is a table', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const spans = new InMemorySpanExporter()
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const telemetry = openTelemetry({ meterProvider, tracerProvider })
  const clients = [1, 2].map(() =>
    database
      .createClient({ adapter: database.adapter({ connections: 1 }) })
      .$extends(slowQuery({ sinks: [], telemetry })),
  )
  for (const prisma of clients)
    await Promise.all([1, 2].map(() => prisma.$queryRaw`SELECT 1 AS n FROM pg_sleep(0.01)`))
  await clients[0]!.studySession.count()
  const { resourceMetrics } = await reader.collect()
  const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
  expect(all.map(({ descriptor }) => descriptor.name).sort()).toEqual(Object.keys(required).sort())
  for (const { descriptor, dataPoints } of all)
    for (const { attributes } of dataPoints)
      expect({ [descriptor.name]: Object.keys(attributes) }).toEqual({
        [descriptor.name]: expect.arrayContaining([...(required[descriptor.name] ?? [])]),
      })
  // The pools of two clients are told apart.
  const waits = all.find(({ descriptor }) => descriptor.name === 'db.client.connection.wait_time')
  expect(waits?.dataPoints).toHaveLength(2)
  expect(spans.getFinishedSpans().at(-1)).toMatchObject({
    name: 'count StudySession',
    attributes: { 'db.collection.name': 'study_session' },
  })
  for (const prisma of clients) await prisma.$disconnect()
  await meterProvider.shutdown()
})

test('S8 S16 what the cache and batching did is in the records and in the metrics', async () => {
  const records: SinkRecord[] = []
  const prisma = database.createClient({ adapter: database.adapter({ connections: 1 }) }).$extends(
    brisk({
      cache: { store: memoryStore() },
      batching: {},
      slowQuery: { threshold: 0.000_001, sinks: [{ write: (record) => void records.push(record) }] },
    }),
  )
  await prisma.tag.findMany({ cacheStrategy: { ttl: 60 } })
  await prisma.tag.findMany({ cacheStrategy: { ttl: 60 } })
  await Promise.all([1, 2, 3].map((userId) => prisma.conversation.findMany({ where: { userId } })))
  await prisma.$queries.flush()
  expect(records).toMatchObject([
    { model: 'Tag', notes: { cache: 'miss' } },
    { model: 'Tag', notes: { cache: 'hit' }, statements: [] },
    { model: 'Conversation', notes: { batch: { calls: 3 } }, shared: 3 },
  ])
  const samples = parsed(prisma.$queries.metrics())
  expect(samples.get('db_client_cache_hits_total{model="Tag",operation="findMany"}')).toBe(1)
  expect(samples.get('db_client_cache_misses_total{model="Tag",operation="findMany"}')).toBe(1)
  expect(samples.get('db_client_batched_operations_total{model="Conversation",operation="findMany"}')).toBe(3)
  await prisma.$disconnect()
})

test('S17 a request of more than a second is counted as slow, and told of', async () => {
  const { prisma, records } = watched()
  const app = new Hono()
  app.use(honoRequests(prisma))
  app.get('/slow/:id', async (c) => {
    await new Promise((resolve) => setTimeout(resolve, 1010))
    return c.json(await page(prisma, 1))
  })
  await app.request('/slow/7')
  await prisma.$queries.flush()
  expect(records).toMatchObject([
    { type: 'slow-request', request: 'GET /slow/:id', status: 200, statements: 1 },
  ])
  expect(
    parsed(prisma.$queries.metrics()).get(
      'http_server_slow_requests_total{method="GET",route="/slow/:id",status="2xx"}',
    ),
  ).toBe(1)
  await prisma.$disconnect()
})

test("S16 series beyond the limit are counted as 'other', and keep the thresholds of their models", async () => {
  const records: SinkRecord[] = []
  const prisma = database.createClient({ adapter: database.adapter({ connections: 1 }) }).$extends(
    slowQuery({
      threshold: 60_000,
      models: { User: 0.000_001 },
      sinks: [{ write: (record) => void records.push(record) }],
      maxSeries: 2,
    }),
  )
  await prisma.tag.count()
  await prisma.tag.findMany()
  await prisma.conversation.count()
  await prisma.user.count()
  await prisma.user.findMany()
  await prisma.profile.count()
  await prisma.$queries.flush()
  const samples = parsed(prisma.$queries.metrics())
  const counts = [...samples].filter(([name]) =>
    name.startsWith('db_client_operation_duration_seconds_count'),
  )
  expect(counts.map(([name, count]) => [/model="(\w+)"/.exec(name)?.[1], count])).toEqual([
    ['Tag', 1],
    ['Tag', 1],
    ['other', 4],
  ])
  expect(records).toMatchObject([
    { model: 'User', operation: 'count' },
    { model: 'User', operation: 'findMany' },
  ])
  records.length = 0
  // From one place, but of two models: no loop of twelve.
  const models = [prisma.conversation, prisma.profile] as unknown as (typeof prisma.profile)[]
  await runRequest({ name: 'two models' }, async () => {
    for (let id = 0; id < 12; id++) await models[id % 2]!.findMany({ where: { userId: id } })
  })
  await prisma.$queries.flush()
  expect(records).toEqual([])
  await prisma.$disconnect()
})

test('S19 the pool is observed while its client is connected, once, and again when it is used again', async () => {
  // Cumulative readers repeat what is no longer observed.
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const meterProvider = new MeterProvider({ readers: [reader] })
  const telemetry = openTelemetry({ meterProvider, spans: false })
  const base = database.createClient({ adapter: database.adapter({ connections: 2 }) })
  const prisma = base.$extends(slowQuery({ sinks: [], telemetry }))
  base.$extends(slowQuery({ sinks: [], telemetry }))
  const observed = async (): Promise<number> => {
    const { resourceMetrics } = await reader.collect()
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return all
      .filter((each) => each.descriptor.name === 'db.client.connection.max')
      .flatMap((each) => each.dataPoints as unknown[]).length
  }
  await prisma.tag.count()
  expect(await observed()).toBe(1)
  await prisma.$disconnect()
  expect(await observed()).toBe(0)
  await prisma.tag.count()
  expect(await observed()).toBe(1)
  await prisma.$disconnect()
  expect(await observed()).toBe(0)
  await meterProvider.shutdown()
})
