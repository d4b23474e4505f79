import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { run } from '../../../packages/index-advisor/src/cli/run.ts'
import type { Verification } from '../../../packages/index-advisor/src/verify/verify-indexes.ts'
import { postgresUrl } from '../../support/servers.ts'
import { type ConnectedClient, connectSql } from '../../support/sql-client.ts'

const name = `brisk_verify_${process.pid}`
const project = mkdtempSync(join(tmpdir(), 'brisk-verify-'))
const url = new URL(postgresUrl())
url.pathname = `/${name}`
let admin: ConnectedClient
let client: ConnectedClient

const schema = `datasource db {
  provider = "postgresql"
}
model Author {
  id    Int    @id
  email String @unique
  posts Post[]
}
model Post {
  id       Int    @id
  authorId Int
  author   Author @relation(fields: [authorId], references: [id])
  title    String
  score    Int
  @@index([authorId])
  @@index([title])
  @@index([score])
}
`

beforeAll(async () => {
  admin = await connectSql(postgresUrl())
  await admin.query(`create database ${name}`)
  client = await connectSql(url.href)
  writeFileSync(join(project, 'schema.prisma'), schema)
  await client.query(`
    create table "Author" (id int primary key, email text not null);
    create unique index "Author_email_key" on "Author" (email);
    create table "Post" (id int primary key, "authorId" int not null references "Author" (id), title text not null, score int not null);
    create index "Post_authorId_idx" on "Post" ("authorId");
    create index "Post_title_idx" on "Post" (title);
    insert into "Author" select i, 'a' || i from generate_series(1, 100) i;
    insert into "Post" select i, 1 + i % 100, 'title ' || i, 7 from generate_series(1, 20000) i`)
  await client.query('analyze')
  await client.query('select * from "Post" where "authorId" = 5')
  // Two equal scores: the concurrent build of a unique index fails and leaves an invalid one behind.
  await expect(
    client.query('create unique index concurrently "Post_score_idx" on "Post" (score)'),
  ).rejects.toThrow('could not create')
  await expect(
    client.query('create unique index concurrently "Post_title_idx_ccnew" on "Post" (score)'),
  ).rejects.toThrow()
  await client.end()
  client = await connectSql(url.href)
}, 60_000)

afterAll(async () => {
  await client?.end()
  await admin?.query(`drop database if exists ${name} with (force)`)
  await admin?.end()
  rmSync(project, { recursive: true, force: true })
})

async function verify(...flags: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const argv = ['verify', '--schema', 'schema.prisma', '--database-url', url.href, ...flags]
  const code = await run(argv, {
    cwd: project,
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    isTerminal: false,
  })
  return { code, out, err }
}

test('X65 built, valid and used are told apart, and what is broken comes with the commands that mend it', async () => {
  const { code, out } = await verify('--format', 'json')
  const { indexes, isGood } = JSON.parse(out) as Verification
  expect(code).toBe(1)
  expect(isGood).toBe(false)
  const states = Object.fromEntries(indexes.map((index) => [index.name, index.state]))
  expect(states).toMatchObject({
    Author_email_key: 'used',
    Post_authorId_idx: 'used',
    Post_title_idx: 'unused',
    Post_score_idx: 'invalid',
    Post_title_idx_ccnew: 'leftover',
  })
  const invalid = indexes.find((index) => index.state === 'invalid')
  expect(invalid?.commands).toEqual([
    'DROP INDEX CONCURRENTLY "public"."Post_score_idx";',
    'CREATE UNIQUE INDEX CONCURRENTLY "Post_score_idx" ON public."Post" USING btree (score);',
  ])
  const leftover = indexes.find((index) => index.state === 'leftover')
  expect(leftover?.commands).toEqual(['DROP INDEX CONCURRENTLY "public"."Post_title_idx_ccnew";'])
})

test('X65 the commands mend it, and the text says so', async () => {
  const broken = await verify()
  expect(broken.out).toContain('✗ Post  Post_score_idx  invalid')
  expect(broken.out).toContain('· Post  Post_title_idx  unused: No query has read it')
  for (const command of broken.out.match(/DROP INDEX CONCURRENTLY .+;/g) ?? []) await client.query(command)
  const missing = await verify()
  expect(missing.out).toContain('✗ Post  Post_score_idx  missing')
  expect(missing.code).toBe(1)
  await client.query('create index "Post_score_idx" on "Post" (score)')
  const mended = await verify()
  expect(mended.code).toBe(0)
  expect(mended.out).toContain('0 to mend')
})

test('X65 a statement that an index mended is gone from the log, or nearly, and is reported', async () => {
  const line = (column: string) =>
    JSON.stringify({
      type: 'slow-query',
      model: 'Post',
      operation: 'findMany',
      ms: 200,
      threshold: 100,
      callSite: `src/post.ts:${column.length}:1`,
      statements: [{ sql: `SELECT * FROM "Post" WHERE "${column}" = $1`, ms: 200, rows: 1 }],
    })
  const log = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts)
      .flatMap(([column, count]) => Array.from({ length: count }, () => line(column)))
      .join('\n')
  writeFileSync(join(project, 'before.ndjson'), log({ authorId: 34, title: 40, score: 30 }))
  writeFileSync(join(project, 'after.ndjson'), log({ title: 3, score: 28 }))
  const { out, code } = await verify('--before', 'before.ndjson', '--workload', 'after.ndjson')
  const lines = out.split('\n').filter((each) => each.includes('Post.findMany'))
  expect(lines).toHaveLength(3)
  for (const each of lines) expect(each).toMatch(/Post\.findMany {2}[0-9a-f]{16} {2}src\/post\.ts:\d:1 {2}/)
  expect(out).toMatch(/ts:8:1 {2}no longer slow: 34 calls before, none of more than 100 ms since\n/)
  expect(out).toMatch(/ts:5:1 {2}200 ms → 200 ms \(fewer are slow: 40 calls before, 3 since\)\n/)
  expect(out.match(/\(same\)/g)).toHaveLength(1)
  expect(out).toContain(' 3 statements: 0 slower.')
  expect(code).toBe(out.includes(' 0 to mend') ? 0 : 1)
})

