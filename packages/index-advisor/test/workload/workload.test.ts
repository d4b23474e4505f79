import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { readStatement } from '../../src/workload/statement.ts'
import { readWorkload } from '../../src/workload/read-workload.ts'

const directory = mkdtempSync(join(tmpdir(), 'brisk-workload-'))
afterAll(() => rmSync(directory, { recursive: true }))

const read = async (sql: string, provider: 'postgresql' | 'mysql' | 'sqlite' = 'postgresql') =>
  readStatement(sql, provider)
const fingerprint = async (sql: string) => {
  const statement = await read(sql)
  return 'skip' in statement ? statement.skip : statement.fingerprint
}

test('X40 IN lists of any length, comments, layout and literals give one fingerprint', async () => {
  const one = await fingerprint('select * from "Post" where "id" in ($1)')
  for (const sql of [
    'select * from "Post" where "id" in ($1, $2, $3)',
    'SELECT * FROM "Post"\n WHERE "id" IN (1,2,3,4,5,6,7)',
    `select * from "Post" where "id" in ($1) /* traceparent='00-secret-01' */`,
    'select * from "Post" -- secret\n where "id" in ($1, $2)',
    'select * from "Post" where "id" in ($1, $2, $3 /* 97 more */)',
  ]) {
    expect({ sql, fingerprint: await fingerprint(sql) }).toEqual({ sql, fingerprint: one })
  }
  expect(await fingerprint('select * from "Post" where "authorId" in ($1)')).not.toBe(one)
})

test('X40 a list that the log cut short has its length again, and parameters no gap', async () => {
  expect(
    await read('select * from t where a in ($1, $2, $3 /* 4 more */) and b = $8 limit $9'),
  ).toMatchObject({
    sql: 'select * from t where a in ($1, $2, $3, $4, $5, $6, $7) and b = $8 limit $9',
    parameters: 9,
  })
  expect(await read('insert into t (a) values ($1), ($2) /* 7 more rows */ returning a')).toMatchObject({
    sql: 'insert into t (a) values ($1), ($2) returning a',
    kind: 'insert',
  })
})

test.each([
  ['create index x on t (a)', 'utility'],
  ['BEGIN', 'utility'],
  ['set search_path = x', 'utility'],
  ['select into b from a', 'utility'],
  ['explain select * from t', 'utility'],
  ['select * from pg_catalog.pg_class', 'catalog'],
  ['select relname from pg_class where relkind = $1', 'catalog'],
  ['select * from information_schema.tables', 'catalog'],
  ['select "id" from "public"."_prisma_migrations" order by "id"', 'migrations'],
  ['select * from "Post" where "body" = $1 and …', 'truncated'],
  ['SELECT * FROM `Post` WHERE `a` = ? AND ...', 'truncated'],
  ['select 1', 'no-table'],
  ['selec * form t', 'unreadable'],
  ['select * from a; drop table a', 'unreadable'],
  ['', 'unreadable'],
])('X40 %s is skipped as %s', async (sql, reason) => {
  expect(await read(sql)).toMatchObject({ skip: reason })
})

