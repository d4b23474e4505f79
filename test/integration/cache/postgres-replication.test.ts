import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cache } from '@prisma-brisk/cache'
import {
  installReplicationSql,
  postgresReplication,
  uninstallReplicationSql,
  type PostgresReplicationOptions,
} from '@prisma-brisk/cache/postgres-replication'
import { parseSchema } from '@prisma-brisk/core'
import pg from 'pg'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import {
  readReplicationSlots,
  slotsText,
} from '../../../packages/index-advisor/src/verify/replication-slots.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { startPgBouncer } from '../../support/pgbouncer.ts'
import { postgresBinaries, startPostgres, type PostgresServer } from '../../support/postgres.ts'
import { serviceAccount } from '../../support/service-account.ts'
import { WRITES_ELSEWHERE } from './support/change-writes.ts'
import { elsewhereOn, type Elsewhere } from './support/changes/elsewhere.ts'
import {
  disconnectAll,
  disconnectLater,
  strategy,
  sourceUnderTest,
  testChangeSource,
} from './support/changes/source-suite.ts'
import { quotedFor } from './support/freshness/people.ts'
import { heardWarnings, ownNamespace, until } from './support/cached-client.ts'

const schema = parseSchema(readFileSync('prisma/schema.prisma', 'utf8'), 'inline')
let server: PostgresServer
let database: TestDatabase<PrismaClient>
let elsewhere: pg.Client
let others: Elsewhere

beforeAll(async () => {
  server = await startPostgres({
    wal_level: 'logical',
    max_replication_slots: '30',
    max_wal_senders: '30',
    synchronous_commit: 'on',
  })
  process.env.POSTGRES_URL = server.url
  database = await createDatabase('postgresql')
  elsewhere = await connected()
  await elsewhere.query(installReplicationSql(schema))
  others = await elsewhereOn('postgresql', database.url)
}, 60_000)
afterAll(async () => {
  await others.close()
  await elsewhere.end()
  await database.drop()
  await server.kill()
})
afterEach(disconnectAll)
beforeEach(async () => {
  await elsewhere.query('TRUNCATE "User", "Tag", "Exercise" RESTART IDENTITY CASCADE')
  await elsewhere.query(
    `INSERT INTO "User" (email, name) SELECT 'user' || i || '@example.org', 'User ' || i FROM generate_series(1, 10) i`,
  )
  await elsewhere.query(`INSERT INTO "Tag" (name) SELECT 'tag ' || i FROM generate_series(1, 3) i`)
})

async function connected(url = database.url): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const { underTest, followed, write } = sourceUnderTest<PostgresReplicationOptions>(
  () => database,
  () => others,
  (options) => postgresReplication(database.url, options),
  { heartbeat: 2000 },
)

describe('C41 C43 what every source promises', () => {
  testChangeSource(() => underTest, {
    writes: {
      ...WRITES_ELSEWHERE,
      'an UPDATE of the key': `UPDATE "User" SET id = id + 100 WHERE id = 1`,
      'a COPY': `COPY "User" (email, name) FROM PROGRAM 'echo copied@example.org,Copied' CSV`,
    },
    quoted: quotedFor('postgresql'),
    live: { heartbeat: 2000 },
    recognisesOwn: true,
  })
})

/** A client whose source is refused. */
function refused(url: string) {
  const client = database.createClient()
  disconnectLater(client)
  return client
    .$extends(cache({ changes: postgresReplication(url), namespace: ownNamespace() }))
    .$cache.untilLive()
}

