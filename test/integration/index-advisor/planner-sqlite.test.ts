import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createClient, type Client } from '@libsql/client'

import { genericBinding } from '../../../packages/index-advisor/src/binding/binding.ts'
import type { HypotheticalIndex, Planner } from '../../../packages/index-advisor/src/planner/planner.ts'
import { sqlitePlanner } from '../../../packages/index-advisor/src/planner/sqlite-planner.ts'
import { exportSqliteStatistics } from '../../../packages/index-advisor/src/statistics/export-sqlite.ts'
import { text } from '../../../packages/index-advisor/src/statistics/sql-client.ts'
import { hypotheticalIndex } from '../../support/hypothetical-index.ts'

const ROWS = 20_000
const directory = mkdtempSync(join(tmpdir(), 'brisk-sqlite-'))
const url = `file:${join(directory, 'blog.db')}`
let database: Client
let planner: Planner

beforeAll(async () => {
  database = createClient({ url })
  await database.executeMultiple(`
    create table "User" ("id" integer primary key, "email" text not null unique, "country" text not null);
    create table "Post" ("id" integer primary key, "authorId" integer not null references "User" ("id"),
      "status" text not null, "title" text not null, "createdAt" text not null, "score" integer not null);
    create index "Post_status_idx" on "Post" ("status");
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS / 10})
      insert into "User" select i, 'user' || i, 'c' || (i % 12) from n;
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS})
      insert into "Post" select i, 1 + (i * 7919) % ${ROWS / 10}, case when i % 100 < 97 then 'live' else 'draft' end,
        'title ' || i, '2024-01-' || (i % 28), (i * 31) % 1000 from n;
    analyze;`)
  const statistics = await exportSqliteStatistics({
    query: async (sql, parameters) =>
      (await database.execute({ sql, args: (parameters ?? []) as string[] })).rows,
  })
  planner = await sqlitePlanner(statistics)
}, 30_000)

afterAll(async () => {
  await planner?.close()
  database?.close()
  rmSync(directory, { recursive: true })
})

const index = (table: string, keys: string) => hypotheticalIndex(table, keys, { schema: null })

const byAuthor = index('Post', 'authorId')
const byAuthorScore = index('Post', 'authorId, score desc')
const cases: readonly { sql: string; indexes: readonly HypotheticalIndex[]; gain: number }[] = [
  { sql: 'select * from "Post" where "authorId" = $1', indexes: [byAuthor], gain: 100 },
  {
    sql: 'select * from "main"."Post" where "authorId" = $1 order by "score" desc limit 5',
    indexes: [byAuthor, byAuthorScore],
    gain: 100,
  },
  { sql: 'select * from "Post" where "score" > $1', indexes: [index('Post', 'score')], gain: 1 },
  {
    sql: 'select u."id", p."id" from "User" u join "Post" p on p."authorId" = u."id" where u."email" = $1',
    indexes: [byAuthor],
    gain: 50,
  },
  { sql: 'delete from "Post" where "authorId" = $1', indexes: [byAuthor], gain: 100 },
  {
    sql: 'select * from "Post" where "title" = $1 or "authorId" = $2',
    indexes: [byAuthor, index('Post', 'title')],
    gain: 100,
  },
  {
    sql: 'select * from "Post" order by "createdAt" desc limit 10',
    indexes: [index('Post', 'createdAt')],
    gain: 100,
  },
  {
    sql: 'select count(*) from (select "id" from "Post" where "authorId" = $1 and "status" = $2) x',
    indexes: [index('Post', 'authorId, status')],
    gain: 100,
  },
  { sql: 'select * from "Post" where "title" like $1', indexes: [index('Post', 'title')], gain: 1 },
]

/** Builds them, asks SQLite for its plan, and drops them: over connections of their own, for libSQL keeps an EXPLAIN open. */
async function usedWhenBuilt(
  indexes: readonly HypotheticalIndex[],
  sql: string,
): Promise<HypotheticalIndex[]> {
  const builder = createClient({ url })
  for (const [at, each] of indexes.entries()) {
    const keys = each.keys.map((key) => `"${key.column}" ${key.sort}`).join(', ')
    await builder.execute(`create index "real_${at}" on "${each.table}" (${keys})`)
  }
  await builder.execute('analyze')
  const { rows } = await builder.execute(`explain query plan ${sql}`)
  builder.close()
  for (const at of indexes.keys()) await database.execute(`drop index "real_${at}"`)
  return indexes.filter((_, at) => rows.some((row) => text(row, 'detail').includes(`real_${at}`)))
}

test.each(cases)('X53 SQLite plans as with the real index: $sql', async ({ sql, indexes, gain }) => {
  const query = { fingerprint: sql, sql, parameters: new Set(sql.match(/\$\d+/g)).size }
  const before = await planner.plan(query, [], genericBinding)
  const foreseen = await planner.plan(query, indexes, genericBinding)
  const used = (await usedWhenBuilt(indexes, sql)).map((each) => each.id)
  const ours = foreseen.uses.filter((id) => indexes.some((each) => each.id === id))
  expect(ours).toEqual(used.sort())
  if (gain > 1) expect(before.cost / foreseen.cost).toBeGreaterThan(gain)
  expect((await planner.plan(query, [], genericBinding)).cost).toBe(before.cost)
})

test('X54 SQLite: other kinds of index and expressions are declined with a reason', async () => {
  expect(await planner.decline({ ...byAuthor, method: 'gin' })).toContain('gin')
  const expression = { column: null, expression: 'lower("title")', sort: 'asc', operatorClass: null } as const
  expect(await planner.decline({ ...byAuthor, keys: [expression] })).toContain('expression')
  expect(await planner.decline(byAuthor)).toBeNull()
})

test('X53 SQLite: a query it cannot plan is refused and leaves the planner usable', async () => {
  const query = (sql: string) => ({ fingerprint: sql, sql, parameters: 0 })
  for (const sql of ['select * from nowhere', 'drop table "Post"', 'select 1; delete from "Post"']) {
    await expect(planner.plan(query(sql), [], genericBinding)).rejects.toMatchObject({
      code: 'E_UNPLANNABLE_QUERY',
    })
  }
  expect((await planner.plan(query('select * from "Post"'), [], genericBinding)).cost).toBeGreaterThan(
    ROWS / 2,
  )
})

test('X43 the statistics of SQLite hold counts and no value', async () => {
  const statistics = await exportSqliteStatistics({
    query: async (sql, parameters) =>
      (await database.execute({ sql, args: (parameters ?? []) as string[] })).rows,
  })
  const printed = JSON.stringify(statistics)
  expect(printed).not.toMatch(/user12|title 1|draft/)
  const post = statistics.tables.find((table) => table.name === 'Post')
  expect(post?.rows).toBe(ROWS)
  expect(post?.columns.find((column) => column.name === 'authorId')?.statistics?.distinct).toBe(ROWS / 10)
  expect(post?.indexes.find((each) => each.name === 'Post_status_idx')?.stat).toBe(`${ROWS} ${ROWS / 2}`)
})
