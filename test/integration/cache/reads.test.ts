import { cache } from '@prisma-brisk/cache'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { expectStatements, type StatementLog } from '../../support/statements.ts'

let database: TestDatabase<PrismaClient>
let log: StatementLog
let base: PrismaClient

beforeAll(async () => {
  database = await createDatabase('postgresql')
})
afterAll(() => database.drop())
beforeEach(async () => {
  ;({ client: base, log } = database.createRecordedClient())
  await base.$executeRawUnsafe('TRUNCATE "User", "Tag", "Exercise" RESTART IDENTITY CASCADE')
  await base.user.create({ data: { email: 'ada@example.org', name: 'Ada', balance: '12.50' } })
})

const minute = { cacheStrategy: { ttl: 60 } }

test('a read that asks for it is answered from the cache, and a write makes it fresh', async () => {
  const prisma = base.$extends(cache())
  const first = await prisma.user.findMany(minute)
  const second = await expectStatements(log, 0, () => prisma.user.findMany(minute))
  expect(second).toEqual(first)
  expect(second[0]).not.toBe(first[0])
  await prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Lovelace' }])
  expect(prisma.$cache.stats()).toMatchObject({ hits: 1, misses: 2, invalidations: 1 })
})

test('a read that does not ask is left alone', async () => {
  const prisma = base.$extends(cache())
  await prisma.user.findMany()
  await expectStatements(log, 1, () => prisma.user.findMany())
})
