import { readFileSync } from 'node:fs'
import { cache } from '@prisma-brisk/cache'
import {
  installTriggersSql,
  postgresTriggers,
  uninstallTriggersSql,
  type PostgresTriggersOptions,
} from '@prisma-brisk/cache/postgres-triggers'
import { parseSchema } from '@prisma-brisk/core'
import pg from 'pg'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { WRITES_ELSEWHERE } from './support/change-writes.ts'
import { elsewhereOn, type Elsewhere } from './support/changes/elsewhere.ts'
import {
  disconnectAll,
  disconnectLater,
  strategy,
  sourceUnderTest,
  testChangeSource,
  type Followed,
} from './support/changes/source-suite.ts'
import { quotedFor } from './support/freshness/people.ts'
import { heardWarnings, ownNamespace, until } from './support/cached-client.ts'

const schema = parseSchema(readFileSync('prisma/schema.prisma', 'utf8'), 'inline')
let database: TestDatabase<PrismaClient>
let elsewhere: pg.Client
let others: Elsewhere

beforeAll(async () => {
  database = await createDatabase('postgresql')
  elsewhere = new pg.Client({ connectionString: database.url })
  await elsewhere.connect()
  await elsewhere.query(installTriggersSql(schema))
  others = await elsewhereOn('postgresql', database.url)
})
afterAll(async () => {
  await others.close()
  await elsewhere.end()
  await database.drop()
})
afterEach(disconnectAll)
beforeEach(async () => {
  await elsewhere.query('TRUNCATE "User", "Tag", "Exercise" RESTART IDENTITY CASCADE')
  await elsewhere.query(
    `INSERT INTO "User" (email, name) SELECT 'user' || i || '@example.org', 'User ' || i FROM generate_series(1, 10) i`,
  )
  await elsewhere.query(`INSERT INTO "Tag" (name) SELECT 'tag ' || i FROM generate_series(1, 3) i`)
})

const { underTest, followed, write } = sourceUnderTest<PostgresTriggersOptions>(
  () => database,
  () => others,
  (options) => postgresTriggers(database.url, options),
  { heartbeat: 1000 },
)

describe('C41 C43 what every source promises', () => {
  testChangeSource(() => underTest, {
    writes: {
      ...WRITES_ELSEWHERE,
      'a COPY': `COPY "User" (email, name) FROM PROGRAM 'echo copied@example.org,Copied' CSV`,
    },
    quoted: quotedFor('postgresql'),
    live: { heartbeat: 2000 },
    recognisesOwn: true,
  })
})

