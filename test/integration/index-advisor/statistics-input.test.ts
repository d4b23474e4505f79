import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@libsql/client'

import { run } from '../../../packages/index-advisor/src/cli/run.ts'
import type { Advice } from '../../../packages/index-advisor/src/advice/advice.ts'
import type { Statistics } from '../../../packages/index-advisor/src/statistics/statistics.ts'

const project = mkdtempSync(join(tmpdir(), 'brisk-input-'))
const schema = `datasource db {
  provider = "sqlite"
}
model Author {
  id    Int    @id
  posts Post[]
}
model Post {
  id       Int    @id
  authorId Int
  author   Author @relation(fields: [authorId], references: [id])
  title    String
}
`

beforeAll(async () => {
  writeFileSync(join(project, 'schema.prisma'), schema)
  writeFileSync(join(project, 'queries.sql'), 'select * from "Post" where "title" = $1;')
  const database = createClient({ url: `file:${join(project, 'app.db')}` })
  await database.executeMultiple(`create table "Author" ("id" integer primary key);
    create table "Post" ("id" integer primary key, "authorId" integer not null references "Author" ("id"), "title" text not null);
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 300) insert into "Author" select i from n;
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 3000) insert into "Post" select i, 1 + i % 300, 'secret ' || i from n`)
  database.close()
  const exported = await brisk('statistics', 'export', '--database-url', 'file:' + join(project, 'app.db'))
  writeFileSync(join(project, 'stats.json'), exported.out)
})

afterAll(() => rmSync(project, { recursive: true, force: true }))

async function brisk(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = ''
  let err = ''
  const code = await run(argv, {
    cwd: project,
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    isTerminal: false,
  })
  return { code, out, err }
}

const advise = (...flags: string[]) => brisk('advise', '--schema', 'schema.prisma', '--no-source', ...flags)

test('X50 SQLite: advice from a file of statistics alone is proved by SQLite’s own planner, and holds no value', async () => {
  const { code, out, err } = await advise(
    '--statistics',
    'stats.json',
    '--workload',
    'queries.sql',
    '--format',
    'json',
  )
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const advice = JSON.parse(out) as Advice
  expect(advice.recommendations.map((each) => each.id)).toEqual(['Post(authorId)', 'Post(title)'])
  for (const each of advice.recommendations) {
    expect(each.before?.cost).toBeGreaterThan((each.after?.cost ?? Infinity) * 10)
  }
  expect(out + readFileSync(join(project, 'stats.json'), 'utf8')).not.toContain('secret')
})

test('X63 the same input gives the same bytes', async () => {
  const flags = ['--statistics', 'stats.json', '--workload', 'queries.sql', '--format', 'json']
  expect((await advise(...flags)).out).toBe((await advise(...flags)).out)
})

const statistics = () => JSON.parse(readFileSync(join(project, 'stats.json'), 'utf8')) as Statistics

test.each([
  ['no JSON', 'not json', 'is not JSON'],
  ['another format', '{"format":"x"}', 'format is "x"'],
  ['a version to come', '{"format":"prisma-brisk/statistics","version":9}', 'it has version 9'],
  ['a missing list', () => ({ ...statistics(), tables: undefined }), 'tables is missing'],
  [
    'a column without a type',
    () => ({ ...statistics(), tables: [{ ...statistics().tables[0], columns: [{ name: 'id' }] }] }),
    'tables[0].columns[0].type is missing',
  ],
  [
    'an unknown server',
    () => ({ ...statistics(), provider: 'postgresql', server: { name: 'PostgreSQL 42', version: 420000 } }),
    'PostgreSQL 12 to 18 are known',
  ],
  ['another database', () => ({ ...statistics(), tables: [] }), 'do not match the schema'],
  ['another provider', () => ({ ...statistics(), provider: 'mysql' }), 'the schema is for sqlite'],
])('X66 statistics: %s is one clear line, exit code 2, nothing written', async (_, given, message) => {
  writeFileSync(join(project, 'bad.json'), typeof given === 'string' ? given : JSON.stringify(given()))
  const { code, out, err } = await advise('--statistics', 'bad.json', '--write')
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(message)
  expect(err.trim().split('\n')).toHaveLength(1)
  expect(readFileSync(join(project, 'schema.prisma'), 'utf8')).toBe(schema)
  expect(existsSync(join(project, 'migrations'))).toBe(false)
})

test.each([
  [['--planner', 'hypopg'], '--planner hypopg needs --database-url or --statistics'],
  [['--planner', 'oracle'], 'Allowed choices are'],
  [['--statistics', 'stats.json', '--planner', 'hypopg'], 'needs --database-url of a PostgreSQL server'],
  [['--statistics', 'none.json'], 'none.json cannot be read'],
  [['--database-url', 'file:none.db'], 'There is no database file'],
  [['--database-url', 'postgresql://u:s3cret@127.0.0.1:1/x'], 'cannot be reached'],
  [['--workload', 'none.ndjson'], 'none.ndjson cannot be read'],
  [['--budget', 'much'], 'Expected a whole number'],
] as const)('X66 %j is one clear line and exit code 2', async (flags, message) => {
  const { code, out, err } = await advise(...flags)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(message)
  expect(err).not.toContain('s3cret')
  expect(err.trim().split('\n')).toHaveLength(1)
})
