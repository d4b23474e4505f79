import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import { resilience, withLimits } from '@prisma-brisk/resilience'
import { createPool } from 'mariadb'
import pg from 'pg'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { startPooler } from '../../support/postgres-pooler.ts'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** Cancelling needs no place in the pool it cancels for, ends nobody's pool, and arrives through TLS and poolers. */

const TIMEOUT = 150
const timedOut = { code: 'E_QUERY_TIMEOUT' }

/** Connecting and compiling take longer than the limits of these tests. */
const warm = (prisma: { user: { count(): Promise<number> } }) =>
  withLimits({ timeout: false }, () => prisma.user.count())

describe('on PostgreSQL', () => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient
  beforeAll(async () => {
    database = await createDatabase('postgresql')
    plain = database.createClient({ adapter: database.adapter({ connections: 1 }) })
  })
  afterAll(() => database.drop())

  const stillRunning = async (): Promise<number> => {
    const [row] = await plain.$queryRaw<{ n: number }[]>`
      SELECT count(*)::int AS n FROM pg_stat_activity
      WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT pg_sleep%'`
    return row?.n ?? NaN
  }
  const sleeper = (prisma: Pick<PrismaClient, '$queryRawUnsafe'>) =>
    prisma.$queryRawUnsafe('SELECT pg_sleep(20)')

  test.each([
    ['', false],
    [' over TLS', true],
  ])('KR-N1 KR19 behind a pooler%s the statement is stopped, and the pooler goes on', async (_, tls) => {
    const pooler = await startPooler(database.url, { tls })
    const adapter = new PrismaPg({
      connectionString: pooler.url,
      max: 1,
      ...(tls ? { ssl: { rejectUnauthorized: false } } : {}),
    })
    const prisma = database.createClient({ adapter }).$extends(resilience({ timeout: TIMEOUT }))
    try {
      await warm(prisma)
      for (let round = 0; round < 3; round++) {
        await expect(sleeper(prisma)).rejects.toMatchObject(timedOut)
        expect(await stillRunning()).toBe(0)
      }
      expect(await prisma.user.count()).toBe(0)
      expect(pooler.sessions()).toBe(1)
    } finally {
      await prisma.$disconnect()
      await pooler.close()
    }
  })

  describe.each([
    ['without TLS', false],
    ['with TLS', true],
  ])('KR-B a pool of the application, %s,', (_, tls) => {
    test.each([
      ['full', { disposeExternalPool: false }, 1],
      ['full of statements that are all stopped', { disposeExternalPool: false }, 5],
      ['that the adapter may end', { disposeExternalPool: true }, 2],
    ])('%s', async (__, options, max) => {
      const pooler = await startPooler(database.url, { tls })
      const pool = new pg.Pool({
        connectionString: pooler.url,
        max,
        ...(tls ? { ssl: { rejectUnauthorized: false } } : {}),
      })
      // Not the database's to disconnect a second time: that would end the pool twice.
      const prisma = new PrismaClient({ adapter: new PrismaPg(pool, options) })
      const limited = prisma.$extends(resilience({ timeout: TIMEOUT }))
      try {
        await warm(limited)
        const results = await Promise.allSettled(Array.from({ length: max }, () => sleeper(limited)))
        expect(results.map((each) => (each as PromiseRejectedResult).reason)).toMatchObject(
          results.map(() => timedOut),
        )
        expect(await stillRunning()).toBe(0)
        expect(pool.waitingCount).toBe(0)
        expect(await prisma.user.count()).toBe(0)
        await prisma.$disconnect()
        expect(pool.ended).toBe(options.disposeExternalPool)
      } finally {
        if (!pool.ended) await pool.end()
        await pooler.close()
      }
    })
  })
})

describe('on MariaDB', () => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase('mysql')
  })
  afterAll(() => database.drop())

  test.each([
    ['a connection of its pool is free: the statement is stopped', 2, false, 0],
    ['one that the adapter may end is not ended: the statement is stopped', 2, true, 0],
    ['none is free: the caller gets its error, and everything goes on afterwards', 1, false, null],
  ])('KR-B %s', async (_, connectionLimit, disposeExternalPool, running) => {
    const { hostname, port, username, password, pathname } = new URL(database.url)
    const pool = createPool({
      host: hostname,
      port: Number(port || 3306),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: pathname.slice(1),
      connectionLimit,
      acquireTimeout: 20_000,
    })
    const prisma = database.createClient({ adapter: new PrismaMariaDb(pool, { disposeExternalPool }) })
    const limited = prisma.$extends(resilience({ timeout: TIMEOUT }))
    await warm(limited)
    const plain = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    const seconds = running === null ? 4 : 20
    await expect(limited.$queryRawUnsafe(`SELECT SLEEP(${seconds})`)).rejects.toMatchObject(timedOut)
    if (running !== null) {
      const [row] = await plain.$queryRaw<{ n: bigint }[]>`
        SELECT count(*) AS n FROM information_schema.processlist WHERE db = database() AND info LIKE 'SELECT SLEEP%'`
      expect(Number(row?.n)).toBe(running)
    }
    expect(await prisma.user.count()).toBe(0)
    await prisma.$disconnect()
    expect(pool.closed).toBe(disposeExternalPool)
    if (!disposeExternalPool) await pool.end()
  })
})
