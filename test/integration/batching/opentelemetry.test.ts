import { context, trace, type Span } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base'
import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { RecordOptions } from '../../support/statements.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('sqlite')
  await database.createClient().user.createMany({
    data: [1, 2, 3, 4].map((id) => ({ id, email: `${id}@example.org`, name: `User ${id}` })),
  })
})
afterAll(() => database.drop())
afterEach(() => {
  trace.disable()
  context.disable()
})

/** A tracer as applications register it, and what it exports. */
function tracing() {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({
      spanLimits: { linkCountLimit: 1000 },
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    }),
  )
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const within = <T>(name: string, run: (span: Span) => Promise<T>): Promise<T> =>
    trace.getTracer('test').startActiveSpan(name, async (span) => {
      try {
        return await run(span)
      } finally {
        span.end()
      }
    })
  return {
    within,
    spans: () => exporter.getFinishedSpans(),
    batches: () => exporter.getFinishedSpans().filter(({ name }) => name === 'prisma-brisk batch'),
  }
}

const linked = ({ links }: ReadableSpan): string[] => links.map((link) => link.context.spanId)
const idOf = (span: ReadableSpan): string => span.spanContext().spanId

test('B27 the statement runs in a span of its own, which links to its callers’ and theirs to it', async () => {
  const { within, spans, batches } = tracing()
  const active: (string | undefined)[] = []
  const { client } = database.createRecordedClient({
    before: () => void active.push(trace.getActiveSpan()?.spanContext().spanId),
  })
  const prisma = client.$extends(batching())
  const survivors = await Promise.all(
    [1, 2, 3].map((id) =>
      within(`caller ${id}`, async (span) => {
        await prisma.user.findMany({ where: { id } })
        return trace.getActiveSpan() === span
      }),
    ),
  )
  expect(survivors).toEqual([true, true, true])
  const [batch, ...others] = batches() as [ReadableSpan]
  expect(others).toEqual([])
  const callers = spans().filter(({ name }) => name.startsWith('caller'))
  expect(callers).toHaveLength(3)
  expect(linked(batch).sort()).toEqual(callers.map(idOf).sort())
  for (const caller of callers) expect(linked(caller)).toEqual([idOf(batch)])
  expect(batch.attributes).toEqual({
    'db.system.name': 'sqlite',
    'db.collection.name': 'User',
    'db.operation.name': 'findMany',
    'db.operation.batch.size': 3,
    'prisma_brisk.batch.statements': 1,
    'prisma_brisk.batch.fallbacks': 0,
  })
  expect(batch.parentSpanContext?.spanId).toBe(idOf(callers.find(({ name }) => name === 'caller 1')!))
  expect(active).toEqual([idOf(batch)])
})

test('B27 callers in one span are one link, and a lone call makes no span', async () => {
  const { within, batches } = tracing()
  const prisma = database.createClient().$extends(batching())
  await within('request', () =>
    Promise.all([1, 2, 3, 4].map((id) => prisma.user.findUnique({ where: { id } }))),
  )
  await within('request', () => prisma.user.findUnique({ where: { id: 1 } }))
  expect(batches().map((batch) => [batch.links.length, batch.attributes['db.operation.batch.size']])).toEqual(
    [[1, 4]],
  )
})

test('B27 links of a batch are bounded, and no caller is lost', async () => {
  const { within, spans, batches } = tracing()
  const prisma = database.createClient().$extends(batching())
  const users = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      within('caller', () => prisma.user.findUnique({ where: { id: index + 1 } })),
    ),
  )
  expect(users.filter((user) => user !== null)).toHaveLength(4)
  expect(batches().map((batch) => [batch.links.length, batch.attributes['db.operation.batch.size']])).toEqual(
    [[128, 200]],
  )
  const callers = spans().filter(({ name }) => name === 'caller')
  expect(callers).toHaveLength(200)
  for (const caller of callers) expect(linked(caller)).toEqual([idOf(batches()[0]!)])
})

test('B27 a span tells of what failed, without values', async () => {
  const { within, batches } = tracing()
  const before: RecordOptions['before'] = ({ sql }) => {
    if (/ IN \(/.test(sql)) throw new Error('secret value')
  }
  const { client } = database.createRecordedClient({ before })
  const prisma = client.$extends(batching())
  const users = await within('request', () =>
    Promise.all([1, 2].map((id) => prisma.user.findUnique({ where: { id } }))),
  )
  expect(users.map((user) => user?.id)).toEqual([1, 2])
  // callers do not wait for their batch to end
  await new Promise((resolve) => setImmediate(resolve))
  const [batch] = batches() as [ReadableSpan]
  expect(batch.status.code).toBe(2)
  expect(batch.attributes['prisma_brisk.batch.fallbacks']).toBe(2)
  expect(JSON.stringify([batch.status, batch.attributes, batch.events])).not.toContain('secret')
})

test('B27 a tracer that comes late, has no context or fails takes nobody’s answer', async () => {
  const prisma = database.createClient().$extends(batching())
  const ask = async () =>
    (await Promise.all([1, 2, 3].map((id) => prisma.user.findFirst({ where: { id } })))).map(
      (user) => user?.id,
    )
  expect(await ask()).toEqual([1, 2, 3])
  const { within, batches } = tracing()
  expect(await within('late', ask)).toEqual([1, 2, 3])
  expect(await within('known', ask)).toEqual([1, 2, 3])
  expect(batches().map(({ links }) => links.length)).toEqual([0, 1])
  context.disable()
  expect(await ask()).toEqual([1, 2, 3])
  expect(batches()).toHaveLength(3)
  trace.disable()
  trace.setGlobalTracerProvider({
    getTracer: () => {
      throw new Error('no tracer')
    },
  })
  expect(await ask()).toEqual([1, 2, 3])
})
