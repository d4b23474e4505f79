import { createYoga, type YogaSchemaDefinition } from 'graphql-yoga'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../../test/support/databases.ts'
import { expectStatements } from '../../../test/support/statements.ts'
import { pothosSchema } from '../src/pothos.ts'
import { extended, type Database } from '../src/resolved-rows.ts'
import { schemaFirst } from '../src/schema-first.ts'

let database: TestDatabase<PrismaClient>

beforeAll(async () => {
  database = await createDatabase('postgresql')
  const plain = database.createClient({ adapter: database.adapter({ connections: 3 }) })
  await plain.user.create({ data: { id: 1, email: 'ada@example.org', name: 'Ada' } })
  for (let id = 1; id <= 5; id++)
    await plain.workshop.create({ data: { id, title: `Workshop ${id}`, ownerId: 1 } })
  const traces = Array.from({ length: 45 }, (_, index) => ({ id: index + 1, workshopId: (index % 5) + 1 }))
  await plain.trace.createMany({
    data: traces.map((trace) => ({ ...trace, name: `Trace ${trace.id}`, size: 1, context: {} })),
  })
  await plain.annotation.createMany({
    data: traces.flatMap(({ id, workshopId }) =>
      [1, 2].map((rating) => ({ workshopId, traceId: id, rating })),
    ),
  })
})
afterAll(() => database.drop())

async function ask(schema: unknown): Promise<unknown> {
  const yoga = createYoga({ schema: schema as YogaSchemaDefinition<object, object>, logging: false })
  const response = await yoga.fetch('http://localhost/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ workshops { title traces { name annotations { rating } } } }' }),
  })
  return response.json()
}

test.each([
  ['schema-first', schemaFirst],
  ['Pothos', pothosSchema],
] as const)('three levels of lists, %s: 51 statements become 3', async (_name, schemaOf) => {
  const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
  const expected = await expectStatements(log, 51, () => ask(schemaOf(client as unknown as Database)))
  const given = await expectStatements(log, 3, () => ask(schemaOf(extended(client))))
  expect(given).toEqual(expected)
  expect(
    (given as { data: { workshops: { traces: unknown[] }[] } }).data.workshops.map(
      ({ traces }) => traces.length,
    ),
  ).toEqual([9, 9, 9, 9, 9])
})
