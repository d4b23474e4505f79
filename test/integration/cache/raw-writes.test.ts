import { redisStore, type CacheOptions } from '@prisma-brisk/cache'
import { brisk } from 'prisma-brisk'
import { Prisma } from '../../../prisma/generated/postgresql/client.ts'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, heardWarnings, ownNamespace, settled, start, until } from './support/cached-client.ts'

const bench = useBench()
const { stores } = bench

const minute = { cacheStrategy: { ttl: 60 } }
const rename = `UPDATE "User" SET name = 'Raw'`

async function filled(options: CacheOptions): Promise<ReturnType<typeof cached>> {
  const prisma = cached(bench.base, options)
  await prisma.user.findMany(minute)
  await settled()
  await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  return prisma
}

describe('C19 what onRawWrite gives', () => {
  test.each<[string, CacheOptions['onRawWrite']]>([
    ['a promise', (async () => ({ models: ['User'] })) as never],
    ['a name that does not exist', (() => ({ model: ['User'] })) as never],
    ['a model that does not exist', () => ({ models: ['Usr'] })],
    ['nothing at all', (() => undefined) as never],
    ['an error', () => JSON.parse('{') as never],
  ])('%s invalidates everything, and says so', async (_, onRawWrite) => {
    const { warnings, restore } = heardWarnings()
    const prisma = await filled({ onRawWrite })
    await prisma.$executeRawUnsafe(rename)
    restore()
    expect(warnings).toContain('W_CACHE_RAW_WRITE')
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Raw' }])
  })

  test.each<[string, CacheOptions['onRawWrite']]>([
    ['an empty list', () => []],
    ['an empty object', () => ({})],
  ])('%s invalidates nothing', async (_, onRawWrite) => {
    const prisma = await filled({ onRawWrite })
    await prisma.$executeRawUnsafe(rename)
    await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  })
})

test.each([
  ['the cache alone', cached],
  [
    'the whole suite',
    (base: typeof bench.base, options: CacheOptions) =>
      base.$extends(brisk({ cache: options, slowQuery: { sinks: [] } })),
  ],
] as const)('C19 S8 the warning of a raw write has the line that makes it: %s', async (_, extend) => {
  const told: string[] = []
  const { jest } = import.meta
  const spy = jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void told.push(`${warning}`))
  const prisma = extend(bench.base, { onRawWrite: 'warn' })
  await prisma.user.findMany(minute)
  // One write a line: the line is the place.
  const write = async (): Promise<void> => {
    await prisma.$executeRawUnsafe(rename)
    await prisma.$executeRaw`UPDATE "User" SET name = 'Raw'`
    await Promise.all([prisma.$queryRawUnsafe(`${rename} RETURNING id`), prisma.user.count()])
    await prisma.$transaction(async (tx) => {
      await tx.$executeRawUnsafe(rename)
    })
  }
  await write()
  spy.mockRestore()
  const writes = told.filter((text) => text.includes('may change rows'))
  const lines = writes.map((text) =>
    Number(/ at \S*raw-writes\.test\.ts:(\d+):\d+ may change/.exec(text)?.[1]),
  )
  const [first = Number.NaN] = lines
  expect(lines.map((line) => line - first)).toEqual([0, 1, 2, 4])
})

test('C6 C19 a raw write of which it is open whether it happened invalidates; one that failed does not', async () => {
  const prisma = await filled({ onRawWrite: () => ({ models: ['User'] }) })
  await expect(prisma.$executeRawUnsafe('UPDATE "User" SET nonsense = 1')).rejects.toMatchObject({
    code: 'P2010',
  })
  await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  bench.fail(/^UPDATE/, new Error('Connection terminated unexpectedly'))
  await expect(prisma.$executeRawUnsafe(rename)).rejects.toThrow('terminated')
  await expectStatements(bench.log, 1, () => prisma.user.findMany(minute))
})

test('C11 C19 a raw write in a transaction invalidates after COMMIT, and not after a rollback', async () => {
  const prisma = await filled({ onRawWrite: 'invalidateAll' })
  const failed = prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(rename)
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  await prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe(rename)
    await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  })
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Raw' }])
})

test('C14 C19 strict: a raw write marks its tags before it is sent', async () => {
  const prisma = await filled({
    store: redisStore(stores.redis()),
    namespace: ownNamespace(),
    strict: true,
    onRawWrite: () => ({ models: ['User'] }),
  })
  const gate = bench.hold(/SET name = 'Raw'/)
  const write = start(prisma.$queryRawUnsafe(`${rename} RETURNING id`))
  await gate.reached
  const { info } = await prisma.$cache.withInfo(() => prisma.user.findMany(minute))
  expect(info).toMatchObject({ status: 'miss', reason: 'write-under-way' })
  gate.open()
  await write
  await prisma.user.findMany(minute)
  await until(() => prisma.$cache.stats().fills === 2)
  await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
})