describe('rows that others write', () => {
  test('C40 a row falls alone by its primary key; by keys whose old value is not told, all rows of that key', async () => {
    const of = await followed()
    const { user } = of.prisma
    const byId = (id: number) => user.findUnique({ where: { id }, cacheStrategy: strategy })
    const byEmail = (email: string) => user.findUnique({ where: { email }, cacheStrategy: strategy })
    const read = async () => [
      (await byId(1))?.name,
      (await byEmail('user1@example.org'))?.name,
      (await byEmail('ada@example.org'))?.name,
      (await byId(2))?.name,
      (await byEmail('user3@example.org'))?.name,
    ]
    expect(await read()).toEqual(['User 1', 'User 1', undefined, 'User 2', 'User 3'])
    of.log.clear()
    await write(of, `UPDATE "User" SET email = 'ada@example.org', name = 'Ada' WHERE id = 1`)
    expect(await read()).toEqual(['Ada', undefined, 'Ada', 'User 2', 'User 3'])
    // What was read by id 2 stays.
    expect(of.log.statements).toHaveLength(4)
    await elsewhere.query('ALTER TABLE "User" REPLICA IDENTITY FULL')
    try {
      const whole = await followed()
      const readAll = () =>
        Promise.all(
          [
            { id: 1 },
            { email: 'ada@example.org' },
            { email: 'eve@example.org' },
            { id: 2 },
            { email: 'user3@example.org' },
          ].map(
            async (where) => (await whole.prisma.user.findUnique({ where, cacheStrategy: strategy }))?.name,
          ),
        )
      await readAll()
      whole.log.clear()
      await write(whole, `UPDATE "User" SET email = 'eve@example.org', name = 'Eve' WHERE id = 1`)
      expect(await readAll()).toEqual(['Eve', undefined, 'Eve', 'User 2', 'User 3'])
      expect(whole.log.statements).toHaveLength(3)
    } finally {
      await elsewhere.query('ALTER TABLE "User" REPLICA IDENTITY DEFAULT')
    }
  })

  test('lists by a value that no row has had stay: of new rows, and of old ones that are told whole', async () => {
    const of = await followed()
    const talks = (userId: number) => () =>
      of.prisma.$cache.withInfo(() =>
        of.prisma.conversation.findMany({ where: { userId }, cacheStrategy: strategy }),
      )
    const [one, two] = [talks(1), talks(2)]
    await Promise.all([one(), two()])
    await write(of, `INSERT INTO "Conversation" (id, title, "userId") VALUES ('c', 'Talk', 1)`)
    expect((await two()).info.status).toBe('hit')
    expect((await one()).data.map(({ title }) => title)).toEqual(['Talk'])
    await write(of, `UPDATE "Conversation" SET title = 'Other'`)
    // Whose it was is not told.
    expect((await two()).info.status).toBe('miss')
    await elsewhere.query('ALTER TABLE "Conversation" REPLICA IDENTITY FULL')
    try {
      await until(async () => (await one()).info.status === 'hit' && (await two()).info.status === 'hit')
      await write(of, `UPDATE "Conversation" SET title = 'Last'`)
      expect((await two()).info.status).toBe('hit')
      expect((await one()).data.map(({ title }) => title)).toEqual(['Last'])
    } finally {
      await elsewhere.query('ALTER TABLE "Conversation" REPLICA IDENTITY DEFAULT')
    }
  })

  test('a column that has another name by now costs the keys of the rows', async () => {
    const of = await followed()
    await elsewhere.query('ALTER TABLE "Tag" RENAME COLUMN id TO number')
    try {
      await of.prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: strategy })
      await write(of, `UPDATE "Tag" SET name = 'other' WHERE number = 1`)
    } finally {
      await elsewhere.query('ALTER TABLE "Tag" RENAME COLUMN number TO id')
    }
    const name = async () =>
      (await of.prisma.tag.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
    expect(await name()).toBe('other')
  })

  test('rows of partitions, TRUNCATE of one, and partitions that are made later are told by the name of the table', async () => {
    await elsewhere.query(`ALTER TABLE "Tag" RENAME TO "Tag_kept";
      CREATE TABLE "Tag" (id int NOT NULL, name text NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id);
      CREATE TABLE "Tag_low" PARTITION OF "Tag" FOR VALUES FROM (0) TO (100)`)
    try {
      await elsewhere.query(installReplicationSql(schema))
      const of = await followed()
      const read = async () =>
        (await of.prisma.tag.findMany({ orderBy: { id: 'asc' }, cacheStrategy: strategy })).map(
          ({ name }) => name,
        )
      expect(await read()).toEqual([])
      await write(of, `INSERT INTO "Tag" VALUES (7, 'low')`)
      expect(await read()).toEqual(['low'])
      await write(
        of,
        `CREATE TABLE "Tag_high" PARTITION OF "Tag" FOR VALUES FROM (100) TO (1000); INSERT INTO "Tag" VALUES (107, 'high')`,
      )
      expect(await read()).toEqual(['low', 'high'])
      await write(of, `UPDATE "Tag_low" SET name = 'lower'`)
      expect(await read()).toEqual(['lower', 'high'])
      await write(of, 'TRUNCATE "Tag_high"')
      expect(await read()).toEqual(['lower'])
    } finally {
      await elsewhere.query('DROP TABLE "Tag"; ALTER TABLE "Tag_kept" RENAME TO "Tag"')
      await elsewhere.query(installReplicationSql(schema))
    }
  })

  test('C42 a change is told once every read sees it, though the log has it before', async () => {
    // A synchronous standby that does not answer: COMMIT is in the log, and visible to nobody.
    await elsewhere.query(`ALTER SYSTEM SET synchronous_standby_names = 'nobody'`)
    const writer = await connected()
    const of = await followed({ heartbeat: 4000 })
    const name = async () =>
      (await of.prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
    try {
      await elsewhere.query('SELECT pg_reload_conf()')
      await writer.query(`SET synchronous_commit = on`)
      await until(
        async () =>
          (await elsewhere.query('SHOW synchronous_standby_names')).rows[0].synchronous_standby_names !== '',
      )
      const { events } = of.changes()
      const committed = writer.query(`UPDATE "User" SET name = 'Slow' WHERE id = 1`)
      await until(
        async () =>
          (await elsewhere.query(`SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)).rowCount === 1,
      )
      // The walsender has sent it; had it been told, this would cache the old row for good.
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(await name()).toBe('User 1')
      expect(of.changes().events).toBe(events)
      await elsewhere.query('ALTER SYSTEM RESET synchronous_standby_names')
      await elsewhere.query('SELECT pg_reload_conf()')
      await committed
      await until(async () => (await name()) === 'Slow')
    } finally {
      await elsewhere.query('ALTER SYSTEM RESET synchronous_standby_names')
      await elsewhere.query('SELECT pg_reload_conf()')
      await writer.end()
    }
  })
})

describe('the publication', () => {
  test('can be installed again, takes tables without a key whole, and is taken away without a trace', async () => {
    await elsewhere.query('ALTER TABLE "Tag" DROP CONSTRAINT "Tag_pkey" CASCADE')
    const identity = async () =>
      (await elsewhere.query(`SELECT relreplident FROM pg_class WHERE relname = 'Tag'`)).rows[0].relreplident
    try {
      await elsewhere.query(installReplicationSql(schema))
      expect(await identity()).toBe('f')
      await elsewhere.query(`UPDATE "Tag" SET name = 'still' WHERE id = 1`)
      await elsewhere.query(installReplicationSql(schema))
      await elsewhere.query(uninstallReplicationSql(schema))
      expect(await identity()).toBe('d')
      expect((await elsewhere.query('SELECT FROM pg_publication')).rowCount).toBe(0)
      await elsewhere.query(uninstallReplicationSql(schema))
    } finally {
      await elsewhere.query(`ALTER TABLE "Tag" ADD PRIMARY KEY (id)`)
      await elsewhere.query(installReplicationSql(schema))
    }
  })

  test('a table that others inherit from can be written to, and is not watched', async () => {
    await elsewhere.query('CREATE TABLE "Tag_child" () INHERITS ("Tag")')
    try {
      for (const fullRows of [false, true]) {
        await elsewhere.query(installReplicationSql(schema, { fullRows }))
        await elsewhere.query(`INSERT INTO "Tag_child" (id, name) VALUES (70, 'child')`)
        await elsewhere.query(`UPDATE "Tag" SET name = name || '.'`)
        await elsewhere.query('DELETE FROM "Tag" WHERE id = 70')
      }
      const { prisma } = await followed()
      const { info } = await prisma.$cache.withInfo(() => prisma.tag.findMany({ cacheStrategy: strategy }))
      expect(info.reason).toBe('changes-unwatched')
    } finally {
      await elsewhere.query('DROP TABLE "Tag_child"')
      await elsewhere.query(uninstallReplicationSql(schema, { fullRows: true }))
      await elsewhere.query(installReplicationSql(schema))
    }
  })

  test('with whole rows an update leaves other lists and rows cached, whoever made it, and the log is as before once it is taken away', async () => {
    const identities = async () =>
      (
        await elsewhere.query(
          `SELECT DISTINCT relreplident AS is FROM pg_class WHERE relname IN ('User', 'Tag')`,
        )
      ).rows
    await elsewhere.query(installReplicationSql(schema, { fullRows: true }))
    try {
      expect(await identities()).toEqual([{ is: 'f' }])
      await elsewhere.query(`UPDATE "User" SET "tutorId" = 1 WHERE id IN (2, 3)`)
      const of = await followed()
      const { user } = of.prisma
      const read = () =>
        Promise.all([
          user.findMany({ where: { tutorId: 1 }, cacheStrategy: strategy }),
          user.findMany({ where: { tutorId: 2 }, cacheStrategy: strategy }),
          user.findUnique({ where: { email: 'user5@example.org' }, cacheStrategy: strategy }),
        ])
      await read()
      of.log.clear()
      await write(of, `UPDATE "User" SET name = 'Elsewhere' WHERE id = 4`)
      await user.update({ where: { id: 4 }, data: { name: 'Own' } })
      await until(() => of.changes().own > 0)
      await read()
      expect(of.log.statements.map(({ sql }) => sql.slice(0, 6))).toEqual(['UPDATE'])
    } finally {
      await elsewhere.query(uninstallReplicationSql(schema, { fullRows: true }))
      expect(await identities()).toEqual([{ is: 'd' }])
      await elsewhere.query(installReplicationSql(schema))
    }
  })

  test('reads of tables that it does not have go to the database, and a table that leaves is noticed within a heartbeat', async () => {
    await elsewhere.query('ALTER PUBLICATION brisk_changes DROP TABLE "Profile"')
    const heard = heardWarnings()
    const { prisma } = await followed({ heartbeat: 400 })
    const reason = async (model: 'profile' | 'tag') => {
      const list = prisma[model] as { findMany(args: object): Promise<unknown> }
      return (await prisma.$cache.withInfo(() => list.findMany({ cacheStrategy: strategy }))).info.reason
    }
    expect(await reason('profile')).toBe('changes-unwatched')
    expect(await reason('tag')).not.toBe('changes-unwatched')
    heard.restore()
    expect(heard.warnings).toEqual(['W_CACHE_CHANGES_UNWATCHED'])
    await elsewhere.query('ALTER PUBLICATION brisk_changes DROP TABLE "Tag"')
    await until(async () => (await reason('tag')) === 'changes-unwatched')
    await elsewhere.query(installReplicationSql(schema))
    await until(async () => (await reason('tag')) !== 'changes-unwatched')
  })
})

describe('a source that cannot work', () => {
  test('says what to run where the publication is not there, or not whole', async () => {
    await elsewhere.query(uninstallReplicationSql(schema))
    await expect(refused(database.url)).rejects.toMatchObject({
      code: 'E_CHANGES_NOT_INSTALLED',
      message: expect.stringContaining('npx brisk changes install --replication'),
    })
    await elsewhere.query(`CREATE PUBLICATION brisk_changes FOR TABLE "Tag" WITH (publish = 'insert')`)
    await expect(refused(database.url)).rejects.toMatchObject({ code: 'E_CHANGES_NOT_INSTALLED' })
    await elsewhere.query(installReplicationSql(schema))
  })

  test('C44 says which right is missing', async () => {
    await elsewhere.query('CREATE ROLE reader LOGIN')
    const url = new URL(database.url)
    url.username = 'reader'
    await expect(refused(url.href)).rejects.toMatchObject({
      code: 'E_CHANGES_RIGHTS',
      message: expect.stringContaining('ALTER ROLE'),
    })
    await elsewhere.query('DROP ROLE reader')
  })

  test('refuses a pooler', async () => {
    const pooler = await startPgBouncer(database.url, 'transaction')
    await expect(refused(pooler.url)).rejects.toMatchObject({ code: 'E_CHANGES_POOLER' })
    await pooler.kill()
  })

  test('that waits for a transaction that began before says so, and is live once it has ended', async () => {
    const old = await connected()
    await old.query(`BEGIN; UPDATE "Tag" SET name = 'old' WHERE id = 1`)
    await expect(refused(database.url)).rejects.toMatchObject({
      code: 'E_CHANGES_LOST',
      message: expect.stringContaining('waits for transactions'),
    })
    await old.query('COMMIT')
    await old.end()
    await until(
      async () =>
        (await elsewhere.query(`SELECT FROM pg_stat_replication WHERE state = 'streaming'`)).rowCount === 1,
    )
  })
})

describe('a source that is not live', () => {
  const senders = () =>
    elsewhere.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE backend_type = 'walsender' AND datname = current_database()`,
    )

  test('ends with the client, and leaves no slot', async () => {
    const of = await followed()
    expect((await senders()).rowCount).toBe(1)
    await (of.prisma as unknown as PrismaClient).$disconnect()
    await until(async () => (await senders()).rowCount === 0)
    expect((await elsewhere.query('SELECT FROM pg_replication_slots')).rowCount).toBe(0)
    expect(of.changes().state).toBe('idle')
  })

  test('leaves a permanent slot, of which it warns, and takes it up again', async () => {
    const heard = heardWarnings()
    const of = await followed({ slot: 'brisk_kept' })
    await until(() => heard.warnings.length > 0)
    expect(heard.warnings).toEqual(['W_CACHE_CHANGES_SLOT'])
    heard.restore()
    await (of.prisma as unknown as PrismaClient).$disconnect()
    const slots = () =>
      elsewhere.query<{ behind: string }>(
        `SELECT confirmed_flush_lsn AS behind FROM pg_replication_slots WHERE slot_name = 'brisk_kept' AND NOT active`,
      )
    await until(async () => (await slots()).rowCount === 1)
    const before = (await slots()).rows[0]!.behind
    // As `brisk verify` shows it.
    const shown = await readReplicationSlots({ query: async (sql) => (await elsewhere.query(sql)).rows })
    expect(slotsText(shown)).toMatch(
      /✗ slot brisk_kept {2}read by nobody: the server keeps \d+ kB of log for it \(reserved\)\n.*pg_drop_replication_slot\('brisk_kept'\)/,
    )
    await elsewhere.query(`UPDATE "User" SET name = 'Meanwhile' WHERE id = 1`)
    await of.prisma.$cache.untilLive()
    await write(of, `UPDATE "User" SET name = 'Later' WHERE id = 1`)
    // What was told may be forgotten.
    const behind = async () =>
      (
        await elsewhere.query<{ forgotten: boolean }>(
          `SELECT confirmed_flush_lsn > $1::pg_lsn AS forgotten FROM pg_replication_slots WHERE slot_name = 'brisk_kept'`,
          [before],
        )
      ).rows[0]!.forgotten
    await until(behind)
    await (of.prisma as unknown as PrismaClient).$disconnect()
    await until(async () => (await slots()).rowCount === 1)
    await elsewhere.query(uninstallReplicationSql(schema))
    expect((await elsewhere.query('SELECT FROM pg_replication_slots')).rowCount).toBe(0)
    await elsewhere.query(installReplicationSql(schema))
  })

  test('is live again after the server was restarted in the midst of writes', async () => {
    const of = await followed()
    const read = async () =>
      (await of.prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
    await read()
    const as = serviceAccount('postgres')
    const ctl = join(postgresBinaries()!, 'pg_ctl')
    const data = join(server.directory, 'data')
    await elsewhere.query('SET synchronous_commit = on')
    await elsewhere.query(`UPDATE "User" SET name = 'Before' WHERE id = 1`)
    await elsewhere.end()
    execFileSync(ctl, ['restart', '-m', 'immediate', '-D', data, '-w', '-l', join(server.directory, 'log')], {
      ...as,
      stdio: 'ignore',
    })
    elsewhere = await connected()
    await until(() => of.changes().losses > 0)
    await elsewhere.query(`UPDATE "User" SET name = 'After' WHERE id = 1`)
    await until(async () => (await read().catch(() => null)) === 'After')
    await until(() => of.changes().state === 'live')
    await write(of, `UPDATE "User" SET name = 'Live' WHERE id = 1`)
    expect(await read()).toBe('Live')
  })
})

test.each([
  ['a URL of another database', 'mysql://localhost/app', {}],
  ['a heartbeat that is none', 'postgresql://localhost/app', { heartbeat: 1 }],
  ['a word that says nothing', 'postgresql://localhost/app', { onLost: 'ignore' }],
  ['a publication that needs quotes', 'postgresql://localhost/app', { publication: 'Mine' }],
  ['a slot that nobody would know', 'postgresql://localhost/app', { slot: 'mine' }],
])('%s is refused at once', (_, url, options) => {
  expect(() => postgresReplication(url, options as never)).toThrow(
    expect.objectContaining({ code: 'E_INVALID_OPTIONS' }),
  )
})