describe('rows that others write', () => {
  test('C40 a row falls alone, by each of its keys, before and after', async () => {
    const of = await followed()
    const { user } = of.prisma
    const one = () => user.findUnique({ where: { id: 1 }, cacheStrategy: strategy })
    const byEmail = (email: string) => user.findUnique({ where: { email }, cacheStrategy: strategy })
    const two = () => user.findUnique({ where: { id: 2 }, cacheStrategy: strategy })
    const read = async () => [
      (await one())?.name,
      (await byEmail('user1@example.org'))?.name,
      (await byEmail('ada@example.org'))?.name,
      (await two())?.name,
    ]
    expect(await read()).toEqual(['User 1', 'User 1', undefined, 'User 2'])
    of.log.clear()
    await write(of, `UPDATE "User" SET email = 'ada@example.org', name = 'Ada' WHERE id = 1`)
    expect(await read()).toEqual(['Ada', undefined, 'Ada', 'User 2'])
    // The second row was answered from the cache.
    expect(of.log.statements).toHaveLength(3)
    of.log.clear()
    await write(of, 'DELETE FROM "User" WHERE id = 2')
    expect(await read()).toEqual(['Ada', undefined, 'Ada', undefined])
    // Of a text the database alone knows what it equals: that nothing was found by it rests on the table.
    expect(of.log.statements).toHaveLength(2)
  })

  test.each<[string, string, string[]]>([
    ['a row that stays', `UPDATE "User" SET name = 'New' WHERE id = 2`, ['of 1']],
    ['a row that moves', `UPDATE "User" SET "tutorId" = 4 WHERE id = 2`, ['of 1', 'of 4']],
    ['a row that loses it', `UPDATE "User" SET "tutorId" = NULL WHERE id = 3`, ['of 1', 'of none']],
    ['a new row', `INSERT INTO "User" (email, name, "tutorId") VALUES ('new', 'New', 4)`, ['of 4']],
    ['a row that goes', `DELETE FROM "User" WHERE id = 3`, ['of 1']],
    [
      'rows of which no more is told',
      `INSERT INTO "User" (email, name) SELECT 'more' || i, 'More' FROM generate_series(1, 101) i`,
      ['of 1', 'of 4', 'of none', 'of 5'],
    ],
    ['all rows', `TRUNCATE "User" CASCADE`, ['of 1', 'of 4', 'of none', 'of 5']],
  ])('lists by the value of a column fall when a row has it or had it: %s', async (_, sql, expected) => {
    await elsewhere.query(`UPDATE "User" SET "tutorId" = 1 WHERE id IN (2, 3)`)
    const of = await followed()
    const list = (tutorId: number | null) =>
      of.prisma.user.findMany({ where: { tutorId }, orderBy: { id: 'asc' }, cacheStrategy: strategy })
    const lists = { 'of 1': 1, 'of 4': 4, 'of none': null, 'of 5': 5 }
    for (const tutorId of Object.values(lists)) await list(tutorId)
    await write(of, sql)
    const fell: string[] = []
    for (const [name, tutorId] of Object.entries(lists)) {
      const { info } = await of.prisma.$cache.withInfo(() => list(tutorId))
      if (info.status !== 'hit') fell.push(name)
    }
    expect(fell).toEqual(expected)
  })

  test('triggers of another version are noticed, and drop the lists of a table whole', async () => {
    const of = await followed()
    const list = () => of.prisma.user.findMany({ where: { tutorId: 5 }, cacheStrategy: strategy })
    const heard = heardWarnings()
    try {
      await elsewhere.query(installTriggersSql(schema).replaceAll('"v":2,', ''))
      await until(() => of.changes().state === 'live')
      await list()
      await write(of, `UPDATE "User" SET name = 'New' WHERE id = 2`)
      expect((await of.prisma.$cache.withInfo(list)).info.status).toBe('miss')
      await write(of, `UPDATE "User" SET name = 'Newer' WHERE id = 2`)
    } finally {
      heard.restore()
      await elsewhere.query(installTriggersSql(schema))
    }
    expect(heard.warnings.filter((code) => code === 'W_CACHE_CHANGES_VERSION')).toHaveLength(1)
  })

  test('what a trigger of the application writes is seen', async () => {
    const of = await followed()
    await elsewhere.query(`CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN UPDATE "User" SET name = 'Tagged' WHERE id = 1; RETURN NEW; END $$;
      CREATE TRIGGER audit AFTER INSERT ON "Tag" FOR EACH ROW EXECUTE FUNCTION audit()`)
    const name = async () =>
      (await of.prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
    expect(await name()).toBe('User 1')
    // The write is this client's own; what its trigger did is not.
    await of.prisma.tag.create({ data: { name: 'new' } })
    await until(async () => (await name()) === 'Tagged')
    await elsewhere.query('DROP FUNCTION audit CASCADE')
  })

  test('a column that has another name by now costs the keys of the rows, and fails no write', async () => {
    const of = await followed()
    await elsewhere.query('ALTER TABLE "Tag" RENAME COLUMN name TO label')
    const { tables } = of.changes()
    await write(of, `UPDATE "Tag" SET label = 'other' WHERE id = 1`)
    expect(of.changes().tables).toBe(tables + 1)
    await elsewhere.query('ALTER TABLE "Tag" RENAME COLUMN label TO name')
  })
})

describe('writes of the client itself', () => {
  test('what a trigger writes beside a write of the client, to a row that it wrote before, is seen', async () => {
    const of = await followed()
    await elsewhere.query(`CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN UPDATE "User" SET name = 'Tagged ' || NEW.name WHERE id = 1; RETURN NEW; END $$;
      CREATE TRIGGER audit AFTER INSERT ON "Tag" FOR EACH ROW EXECUTE FUNCTION audit()`)
    try {
      const read = async () =>
        (await of.prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
      for (let turn = 0; turn < 10; turn++) {
        await of.prisma.user.update({ where: { id: 1 }, data: { name: `Name ${turn}` } })
        expect(await read()).toBe(`Name ${turn}`)
        await of.prisma.tag.create({ data: { name: `new ${turn}` } })
        await until(async () => (await read()) === `Tagged new ${turn}`)
        // The transaction itself has written to the table, but to another row.
        await of.prisma.$transaction(async (tx) => {
          await tx.user.update({ where: { id: 2 }, data: { name: `Other ${turn}` } })
          await tx.tag.create({ data: { name: `more ${turn}` } })
        })
        await until(async () => (await read()) === `Tagged more ${turn}`)
      }
    } finally {
      await elsewhere.query('DROP FUNCTION audit CASCADE')
    }
  })

  test('answers are those of Prisma, whatever was asked to come back', async () => {
    const { prisma } = await followed()
    const plain = database.createClient()
    const answers = async (client: PrismaClient) => {
      await client.user.deleteMany({ where: { email: { startsWith: 'same' } } })
      return [
        await client.user.create({ data: { email: 'same1', name: 'A' }, select: { name: true, role: true } }),
        await client.user.createManyAndReturn({
          data: [1, 2].map((n) => ({ email: `same${n + 1}`, name: 'B' })),
          omit: { id: true, createdAt: true },
        }),
        await client.user.updateManyAndReturn({
          where: { email: { startsWith: 'same' } },
          data: { balance: 5 },
          select: { balance: true, email: true },
        }),
        await client.user.update({ where: { email: 'same1' }, data: {}, select: { name: true } }),
        await client.user.delete({ where: { email: 'same1' }, select: { name: true, tutor: true } }),
        await client.$queryRaw`UPDATE "User" SET name = 'C' WHERE email = 'same2' RETURNING "name"`,
      ]
    }
    expect(await answers(prisma as unknown as PrismaClient)).toEqual(await answers(plain))
  })
})

describe('what is odd', () => {
  /** Whether the lists of tags are answered from the cache. */
  const isBelieved = async (of: Followed) => {
    const { info } = await of.prisma.$cache.withInfo(() =>
      of.prisma.tag.findMany({ cacheStrategy: strategy }),
    )
    return info.reason !== 'changes-unwatched'
  }

  test.each([
    `{"t":["public","Tag"],"c":["id"],"r":[null]}`,
    `{"t":["public","Tag"],"c":[null],"r":[["1"]]}`,
    `{"t":["public","Tag"],"c":["id"],"r":[["1","2"]]}`,
    `{"t":["public","Tag"],"c":["id"],"r":[[7]]}`,
    `{"t":["public"],"c":[],"r":"all"}`,
    'null',
    'nothing',
  ])('what others say on the channel drops everything, and ends nobody: %s', async (said) => {
    const of = await followed()
    const read = () => of.prisma.$cache.withInfo(() => of.prisma.tag.findMany({ cacheStrategy: strategy }))
    await read()
    await write(of, `NOTIFY brisk_changes, '${said}'`)
    expect((await read()).info.status).toBe('miss')
    expect(of.changes().state).toBe('live')
  })

  test('a column of any name is told', async () => {
    await elsewhere.query(
      `ALTER TABLE "Tag" RENAME TO "Tag_kept"; CREATE TABLE "Tag" (id int PRIMARY KEY, name text UNIQUE, n int, rows int UNIQUE, told int, home int)`,
    )
    const odd = parseSchema(
      'model Tag {\n  id Int @id\n  name String @unique\n  n Int @unique\n  rows Int @unique\n  told Int @unique\n  home Int @unique\n}',
      'inline',
    )
    try {
      await elsewhere.query(installTriggersSql(odd))
      const of = await followed()
      await write(of, `INSERT INTO "Tag" VALUES (1, 'odd', 2, 3, 4, 5)`)
      await write(of, `UPDATE "Tag" SET n = 7, rows = 8`)
      expect(of.changes().tables).toBe(0)
    } finally {
      await elsewhere.query('DROP TABLE "Tag"; ALTER TABLE "Tag_kept" RENAME TO "Tag"')
      await elsewhere.query(installTriggersSql(schema))
    }
  })

  test('long values that the type alone finds equal are told as they were and as they are', async () => {
    await elsewhere.query(`CREATE EXTENSION IF NOT EXISTS citext; ALTER TABLE "Tag" ALTER name TYPE citext`)
    await elsewhere.query(installTriggersSql(schema))
    try {
      await elsewhere.query(
        `INSERT INTO "Tag" (name) SELECT repeat('long ', 6) || i FROM generate_series(1, 90) i`,
      )
      const of = await followed()
      const heard: string[] = []
      elsewhere.on('notification', ({ payload = '' }) => heard.push(payload))
      await elsewhere.query('LISTEN brisk_changes')
      await write(of, `UPDATE "Tag" SET name = upper(name::text) WHERE name LIKE 'long%'`)
      await until(() => heard.length > 0)
      const told = JSON.parse(heard[0] as string) as { r: string[][] | null }
      // Each of the 90 twice, or the table alone.
      expect(told.r === null || new Set(told.r.map(String)).size === 180).toBe(true)
    } finally {
      await elsewhere.query('UNLISTEN brisk_changes')
      elsewhere.removeAllListeners('notification')
      await elsewhere.query('ALTER TABLE "Tag" ALTER name TYPE text')
      await elsewhere.query(installTriggersSql(schema))
    }
  })

  test('tables that others inherit from are not watched: no trigger of theirs fires', async () => {
    await elsewhere.query('CREATE TABLE "Tag_child" () INHERITS ("Tag")')
    try {
      expect(await isBelieved(await followed())).toBe(false)
    } finally {
      await elsewhere.query('DROP TABLE "Tag_child"')
    }
    expect(await isBelieved(await followed())).toBe(true)
  })

  test('a partition that is locked keeps nobody from hearing of other tables', async () => {
    await elsewhere.query(`ALTER TABLE "Tag" RENAME TO "Tag_kept";
      CREATE TABLE "Tag" (id int NOT NULL, name text NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE "Tag_low" PARTITION OF "Tag" FOR VALUES FROM (0) TO (100)`)
    await elsewhere.query(installTriggersSql(schema, { models: ['Tag'], partitions: true }))
    const locker = new pg.Client({ connectionString: database.url })
    await locker.connect()
    try {
      await locker.query('BEGIN; LOCK TABLE "Tag_low" IN ACCESS EXCLUSIVE MODE')
      const of = await followed({ heartbeat: 200 })
      await until(() => of.changes().lag !== null)
      expect(of.changes()).toMatchObject({ state: 'live', losses: 0 })
    } finally {
      await locker.query('ROLLBACK')
      await locker.end()
      await elsewhere.query('DROP TABLE "Tag"; ALTER TABLE "Tag_kept" RENAME TO "Tag"')
    }
  })

  test.each([
    [
      'a trigger is off for a moment',
      `ALTER TABLE "Tag" DISABLE TRIGGER ALL; UPDATE "Tag" SET name = 'unseen' WHERE id = 1; ALTER TABLE "Tag" ENABLE TRIGGER ALL`,
    ],
    ['an ALTER changes values', `ALTER TABLE "Tag" ALTER name TYPE text USING 'altered ' || id`],
  ])('where %s, what was cached falls within a heartbeat', async (_, sql) => {
    const of = await followed({ heartbeat: 200 })
    const names = async () =>
      (await of.prisma.tag.findMany({ orderBy: { id: 'asc' }, cacheStrategy: strategy })).map(
        ({ name }) => name,
      )
    await names()
    await elsewhere.query(sql)
    const { rows } = await elsewhere.query<{ name: string }>('SELECT name FROM "Tag" ORDER BY id')
    await until(async () => String(await names()) === String(rows.map(({ name }) => name)))
  })

  test.each(['', 'x'.repeat(51), 7 as never])(
    'a channel that PostgreSQL may refuse is refused: %j',
    (channel) => {
      const refused = expect.objectContaining({ code: 'E_INVALID_OPTIONS' })
      expect(() => installTriggersSql(schema, { channel })).toThrow(refused)
      expect(() => postgresTriggers(database.url, { channel })).toThrow(refused)
    },
  )
})

describe('triggers', () => {
  test('can be installed again, and are taken away without a trace', async () => {
    await elsewhere.query(installTriggersSql(schema))
    const found = () =>
      elsewhere.query<{ n: string }>(
        `SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'brisk%') + (SELECT count(*) FROM pg_proc WHERE proname LIKE 'brisk%') AS n`,
      )
    const tables = new Set(
      [...schema.models.values()].flatMap(({ table, relations }) => [
        table,
        ...relations.flatMap(({ manyToMany }) => manyToMany?.table ?? []),
      ]),
    ).size
    expect(Number((await found()).rows[0]!.n)).toBe(5 * tables)
    await elsewhere.query(uninstallTriggersSql(schema))
    expect(Number((await found()).rows[0]!.n)).toBe(0)
    await elsewhere.query(uninstallTriggersSql(schema))
    await elsewhere.query(installTriggersSql(schema))
  })

  test('reads of tables that are not watched go to the database, with one warning', async () => {
    await elsewhere.query(uninstallTriggersSql(schema))
    await elsewhere.query(installTriggersSql(schema, { models: ['User', 'Profile'] }))
    const heard = heardWarnings()
    const { prisma } = await followed()
    const users = () => prisma.$cache.withInfo(() => prisma.user.findMany({ cacheStrategy: strategy }))
    const tags = () => prisma.$cache.withInfo(() => prisma.tag.findMany({ cacheStrategy: strategy }))
    const both = () =>
      prisma.$cache.withInfo(() =>
        prisma.user.findMany({ where: { conversations: { none: {} } }, cacheStrategy: strategy }),
      )
    await users()
    heard.restore()
    expect((await users()).info.status).toBe('hit')
    expect((await tags()).info).toMatchObject({ status: 'bypass', reason: 'changes-unwatched' })
    expect((await both()).info).toMatchObject({ status: 'bypass', reason: 'changes-unwatched' })
    expect(heard.warnings).toEqual(['W_CACHE_CHANGES_UNWATCHED'])
    await elsewhere.query(installTriggersSql(schema))
  })

  test('that are switched off, or made anew, are noticed within a heartbeat', async () => {
    const { prisma } = await followed()
    const read = () => prisma.$cache.withInfo(() => prisma.tag.findMany({ cacheStrategy: strategy }))
    await read()
    expect((await read()).info.status).toBe('hit')
    await elsewhere.query('ALTER TABLE "Tag" DISABLE TRIGGER brisk_changes_update')
    await until(async () => (await read()).info.reason === 'changes-unwatched')
    await elsewhere.query(`UPDATE "Tag" SET name = 'unseen' WHERE id = 1`)
    await elsewhere.query('ALTER TABLE "Tag" ENABLE TRIGGER brisk_changes_update')
    await until(async () => (await read()).info.reason !== 'changes-unwatched')
    const { data } = await read()
    expect(data.map(({ name }) => name)).toContain('unseen')
  })

  test('rows of partitions are told by the name of the table', async () => {
    await elsewhere.query(`ALTER TABLE "Tag" RENAME TO "Tag_kept";
      CREATE TABLE "Tag" (id int NOT NULL, name text NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE "Tag_low" PARTITION OF "Tag" FOR VALUES FROM (0) TO (100);
      CREATE TABLE "Tag_high" PARTITION OF "Tag" FOR VALUES FROM (100) TO (1000)`)
    try {
      await elsewhere.query(installTriggersSql(schema, { models: ['Tag'] }))
      const blind = await followed()
      const bypassed = () =>
        blind.prisma.$cache.withInfo(() => blind.prisma.tag.findMany({ cacheStrategy: strategy }))
      expect((await bypassed()).info.reason).toBe('changes-unwatched')
      await elsewhere.query(installTriggersSql(schema, { models: ['Tag'], partitions: true }))
      const of = await followed()
      const read = () => of.prisma.tag.findMany({ orderBy: { id: 'asc' }, cacheStrategy: strategy })
      const row = () => of.prisma.tag.findUnique({ where: { id: 7 }, cacheStrategy: strategy })
      expect(await read()).toEqual([])
      expect(await row()).toBeNull()
      await write(of, `INSERT INTO "Tag" VALUES (7, 'low'), (107, 'high')`)
      expect((await read()).map(({ name }) => name)).toEqual(['low', 'high'])
      await write(of, `UPDATE "Tag_low" SET name = 'lower'`)
      expect((await row())?.name).toBe('lower')
      expect((await read()).map(({ name }) => name)).toEqual(['lower', 'high'])
      expect(of.changes().tables).toBe(0)
      // Rows leave and come with their partition, and no trigger fires.
      await elsewhere.query('ALTER TABLE "Tag" DETACH PARTITION "Tag_high"')
      await until(async () => String((await read()).map(({ name }) => name)) === 'lower')
      await elsewhere.query('ALTER TABLE "Tag" ATTACH PARTITION "Tag_high" FOR VALUES FROM (100) TO (1000)')
      await until(async () => (await read()).length === 2)
    } finally {
      await elsewhere.query('DROP TABLE "Tag"; ALTER TABLE "Tag_kept" RENAME TO "Tag"')
    }
  })
})

describe('a source that is not live', () => {
  test.each(['bypass', 'ttl'] as const)("onLost '%s' says what reads do meanwhile", async (onLost) => {
    const of = await followed({ onLost })
    const read = () =>
      of.prisma.$cache.withInfo(() =>
        of.prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: strategy }),
      )
    await read()
    const allowed = 'ALTER DATABASE "%" ALLOW_CONNECTIONS false'
    const name = new URL(database.url).pathname.slice(1)
    const admin = new pg.Client({ connectionString: database.url.replace(`/${name}`, '/postgres') })
    await admin.connect()
    const heard = heardWarnings()
    try {
      await admin.query(allowed.replace('%', name))
      await others.cut()
      await until(() => of.changes().state === 'lost')
      await elsewhere.query(`UPDATE "User" SET name = 'Later' WHERE id = 1`)
      const { data, info } = await read()
      if (onLost === 'bypass') expect([data?.name, info.reason]).toEqual(['Later', 'changes-lost'])
      else expect([data?.name, info.status]).toEqual(['User 1', 'hit'])
      await until(() => heard.warnings.length > 0)
      expect(heard.warnings).toEqual(['W_CACHE_CHANGES_LOST'])
    } finally {
      heard.restore()
      await admin.query(allowed.replace('%', name).replace('false', 'true'))
      await admin.end()
    }
    await until(async () => (await read()).data?.name === 'Later')
  })

  test('says what to run where the triggers are not there', async () => {
    await elsewhere.query(uninstallTriggersSql(schema))
    const changes = postgresTriggers(database.url)
    const client = database.createClient()
    disconnectLater(client)
    const prisma = client.$extends(cache({ changes, namespace: ownNamespace() }))
    await expect(prisma.$cache.untilLive()).rejects.toMatchObject({
      code: 'E_CHANGES_NOT_INSTALLED',
      message: expect.stringContaining('npx brisk changes install'),
    })
    expect((await prisma.tag.findMany({ cacheStrategy: strategy })).length).toBe(3)
    await elsewhere.query(installTriggersSql(schema))
    await until(() => prisma.$cache.stats().changes?.state === 'live')
  })

  test('ends with the client, and begins again with it', async () => {
    const of = await followed()
    const listening = async () => {
      const { rows } = await elsewhere.query<{ n: string }>(
        `SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = 'prisma-brisk changes' AND datname = current_database()`,
      )
      return Number(rows[0]!.n)
    }
    const before = await listening()
    await (of.prisma as unknown as PrismaClient).$disconnect()
    await until(async () => (await listening()) === before - 1)
    expect(of.changes().state).toBe('idle')
    await of.prisma.tag.findMany({ cacheStrategy: strategy })
    await until(() => of.changes().state === 'live')
  })

  test('an etag is believed only while the source is live', async () => {
    const of = await followed()
    const etag = () => of.prisma.$cache.etag({ models: ['Tag'] })
    expect(await etag()).toBe(await etag())
    await others.cut()
    await until(() => of.changes().state !== 'live')
    expect(await etag()).not.toBe(await etag())
    await until(() => of.changes().state === 'live')
    const before = await etag()
    await write(of, 'DELETE FROM "Tag" WHERE id = 1')
    expect(await etag()).not.toBe(before)
  })
})

test.each([
  ['a URL of another database', 'mysql://localhost/app', {}],
  ['no URL', undefined, {}],
  ['a heartbeat that is none', 'postgresql://localhost/app', { heartbeat: 1 }],
  ['a word that says nothing', 'postgresql://localhost/app', { onLost: 'ignore' }],
])('%s is refused at once', (_, url, options) => {
  expect(() => postgresTriggers(url as string, options as never)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTIONS' }),
  )
})