describe('C19 by default what the statement names falls, and nothing else', () => {
  const READS = ['user', 'conversation', 'message', 'tag', 'exercise'] as const
  const ALL = [...READS]
  test.each<[string, string[]]>([
    [`UPDATE "User" SET name = 'Raw'`, ['user', 'conversation', 'message']],
    [`update "User" AS u SET name = 'Raw' FROM "Tag"`, ['user', 'conversation', 'message']],
    [`update "user" SET name = 'Raw'`, ALL],
    [`INSERT INTO "Tag" (name) VALUES ('raw') ON CONFLICT (name) DO UPDATE SET name = 'raw'`, ['tag']],
    [`WITH gone AS (DELETE FROM "Tag" RETURNING id) UPDATE "Exercise" SET title = 'x'`, ['tag', 'exercise']],
    [`DELETE FROM "_ConversationToTag"`, ['conversation', 'tag']],
    [`TRUNCATE "Tag" CASCADE`, ALL],
    [`UPDATE somewhere_else SET a = 1`, ALL],
    [`DO $$ BEGIN UPDATE "Tag" SET name = name; END $$`, ALL],
    [`ALTER TABLE "Tag" ADD COLUMN raw int`, ALL],
  ])('%s', async (sql, expected) => {
    await bench.base.$executeRawUnsafe('CREATE TABLE IF NOT EXISTS somewhere_else (a int)')
    if (sql.startsWith('update "user"'))
      await bench.base.$executeRawUnsafe('CREATE OR REPLACE VIEW "user" AS SELECT * FROM "User"')
    const prisma = cached(bench.base)
    const read = (name: (typeof READS)[number]) =>
      prisma.$cache.withInfo(() => (prisma[name].findMany as (args: object) => Promise<unknown>)(minute))
    for (const name of READS) await read(name)
    await settled()
    const { warnings, restore } = heardWarnings()
    try {
      await prisma.$executeRawUnsafe(sql)
    } finally {
      restore()
    }
    expect(warnings).toEqual([])
    const fell: string[] = []
    for (const name of READS) if ((await read(name)).info.status !== 'hit') fell.push(name)
    await bench.base.$executeRawUnsafe('DROP VIEW IF EXISTS "user"')
    await bench.base.$executeRawUnsafe('ALTER TABLE "Tag" DROP COLUMN IF EXISTS raw')
    expect(fell).toEqual(READS.filter((name) => expected.includes(name)))
  })

  test('$queryRaw that writes, after COMMIT', async () => {
    const prisma = await filled({})
    await prisma.$transaction(async (tx) => {
      await tx.$queryRawUnsafe(`${rename} RETURNING id`)
      await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
    })
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Raw' }])
  })
})

test.each([
  `SELECT set_config('app.tenant', 'one', true)`,
  `select pg_catalog.set_config('app.tenant', 'one', true), current_setting('app.tenant', true)`,
  'SELECT pg_advisory_xact_lock(7)',
  `SET LOCAL app.tenant = 'one'`,
  `SET app.tenant TO 'one'`,
  `NOTIFY news, 'one'`,
  `SELECT pg_advisory_xact_lock(hashtext('one'))`,
])('C19 %s is sent as a write and changes no rows: no warning, and nothing is invalidated', async (sql) => {
  for (const onRawWrite of ['warn', 'invalidateAll', 'derive'] as const) {
    const { warnings, restore } = heardWarnings()
    const prisma = await filled({ onRawWrite })
    await prisma.$executeRawUnsafe(sql)
    restore()
    expect(warnings).not.toContain('W_CACHE_RAW_WRITE')
    await expectStatements(bench.log, 0, () => prisma.user.findMany(minute))
  }
})

test.each([
  `SELECT set_config('a.b', 'one', true), touch()`,
  `WITH w AS (${rename} RETURNING 1) SELECT set_config('a.b', 'one', true)`,
  `SELECT set_config('a.b', 'one', true), "touch"()`,
  `SELECT set_config('a.b', 'one', true), touch /* ( */ ()`,
])('C19 %s may change rows all the same', async (sql) => {
  await bench.base.$executeRawUnsafe(
    `CREATE OR REPLACE FUNCTION touch() RETURNS int LANGUAGE sql AS $$ ${rename} RETURNING 1 $$`,
  )
  const prisma = await filled({ onRawWrite: 'derive' })
  await prisma.$executeRawUnsafe(sql)
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Raw' }])
})

describe('C19 raw writes of clients that the cache is not mounted on are raw writes', () => {
  type Raw = Pick<typeof bench.base, '$executeRaw' | '$queryRaw' | '$executeRawUnsafe' | '$queryRawUnsafe'>
  const ways: Record<string, (client: Raw, name: string) => PromiseLike<unknown>> = {
    '$executeRaw`…`': (client, name) => client.$executeRaw`UPDATE "User" SET name = ${name}`,
    '$executeRaw(Prisma.sql`…`)': (client, name) =>
      client.$executeRaw(Prisma.sql`UPDATE "User" SET name = ${name}`),
    '$queryRaw`… RETURNING`': (client, name) =>
      client.$queryRaw`UPDATE "User" SET name = ${name} RETURNING id`,
    $executeRawUnsafe: (client, name) => client.$executeRawUnsafe('UPDATE "User" SET name = $1', name),
    $queryRawUnsafe: (client, name) =>
      client.$queryRawUnsafe('UPDATE "User" SET name = $1 RETURNING id', name),
  }
  const doors: Record<string, (base: typeof bench.base, run: (of: Raw) => PromiseLike<unknown>) => unknown> =
    {
      'the base client': (base, run) => run(base),
      'a transaction of the base client': (base, run) =>
        base.$transaction(async (tx) => void (await run(tx))),
      'an array of the base client': (base, run) => base.$transaction([run(base) as never]),
      'a sibling': (base, run) => run(base.$extends({ name: 'sibling' })),
    }
  test.each(
    Object.entries(ways).flatMap(([way, write]) =>
      Object.entries(doors).map(([door, through]) => [way, door, write, through] as const),
    ),
  )('%s through %s', async (_, __, write, through) => {
    const seen: string[] = []
    const prisma = await filled({
      onRawWrite: (sql) => {
        seen.push(sql)
        return { models: ['User'] }
      },
    })
    await through(bench.base, (of) => write(of, 'Raw'))
    expect(seen).toEqual([expect.stringMatching(/^UPDATE "User" SET name = [$?]/)])
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Raw' }])
  })
})
