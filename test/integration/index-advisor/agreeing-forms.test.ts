import type { Advice } from '../../../packages/index-advisor/src/advice/advice.ts'
import { firstMigration, prismaDiff } from './support/static-engine.ts'
import { datasource, project, removeProjects, type TestProject } from './support/static-project.ts'

/** Whatever form an index has: once it is written as advised and deployed, Prisma's engine and the advisor have nothing left to say. */

afterEach(removeProjects)

const MODELS = `model User {
  id    Int    @id
  posts Post[]
}

model Post {
  id       Int      @id
  author   User     @relation(fields: [authorId], references: [id])
  authorId Int
  title    String
  slug     String   @db.VarChar(80)
  code     String   @db.Char(8)
  score    Int?
  tags     String[]
  history  Json
  status   String
  rating   Int

  @@index([authorId])
}
`
const CLIENT = `import { PrismaClient } from '../generated/client'
const prisma = new PrismaClient()
`
const EXTENSION = 'CREATE EXTENSION IF NOT EXISTS pg_trgm;\n'

async function projectAsking(query: string, preview: readonly string[] = []): Promise<TestProject> {
  const schema = datasource('postgresql', preview) + MODELS
  return project({
    'prisma/schema.prisma': schema,
    'prisma/migrations/20260101000000_init/migration.sql':
      EXTENSION + (await firstMigration('postgresql', schema)),
    'node_modules/prisma/package.json': '{ "name": "prisma", "version": "7.10.0" }',
    'src/q.ts': `${CLIENT}export const asked = (v: any) => prisma.post.findMany(${query})\n`,
  })
}

async function differenceOf(given: TestProject): Promise<string> {
  const migrations = given.migrations().map((name) => ({ name, sql: given.migrationSql(name) }))
  return prismaDiff('postgresql', migrations, [
    { path: 'schema.prisma', text: given.read('prisma/schema.prisma') },
  ])
}

async function adviceOf(given: TestProject): Promise<Advice> {
  expect([await given.brisk('advise', '--format', 'json'), given.stderr]).toEqual([0, ''])
  return JSON.parse(given.stdout) as Advice
}

test.each([
  ['the elements of a list', '{ where: { tags: { has: v } } }', 'USING GIN ("tags")', []],
  [
    'what a document holds',
    '{ where: { history: { array_contains: [v] } } }',
    'USING GIN ("history" jsonb_path_ops)',
    [],
  ],
  ['a condition that the schema can say', '{ where: { score: 1, status: "open" } }', '"status"', []],
  [
    'nulls of a partial index',
    '{ where: { rating: v, score: { not: null } } }',
    'WHERE ("score" IS NOT NULL)',
    ['partialIndexes'],
  ],
])(
  'X60 %s: written, Prisma sees no difference, and the second run is silent',
  async (_, query, form, preview) => {
    const given = await projectAsking(query, preview)
    expect([await given.brisk('advise', '--write'), given.stderr]).toEqual([
      0,
      expect.stringContaining('sees no difference'),
    ])
    expect(given.migrationSql(given.migrations().at(-1) as string)).toContain(form)
    expect(await differenceOf(given)).toBe('')
    const again = await adviceOf(given)
    expect([again.recommendations, again.findings]).toEqual([[], []])
  },
  120_000,
)

test.each([
  ['a beginning of text', '{ where: { title: { startsWith: v } } }', '("title" text_pattern_ops)'],
  ['a beginning of VARCHAR', '{ where: { slug: { startsWith: v } } }', '("slug" text_pattern_ops)'],
  ['a beginning of CHAR', '{ where: { code: { startsWith: v } } }', '("code" bpchar_pattern_ops)'],
  [
    'NULLs at the end',
    "{ orderBy: { score: { sort: 'desc', nulls: 'last' } }, take: 10 }",
    '("score" DESC NULLS LAST)',
  ],
  [
    'NULLs at the end of what an equality finds',
    "{ where: { status: v }, orderBy: [{ score: { sort: 'desc', nulls: 'last' } }, { id: 'desc' }], take: 10 }",
    '("status", "score" DESC NULLS LAST, "id" DESC)',
  ],
])(
  'X60 %s: a form that the schema cannot say agrees with what the advice declares',
  async (_, query, form) => {
    const given = await projectAsking(query)
    const { findings } = await adviceOf(given)
    const [, sql = '', line = ''] =
      /^(CREATE INDEX .+;) in a migration by hand, and (@@index\(.+\)) in the schema/.exec(
        findings[0]?.change ?? '',
      ) ?? []
    expect(sql).toContain(form)
    given.write('prisma/migrations/20260102000000_hand/migration.sql', `${sql}\n`)
    // Without the line Prisma drops it.
    expect(await differenceOf(given)).toContain('DROP INDEX')
    const schema = given.read('prisma/schema.prisma')
    given.write('prisma/schema.prisma', schema.replace('  @@index([authorId])', `$&\n  ${line}`))
    expect(await differenceOf(given)).toBe('')
    const again = await adviceOf(given)
    expect([again.recommendations, again.findings]).toEqual([[], []])
  },
  120_000,
)

