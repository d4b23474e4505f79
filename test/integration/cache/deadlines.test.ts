import { cache } from '@prisma-brisk/cache'
import { resilience } from '@prisma-brisk/resilience'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'

let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(() => database.drop())

test('C6 C11 a write that ran out of time behind the cache may have happened: its rows are read again', async () => {
  const other = database.createClient()
  const { id } = await other.user.create({ data: { name: 'ada', email: 'ada@example.org' } })
  const prisma = database
    .createClient()
    .$extends(cache({ scope: () => 'all' }))
    .$extends(resilience({ timeouts: { 'User.update': 100 } }))
  const read = () =>
    prisma.$cache.withInfo(() => prisma.user.findUnique({ where: { id }, cacheStrategy: { ttl: 600 } }))
  await read()
  await prisma.$cache.warm([read])
  expect((await read()).info.status).toBe('hit')
  await other.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT 1 FROM "User" WHERE id = ${id} FOR UPDATE`
    await expect(prisma.user.update({ where: { id }, data: { name: 'bob' } })).rejects.toMatchObject({
      code: 'E_QUERY_TIMEOUT',
    })
  })
  expect((await read()).info.status).toBe('miss')
})
