import { execFile } from 'node:child_process'
import { copyFile, rename } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { cache, memoryStore } from '@prisma-brisk/cache'
import {
  sqliteChanges,
  type SqliteChangesOptions,
  type SqliteDatabase,
} from '@prisma-brisk/cache/sqlite-changes'
import { createClient, type Client } from '@libsql/client'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { ownNamespace, until } from './support/cached-client.ts'

const run = promisify(execFile)
const strategy = { ttl: 3600 }
let database: TestDatabase<PrismaClient>
let elsewhere: Client
beforeEach(async () => {
  database = await createDatabase('sqlite')
  elsewhere = createClient({ url: database.url })
  await elsewhere.execute('PRAGMA journal_mode = WAL')
  await elsewhere.execute(`INSERT INTO "Tag" (id, name) VALUES (1, 'first')`)
})
const opened: { $disconnect(): Promise<void> }[] = []
afterEach(async () => {
  for (const client of opened.splice(0)) await client.$disconnect()
  elsewhere.close()
  await database.drop()
})

async function followed(options: SqliteChangesOptions = {}) {
  const { client, log } = database.createRecordedClient()
  opened.push(client)
  const changes = sqliteChanges({ url: database.url, every: 20, ...options })
  const prisma = client.$extends(
    cache({ changes, store: memoryStore(), namespace: ownNamespace(), earlyRefresh: 0 }),
  )
  await prisma.$cache.untilLive()
  const name = async () => (await prisma.tag.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
  return { prisma, log, name, changes: () => prisma.$cache.stats().changes! }
}

const libsql = createRequire(createRequire(import.meta.url).resolve('@libsql/client'))('libsql') as new (
  file: string,
) => SqliteDatabase

test.each<[string, SqliteChangesOptions]>([
  ['@libsql/client', {}],
  ['what it is told to open', { open: (file) => new libsql(file) }],
])('what another connection and another process write is seen through %s', async (_, options) => {
  const of = await followed(options)
  expect(await of.name()).toBe('first')
  await elsewhere.execute(`UPDATE "Tag" SET name = 'second' WHERE id = 1`)
  await until(async () => (await of.name()) === 'second')
  const script = `import { createClient } from '@libsql/client'
    await createClient({ url: ${JSON.stringify(database.url)} }).execute('UPDATE "Tag" SET name = \\'third\\' WHERE id = 1')`
  await run(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  await until(async () => (await of.name()) === 'third')
  expect(of.changes()).toMatchObject({ state: 'live', losses: 0, lag: expect.any(Number) })
})

test('nothing falls while nobody writes, and everything with each write, this process’s own too', async () => {
  const of = await followed()
  await of.name()
  of.log.clear()
  await new Promise((resolve) => setTimeout(resolve, 100))
  await of.name()
  expect(of.log.statements).toHaveLength(0)
  await of.prisma.user.create({ data: { email: 'own@example.org', name: 'Own' } })
  await until(() => of.changes().events > 0)
  of.log.clear()
  await of.name()
  expect(of.log.statements).toHaveLength(1)
})

test('what is rolled back is not told, nor what is not committed', async () => {
  const of = await followed()
  await of.name()
  const open = await elsewhere.transaction('write')
  await open.execute(`UPDATE "Tag" SET name = 'never' WHERE id = 1`)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await open.rollback()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(of.changes().events).toBe(0)
})

test('a file that is put in its place is another: the source is lost, and live again with it', async () => {
  const of = await followed()
  const file = database.url.replace('file:', '')
  await elsewhere.execute('PRAGMA wal_checkpoint(TRUNCATE)')
  await copyFile(file, `${file}.new`)
  const other = createClient({ url: `file:${file}.new` })
  await other.execute(`UPDATE "Tag" SET name = 'restored' WHERE id = 1`)
  await other.execute('PRAGMA wal_checkpoint(TRUNCATE)')
  other.close()
  await rename(`${file}.new`, file)
  await until(() => of.changes().losses === 1)
  await until(() => of.changes().state === 'live')
})

test('a table that is made later is watched from then on', async () => {
  await elsewhere.execute('ALTER TABLE "Tag" RENAME TO "Kept"')
  const of = await followed()
  const reason = async () =>
    (
      await of.prisma.$cache.withInfo(() =>
        of.prisma.tag.findMany({ cacheStrategy: strategy }).catch(() => null),
      )
    ).info.reason
  expect(await reason()).toBe('changes-unwatched')
  await elsewhere.execute('ALTER TABLE "Kept" RENAME TO "Tag"')
  await until(async () => (await reason()) !== 'changes-unwatched')
})

test('a file that is not there is said, and not made', async () => {
  const client = database.createClient()
  opened.push(client)
  const changes = sqliteChanges({ file: '/nowhere/at-all.db' })
  await expect(
    client.$extends(cache({ changes, namespace: ownNamespace() })).$cache.untilLive(),
  ).rejects.toMatchObject({ code: 'E_CHANGES_LOST', message: expect.stringContaining('ENOENT') })
})

test.each<[string, SqliteChangesOptions]>([
  ['no file', {}],
  ['a database in memory', { url: 'file::memory:' }],
  ['a server', { url: 'libsql://example.org' }],
  ['a file and a url', { url: 'file:a.db', file: 'b.db' }],
  ['a time that is none', { file: 'a.db', every: 0 }],
])('%s is refused at once', (_, options) => {
  expect(() => sqliteChanges(options)).toThrow(expect.objectContaining({ code: 'E_INVALID_OPTIONS' }))
})
