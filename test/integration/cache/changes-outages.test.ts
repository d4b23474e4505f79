import { readFileSync } from 'node:fs'
import { cache } from '@prisma-brisk/cache'
import { installTriggersSql, postgresTriggers } from '@prisma-brisk/cache/postgres-triggers'
import { parseSchema } from '@prisma-brisk/core'
import pg from 'pg'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { startPgBouncer } from '../../support/pgbouncer.ts'
import { ownNamespace, until } from './support/cached-client.ts'
import { Wire } from './support/wire.ts'

const schema = parseSchema(readFileSync('prisma/schema.prisma', 'utf8'), 'inline')
const strategy = { ttl: 3600 }
let database: TestDatabase<PrismaClient>
let elsewhere: pg.Client

beforeAll(async () => {
  database = await createDatabase('postgresql')
  elsewhere = new pg.Client({ connectionString: database.url })
  await elsewhere.connect()
  await elsewhere.query(installTriggersSql(schema))
  await elsewhere.query(`INSERT INTO "Tag" (name) VALUES ('first')`)
})
afterAll(async () => {
  await elsewhere.end()
  await database.drop()
})

/** A client whose changes come from this URL. */
function follow(url: string, heartbeat = 200) {
  const client = database.createClient()
  const prisma = client.$extends(
    cache({ changes: postgresTriggers(url, { heartbeat }), namespace: ownNamespace(), earlyRefresh: 0 }),
  )
  const name = async () => (await prisma.tag.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
  return { prisma, name, changes: () => prisma.$cache.stats().changes!, end: () => client.$disconnect() }
}

test('a connection that hangs is found out within a heartbeat, and reads go to the database until it is back', async () => {
  const wire = await Wire.to(database.url)
  const of = follow(wire.url(database.url))
  try {
    await of.prisma.$cache.untilLive()
    await of.name()
    wire.cut()
    await elsewhere.query(`UPDATE "Tag" SET name = 'unheard' WHERE id = 1`)
    await until(() => of.changes().state !== 'live')
    expect(await of.name()).toBe('unheard')
    await elsewhere.query(`UPDATE "Tag" SET name = 'again' WHERE id = 1`)
    expect(await of.name()).toBe('again')
    wire.mend()
    await until(() => of.changes().state === 'live')
    expect(await of.name()).toBe('again')
  } finally {
    await of.end()
    await wire.close()
  }
})

test('a heartbeat that is late by a little more than the event loop was blocked is no loss', async () => {
  const of = follow(database.url, 100)
  await of.prisma.$cache.untilLive()
  for (let turn = 0; turn < 5; turn++) {
    const end = Date.now() + 150
    while (Date.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(of.changes()).toMatchObject({ losses: 0 })
  await of.end()
})

test('a pooler in transaction mode is refused with a sentence, one in session mode is not', async () => {
  const [byTransaction, bySession] = await Promise.all([
    startPgBouncer(database.url, 'transaction'),
    startPgBouncer(database.url, 'session'),
  ])
  const [refused, taken] = [follow(byTransaction.url), follow(bySession.url)]
  try {
    await expect(refused.prisma.$cache.untilLive()).rejects.toMatchObject({ code: 'E_CHANGES_POOLER' })
    await taken.prisma.$cache.untilLive()
    await taken.name()
    await elsewhere.query(`UPDATE "Tag" SET name = 'through a pooler' WHERE id = 1`)
    await until(async () => (await taken.name()) === 'through a pooler')
  } finally {
    await Promise.all([refused.end(), taken.end()])
    await Promise.all([byTransaction.kill(), bySession.kill()])
  }
})

test('a database that cannot be reached costs the cache, and no answer', async () => {
  const of = follow('postgresql://postgres@127.0.0.1:1/nowhere')
  await expect(of.prisma.$cache.untilLive()).rejects.toMatchObject({ code: 'E_CHANGES_LOST' })
  expect(await of.name()).toBe((await elsewhere.query('SELECT name FROM "Tag"')).rows[0].name)
  await of.end()
})
