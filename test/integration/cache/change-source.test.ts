import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { cache, memoryStore, type ChangeSink, type ChangeSource } from '@prisma-brisk/cache'
import pg from 'pg'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { ownNamespace } from './support/cached-client.ts'

/** A source that tells what it is told to, of all tables. */
class ToldSource implements ChangeSource {
  readonly name = 'told'
  readonly onLost = 'bypass'
  readonly tellsTransactions = true
  sink: ChangeSink | null = null

  constructor(
    private readonly tables: ReadonlySet<string>,
    readonly heardWithin: number,
  ) {}

  start(sink: ChangeSink): void {
    this.sink = sink
    this.live()
  }

  live(): void {
    this.sink?.live(this.tables)
  }

  async stop(): Promise<void> {
    this.sink = null
  }
}

let database: TestDatabase<PrismaClient>
let elsewhere: pg.Client
beforeAll(async () => {
  database = await createDatabase('postgresql')
  elsewhere = new pg.Client({ connectionString: database.url })
  await elsewhere.connect()
  await elsewhere.query(`INSERT INTO "Tag" (id, name) VALUES (1, 'first')`)
})
afterAll(async () => {
  await elsewhere.end()
  await database.drop()
})

async function names(sql: string): Promise<string[]> {
  const { rows } = await elsewhere.query<{ name: string }>(sql)
  return rows.map(({ name }) => name)
}

/** A client whose cache hears of what the source is told to tell. */
async function told(heardWithin = 60_000) {
  const tables = await names(
    `SELECT 'public.' || tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
  )
  const source = new ToldSource(new Set(tables), heardWithin)
  const prisma = database
    .createClient()
    .$extends(cache({ changes: source, store: memoryStore(), namespace: ownNamespace(), earlyRefresh: 0 }))
  await prisma.$cache.untilLive()
  return { source, prisma }
}

test('a read that comes after the process stood still, heard of nothing, is not answered from the cache', async () => {
  const { source, prisma } = await told(2000)
  const read = async () =>
    (await prisma.$cache.withInfo(() => prisma.tag.findMany({ cacheStrategy: { ttl: 3600 } }))).info
  await read()
  source.sink?.beat(0)
  expect(await read()).toMatchObject({ status: 'hit' })
  const end = Date.now() + 2100
  while (Date.now() < end);
  expect(await read()).toMatchObject({ status: 'bypass', reason: 'changes-unheard' })
  source.sink?.beat(0)
  expect(await read()).toMatchObject({ status: 'hit' })
})

test('a script that waits until the cache hears of changes goes on', async () => {
  const script = `
    import { cache } from '@prisma-brisk/cache'
    import { postgresTriggers } from '@prisma-brisk/cache/postgres-triggers'
    import { PrismaPg } from '@prisma/adapter-pg'
    import { PrismaClient } from ${JSON.stringify(new URL('../../../prisma/generated/postgresql/client.ts', import.meta.url).href)}
    const url = ${JSON.stringify(database.url)}
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) }).$extends(cache({ changes: postgresTriggers(url) }))
    await prisma.$cache.untilLive().catch((error) => console.log(error.code))
    await prisma.$disconnect()`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions', '@prisma-brisk/source', '--import', 'tsx', '--input-type=module', '-e', script],
    { env: { ...process.env, NODE_OPTIONS: '' } },
  )
  expect(stdout).toBe('E_CHANGES_NOT_INSTALLED\n')
})

test('a transaction of which a server that took over gives the number once more is not taken for our own', async () => {
  const { source, prisma } = await told()
  const read = async () =>
    (
      await prisma.$cache.withInfo(() =>
        prisma.tag.findUnique({ where: { id: 1 }, cacheStrategy: { ttl: 3600 } }),
      )
    ).info.status
  await prisma.tag.update({ where: { id: 1 }, data: { name: 'own' } })
  const [transaction] = await names(
    `SELECT ((txid_current() >> 32 << 32) + xmin::text::bigint)::text AS name FROM "Tag" WHERE id = 1`,
  )
  const change = { table: 'Tag', schema: 'public', transaction, columns: ['id'], rows: [['1']] }
  expect(await read()).toBe('miss')
  source.sink?.changed(change)
  expect(await read()).toBe('hit')
  source.sink?.lost(new Error('the server has failed'))
  expect(await read()).toBe('bypass')
  source.live()
  await prisma.$cache.untilLive()
  expect(await read()).toBe('miss')
  expect(await read()).toBe('hit')
  source.sink?.changed(change)
  expect(await read()).toBe('miss')
})
