import {
  slowQuery,
  type ExplainOptions,
  type SinkRecord,
  type SlowQueryRecord,
} from '@prisma-brisk/slow-query'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('S12 plans on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase(provider)
  })
  afterAll(() => database.drop())

  function explained(explain: ExplainOptions) {
    const records: SlowQueryRecord[] = []
    const sink = {
      write: (record: SinkRecord) => void (record.type === 'slow-query' && records.push(record)),
    }
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 2 }) })
      .$extends(slowQuery({ threshold: 0.001, sinks: [sink], explain }))
    const take = async (): Promise<SlowQueryRecord[]> => {
      await prisma.$queries.flush()
      return records.splice(0)
    }
    return { prisma, take }
  }

  test('a slow read gets its plan, without values, and the asking is not logged', async () => {
    const { prisma, take } = explained({ sampleRate: 1 })
    await prisma.tag.findMany({ where: { name: { contains: 'very secret' } } })
    const [record, ...others] = await take()
    expect(others).toEqual([])
    expect(record?.plan).toBeDefined()
    expect(JSON.stringify(record?.plan)).toMatch(/Tag/)
    expect(JSON.stringify(record)).not.toContain('secret')
    expect(prisma.$queries.stats()).toHaveLength(1)
    await prisma.$disconnect()
  })

  test('writes are planned, never run', async () => {
    const { prisma, take } = explained({ sampleRate: 1, analyze: true })
    await prisma.tag.create({ data: { name: 'once' } })
    await prisma.tag.deleteMany({ where: { name: 'nothing' } })
    await take()
    expect(await prisma.tag.count()).toBe(1)
    await prisma.tag.deleteMany()
    await prisma.$disconnect()
  })

  test('sampled: by rate, and so often an hour for each shape', async () => {
    const never = explained({ sampleRate: 0 })
    await never.prisma.tag.count()
    expect((await never.take())[0]?.plan).toBeUndefined()
    await never.prisma.$disconnect()
    const twice = explained({ sampleRate: 1, maxPerFingerprintPerHour: 2 })
    for (let index = 0; index < 4; index++) await twice.prisma.tag.count()
    expect((await twice.take()).filter((record) => record.plan !== undefined)).toHaveLength(2)
    await twice.prisma.$disconnect()
  })
})

test('S12 no plan is asked for while somebody waits for the pool', async () => {
  const database = await createDatabase('postgresql')
  try {
    const records: SlowQueryRecord[] = []
    const sink = {
      write: (record: SinkRecord) => void (record.type === 'slow-query' && records.push(record)),
    }
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 1 }) })
      .$extends(
        slowQuery({ threshold: 20, sinks: [sink], explain: { sampleRate: 1, maxPerFingerprintPerHour: 9 } }),
      )
    await prisma.$connect()
    await Promise.all([1, 2, 3].map(() => prisma.$queryRawUnsafe('SELECT pg_sleep(0.1)::text')))
    await prisma.$queries.flush()
    expect(records.map(({ plan }) => plan !== undefined)).toEqual([false, true, true])
    await prisma.$disconnect()
  } finally {
    await database.drop()
  }
})
