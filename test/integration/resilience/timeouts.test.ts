import { DriverTap, hostOf } from '@prisma-brisk/core'
import { resilience, withLimits } from '@prisma-brisk/resilience'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { Random } from '../../support/random.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** Connecting and compiling take longer than the limits of these tests. */
const warm = (prisma: { user: { count(): Promise<number> } }) =>
  withLimits({ timeout: false }, () => prisma.user.count())

const sleep = { postgresql: 'SELECT pg_sleep(20)', mysql: 'SELECT SLEEP(20)' } as const
const running = {
  postgresql: `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT pg_sleep%'`,
  mysql: `SELECT CAST(count(*) AS SIGNED) AS n FROM information_schema.processlist WHERE db = database() AND info LIKE 'SELECT SLEEP%'`,
} as const

/** A statement that takes so many seconds. */
const naps = {
  postgresql: (seconds: number) => `SELECT 1 AS one FROM pg_sleep(${seconds})`,
  mysql: (seconds: number) => `SELECT SLEEP(${seconds})`,
} as const
/** Sessions that have left a transaction open. */
const idleWithin = {
  postgresql: `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
  mysql: `SELECT CAST(count(*) AS SIGNED) AS n FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id WHERE p.db = database() AND p.command = 'Sleep'`,
} as const

describe.each<'postgresql' | 'mysql'>(['postgresql', 'mysql'])('timeouts on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient
  beforeAll(async () => {
    database = await createDatabase(provider as Provider)
    plain = database.createClient({ adapter: database.adapter({ connections: 1 }) })
  })
  afterAll(() => database.drop())

  const counted = async (sql: string): Promise<number> => {
    const rows = await plain.$queryRawUnsafe<{ n: number | bigint }[]>(sql)
    return Number(rows[0]?.n)
  }
  const stillRunning = () => counted(running[provider])
  const within = () => counted(idleWithin[provider])
  const client = (timeout: number, connections = 1) => {
    const base = database.createClient({ adapter: database.adapter({ connections }) })
    return { base, prisma: base.$extends(resilience({ timeout })) }
  }

  test('R1 the statement stops on the server, the connection goes back, the caller gets E_QUERY_TIMEOUT', async () => {
    const { base, prisma } = client(150)
    await warm(prisma)
    const startedAt = performance.now()
    await expect(prisma.$queryRawUnsafe(sleep[provider])).rejects.toMatchObject({
      code: 'E_QUERY_TIMEOUT',
      operation: '$queryRawUnsafe',
      timeout: 150,
    })
    expect(performance.now() - startedAt).toBeLessThan(1500)
    expect(await stillRunning()).toBe(0)
    // The one connection of the pool serves the next operation, which is not stopped in place of the last.
    for (let index = 0; index < 5; index++) expect(await prisma.user.count()).toBe(0)
    const gauge = DriverTap.of(hostOf(base))?.pool?.gauge()
    expect(gauge).toMatchObject({ total: 1, idle: 1, waiting: 0 })
  })

  test('R1 in a transaction the transaction fails and its connection goes back', async () => {
    const { base, prisma } = client(150)
    await warm(prisma)
    const transaction = prisma.$transaction(async (tx) => {
      await tx.tag.create({ data: { name: `timeout ${provider}` } })
      await tx.$queryRawUnsafe(sleep[provider])
    })
    await expect(transaction).rejects.toMatchObject({ code: 'E_QUERY_TIMEOUT' })
    expect(await stillRunning()).toBe(0)
    expect(await plain.tag.count()).toBe(0)
    expect(DriverTap.of(hostOf(base))?.pool?.gauge()).toMatchObject({ idle: 1 })
  })

  test('R1 who waits for a connection no longer waits', async () => {
    const { prisma } = client(150)
    await warm(prisma)
    let end = (): void => undefined
    const held = new Promise<void>((resolve) => (end = resolve))
    const holding = prisma.$transaction(async (tx) => {
      await tx.user.count()
      await held
    })
    while (DriverTap.of(hostOf(prisma))?.pool?.gauge().idle !== 0)
      await new Promise((resolve) => setImmediate(resolve))
    await expect(prisma.user.count()).rejects.toMatchObject({ code: 'E_QUERY_TIMEOUT' })
    end()
    await holding
    expect(await prisma.user.count()).toBe(0)
  })

  test('R2 an AbortSignal stops the statement', async () => {
    const { prisma } = client(20_000)
    await warm(prisma)
    const controller = new AbortController()
    const answer = withLimits({ signal: controller.signal }, () => prisma.$queryRawUnsafe(sleep[provider]))
    while ((await stillRunning()) === 0);
    controller.abort()
    await expect(answer).rejects.toMatchObject({ code: 'E_QUERY_ABORTED' })
    expect(await stillRunning()).toBe(0)
    await expect(withLimits({ signal: controller.signal }, () => prisma.user.count())).rejects.toMatchObject({
      code: 'E_QUERY_ABORTED',
    })
    expect(await prisma.user.count()).toBe(0)
  })

  test('R1 a statement that is stopped never stops the next of another caller', async () => {
    const { prisma } = client(40, 2)
    await warm(prisma)
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) =>
        index % 3 === 0
          ? prisma.$queryRawUnsafe(sleep[provider])
          : withLimits({ timeout: 10_000 }, () => prisma.user.count()),
      ),
    )
    const failed = results.filter((each) => each.status === 'rejected')
    expect(failed).toHaveLength(20)
    for (const each of failed) expect(each.reason).toMatchObject({ code: 'E_QUERY_TIMEOUT' })
    expect(await stillRunning()).toBe(0)
  })
  test('R1 KP3 transactions whose time is over just as their statement is leave no session within one', async () => {
    const { base, prisma } = client(80, 3)
    await warm(prisma)
    const random = new Random(1)
    const nap = () => naps[provider]((70 + random.int(0, 20)) / 1000)
    const write = (on: object, name: string) =>
      (on as Pick<PrismaClient, 'tag'>).tag.create({ data: { name } })
    const kinds = [
      (name: string) =>
        prisma.$transaction([write(prisma, name), prisma.$queryRawUnsafe(nap()), prisma.tag.count()]),
      (name: string) =>
        prisma.$transaction(async (tx) => {
          await write(tx, name)
          await tx.$queryRawUnsafe(nap())
          await tx.tag.count()
        }),
      () => prisma.$queryRawUnsafe(nap()),
    ]
    for (let round = 0; round < 12; round++) {
      const names = Array.from({ length: 6 }, (_, index) => `${provider} ${round} ${index}`)
      const results = await Promise.allSettled(names.map((name, index) => kinds[(round + index) % 3]!(name)))
      const answered = new Set(names.filter((_, index) => results[index]!.status === 'fulfilled'))
      const codes = results.map((each) => (each.status === 'rejected' ? each.reason.code : null))
      // Nothing that runs afterwards is stopped in place of what was.
      await Promise.all(names.map(() => base.tag.count()))
      const stored = new Set(
        (await base.tag.findMany({ where: { name: { in: names } } })).map(({ name }) => name),
      )
      for (const [index, name] of names.entries()) {
        const [kind, isStored] = [(round + index) % 3, stored.has(name)]
        if (kind !== 2 && codes[index] !== 'E_COMMIT_UNKNOWN')
          expect([name, isStored]).toEqual([name, answered.has(name)])
      }
      expect(await settled(within)).toBe(0)
    }
  })
})

/** The count once it is 0: an array's caller is told while its ROLLBACK is still on its way. */
async function settled(count: () => Promise<number>): Promise<number> {
  for (let look = 0; look < 50 && (await count()) > 0; look++)
    await new Promise((resolve) => setTimeout(resolve, 100))
  return count()
}

test('R1 per-model and per-operation limits, and none', async () => {
  const database = await createDatabase('sqlite')
  try {
    const slow = { before: () => new Promise<void>((resolve) => setTimeout(resolve, 60)) }
    const prisma = database
      .createRecordedClient(slow)
      .client.$extends(
        resilience({ timeout: 20, timeouts: { User: false, 'User.findMany': 25, $queryRawUnsafe: 5000 } }),
      )
    await prisma.user.count()
    await expect(prisma.user.findMany()).rejects.toMatchObject({ code: 'E_QUERY_TIMEOUT', timeout: 25 })
    await expect(prisma.tag.count()).rejects.toMatchObject({ code: 'E_QUERY_TIMEOUT', timeout: 20 })
    await prisma.$queryRawUnsafe('SELECT 1')
  } finally {
    await database.drop()
  }
})

test.each(['a member of its own', 'a raw one', 'one of another client'])(
  'KP2 an array that Prisma refuses, because one of it is no call, leaves no rejection behind: %s',
  async (which) => {
    const database: TestDatabase<PrismaClient> = await createDatabase('postgresql' as Provider)
    const unhandled: unknown[] = []
    const note = (error: unknown) => void unhandled.push(error)
    process.on('unhandledRejection', note)
    try {
      const base = database.createClient()
      const prisma = base.$extends(resilience({ timeout: 100 }))
      await warm(prisma)
      const member = {
        'a member of its own': () => prisma.user.count(),
        'a raw one': () => prisma.$queryRaw`SELECT 1`,
        'one of another client': () => base.user.updateMany({ data: { name: 'x' } }),
      }[which] as () => never
      for (const other of [undefined, Promise.resolve(1), 7])
        expect(() => prisma.$transaction([member(), other as never])).toThrow(
          'All elements of the array need to be Prisma Client promises',
        )
      await new Promise((resolve) => setTimeout(resolve, 400))
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
      await database.drop()
    }
  },
)
