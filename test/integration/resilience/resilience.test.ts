import { resilience } from '@prisma-brisk/resilience'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(() => database.drop())

test('R3 deferred work runs after the caller goes on, and is flushed', async () => {
  const prisma = database.createClient().$extends(resilience())
  await prisma.$deferred(() => prisma.tag.create({ data: { name: 'deferred' } }))
  expect(prisma.$deferred.stats()).toMatchObject({ queued: 1, completed: 0 })
  await prisma.$deferred.flush()
  expect(prisma.$deferred.stats()).toMatchObject({ queued: 0, completed: 1, failed: 0 })
  expect(await prisma.tag.count()).toBe(1)
})

test('R2 a deadlock is retried as one operation', async () => {
  const failures = [
    Object.assign(new Error('deadlock'), {
      name: 'DriverAdapterError',
      cause: {
        kind: 'postgres',
        originalCode: '40P01',
        code: '40P01',
        severity: 'ERROR',
        message: 'deadlock detected',
      },
    }),
  ]
  const { client, log } = database.createRecordedClient({
    before: () => {
      const failure = failures.shift()
      if (failure !== undefined) throw failure
    },
  })
  const prisma = client.$extends(resilience({ retry: { attempts: 3, baseDelay: 1 } }))
  await prisma.tag.create({ data: { name: 'retried' } })
  expect(log.statements).toHaveLength(2)
})
