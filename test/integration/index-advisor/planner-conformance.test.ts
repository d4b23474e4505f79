import { existsSync } from 'node:fs'

import { bindingsOf } from '../../../packages/index-advisor/src/binding/bind.ts'
import { genericBinding } from '../../../packages/index-advisor/src/binding/binding.ts'
import { rolesOf } from '../../../packages/index-advisor/src/binding/statement-roles.ts'
import { hypopgPlanner } from '../../../packages/index-advisor/src/planner/hypopg-planner.ts'
import { pglitePlanner } from '../../../packages/index-advisor/src/planner/what-if/pglite-planner.ts'
import type { Plan } from '../../../packages/index-advisor/src/planner/plan.ts'
import type { HypotheticalIndex, Planner } from '../../../packages/index-advisor/src/planner/planner.ts'
import { transactionPlanner } from '../../../packages/index-advisor/src/planner/transaction-planner.ts'
import { exportPostgresStatistics } from '../../../packages/index-advisor/src/statistics/export-postgres.ts'
import { findTable, type Statistics } from '../../../packages/index-advisor/src/statistics/statistics.ts'
import { blogSql } from '../../support/blog-database.ts'
import { ensureDebianPackage } from '../../support/debian-package.ts'
import { type PostgresServer, postgresBinaries, startPostgres } from '../../support/postgres.ts'
import { type ConnectedClient, connectSql } from '../../support/sql-client.ts'
import { hypotheticalIndex as index } from '../../support/hypothetical-index.ts'

let server: PostgresServer
let admin: ConnectedClient
let statistics: Statistics

beforeAll(async () => {
  const version = /postgresql\/(\d+)\//.exec(`${postgresBinaries()}/`)?.[1] ?? '15'
  ensureDebianPackage(`postgresql-${version}-hypopg`, () =>
    existsSync(`/usr/share/postgresql/${version}/extension/hypopg.control`),
  )
  server = await startPostgres()
  admin = await connectSql(server.url)
  await admin.query(blogSql(30_000))
  await admin.query('create extension hypopg')
  await admin.query(`create function leak(text) returns text stable language plpgsql
    as $$ begin raise exception 'executed'; end $$`)
  await admin.query('vacuum analyze')
  statistics = await exportPostgresStatistics(admin)
}, 120_000)

afterAll(async () => {
  await admin?.end()
  await server?.kill()
})

const open: Readonly<Record<string, (client: ConnectedClient) => Promise<Planner>>> = {
  pglite: () => pglitePlanner(statistics),
  hypopg: (client) => hypopgPlanner(client, statistics),
  transaction: (client) => transactionPlanner(client, { allowCreate: true }),
}
/** Cost of each case with its indexes, as generic plan, by planner. */
const costs = new Map<string, Map<string, number>>()

const byAuthor = index('Post', 'authorId')
const byAuthorDate = index('Post', 'authorId, createdAt desc')
const byStatus = index('Post', 'status')
const cases: readonly {
  readonly name: string
  readonly sql: string
  readonly indexes: readonly HypotheticalIndex[]
  /** Which of them is used with a rare value. */
  readonly expect: string | null
}[] = [
  {
    name: 'an equality',
    sql: 'select * from "Post" where "authorId" = $1',
    indexes: [byAuthor],
    expect: byAuthor.id,
  },
  {
    name: 'an equality and a sort',
    sql: 'select * from "Post" where "authorId" = $1 order by "createdAt" desc limit 10',
    indexes: [byAuthor, byAuthorDate],
    expect: byAuthorDate.id,
  },
  {
    name: 'a value nearly all rows have',
    sql: `select * from "Post" where "status" = 'PUBLISHED'`,
    indexes: [byStatus],
    expect: null,
  },
  {
    name: 'a value few rows have',
    sql: `select * from "Post" where "status" = 'FLAGGED'`,
    indexes: [byStatus],
    expect: byStatus.id,
  },
  {
    name: 'a range',
    sql: 'select "id" from "Post" where "price" between $1 and $2',
    indexes: [index('Post', 'price')],
    expect: 'Post(price)',
  },
  {
    name: 'a partial index',
    sql: 'select "id" from "User" where "deletedAt" is not null and "deletedAt" < $1',
    indexes: [index('User', 'deletedAt', { predicate: '"deletedAt" is not null' })],
    expect: 'User(deletedAt)"deletedAt" is not null',
  },
  {
    name: 'a join',
    sql: 'select p."id", c."id" from "Post" p join "Comment" c on c."postId" = p."id" where p."id" = $1',
    indexes: [index('Comment', 'postId')],
    expect: 'Comment(postId)',
  },
  {
    name: 'a column that is not asked for',
    sql: 'select * from "Post" where "categoryId" = $1',
    indexes: [byAuthor],
    expect: null,
  },
  {
    name: 'the delete of a parent',
    sql: 'delete from only "public"."Post" where $1 operator(pg_catalog.=) "authorId"',
    indexes: [byAuthor],
    expect: byAuthor.id,
  },
  {
    name: 'a contained text, which no b-tree finds',
    sql: 'select "id" from "Post" where "title" like $1',
    indexes: [index('Post', 'title')],
    expect: null,
  },
]

