import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../../test/support/databases.ts'
import { findings, logged } from '../load/findings.ts'
import { traffic } from '../load/traffic.ts'
import { createApp } from '../src/app.ts'
import { observed, type Database } from '../src/database.ts'
import { fill } from '../src/embedded.ts'

const directory = mkdtempSync(join(tmpdir(), 'observability-'))
const log = join(directory, 'slow-queries.ndjson')
let database: TestDatabase<PrismaClient>
let prisma: Database
let app: FastifyInstance
let origin: string

beforeAll(async () => {
  database = await createDatabase('postgresql')
  await fill(database.createClient({ adapter: database.adapter({ connections: 1 }) }))
  // Only the report takes longer than a busy machine makes anything take.
  prisma = observed(database.createClient({ adapter: database.adapter({ connections: 4 }) }), log, {
    models: { $queryRaw: 250, Conversation: 60_000, Message: 60_000, Tag: 60_000 },
    explain: { sampleRate: 1 },
  })
  app = await createApp(prisma)
  origin = await app.listen({ port: 0 })
})
afterAll(async () => {
  await app.close()
  await database.drop()
  rmSync(directory, { recursive: true })
})

test('S8 S13 S16 S18 the log, the loops, the budgets and the metrics say what the load did', async () => {
  await traffic(origin, 3)
  const metrics = await (await fetch(`${origin}/metrics`)).text()
  await prisma.$queries.flush()
  const records = logged(log)

  const [report, ...others] = records.filter((each) => each.type === 'slow-query')
  expect(others).toEqual([])
  expect(report).toMatchObject({ operation: '$queryRaw', request: 'GET /report' })
  expect(report?.statements[0]?.sql).toMatch(/pg_sleep\(\$\d\)/)
  expect(report?.plan).toBeDefined()
  expect(JSON.stringify(records)).not.toContain('Lovelace')

  const loops = records.filter((each) => each.type === 'n-plus-one')
  expect(loops).toHaveLength(3)
  expect(loops[0]).toMatchObject({
    request: 'GET /conversations',
    model: 'Message',
    field: 'messages',
    count: 30,
    callSite: expect.stringMatching(/fastify-observability.src.app\.ts:\d+/),
    advice: expect.stringMatching(/^include: .*include: { messages: { orderBy: { id: 'desc' }, take: 1 } }/),
  })
  const budgets = records.filter((each) => each.type === 'request-budget')
  expect(budgets).toHaveLength(3)
  expect(budgets[0]).toMatchObject({
    request: 'GET /conversations',
    statements: 31,
    top: [{ count: 30 }, {}],
  })

  expect(metrics).toContain(
    'db_client_operation_duration_seconds_count{model="Message",operation="findMany"} 90',
  )
  expect(metrics).toContain('db_client_operation_errors_total{model="Tag",operation="create"} 2')
  expect(metrics).toMatch(/^db_client_connections_max 4$/m)
  expect(metrics).toContain(
    'http_server_request_duration_seconds_count{method="POST",route="/tags/:name",status="5xx"} 2',
  )
  expect(metrics).toMatch(/^db_client_n_plus_one_total 3$/m)
  expect(findings(records, metrics)).toMatch(/Loops, and the change to make:\n {2}GET \/conversations: 30 ×/)
})