test('X60 a trigram index as advised agrees, and the second run is silent', async () => {
  const given = await projectAsking('{ where: { title: { contains: v } } }')
  const { findings } = await adviceOf(given)
  const [, line = ''] = /then (@@index\(.+\))$/.exec(findings[0]?.change ?? '') ?? []
  const schema = given.read('prisma/schema.prisma')
  given.write('prisma/schema.prisma', schema.replace('  @@index([authorId])', `$&\n  ${line}`))
  given.write('prisma/migrations/20260102000000_trgm/migration.sql', await differenceOf(given))
  expect(await differenceOf(given)).toBe('')
  expect((await adviceOf(given)).findings).toEqual([])
}, 120_000)

test.each([
  [
    'title(ops: raw("text_pattern_ops"))',
    '',
    '("title" text_pattern_ops)',
    'the line without ops: the class stands in the migration alone',
    '[title]',
  ],
  [
    'code(ops: raw("bpchar_pattern_ops"))',
    ', type: Hash',
    ' USING HASH ("code" bpchar_pattern_ops)',
    'the line without ops: the class stands in the migration alone',
    '[code], type: Hash',
  ],
  [
    'history(ops: raw("jsonb_path_ops"))',
    ', type: Gin',
    ' USING GIN ("history" jsonb_path_ops)',
    'ops: JsonbPathOps',
    '[history(ops: JsonbPathOps)], type: Gin',
  ],
  [
    'rating(ops: raw("int4_bloom_ops"))',
    ', type: Brin',
    ' USING BRIN ("rating" int4_bloom_ops)',
    'ops: Int4BloomOps',
    '[rating(ops: Int4BloomOps)], type: Brin',
  ],
  ['title(ops: raw("gin_trgm_ops"))', ', type: Gin', ' USING GIN ("title" gin_trgm_ops)', null, null],
  ['title(ops: raw("gist_trgm_ops"))', ', type: Gist', ' USING GIST ("title" gist_trgm_ops)', null, null],
])(
  'X60 @@index([%s]%s): told where it never agrees with the database, with the line that does',
  async (keys, type, form, change, agreeing) => {
    const plain = datasource('postgresql') + MODELS
    const declared = (line: string) =>
      plain.replace('  @@index([authorId])', `$&\n  @@index(${line}, map: "it")`)
    const given = project({
      'prisma/schema.prisma': declared(`[${keys}]${type}`),
      'prisma/migrations/20260101000000_init/migration.sql': `${EXTENSION}${await firstMigration('postgresql', plain)}\nCREATE INDEX "it" ON "Post"${form};\n`,
    })
    const { findings } = await adviceOf(given)
    expect(findings.map((each) => [each.kind, each.index, each.change])).toEqual(
      change === null ? [] : [['undeclared-index', 'it', change]],
    )
    expect((await differenceOf(given)) === '').toBe(change === null)
    if (agreeing === null) return
    given.write('prisma/schema.prisma', declared(agreeing))
    expect(await differenceOf(given)).toBe('')
    expect((await adviceOf(given)).findings).toEqual([])
  },
  120_000,
)

test('X60 what is written beside a form that never agrees: the message says what to mend', async () => {
  const plain = datasource('postgresql') + MODELS
  const given = project({
    'prisma/schema.prisma': plain.replace(
      '  @@index([authorId])',
      '  @@index([title(ops: raw("text_pattern_ops"))], map: "it")',
    ),
    'prisma/migrations/20260101000000_init/migration.sql': `${(await firstMigration('postgresql', plain)).replace(/CREATE INDEX "Post_authorId_idx".*/, '')}\nCREATE INDEX "it" ON "Post"("title" text_pattern_ops);\n`,
  })
  expect(await given.brisk('advise', '--write')).toBe(2)
  expect(given.stderr).toContain(
    'declare it without the class in ops (brisk explain it says why), then try again',
  )
}, 120_000)
