import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { runRequest, slowQuery } from '@prisma-brisk/slow-query'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { keptRecords } from './support/kept-records.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('sqlite')
})
afterAll(() => database.drop())

const CALLS = 3000
const CHARACTERS = 2000

test('KP8 what a long request holds does not grow with its calls, whatever names stand in their JSON; they are one loop', async () => {
  const { sink, records: reports } = keptRecords('n-plus-one')
  const prisma = database.createClient().$extends(slowQuery({ threshold: 60_000, sinks: [sink] }))
  const grown = await runRequest({ name: 'nightly import' }, async () => {
    await calls(0, CALLS / 10)
    const before = usedBytes()
    await calls(CALLS / 10, CALLS)
    return usedBytes() - before
  })
  await prisma.$queries.flush()
  // All arguments together are 6 MB.
  expect(grown).toBeLessThan((CALLS * CHARACTERS) / 4)
  expect(reports).toMatchObject([{ model: 'Profile', operation: 'count', count: CALLS }])
  await prisma.$disconnect()

  async function calls(from: number, to: number): Promise<void> {
    for (let index = from; index < to; index++)
      await prisma.profile.count({
        where: { preferences: { equals: { [`name ${index}`]: `${index}`.padEnd(CHARACTERS) } } },
      })
  }
})

function usedBytes(): number {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