test('X43 no literal of the original is in what is kept', async () => {
  for (const sql of [
    `select * from t where a = 'secret' and b = 4711 and c = $$secret$$ and d = E'sec\\'ret' and e = x'4711'`,
    `select * from t where a = U&'secret' limit 4711`,
    `insert into t (a, b) values ('secret', 4711)`,
    `update t set a = 'secret' where b = 4711`,
  ]) {
    const statement = await read(sql)
    expect(JSON.stringify(statement)).not.toMatch(/secret|sec'ret|4711/)
    expect(statement).toHaveProperty('fingerprint')
  }
})

test('X40 digests and statements of MySQL and SQLite are read as the same statement', async () => {
  const logged = await read(
    'SELECT `db`.`Post`.`id` FROM `db`.`Post` WHERE `db`.`Post`.`a` IN (?,?,?) LIMIT ?',
    'mysql',
  )
  const digest = await read(
    'SELECT `db` . `Post` . `id` FROM `db` . `Post` WHERE `db` . `Post` . `a` IN (...) LIMIT ?',
    'mysql',
  )
  expect(logged).toMatchObject({ kind: 'select' })
  expect('fingerprint' in logged && logged.fingerprint).toBe('fingerprint' in digest && digest.fingerprint)
  expect(
    await read('SELECT `main`.`Post`.`id` FROM `main`.`Post` WHERE `main`.`Post`.`a` = ?', 'sqlite'),
  ).toMatchObject({
    sql: 'SELECT "main"."Post"."id" FROM "main"."Post" WHERE "main"."Post"."a" = $1',
    parameters: 1,
  })
})

test('what pg_stat_statements makes of an interval is read back', async () => {
  expect(await read('select * from t where at > now() - interval $1')).toMatchObject({
    sql: 'select * from t where at > now() - $1::interval',
  })
})

function record(sql: string, ms: number, rows = 1): string {
  return JSON.stringify({
    type: 'slow-query',
    model: 'Post',
    operation: 'findMany',
    ms,
    statements: [{ sql, ms, rows }],
  })
}

test('S20 X40 the log is read with its rotated files and a torn last line', async () => {
  const path = join(directory, 'slow.ndjson')
  const sql = (list: number) =>
    `SELECT * FROM "Post" WHERE "id" IN (${Array.from({ length: list }, (_, at) => `$${at + 1}`).join(', ')})`
  writeFileSync(`${path}.2.gz`, gzipSync(`${record(sql(1), 10)}\n${record(sql(5), 20)}\n`))
  writeFileSync(`${path}.1`, `{"half":"a li\n${record(sql(9), 30, 7)}\n`)
  writeFileSync(
    path,
    `${record('SELECT * FROM "User" WHERE "id" = $1', 5)}\r\n{"type":"n-plus-one","model":"Post"}\n\n${record(sql(5), 40, 5)}\n${record(sql(2), 99).slice(0, 60)}`,
  )
  const workload = await readWorkload(path, 'postgresql')
  expect(workload.source).toBe('slow-query-log')
  expect(workload.skipped).toEqual({ torn: 2 })
  expect(
    workload.queries.map(({ calls, totalMs, rows, operation, parameters }) => ({
      calls,
      totalMs,
      rows,
      operation,
      parameters,
    })),
  ).toEqual([
    // Of the texts of one fingerprint the most called stands for it: two with five items.
    { calls: 4, totalMs: 100, rows: 3.5, operation: 'Post.findMany', parameters: 5 },
    { calls: 1, totalMs: 5, rows: 1, operation: 'Post.findMany', parameters: 1 },
  ])
})

test('a gzip file that ends early gives what it has', async () => {
  const path = join(directory, 'cut.ndjson')
  const whole = gzipSync(
    Array.from({ length: 2000 }, (_, at) => record(`SELECT * FROM "Post" WHERE "a" = $1`, at)).join('\n'),
  )
  writeFileSync(`${path}.1.gz`, whole.subarray(0, whole.length - 20))
  writeFileSync(path, `${record('SELECT * FROM "Post" WHERE "a" = $1', 1)}\n`)
  const workload = await readWorkload(path, 'postgresql')
  expect(workload.queries[0]?.calls).toBeGreaterThan(0)
})

test('a file of SQL is split at its statements, with calls and times from comments', async () => {
  const path = join(directory, 'queries.sql')
  writeFileSync(
    path,
    `-- calls: 1200, ms: 3.5
select * from "Post" where "title" = 'a;b' and "body" = $$ ; $$;
/* a note; with a semicolon */ select * from "User" where "email" = E'it\\';s';
select "odd;name" from "Post";`,
  )
  const workload = await readWorkload(path, 'postgresql')
  expect(workload.queries.map(({ sql, calls, totalMs }) => ({ sql, calls, totalMs }))).toEqual([
    { sql: 'select * from "Post" where "title" = $1 and "body" = $2', calls: 1200, totalMs: 4200 },
    ...workload.queries.slice(1).map(({ sql }) => ({ sql, calls: 1, totalMs: 0 })),
  ])
  expect(workload.queries.map(({ sql }) => sql).sort()).toContain('select "odd;name" from "Post"')
})

test.each([
  ['empty.ndjson', '', 'holds no query to advise on: it is empty'],
  [
    'only.ndjson',
    `${record('select 1', 5)}\n${record('BEGIN', 5)}\n`,
    'all of it was skipped: 1 no-table, 1 utility',
  ],
  ['prose.ndjson', 'this is\nno log\n', 'is no slow-query log: none of its 2 lines is a JSON record'],
])('X66 %s is one clear line', async (name, text, message) => {
  const path = join(directory, name)
  writeFileSync(path, text)
  const failure = readWorkload(path, 'postgresql')
  await expect(failure).rejects.toMatchObject({ code: 'E_WORKLOAD' })
  await expect(failure).rejects.toThrow(message)
})

test('X66 a workload that is not there is one clear line', async () => {
  await expect(readWorkload(join(directory, 'none.ndjson'), 'postgresql')).rejects.toThrow(
    'none.ndjson cannot be read',
  )
  await expect(readWorkload(join(directory, 'none'), 'postgresql')).rejects.toMatchObject({
    code: 'E_WORKLOAD',
  })
})
