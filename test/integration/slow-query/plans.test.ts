import { jest } from '@jest/globals'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { PrismaPg } from '@prisma/adapter-pg'
import { resilience } from '@prisma-brisk/resilience'
import {
  slowQuery,
  type ExplainOptions,
  type SinkRecord,
  type SlowQueryRecord,
} from '@prisma-brisk/slow-query'
import pg from 'pg'
import { brisk } from 'prisma-brisk'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { createPgliteDatabase } from '../../support/pglite-database.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { keptRecords } from './support/kept-records.ts'

type Place = Pick<TestDatabase<PrismaClient>, 'createClient' | 'adapter' | 'drop'>

const places = {
  postgresql: () => createDatabase('postgresql'),
  pglite: createPgliteDatabase,
  mysql: () => createDatabase('mysql'),
  sqlite: () => createDatabase('sqlite'),
} satisfies Record<string, () => Promise<Place>>

/** A client all of whose operations are slow, and what it reports of them. */
function explained(database: Place, explain: ExplainOptions, connections = 2) {
  const { sink, records } = keptRecords('slow-query')
  const prisma = database
    .createClient({ adapter: database.adapter({ connections }) })
    .$extends(slowQuery({ threshold: 0.001, sinks: [sink], explain }))
  const take = async (): Promise<SlowQueryRecord[]> => {
    await prisma.$queries.flush()
    return records.splice(0)
  }
  return { prisma, take }
}

describe.each(Object.keys(places) as (keyof typeof places)[])('S12 plans on %s', (name) => {
  let database: Place
  beforeAll(async () => {
    database = await places[name]()
  })
  afterAll(() => database.drop())

  test('a slow read gets its plan, without values, and the asking is not logged', async () => {
    const { prisma, take } = explained(database, { sampleRate: 1 })
    await prisma.tag.findMany({ where: { name: { contains: 'very secret' } } })
    const [record, ...others] = await take()
    expect(others).toEqual([])
    expect(record?.plan).toBeDefined()
    expect(JSON.stringify(record?.plan)).toMatch(/Tag/)
    expect(JSON.stringify(record)).not.toContain('secret')
    expect(prisma.$queries.stats()).toHaveLength(1)
    expect(prisma.$queries.connections().steps.find(({ step }) => step === 'begin')?.count).toBe(0)
    await prisma.$disconnect()
  })

  test('writes are planned, never run', async () => {
    const { prisma, take } = explained(database, { sampleRate: 1, analyze: true })
    await prisma.tag.create({ data: { name: 'once' } })
    await prisma.tag.deleteMany({ where: { name: 'nothing' } })
    expect((await take()).map(({ plan }) => plan !== undefined)).toEqual([true, true])
    expect(await prisma.tag.count()).toBe(1)
    await prisma.tag.deleteMany()
    await prisma.$disconnect()
  })

  test('sampled: by rate, and so often an hour for each shape', async () => {
    const never = explained(database, { sampleRate: 0 })
    await never.prisma.tag.count()
    expect((await never.take())[0]?.plan).toBeUndefined()
    await never.prisma.$disconnect()
    const clock = jest.spyOn(Date, 'now')
    try {
      const twice = explained(database, { sampleRate: 1, maxPerFingerprintPerHour: 2 })
      const planned = async () => {
        for (let index = 0; index < 4; index++) await twice.prisma.tag.count()
        await twice.prisma.user.count()
        const records = await twice.take()
        expect(records).toHaveLength(5)
        const of = (model: string) =>
          records.filter((each) => each.model === model && each.plan !== undefined)
        return { tag: of('Tag').length, user: of('User').length }
      }
      clock.mockReturnValue(1_000_000)
      expect(await planned()).toEqual({ tag: 2, user: 1 })
      clock.mockReturnValue(1_000_000 + 3_599_999)
      expect(await planned()).toEqual({ tag: 0, user: 1 })
      clock.mockReturnValue(1_000_000 + 3_600_000)
      expect(await planned()).toEqual({ tag: 2, user: 1 })
      await twice.prisma.$disconnect()
    } finally {
      clock.mockRestore()
    }
  })

  test('a transaction that is open holds up nobody but its own plans, and they not it', async () => {
    const { prisma, take } = explained(database, { sampleRate: 1 }, 1)
    await prisma.$transaction(async (tx) => {
      await tx.tag.findMany()
      await new Promise((resolve) => setImmediate(resolve))
      await tx.tag.count()
      // Another connection plans meanwhile; PGlite has none.
      if (name !== 'pglite')
        expect((await take()).map(({ plan }) => plan !== undefined)).toEqual([true, true])
    })
    if (name === 'pglite') expect((await take()).map(({ plan }) => plan !== undefined)).toEqual([true, true])
    await prisma.$disconnect()
  })

  if (name === 'pglite') {
    test('plans are generic, of no values: PostgreSQL 18 has such', async () => {
      const { prisma, take } = explained(database, { sampleRate: 1 })
      // Of this value there is nothing to read: its own plan would not look into the table.
      await prisma.$queryRawUnsafe('SELECT id FROM "Tag" WHERE name = $1', null)
      expect(JSON.stringify((await take())[0]?.plan)).toContain('"Relation Name":"Tag"')
      await prisma.$disconnect()
    })
  }

  test('what has no plan is told without one', async () => {
    const { prisma, take } = explained(database, { sampleRate: 1 })
    await prisma.$queryRawUnsafe('SELECT 1 AS n; ')
    await prisma.$executeRawUnsafe('CREATE TABLE passing (id int)')
    await prisma.$executeRawUnsafe('DROP TABLE passing')
    await prisma.tag.count()
    expect((await take()).map(({ operation, plan }) => [operation, plan !== undefined])).toEqual([
      ['$queryRawUnsafe', true],
      ['$executeRawUnsafe', false],
      ['$executeRawUnsafe', false],
      ['count', true],
    ])
    await prisma.$disconnect()
  })
})

