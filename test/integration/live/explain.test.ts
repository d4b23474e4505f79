import { startHub, type Hub } from '@prisma-brisk/live'
import { brisk } from 'prisma-brisk'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** Plans that are asked for when somebody looks: taken by the process that sent the statement, and nothing is run. */

interface Explained {
  readonly operation: string
  readonly sql: string
  readonly plan: unknown
  readonly reason?: string
}

const TABLES = { postgresql: '"Tag"', mysql: '`Tag`' }
/** Said to be constant, so that planners call it; and it writes. */
const FUNCTIONS = {
  postgresql: [
    `CREATE FUNCTION noted(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN INSERT INTO sly_calls VALUES (n); RETURN n; END $$`,
    `CREATE FUNCTION sly(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN noted(n); END $$`,
  ],
  mysql: [
    `CREATE FUNCTION sly(n int) RETURNS int DETERMINISTIC MODIFIES SQL DATA BEGIN INSERT INTO sly_calls VALUES (n); RETURN n; END`,
  ],
}

describe.each(['postgresql', 'mysql', 'sqlite'] as const)('explain on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let hub: Hub
  beforeAll(async () => {
    database = await createDatabase(provider)
  })
  afterAll(() => database.drop())
  // What a client of the test before still tells goes to a hub of the test before.
  beforeEach(async () => {
    hub = await startHub({ port: 0 })
  })
  afterEach(() => hub.close())

  function reporting() {
    const own = hub
    return database.createClient().$extends(
      brisk({
        slowQuery: {
          sinks: [],
          live: { send: (lines) => own.take(lines), questions: (process) => own.questions(process) },
        },
        pagination: false,
        batching: false,
      }),
    )
  }

  /** The statements of the youngest request, once it has been told of. */
  async function explained(body: object = {}): Promise<Explained[]> {
    const { origin, searchParams } = new URL(hub.address)
    const answer = await fetch(`${origin}/api/explain`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${searchParams.get('token')}` },
      body: JSON.stringify({ request: 'latest', ...body }),
    })
    expect(answer.status).toBe(200)
    return (await answer.json()) as Explained[]
  }

  async function told(calls: number): Promise<void> {
    while (hub.history.all().reduce((sum, each) => sum + each.calls.length, 0) < calls)
      await new Promise((resolve) => setTimeout(resolve, 10))
    // The first delivery opens the ear.
    await new Promise((resolve) => setTimeout(resolve, 20))
  }

  test('a read is planned with its values, which the plan does not hold, as often as it is asked for', async () => {
    const prisma = reporting()
    await prisma.tag.findMany({ where: { name: { contains: 'very secret' } }, take: 3 })
    await told(1)
    for (const _ of [1, 2]) {
      const [read, ...others] = await explained()
      expect(others).toEqual([])
      expect(read).toMatchObject({ operation: 'Tag.findMany', sql: expect.stringContaining('Tag') })
      expect(read!.reason).toBeUndefined()
      expect(JSON.stringify(read!.plan)).toMatch(/Tag/)
      expect(JSON.stringify(read)).not.toContain('secret')
    }
    expect(await explained({ call: hub.history.all()[0]!.calls[0]!.call })).toHaveLength(1)
    await prisma.$disconnect()
  })

  test('what is not one statement that reads is refused, and planning changes nothing', async () => {
    const prisma = reporting()
    const table = provider === 'mysql' ? '`Tag`' : '"Tag"'
    await prisma.tag.create({ data: { name: 'kept' } })
    await prisma.tag.updateMany({ where: { name: 'none' }, data: { name: 'other' } })
    const locking = provider === 'sqlite' ? '' : `SELECT id FROM ${table} FOR UPDATE`
    if (locking !== '') await prisma.$queryRawUnsafe(locking)
    if (provider === 'postgresql')
      await prisma.$queryRawUnsafe(
        `WITH gone AS (DELETE FROM "Tag" WHERE id < 0 RETURNING id) SELECT * FROM gone`,
      )
    await told(provider === 'postgresql' ? 4 : provider === 'mysql' ? 3 : 2)
    const all = await explained()
    const writes = all.filter(({ sql }) => /insert|update|delete/i.test(sql))
    expect(writes.length).toBeGreaterThanOrEqual(2)
    for (const { plan, reason } of writes) {
      expect(plan).toBeNull()
      expect(reason).toMatch(/not one statement that reads|no longer holds/)
    }
    expect(await prisma.tag.count()).toBe(1)
    await prisma.tag.deleteMany()
    await prisma.$disconnect()
  })

  if (provider !== 'sqlite')
    test('a function that is called while a statement is planned cannot write', async () => {
      const plain = database.createClient()
      await plain.$executeRawUnsafe('CREATE TABLE sly_calls (n int)')
      for (const made of FUNCTIONS[provider]) await plain.$executeRawUnsafe(made)
      const calls = async () => (await plain.$queryRawUnsafe<unknown[]>('SELECT n FROM sly_calls')).length
      const prisma = reporting()
      // Running it may note two calls; the plan that is taken of each shape by itself notes none.
      await plain.$queryRawUnsafe(`SELECT id FROM ${TABLES[provider]} WHERE id = sly(1)`)
      const once = await calls()
      await prisma.$queryRawUnsafe(`SELECT id FROM ${TABLES[provider]} WHERE id = sly(1)`)
      await told(1)
      await new Promise((resolve) => setTimeout(resolve, 300))
      const before = await calls()
      expect(before).toBe(2 * once)
      const [sly] = await explained()
      expect(sly!.sql).toContain('sly')
      expect(await calls()).toBe(before)
      await prisma.$disconnect()
    })
})

test('a process that is gone is said to be, at once', async () => {
  const hub = await startHub({ port: 0 })
  const statement = { sql: 'SELECT 1', ms: 1, rows: 1, fingerprint: 'f', at: 0, waitMs: 0 }
  const about = {
    type: 'process',
    protocol: 1,
    process: 'p',
    pid: 1,
    name: 'x',
    cwd: '/',
    dropped: 0,
    args: 'kinds',
  }
  const call = {
    type: 'call',
    request: 'p-1',
    call: 1,
    model: null,
    operation: '$queryRaw',
    at: 0,
    ms: 1,
    waitMs: 0,
    transactionMs: 0,
    statements: [statement],
    rowsRead: 1,
    rowsReturned: 1,
    callSite: null,
  }
  hub.take([about, call].map((each) => JSON.stringify(each)).join('\n'))
  const { origin, searchParams } = new URL(hub.address)
  const ask = (body: object) =>
    fetch(`${origin}/api/explain`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${searchParams.get('token')}` },
      body: JSON.stringify(body),
    })
  expect(await (await ask({ request: 'p-1' })).json()).toMatchObject([
    { call: 1, plan: null, reason: expect.stringContaining('has ended') },
  ])
  expect((await ask({ request: 'p-2' })).status).toBe(404)
  expect((await ask({ request: 'p-1', call: 7 })).status).toBe(404)
  expect((await ask({ request: { toString: 1 } })).status).toBe(404)
  await hub.close()
})
