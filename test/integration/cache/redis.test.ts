import { cache, redisStore } from '@prisma-brisk/cache'
import { Redis } from 'ioredis'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { expectStatements, type StatementLog } from '../../support/statements.ts'

let database: TestDatabase<PrismaClient>
let log: StatementLog
let base: PrismaClient
const redis = new Redis('redis://127.0.0.1:6379')

beforeAll(async () => {
  database = await createDatabase('postgresql')
  ;({ client: base, log } = database.createRecordedClient())
  await base.user.create({ data: { email: 'ada@example.org', name: 'Ada', balance: '12.50' } })
})
afterAll(async () => {
  redis.disconnect()
  await database.drop()
})
const minute = { cacheStrategy: { ttl: 60 } }

test('redis', async () => {
  const prisma = base.$extends(cache({ store: redisStore(redis), namespace: `t${Date.now()}` }))
  const first = await prisma.user.findMany(minute)
  await new Promise((r) => setTimeout(r, 20))
  const second = await expectStatements(log, 0, () => prisma.user.findMany(minute))
  expect(second).toEqual(first)
  expect(second[0]?.balance.constructor).toBe(first[0]?.balance.constructor)
  await prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Lovelace' }])
  expect(prisma.$cache.stats()).toMatchObject({ hits: 1, misses: 2, invalidations: 1 })
  console.log(prisma.$cache.stats())
})