/** Whether a plan says what running the statement took. */
const wasRun = (plan: unknown): boolean => /"Actual Rows"|"r_loops"/.test(JSON.stringify(plan))

const harmful = {
  postgresql: [
    `SELECT nextval('drawn') AS n`,
    `SELECT "nextval"('drawn') AS n`,
    `SELECT pg_catalog.nextval('drawn') AS n`,
    `SELECT nextval /* ( */ ('drawn') AS n`,
    `SELECT my$abs(1) AS n`,
    `SELECT éabs(1) AS n`,
    `SELECT "my abs"(1) AS n`,
    `WITH gone AS (DELETE FROM "Tag" WHERE id < 0 RETURNING id) SELECT id FROM gone`,
    `SELECT id FROM "Tag" FOR UPDATE`,
    `SELECT id FROM "Tag" FOR NO KEY UPDATE`,
    `SELECT id FROM "Tag" FOR SHARE`,
    `WITH made AS (INSERT INTO "Tag" (name) VALUES ('made') RETURNING id) SELECT id FROM made`,
  ],
  mysql: [
    'SELECT drawn() AS n',
    'SELECT `drawn`() AS n',
    'SELECT my$abs(1) AS n',
    'SELECT éabs(1) AS n',
    'SELECT `my abs`(1) AS n',
    'SELECT id FROM Tag FOR UPDATE',
    'SELECT id FROM Tag LOCK IN SHARE MODE',
    'SELECT NEXT VALUE FOR numbers AS n',
    'SELECT NEXT/* a */VALUE\nFOR numbers AS n',
    'SELECT PREVIOUS VALUE FOR numbers AS n FROM Tag',
    'SELECT @drawn := @drawn + 1 AS n FROM Tag',
  ],
} as const

