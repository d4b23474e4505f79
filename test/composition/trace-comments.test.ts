import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { PrismaInstrumentation } from '@prisma/instrumentation'
import { traceContext } from '@prisma/sqlcommenter-trace-context'
import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import { commentOf } from '../support/comments.ts'
import { createDatabase, type TestDatabase } from '../support/databases.ts'

const exporter = new InMemorySpanExporter()
const instrumentation = new PrismaInstrumentation()
let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  instrumentation.setTracerProvider(provider)
  instrumentation.enable()
})
afterAll(async () => {
  instrumentation.disable()
  trace.disable()
  context.disable()
  await database.drop()
})
afterEach(() => exporter.reset())

/** Runs a call in a trace of its own; gives the id of the trace. */
const traced = (call: () => PromiseLike<unknown>): Promise<string> =>
  trace.getTracer('test').startActiveSpan('caller', { root: true }, async (span) => {
    await call()
    span.end()
    return span.spanContext().traceId
  })

/** The trace that a comment names, and what the span of a batch links to, where the statement was sent in one. */
function spanOf(traceparent: string) {
  const spans = new Map(exporter.getFinishedSpans().map((span) => [span.spanContext().spanId, span]))
  const [, traceId, spanId = ''] = traceparent.split('-')
  let span = spans.get(spanId)
  while (span !== undefined && span.name !== 'prisma-brisk batch')
    span = spans.get(span.parentSpanContext?.spanId ?? '')
  return { traceId, links: span?.links.map((link) => link.context.traceId) }
}

test('S23 a statement of one call names the span of its caller, one that several share that of its batch', async () => {
  const { client, log } = database.createRecordedClient({ comments: [traceContext()] })
  const prisma = client.$extends(brisk({ slowQuery: { sinks: [] } }))
  await client.$connect()
  const alone = await Promise.all([
    traced(() => prisma.user.findMany({ take: 1 })),
    traced(() => prisma.profile.findUnique({ where: { id: 1 } })),
    traced(() => prisma.$queryRaw`SELECT 1`),
  ])
  const named = log.statements.map((statement) => spanOf(commentOf(statement)['traceparent']!))
  expect(new Set(named.map(({ traceId }) => traceId))).toEqual(new Set(alone))
  expect(named).toEqual(named.map(({ traceId }) => ({ traceId, links: undefined })))
  log.clear()
  const callers = await Promise.all(
    [1, 2, 3].map((id) => traced(() => prisma.user.findUnique({ where: { id } }))),
  )
  expect(log.statements.map(commentOf)).toEqual([{ shared: '2-9', traceparent: expect.any(String) }])
  const [shared] = log.statements.map((statement) => spanOf(commentOf(statement)['traceparent']!))
  expect(shared).toEqual({ traceId: callers[0], links: callers })
})