describe.each(Object.keys(open))('planner %s', (name) => {
  let planner: Planner
  let client: ConnectedClient

  beforeAll(async () => {
    client = await connectSql(server.url)
    planner = await (open[name] as (typeof open)[string])(client)
  }, 30_000)

  afterAll(async () => {
    await planner?.close()
    await client?.end()
  })

  const query = (sql: string) => ({ fingerprint: sql, sql, parameters: new Set(sql.match(/\$\d+/g)).size })

  test.each(cases)('X53 $name: uses $expect', async ({ name: label, sql, indexes, expect: expected }) => {
    const asked = query(sql)
    const hasColumn = (schema: string | null, table: string, column: string) =>
      findTable(statistics, schema, table)?.columns.some((each) => each.name === column) ?? false
    const { roles } = await rolesOf(sql, asked.parameters, hasColumn)
    const bindings = bindingsOf(roles, { statistics, rows: null })
    const rare = bindings.find((binding) => binding.kind === 'rare') ?? bindings[0] ?? genericBinding
    const ours = (plan: Plan) => plan.uses.filter((id) => indexes.some((each) => each.id === id))

    const before = await planner.plan(asked, [], rare)
    expect(ours(before)).toEqual([])
    const after = await planner.plan(asked, indexes, rare)
    expect(ours(after)).toEqual(expected === null ? [] : [expected])
    if (expected === null) expect(after.cost).toBeCloseTo(before.cost, 6)
    else expect(after.cost).toBeLessThan(before.cost * 0.8)

    // What was there is gone again, for a plan with values and for a generic one.
    expect((await planner.plan(asked, [], rare)).cost).toBe(before.cost)
    const generic = await planner.plan(asked, [], genericBinding)
    const withIndexes = await planner.plan(asked, indexes, genericBinding)
    expect((await planner.plan(asked, [], genericBinding)).cost).toBe(generic.cost)
    costs.set(name, (costs.get(name) ?? new Map()).set(label, withIndexes.cost))
  })

  test('X53 a query it cannot plan is refused and leaves the planner usable', async () => {
    for (const sql of [
      'select * from "Nowhere"',
      'drop table "Post"',
      'select 1; drop table "Post"',
      'selec 1',
    ]) {
      await expect(planner.plan(query(sql), [], genericBinding)).rejects.toMatchObject({
        code: 'E_UNPLANNABLE_QUERY',
      })
    }
    const plan = await planner.plan(query('select * from "Post"'), [], genericBinding)
    expect(plan.cost).toBeGreaterThan(0)
  })

  test('X54 an index on an expression or an unknown table is declined with a reason', async () => {
    const expression: HypotheticalIndex = {
      ...byAuthor,
      id: 'expression',
      keys: [{ column: null, expression: 'lower("title")', sort: 'asc', operatorClass: null }],
    }
    expect(await planner.decline(expression)).toContain('expression')
    expect(await planner.decline(byAuthor)).toBeNull()
    expect(await planner.decline({ ...byAuthor, id: 'unknown', table: 'Nowhere' })).not.toBeNull()
  })

  test('X43 planning a write executes nothing', async () => {
    const state = `select (select count(*) from "Post")::int as posts, (select xact_commit >= 0 from pg_stat_database
      where datname = current_database()) as ok`
    const before = await admin.query(state)
    for (const sql of [
      'delete from "Post"',
      'update "Post" set "score" = 0',
      'insert into "Post" select * from "Post"',
    ]) {
      await planner.plan(query(sql), [byAuthor], genericBinding)
    }
    expect(await admin.query(state)).toEqual(before)
    expect(before[0]).toMatchObject({ posts: 30_000 })
  })

  test('X43 a function of the user’s that planning would run is not run', async () => {
    const failure = planner.plan(query(`select * from "Post" where "title" = leak('x')`), [], genericBinding)
    await expect(failure).rejects.toMatchObject({
      code: 'E_UNPLANNABLE_QUERY',
      message: expect.stringContaining('leak'),
    })
  })

  test('X43 the plan in the answer holds no value', async () => {
    const secret = query(`select * from "Post" where "title" = $1 and "score" > 987654`)
    const plan = await planner.plan(secret, [], { kind: 'common', values: ["it's a $ecret"] })
    const printed = JSON.stringify(plan)
    expect(printed).not.toContain('ecret')
    expect(printed).not.toContain('987654')
    expect(printed).toContain('?')
  })

  test('X43 it leaves no index behind', async () => {
    await planner.plan(query('select * from "Post" where "authorId" = $1'), [byAuthor], genericBinding)
    await planner.close()
    await planner.close()
    const left = await admin.query(`select indexname from pg_indexes where indexname like 'prisma_brisk%'`)
    expect(left).toEqual([])
  })
})

