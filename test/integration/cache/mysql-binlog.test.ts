import { cache } from '@prisma-brisk/cache'
import { mysqlBinlog, type MysqlBinlogOptions } from '@prisma-brisk/cache/mysql-binlog'
import { createConnection, type Connection } from 'mariadb'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { startMariadb, type MariadbServer } from '../../support/mariadb.ts'
import { mariadbUrl } from '../../support/servers.ts'
import { ownNamespace, until } from './support/cached-client.ts'
import { elsewhereOn, type Elsewhere } from './support/changes/elsewhere.ts'
import {
  disconnectAll,
  disconnectLater,
  strategy,
  sourceUnderTest,
  testChangeSource,
} from './support/changes/source-suite.ts'
import { quotedFor } from './support/freshness/people.ts'

/** The machine's own server writes no binary log. */
const withoutLog = mariadbUrl()
let server: MariadbServer
let database: TestDatabase<PrismaClient>
let elsewhere: Connection
let others: Elsewhere

beforeAll(async () => {
  server = await startMariadb({ 'log-bin': 'binlog', 'binlog-format': 'ROW', 'server-id': '1' })
  process.env.MARIADB_URL = server.url
  database = await createDatabase('mysql')
  elsewhere = await connected(database.url)
  others = await elsewhereOn('mysql', database.url)
}, 60_000)
afterAll(async () => {
  await others.close()
  await elsewhere.end()
  await database.drop()
  await server.kill()
})
afterEach(disconnectAll)
beforeEach(async () => {
  for (const table of ['Conversation', 'User', 'Tag']) await elsewhere.query(`DELETE FROM \`${table}\``)
  for (let id = 1; id <= 3; id++) {
    await elsewhere.query('INSERT INTO `User` (id, email, name) VALUES (?, ?, ?)', [
      id,
      `user${id}@example.org`,
      `User ${id}`,
    ])
    await elsewhere.query('INSERT INTO `Tag` (id, name) VALUES (?, ?)', [id, `tag ${id}`])
  }
  await elsewhere.query("INSERT INTO `Conversation` (id, title, userId) VALUES ('c', 'Talk', 1)")
})

function connected(url: string): Promise<Connection> {
  const { hostname, port, username, pathname } = new URL(url)
  return createConnection({
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    database: pathname.slice(1),
    multipleStatements: true,
  })
}

const { underTest, followed, write } = sourceUnderTest<MysqlBinlogOptions>(
  () => database,
  () => others,
  (options) => mysqlBinlog(database.url, options),
  { heartbeat: 2000 },
)

function refused(url: string) {
  const client = database.createClient()
  disconnectLater(client)
  return client.$extends(cache({ changes: mysqlBinlog(url), namespace: ownNamespace() })).$cache.untilLive()
}

test('C40 a row falls alone, by each of its keys, before and after', async () => {
  const of = await followed()
  const read = () =>
    Promise.all(
      [
        { id: 1 },
        { email: 'user1@example.org' },
        { email: 'ada@example.org' },
        { id: 2 },
        { email: 'user3@example.org' },
      ].map(async (where) => (await of.prisma.user.findUnique({ where, cacheStrategy: strategy }))?.name),
    )
  expect(await read()).toEqual(['User 1', 'User 1', undefined, 'User 2', 'User 3'])
  of.log.clear()
  await write(of, "UPDATE `User` SET email = 'ada@example.org', name = 'Ada' WHERE id = 1")
  expect(await read()).toEqual(['Ada', undefined, 'Ada', 'User 2', 'User 3'])
  expect(of.log.statements).toHaveLength(3)
})

const writes: Record<string, string> = {
  INSERT: "INSERT INTO `User` (id, email, name) VALUES (9, 'new@example.org', 'New')",
  'INSERT of more rows than are told':
    "INSERT INTO `User` (email, name) SELECT CONCAT('many', seq), 'Many' FROM seq_1_to_300",
  'INSERT … ON DUPLICATE KEY UPDATE':
    "INSERT INTO `User` (id, email, name) VALUES (1, 'user1@example.org', 'New') ON DUPLICATE KEY UPDATE name = 'Updated'",
  REPLACE: "REPLACE INTO `Tag` (id, name) VALUES (1, 'replaced')",
  UPDATE: "UPDATE `User` SET name = 'Updated' WHERE id < 3",
  'an UPDATE of a key that others refer to': 'UPDATE `User` SET id = 70 WHERE id = 1',
  'a DELETE that a foreign key follows': 'DELETE FROM `User` WHERE id = 1',
  'a transaction':
    "BEGIN; UPDATE `User` SET name = 'One' WHERE id = 1; UPDATE `Tag` SET name = 'other' WHERE id = 2; COMMIT",
  TRUNCATE: 'SET foreign_key_checks = 0; TRUNCATE `Tag`; SET foreign_key_checks = 1',
  'a statement that is logged as one':
    "SET SESSION binlog_format = STATEMENT; UPDATE `User` SET name = 'Stated' WHERE id = 1; SET SESSION binlog_format = ROW",
  'a row of which the log has the least':
    "SET SESSION binlog_row_image = MINIMAL; UPDATE `User` SET email = 'least@example.org' WHERE id = 1; SET SESSION binlog_row_image = FULL",
}
describe('C41 C43 what every source promises', () => {
  testChangeSource(() => underTest, {
    writes,
    quoted: quotedFor('mysql'),
    live: { heartbeat: 2000 },
    recognisesOwn: false,
  })
})