test('X65 an empty URL is said to be empty', async () => {
  const { code, err } = await verify('--database-url', '')
  expect(code).toBe(2)
  expect(err).toContain('--database-url is empty')
})

test('X65 the same statements before and after say whether it became faster', async () => {
  const line = (sql: string, ms: number) =>
    JSON.stringify({
      type: 'slow-query',
      model: 'Post',
      operation: 'findMany',
      ms,
      statements: [{ sql, ms, rows: 1 }],
    })
  const times = (count: number, sql: string, ms: number) => Array.from({ length: count }, () => line(sql, ms))
  const slow = 'SELECT * FROM "Post" WHERE "authorId" = $1'
  const other = 'SELECT * FROM "Post" WHERE "title" = $1'
  const rare = 'SELECT * FROM "Post" WHERE "score" = $1'
  const quick = 'SELECT * FROM "Post" WHERE "id" = $1'
  const before = [line(slow, 200), line(slow, 220), ...times(30, other, 5), ...times(3, rare, 10)]
  const after = [line(slow, 2), ...times(30, other, 50), ...times(3, rare, 15.1), ...times(30, quick, 9.3)]
  writeFileSync(join(project, 'before.ndjson'), [...before, ...times(30, quick, 4.7)].join('\n'))
  writeFileSync(join(project, 'after.ndjson'), after.join('\n'))
  const { out, code } = await verify(
    '--before',
    'before.ndjson',
    '--workload',
    'after.ndjson',
    '--format',
    'json',
  )
  const { statements } = JSON.parse(out) as Verification
  expect(statements.map(({ verdict, before, after }) => [verdict, before.meanMs, after?.meanMs])).toEqual([
    ['slower', 5, 50],
    ['faster', 210, 2],
    ['same', 4.7, 9.3],
    ['unsure', 10, 15.1],
  ])
  expect(code).toBe(1)
})

test('KN11 a statement that got slower by a few milliseconds, or in a few calls, is no alarm', async () => {
  const log = (ms: number, count: number) =>
    Array.from({ length: count }, () =>
      JSON.stringify({
        type: 'slow-query',
        statements: [{ sql: 'SELECT * FROM "Post" WHERE "id" = $1', ms, rows: 1 }],
      }),
    ).join('\n')
  const flags = ['--before', 'before.ndjson', '--workload', 'after.ndjson']
  writeFileSync(join(project, 'before.ndjson'), log(4.7, 500))
  writeFileSync(join(project, 'after.ndjson'), log(9.3, 500))
  expect(await verify(...flags)).toMatchObject({ code: 0, out: expect.stringContaining('(same)') })
  writeFileSync(join(project, 'before.ndjson'), log(10, 500))
  writeFileSync(join(project, 'after.ndjson'), log(90, 4))
  expect(await verify(...flags)).toMatchObject({
    code: 0,
    out: expect.stringContaining('(slower, but 4 calls are too few to tell)'),
  })
  writeFileSync(join(project, 'after.ndjson'), log(90, 40))
  expect(await verify(...flags)).toMatchObject({ code: 1, out: expect.stringContaining('✗') })
})

test('KN11 only what was added or is wrong is listed; --all lists the rest', async () => {
  const { out } = await verify()
  expect(out).not.toContain('Post_pkey')
  expect(out).toMatch(/Older ones that are built and valid, read or not: \d+, which --all lists/)
  expect((await verify('--all')).out).toContain('Post_pkey')
})

test('X66 bad input is one clear line and exit code 2', async () => {
  for (const [flags, expected] of [
    [['--before', 'before.ndjson'], 'give both or neither'],
    [['--before', 'none.ndjson', '--workload', 'none.ndjson'], 'none.ndjson cannot be read'],
    [['--schema', 'nowhere.prisma'], 'nowhere.prisma'],
    [['--unknown'], 'unknown option'],
  ] as const) {
    const { code, err, out } = await verify(...flags)
    expect({ flags, code, out }).toEqual({ flags, code: 2, out: '' })
    expect(err).toContain(expected)
    expect(err.trim().split('\n')).toHaveLength(1)
  }
})

test('X65 without --database-url the database is that of prisma.config.ts, and where neither names one that is said', async () => {
  const config = join(project, 'prisma.config.ts')
  const told = async (...argv: string[]) => {
    let [out, err] = ['', '']
    const host = {
      stdout: (text: string) => void (out += text),
      stderr: (text: string) => void (err += text),
    }
    const code = await run(argv, { ...host, cwd: project, isTerminal: false })
    return { code, out, err }
  }
  try {
    writeFileSync(config, `export default { datasource: { url: '${url.href}' } }\n`)
    expect((await told('verify')).out).toMatch(/^\d+ (index|indexes)|Post/m)
    expect(JSON.parse((await told('statistics', 'export')).out)).toMatchObject({ provider: 'postgresql' })
    const other = await told('verify', '--database-url', 'postgresql://127.0.0.1:1/none')
    expect(other).toMatchObject({ code: 2, out: '' })
    writeFileSync(config, 'export default {}\n')
    for (const argv of [['verify'], ['statistics', 'export']])
      expect(await told(...argv)).toMatchObject({
        code: 2,
        out: '',
        err: expect.stringMatching(/No database to read: give --database-url, or set `datasource.url`/),
      })
  } finally {
    rmSync(config)
  }
})