test('X53 pglite and hypopg foresee within 10 % what a real index costs', () => {
  const real = costs.get('transaction') as Map<string, number>
  expect(real.size).toBe(cases.length)
  for (const name of ['pglite', 'hypopg']) {
    for (const [label, cost] of real) {
      const foreseen = costs.get(name)?.get(label) as number
      const error = Math.abs(foreseen - cost) / cost
      expect({ name, label, error: error <= 0.1 ? 'within 10 %' : error }).toEqual({
        name,
        label,
        error: 'within 10 %',
      })
    }
  }
})

test('X43 the session that plans on a live server cannot write, and waits for nothing', async () => {
  const client = await connectSql(server.url)
  const planner = await hypopgPlanner(client, statistics)
  await expect(client.query('delete from "Post"')).rejects.toThrow('read-only')
  const settings = `select current_setting('statement_timeout') as s, current_setting('lock_timeout') as l`
  expect(await client.query(settings)).toEqual([{ s: '10s', l: '2s' }])
  await planner.close()
  await client.end()
})

test('X66 hypopg missing or a build not allowed is one clear line', async () => {
  const client = await connectSql(server.url)
  await admin.query('create database bare')
  const bare = await connectSql(server.url.replace(/\/postgres$/, '/bare'))
  await expect(hypopgPlanner(bare, statistics)).rejects.toMatchObject({
    code: 'E_PLANNER',
    message: expect.stringContaining('CREATE EXTENSION hypopg'),
  })
  await expect(transactionPlanner(client, { allowCreate: false })).rejects.toMatchObject({
    code: 'E_PLANNER',
    message: expect.stringContaining('--allow-create'),
  })
  await bare.end()
  await client.end()
})

test('X66 a server that goes away half-way is one clear line, and no half-made index is left', async () => {
  const client = await connectSql(server.url)
  const planner = await transactionPlanner(client, { allowCreate: true })
  const asked = { fingerprint: 'q', sql: 'select * from "Post" where "authorId" = $1', parameters: 1 }
  await planner.plan(asked, [byAuthor], genericBinding)
  await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where pid <> pg_backend_pid() and backend_type = 'client backend'`)
  const failure = planner.plan(asked, [byAuthorDate], genericBinding)
  await expect(failure).rejects.toMatchObject({ code: 'E_DATABASE' })
  await expect(failure).rejects.toThrow(
    /^The server went away while the transaction planner asked it for plans/,
  )
  await planner.close()
  expect(await admin.query(`select indexname from pg_indexes where indexname like 'prisma_brisk%'`)).toEqual(
    [],
  )
})