test('a table whose rows go with those of another database is not watched', async () => {
  await elsewhere.query('CREATE DATABASE far; CREATE TABLE far.parent (id int PRIMARY KEY)')
  await elsewhere.query(
    'ALTER TABLE `Tag` ADD COLUMN far int, ADD CONSTRAINT far FOREIGN KEY (far) REFERENCES far.parent (id) ON DELETE CASCADE',
  )
  try {
    const { prisma } = await followed()
    const reason = async (read: () => Promise<unknown>) => (await prisma.$cache.withInfo(read)).info.reason
    expect(await reason(() => prisma.tag.count({ cacheStrategy: strategy }))).toBe('changes-unwatched')
    expect(await reason(() => prisma.user.count({ cacheStrategy: strategy }))).not.toBe('changes-unwatched')
  } finally {
    await elsewhere.query('ALTER TABLE `Tag` DROP FOREIGN KEY far, DROP COLUMN far; DROP DATABASE far')
  }
})

describe('a source that is not live', () => {
  test('a server that hangs is found out within a heartbeat', async () => {
    const of = await followed({ heartbeat: 1000 })
    server.pause()
    try {
      await until(() => of.changes().state !== 'live')
    } finally {
      server.resume()
    }
    await until(() => of.changes().state === 'live')
    await until(() => of.changes().lag !== null)
  })

  test('ends with the client', async () => {
    const of = await followed()
    await (of.prisma as unknown as PrismaClient).$disconnect()
    expect(of.changes().state).toBe('idle')
    await until(async () => {
      await elsewhere.query('UPDATE `Tag` SET name = REVERSE(name)')
      const dumps = await elsewhere.query(
        "SELECT id FROM information_schema.PROCESSLIST WHERE command = 'Binlog Dump'",
      )
      return dumps.length === 0
    })
  })
})

describe('a source that cannot work says what to do', () => {
  test('without a binary log', async () => {
    await expect(refused(withoutLog)).rejects.toMatchObject({
      code: 'E_CHANGES_BINLOG',
      message: expect.stringContaining('--log-bin'),
    })
  })

  test('C44 with another format', async () => {
    await elsewhere.query('SET GLOBAL binlog_format = MIXED')
    await expect(refused(database.url)).rejects.toMatchObject({ code: 'E_CHANGES_BINLOG' })
    await elsewhere.query('SET GLOBAL binlog_format = ROW')
  })

  test.each([
    ['of the status', 'SELECT'],
    ['to replicate', 'SELECT, BINLOG MONITOR'],
  ])('without the right %s', async (_, rights) => {
    await elsewhere.query(
      `CREATE USER reader@'%' IDENTIFIED BY 'secret'; GRANT ${rights} ON *.* TO reader@'%'`,
    )
    const url = new URL(database.url)
    url.username = 'reader'
    url.password = 'secret'
    await expect(refused(url.href)).rejects.toMatchObject({
      code: 'E_CHANGES_RIGHTS',
      message: expect.stringContaining('GRANT REPLICATION SLAVE'),
    })
    await elsewhere.query("DROP USER reader@'%'")
  })

  test('without a server', async () => {
    await expect(refused('mysql://root@127.0.0.1:1/nowhere')).rejects.toMatchObject({
      code: 'E_CHANGES_LOST',
    })
  })
})

test.each([
  ['a URL of another database', 'postgresql://localhost/app', {}],
  ['a URL without a database', 'mysql://localhost', {}],
  ['a heartbeat that is none', 'mysql://localhost/app', { heartbeat: 1 }],
])('%s is refused at once', (_, url, options) => {
  expect(() => mysqlBinlog(url, options)).toThrow(expect.objectContaining({ code: 'E_INVALID_OPTIONS' }))
})
