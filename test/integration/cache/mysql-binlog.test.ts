import { cache, memoryStore } from '@prisma-brisk/cache'
import { mysqlBinlog, type MysqlBinlogOptions } from '@prisma-brisk/cache/mysql-binlog'
import { createConnection, type Connection } from 'mariadb'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { startMariadb, type MariadbServer } from '../../support/mariadb.ts'
import { mariadbUrl } from '../../support/servers.ts'
import { ownNamespace, until } from './support/cached-client.ts'

/** The machine's own server writes no binary log. */
const withoutLog = mariadbUrl()
let server: MariadbServer
let database: TestDatabase<PrismaClient>
let elsewhere: Connection
const strategy = { ttl: 3600 }

beforeAll(async () => {
  server = await startMariadb({ 'log-bin': 'binlog', 'binlog-format': 'ROW', 'server-id': '1' })
  process.env.MARIADB_URL = server.url
  database = await createDatabase('mysql')
  elsewhere = await connected(database.url)
}, 60_000)
afterAll(async () => {
  await elsewhere.end()
  await database.drop()
  await server.kill()
})
const opened: { $disconnect(): Promise<void> }[] = []
afterEach(async () => {
  for (const client of opened.splice(0)) await client.$disconnect()
})
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

async function followed(options: MysqlBinlogOptions = {}) {
  const { client, log } = database.createRecordedClient()
  opened.push(client)
  const changes = mysqlBinlog(database.url, { heartbeat: 2000, ...options })
  const prisma = client.$extends(
    cache({ changes, store: memoryStore(), namespace: ownNamespace(), earlyRefresh: 0 }),
  )
  await prisma.$cache.untilLive()
  return { prisma, log, changes: () => prisma.$cache.stats().changes! }
}

function refused(url: string) {
  const client = database.createClient()
  opened.push(client)
  return client.$extends(cache({ changes: mysqlBinlog(url), namespace: ownNamespace() })).$cache.untilLive()
}

async function write(of: { changes(): { events: number } }, sql: string): Promise<void> {
  const { events } = of.changes()
  await elsewhere.query(sql)
  await until(() => of.changes().events > events)
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
test.each(Object.entries(writes))('C41 %s is seen by lists, counts and rows', async (_, sql) => {
  const of = await followed()
  const plain = database.createClient()
  const read = (client: PrismaClient) => {
    const cached = client === plain ? {} : ({ cacheStrategy: strategy } as object)
    return Promise.all([
      client.user.findMany({ orderBy: { id: 'asc' }, ...cached }),
      client.user.count({ where: { name: { startsWith: 'User' } }, ...cached }),
      client.user.findUnique({ where: { id: 1 }, ...cached }),
      client.user.findUnique({ where: { email: 'user1@example.org' }, ...cached }),
      client.tag.findMany({ orderBy: { id: 'asc' }, ...cached }),
      client.conversation.findMany(cached),
      client.conversation.findUnique({ where: { id: 'c' }, ...cached }),
    ])
  }
  await read(of.prisma as never)
  await write(of, sql)
  expect(await read(of.prisma as never)).toEqual(await read(plain))
})

test('what a transaction rolls back is not told', async () => {
  const of = await followed()
  const { events } = of.changes()
  await elsewhere.query("BEGIN; UPDATE `User` SET name = 'Never'; ROLLBACK")
  await elsewhere.query(
    "BEGIN; SAVEPOINT s; UPDATE `User` SET name = 'Never'; ROLLBACK TO s; UPDATE `Tag` SET name = 'first' WHERE id = 1; COMMIT",
  )
  await until(() => of.changes().events > events)
  await write(of, "UPDATE `Tag` SET name = 'third' WHERE id = 3")
  expect(of.changes()).toMatchObject({ events: events + 2, tables: 0 })
})

test('writes of the client itself are seen, and told again', async () => {
  const of = await followed()
  const name = async () =>
    (await of.prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
  await name()
  await of.prisma.user.update({ where: { id: 1 }, data: { name: 'Own' } })
  expect(await name()).toBe('Own')
  await until(() => of.changes().events > 0)
  expect(of.changes().own).toBe(0)
  expect(await name()).toBe('Own')
})

describe('a source that is not live', () => {
  test('C43 is lost when its connection is killed, and what was missed is invalidated before it is live again', async () => {
    const of = await followed()
    const name = async () =>
      (await of.prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
    await name()
    await elsewhere.query("BEGIN; UPDATE `User` SET name = 'Missed' WHERE id = 1")
    const dumps = await elsewhere.query(
      "SELECT id FROM information_schema.PROCESSLIST WHERE command = 'Binlog Dump'",
    )
    for (const { id } of dumps) await elsewhere.query(`KILL ${id}`)
    await until(() => of.changes().state !== 'live')
    await elsewhere.query('COMMIT')
    expect(await name()).toBe('Missed')
    await until(() => of.changes().state === 'live')
    expect(await name()).toBe('Missed')
    expect(of.changes()).toMatchObject({ losses: 1 })
    await write(of, "UPDATE `User` SET name = 'Live' WHERE id = 1")
    expect(await name()).toBe('Live')
  })

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