const drawn = {
  postgresql: {
    set: [
      'CREATE SEQUENCE drawn',
      ...['my$abs', 'éabs', '"my abs"'].map(
        (name) => `CREATE FUNCTION ${name}(int) RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('drawn') $$`,
      ),
      `CREATE VIEW drawing AS SELECT nextval('drawn') AS n`,
      `CREATE VIEW numbering AS SELECT my$abs(1) AS n`,
    ],
    read: 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS n FROM drawn',
  },
  mysql: {
    set: [
      'CREATE TABLE draws (id INT AUTO_INCREMENT PRIMARY KEY, n INT)',
      ...['drawn()', 'my$abs(x INT)', 'éabs(x INT)', '`my abs`(x INT)'].map(
        (signature) =>
          `CREATE FUNCTION ${signature} RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO draws (n) VALUES (1); RETURN 1; END`,
      ),
      'CREATE SEQUENCE numbers NOCACHE',
      'CREATE VIEW drawing AS SELECT drawn() AS n',
      'CREATE VIEW numbering AS SELECT NEXT VALUE FOR numbers AS n',
    ],
    read: 'SELECT (SELECT COUNT(*) FROM draws) + (SELECT next_not_cached_value FROM numbers) AS n',
  },
} as const

describe.each(['postgresql', 'mysql'] as const)('S12 with analyze on %s', (provider) => {
  let database: Place
  let plain: PrismaClient
  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    for (const sql of drawn[provider].set) await plain.$executeRawUnsafe(sql)
  })
  afterAll(() => database.drop())

  test('a read is run again, and its plan says what that took', async () => {
    const { prisma, take } = explained(database, { sampleRate: 1, analyze: true })
    await prisma.tag.findMany({ where: { name: { contains: 'secret' } }, orderBy: { id: 'asc' }, take: 5 })
    const [record] = await take()
    expect(wasRun(record?.plan)).toBe(true)
    expect(JSON.stringify(record)).not.toContain('secret')
    await prisma.$disconnect()
  })

  test('a plan that fails costs its plan, and nothing else', async () => {
    const { prisma, take } = explained(database, { sampleRate: 1, analyze: true })
    // Other connections do not know the table.
    await prisma.$transaction(async (tx) => {
      await tx.$executeRawUnsafe('CREATE TEMPORARY TABLE passing (id int)')
      await tx.$queryRawUnsafe('SELECT id FROM passing')
    })
    await prisma.tag.count()
    expect((await take()).map(({ operation, plan }) => [operation, plan !== undefined])).toEqual([
      ['$executeRawUnsafe', false],
      ['$queryRawUnsafe', false],
      ['count', true],
    ])
    await prisma.$disconnect()
  })

  test('what would take longer than two seconds is stopped, and holds up neither flush nor $disconnect', async () => {
    const { prisma: base, take } = explained(database, { sampleRate: 1, analyze: true })
    const prisma = base.$extends(resilience({ timeout: 200 }))
    const names = Array.from({ length: 100 }, (_, index) => ({ name: `${index}` }))
    await base.tag.createMany({ data: names })
    const table = provider === 'mysql' ? 'Tag' : '"Tag"'
    // 10^12 rows.
    const endless = `SELECT COUNT(*) AS n FROM ${['a', 'b', 'c', 'd', 'e', 'f'].map((each) => `${table} ${each}`).join(', ')}`
    await take()
    await expect(prisma.$queryRawUnsafe(endless)).rejects.toThrow()
    const [record] = await take()
    expect(record?.operation).toBe('$queryRawUnsafe')
    expect(record?.plan).toBeUndefined()
    await prisma.$disconnect()
  })

  test.each(['drawing', 'numbering'])(
    'KP11 the view %s, whose effect its statement does not show, has none',
    async (view) => {
      const { prisma, take } = explained(database, { sampleRate: 1, analyze: true })
      await prisma.$queryRawUnsafe(`SELECT n FROM ${view}`)
      const before = await plain.$queryRawUnsafe<{ n: number | bigint }[]>(drawn[provider].read)
      const [record] = await take()
      const after = await plain.$queryRawUnsafe<{ n: number | bigint }[]>(drawn[provider].read)
      expect(wasRun(record?.plan ?? null)).toBe(false)
      expect(after).toEqual(before)
      await prisma.$disconnect()
    },
  )

  test.each<string>(harmful[provider])('KP11 never run: %s', async (sql) => {
    const { prisma, take } = explained(database, { sampleRate: 1, analyze: true })
    const before = await plain.$queryRawUnsafe<{ n: number | bigint }[]>(drawn[provider].read)
    await prisma.$queryRawUnsafe(sql)
    const [record] = await take()
    const after = await plain.$queryRawUnsafe<{ n: number | bigint }[]>(drawn[provider].read)
    expect(record?.plan).toBeDefined()
    expect(wasRun(record?.plan)).toBe(false)
    // Once, by the caller itself, or not at all.
    expect(Number(after[0]?.n) - Number(before[0]?.n)).toBeLessThanOrEqual(1)
    await prisma.$disconnect()
  })
})

