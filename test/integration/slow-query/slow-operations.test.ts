import { slowQuery, type SinkRecord, type SlowQueryRecord } from '@prisma-brisk/slow-query'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(() => database.drop())

/** A client whose every statement takes `delay` ms, and the slow operations it reports. */
function recordedClient(delay: number, threshold: number) {
  const records: SlowQueryRecord[] = []
  const sink = { write: (record: SinkRecord) => void (record.type === 'slow-query' && records.push(record)) }
  const { client, log } = database.createRecordedClient({
    before: () => new Promise((resolve) => setTimeout(resolve, delay)),
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
  expect(record.ms).toBeLessThan(200)
  expect(record.statements).toHaveLength(2)
  expect(record.statements[0]?.sql).toContain('FROM "public"."User"')
  expect(record.statements[1]?.sql).toContain('FROM "public"."Conversation"')
  expect(record.callSite).toMatch(/slow-operations\.test\.ts:\d+:\d+$/)
})

test('operations under the threshold are counted, not logged', async () => {
  const { prisma, records } = recordedClient(0, 5000)
  for (let index = 0; index < 5; index++) await prisma.tag.findMany()
  await prisma.$queries.flush()
  expect(records).toEqual([])
  const [line] = prisma.$queries.stats()
  expect(line).toMatchObject({
    model: 'Tag',
    operation: 'findMany',
    count: 5,
    errors: 0,
    slow: 0,
    rowsRead: 0,
  })
  expect(line!.p50).toBeGreaterThan(0)
  expect(line!.p99).toBeGreaterThanOrEqual(line!.p50)
})