test.each(['!', 'M!', '!50000'])(
  'S12 no plan is asked for of a statement with a comment that the server runs: /*%s',
  async (mark) => {
    const database = await createDatabase('mysql')
    try {
      const { prisma, take } = explained(database, { sampleRate: 1, analyze: true })
      await prisma.$executeRawUnsafe(
        `INSERT INTO Tag (name) VALUES ('first'), ('second') /*${mark}, ('third') */`,
      )
      expect(await prisma.tag.count()).toBe(3)
      const [written, counted] = await take()
      expect(written?.plan).toBeUndefined()
      expect(counted?.plan).toBeDefined()
      await prisma.$disconnect()
    } finally {
      await database.drop()
    }
  },
)

describe('S12 S19 the connection of plans ends with the client', () => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase('postgresql')
  })
  afterAll(() => database.drop())

  /** An adapter factory, and how many of its adapters are connected. */
  function counted() {
    let connected = 0
    let disposes = (): void => undefined
    const disposing = new Promise<void>((resolve) => (disposes = resolve))
    const adapter = database.adapter({ connections: 2 })
    const connect = adapter.connect.bind(adapter)
    adapter.connect = async () => {
      const made = await connect()
      connected++
      const dispose = made.dispose.bind(made)
      made.dispose = async () => {
        disposes()
        await dispose()
        connected--
      }
      return made
    }
    return { adapter, connected: () => connected, disposing }
  }

  function countedClient() {
    const { adapter, ...rest } = counted()
    return { ...explained({ ...database, adapter: () => adapter }, { sampleRate: 1 }), ...rest }
  }

  test('it is one for all plans', async () => {
    const { prisma, take, connected } = countedClient()
    for (let index = 0; index < 3; index++) await prisma.tag.count()
    expect((await take()).every(({ plan }) => plan !== undefined)).toBe(true)
    expect(connected()).toBe(2)
    await prisma.$disconnect()
    expect(connected()).toBe(0)
  })

  test('also where a report was still to be made', async () => {
    const { prisma, take, connected } = countedClient()
    await prisma.tag.count()
    await prisma.$disconnect()
    expect((await take()).map(({ plan }) => plan !== undefined)).toEqual([true])
    expect(connected()).toBe(0)
  })

  test('also where a deferred task runs while the client disconnects', async () => {
    const { adapter, connected } = counted()
    const records: SinkRecord[] = []
    const options = {
      batching: false,
      cache: false,
      pagination: false,
      slowQuery: {
        threshold: 0.001,
        sinks: [{ write: (record: SinkRecord) => void records.push(record) }],
        explain: { sampleRate: 1 },
      },
    } as const
    const prisma = database.createClient({ adapter }).$extends(brisk(options))
    await prisma.$deferred(() => prisma.tag.count())
    await prisma.$disconnect()
    expect(records).toMatchObject([{ operation: 'count', plan: expect.anything() as unknown }])
    expect(connected()).toBe(0)
  })

  test('and where an operation ends while the client disconnects', async () => {
    const { adapter, connected } = counted()
    const connect = adapter.connect.bind(adapter)
    let late: Promise<unknown> = Promise.resolve()
    let isPlanning = false
    adapter.connect = async () => {
      const made = await connect()
      // The connection of plans is there once the operation has ended.
      if (isPlanning) await late.then(() => new Promise((resolve) => setImmediate(resolve)))
      isPlanning = true
      return made
    }
    const { prisma, take } = explained({ ...database, adapter: () => adapter }, { sampleRate: 1 })
    await prisma.tag.count()
    late = prisma.$queryRawUnsafe('SELECT pg_sleep(0.1)::text').then(() => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    await prisma.$disconnect()
    await late
    expect((await take()).map(({ operation }) => operation)).toEqual(['count', '$queryRawUnsafe'])
    expect(connected()).toBe(0)
  })

  test('and where an operation ends later, of which no plan is asked for', async () => {
    const { prisma, take, connected, disposing } = countedClient()
    await prisma.tag.count()
    const plain = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    let isLocked = (): void => undefined
    const locked = new Promise<void>((resolve) => (isLocked = resolve))
    const lock = plain.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT pg_advisory_xact_lock(7)::text`
        isLocked()
        // The connection of plans is closed by now.
        await disposing
      },
      { timeout: 30_000 },
    )
    await locked
    const late = prisma.$queryRawUnsafe('SELECT pg_advisory_xact_lock(7)::text').then(() => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([prisma.$disconnect(), lock])
    await late
    expect((await take()).map(({ plan }) => plan !== undefined)).toEqual([true, false])
    expect(connected()).toBe(0)
    // Who uses the client again has plans again.
    await prisma.tag.count()
    expect((await take()).map(({ plan }) => plan !== undefined)).toEqual([true])
    await prisma.$disconnect()
    expect(connected()).toBe(0)
  })
})

test('S12 no plan is asked for while somebody waits for the pool', async () => {
  const database = await createDatabase('postgresql')
  try {
    const { sink, records } = keptRecords('slow-query')
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

describe('KR-B S12 a pool that the application has made is not ours to end', () => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase('postgresql')
  })
  afterAll(() => database.drop())

  test.each([
    ['one that stays', false],
    ['one that Prisma ends', true],
  ])(
    '%s: statements get their plan on its only connection, and $disconnect ends it once or not at all',
    async (_, disposeExternalPool) => {
      const pool = new pg.Pool({ connectionString: database.url, max: 1 })
      const { sink, records } = keptRecords('slow-query')
      const prisma = database
        .createClient({ adapter: new PrismaPg(pool, { disposeExternalPool }) })
        .$extends(slowQuery({ threshold: 0.001, sinks: [sink], explain: { sampleRate: 1 } }))
      for (let round = 0; round < 3; round++) {
        await prisma.tag.findMany({ where: { name: 'x' } })
        await prisma.$queries.flush()
      }
      expect(records.map(({ plan }) => JSON.stringify(plan))).toEqual(
        Array(3).fill(expect.stringMatching(/Tag/)),
      )
      await prisma.$disconnect()
      expect(pool.ended).toBe(disposeExternalPool)
      if (!disposeExternalPool) await pool.end()
    },
  )
})

test('KR-B S12 a SQLite database in memory is asked through the only connection that sees it', async () => {
  const sqlite = await createDatabase('sqlite')
  const { sink, records } = keptRecords('slow-query')
  const prisma = sqlite
    .createClient({ adapter: new PrismaLibSql({ url: ':memory:' }) })
    .$extends(slowQuery({ threshold: 0.001, sinks: [sink], explain: { sampleRate: 1 } }))
  await prisma.$executeRawUnsafe('CREATE TABLE "Tag" (id INTEGER PRIMARY KEY, name TEXT)')
  await prisma.tag.findMany({ where: { name: 'x' } })
  await prisma.$queries.flush()
  expect(records.map(({ plan }) => JSON.stringify(plan ?? null)).at(-1)).toMatch(/Tag/)
  await prisma.$disconnect()
  await sqlite.drop()
})
