import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeAll } from '@prisma-brisk/core/project'
import { datasource, project, removeProjects } from './support/static-project.ts'
import type { Sarif } from '../../support/sarif.ts'

afterEach(removeProjects)

const BIN = fileURLToPath(new URL('../../../packages/index-advisor/src/cli/bin.ts', import.meta.url))

const SCHEMA = `${datasource('postgresql')}
model User {
  id    Int    @id
  posts Post[]
}

model Post {
  id       Int  @id
  author   User @relation(fields: [authorId], references: [id])
  authorId Int
  a        Int
  b        Int

  @@index([a])
  @@index([a, b])
}
`

const one = () => project({ 'prisma/schema.prisma': SCHEMA })

describe('bad input', () => {
  const lines: [string, Record<string, string>, string[], RegExp][] = [
    [
      'schema missing',
      { 'x.txt': '' },
      ['advise'],
      /^brisk: No Prisma schema found in .*name it with --schema\.\n$/,
    ],
    ['schema path missing', {}, ['advise', '--schema', 'nope'], /^brisk: No Prisma schema at nope\.\n$/],
    [
      'directory without schema',
      { 'empty/x.txt': '' },
      ['advise', '--schema', 'empty'],
      /^brisk: No \.prisma file in empty\.\n$/,
    ],
    [
      'syntax error',
      { 'schema.prisma': `${SCHEMA}\nmodel {` },
      ['advise', '--schema', 'schema.prisma'],
      /^brisk: Prisma rejects the schema\. schema\.prisma:\d+: Error validating: This line is invalid\..*\n$/,
    ],
    [
      'unknown type',
      { 'schema.prisma': SCHEMA.replace('a        Int', 'a        Nope') },
      ['advise', '--schema', 'schema.prisma'],
      /^brisk: Prisma rejects the schema\. schema\.prisma:19: Type "Nope" is neither a built-in type, nor refers to another model, composite type, or enum\. \(and 2 more\)\n$/,
    ],
    [
      'no datasource',
      { 'schema.prisma': 'model A {\n  id Int @id\n}\n' },
      ['advise', '--schema', 'schema.prisma'],
      /^brisk: .*datasource.*\n$/,
    ],
    [
      'broken config',
      { 'prisma.config.ts': 'export default {' },
      ['advise'],
      /^brisk: prisma\.config\.ts could not be loaded: .*\n$/,
    ],
    [
      'config names nothing',
      { 'prisma.config.ts': `export default { schema: 'gone.prisma' }` },
      ['advise'],
      /^brisk: prisma\.config names gone\.prisma as the schema, but it does not exist\.\n$/,
    ],
    [
      'no source matches',
      {},
      ['advise', '--source', 'nowhere/**'],
      /^brisk: No source file matches nowhere\/\*\*\.\n$/,
    ],
    ['unknown flag', {}, ['advise', '--bogus'], /^brisk: unknown option '--bogus'\n$/],
    ['unknown command', {}, ['advice'], /^brisk: unknown command 'advice'\n$/],
    [
      'bad number',
      {},
      ['advise', '--min-rows', 'many'],
      /^brisk: .*--min-rows.*Expected a whole number of at least 0, got "many"\.\n$/,
    ],
    ['bad format', {}, ['advise', '--format', 'xml'], /^brisk: .*'xml' is invalid.*\n$/],
    [
      'idle flag',
      {},
      ['advise', '--drop-redundant'],
      /^brisk: --drop-redundant does nothing without --write\.\n$/,
    ],
    [
      'baseline missing',
      {},
      ['advise', '--check', '--baseline', 'b.json'],
      /^brisk: The baseline .*b\.json cannot be read; make it with --update-baseline\.\n$/,
    ],
    [
      'baseline broken',
      { 'b.json': '[]' },
      ['advise', '--check', '--baseline', 'b.json'],
      /^brisk: .*b\.json is no baseline: .*\n$/,
    ],
    [
      'migration directory without file',
      { 'prisma/migrations/20260101000000_x/readme.md': '' },
      ['advise'],
      /^brisk: .*migration\.sql could not be read: .*\n$/,
    ],
    [
      'unreachable database',
      {},
      ['advise', '--database-url', 'postgresql://postgres@127.0.0.1:1/x'],
      /^brisk: [^\n]*\n$/,
    ],
    [
      'unknown model',
      {},
      ['explain', 'Nope.x'],
      /^brisk: The schema has no model Nope; it has Post, User\.\n$/,
    ],
    [
      'unknown field',
      {},
      ['explain', 'Post.x'],
      /^brisk: Post has no field x; it has id, authorId, a, b\.\n$/,
    ],
    ['no index', {}, ['explain', 'Post.'], /^brisk: Expected Model\.field, .*\n$/],
  ]
  test.each(lines)('X66 %s → one clear line, exit 2, nothing written', async (title, files, argv, line) => {
    const needsOwn = ['schema missing', 'broken config', 'config names nothing'].includes(title)
    const given = project({ ...(needsOwn ? {} : { 'prisma/schema.prisma': SCHEMA }), ...files })
    const before = given.snapshot()
    expect(await given.brisk(...argv)).toBe(2)
    expect(given.stderr).toMatch(line)
    expect(given.stdout).toBe('')
    expect(given.snapshot()).toEqual(before)
  })

  test('X66 a DATABASE_URL that is not set stops nothing', () => {
    const given = project({
      'prisma/schema.prisma': SCHEMA,
      'prisma.config.ts': `const url = process.env.BRISK_TEST_UNSET\nif (!url) throw new Error('Cannot resolve environment variable: BRISK_TEST_UNSET.')\nexport default { datasource: { url } }\n`,
    })
    // In a process of its own: inside jest, process.env is a copy that the config does not see.
    const printed = execFileSync(
      process.execPath,
      [
        '--conditions=@prisma-brisk/source',
        '--import',
        import.meta.resolve('tsx'),
        BIN,
        'advise',
        '--no-source',
      ],
      { cwd: given.directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    )
    expect(printed).toContain('1 index recommended.')
  })

  test('X66 source that does not compile is read as far as it parses, and said so', async () => {
    const given = project({
      'prisma/schema.prisma': SCHEMA,
      'src/broken.ts': `import { PrismaClient } from '../generated/client'\nconst prisma = new PrismaClient()\nexport const q = (b: number) => prisma.post.findMany({ where: { b } })\nexport const x = (\n`,
    })
    expect(await given.brisk('advise', '--format', 'json')).toBe(0)
    const advice = JSON.parse(given.stdout) as {
      recommendations: { id: string }[]
      findings: { reason: string }[]
    }
    expect(advice.recommendations.map((each) => each.id)).toContain('Post(b)')
    expect(advice.findings).toContainEqual(
      expect.objectContaining({ reason: 'src/broken.ts does not parse; it was read as far as it does.' }),
    )
  })

  test('X66 a failed write leaves schema and migrations as they were', async () => {
    const given = one()
    mkdirSync(given.path('locked/inner'), { recursive: true })
    const before = given.snapshot()
    // The second of three cannot be renamed into place: a directory stands there.
    const attempt = writeAll([
      { path: given.path('prisma/schema.prisma'), text: 'new', was: SCHEMA },
      { path: given.path('prisma/migrations/1_x/migration.sql'), text: 'new', was: null },
      { path: given.path('locked/inner'), text: 'new', was: null },
    ])
    await expect(attempt).rejects.toMatchObject({ code: 'E_WRITE_FAILED' })
    expect(given.snapshot()).toEqual(before)
  })

  test('X66 a file that changed in the meantime is not written over', async () => {
    const given = one()
    const attempt = writeAll([
      { path: given.path('prisma/schema.prisma'), text: 'new', was: 'something else' },
    ])
    await expect(attempt).rejects.toMatchObject({
      code: 'E_WRITE_FAILED',
      message: expect.stringContaining('changed in the meantime'),
    })
    expect(given.read('prisma/schema.prisma')).toBe(SCHEMA)
  })
})

describe('output', () => {
  test('X64 text: grouped by model, with evidence, no colours off a terminal', async () => {
    const given = one()
    expect(await given.brisk('advise')).toBe(0)
    expect(given.stdout).toBe(`Post
  + @@index([authorId])  medium · static, inserts +16 %, in bulk +25 %
    Loading Post by authorId, and deleting rows of User, reads the whole table: no index begins with the foreign key.
    prisma/schema.prisma:17

Remarks
  ! Post_a_idx is the beginning of Post_a_b_idx, which finds all it finds; it can be dropped.

1 index recommended. brisk advise --write adds them with a migration.
Decided by rules, from the schema: an index that finds and sorts is preferred to one that only finds. Planned on statistics (--statistics, --database-url) it may be a shorter one, where sorting costs little.
`)
  })

  test('X64 JSON: versioned, as documented', async () => {
    const given = one()
    expect(await given.brisk('advise', '--format', 'json')).toBe(0)
    expect(JSON.parse(given.stdout)).toEqual({
      version: 1,
      provider: 'postgresql',
      recommendations: [
        {
          id: 'Post(authorId)',
          model: 'Post',
          table: 'Post',
          fields: ['authorId'],
          columns: ['authorId'],
          sort: ['asc'],
          where: null,
          type: 'BTree',
          unique: false,
          rule: 'unindexed-foreign-key',
          severity: 'medium',
          confidence: 'static',
          reason:
            'Loading Post by authorId, and deleting rows of User, reads the whole table: no index begins with the foreign key.',
          evidence: [{ kind: 'relation', at: 'prisma/schema.prisma:17' }],
          writes: { indexes: 3, single: 0.159, bulk: 0.245 },
          sql: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS "Post_authorId_idx" ON "Post"("authorId");',
          prisma: '@@index([authorId])',
        },
      ],
      rejected: [],
      findings: [
        {
          kind: 'redundant-index',
          model: 'Post',
          index: 'Post_a_idx',
          reason: 'Post_a_idx is the beginning of Post_a_b_idx, which finds all it finds; it can be dropped.',
          at: 'prisma/schema.prisma:22',
        },
      ],
    })
  })

  test('X64 --check: 1 with recommendations, 0 when the baseline holds them all', async () => {
    const given = one()
    expect(await given.brisk('advise', '--check')).toBe(1)
    expect(await given.brisk('advise', '--baseline', 'brisk.json', '--update-baseline')).toBe(0)
    expect(JSON.parse(given.read('brisk.json'))).toEqual({ version: 1, recommendations: ['Post(authorId)'] })
    expect(await given.brisk('advise', '--check', '--baseline', 'brisk.json')).toBe(0)
    given.write(
      'prisma/schema.prisma',
      SCHEMA.replace(
        '  a        Int',
        '  editor   User? @relation("E", fields: [editorId], references: [id])\n  editorId Int?\n  a        Int',
      ).replace('posts Post[]', 'posts Post[]\n  edited Post[] @relation("E")'),
    )
    expect(await given.brisk('advise', '--check', '--baseline', 'brisk.json')).toBe(1)
    expect(given.stderr).toBe('1 not in the baseline: Post(editorId)\n')
  })

  test('X64 /// brisk-ignore authorId: reason → not recommended, and explain says so', async () => {
    const given = project({
      'prisma/schema.prisma': SCHEMA.replace(
        '  authorId Int\n',
        '  /// brisk-ignore authorId: written far more than read\n  authorId Int\n',
      ).replace('model Post {', '// brisk-ignore Post_a_idx: used by a report\nmodel Post {'),
    })
    expect(await given.brisk('advise', '--check')).toBe(0)
    expect(given.stdout).not.toContain('Post_a_idx')
    expect(await given.brisk('explain', 'Post.authorId')).toBe(0)
    expect(given.stdout).toBe(
      'Not recommended: Post(authorId)\n  Ignored at prisma/schema.prisma:19: written far more than read\n',
    )
  })

  test('X55 explain: why recommended, what exists, and when nothing asks', async () => {
    const given = one()
    await given.brisk('explain', 'Post.authorId')
    expect(given.stdout).toContain('Recommended: @@index([authorId]) (medium, static)')
    await given.brisk('explain', 'Post(a, b)')
    expect(given.stdout).toContain('Exists: Post_a_b_idx (a, b)\n  prisma/schema.prisma:23')
    await given.brisk('explain', 'User.id')
    expect(given.stdout).toContain('Exists: User_pkey (id)')
    await given.brisk('explain', 'Post(b, authorId)')
    expect(given.stdout).toBe(
      'Nothing asks for an index on Post(b, authorId): no relation and no query that was read.\n',
    )
  })

  test('X64 SARIF has the shape that code scanning takes', async () => {
    const given = one()
    await given.brisk('advise', '--format', 'sarif')
    const log = JSON.parse(given.stdout) as Sarif
    expect(log.version).toBe('2.1.0')
    expect(log.runs).toHaveLength(1)
    const { tool, results } = log.runs[0] as Sarif['runs'][0]
    const known = new Set(tool.driver.rules.map((rule) => rule.id))
    expect(known.size).toBe(tool.driver.rules.length)
    expect(results).toHaveLength(2)
    for (const result of results) {
      expect(known).toContain(result.ruleId)
      expect(['none', 'note', 'warning', 'error']).toContain(result.level)
      expect(result.message.text).toMatch(/\S/)
      for (const { physicalLocation } of result.locations) {
        expect(physicalLocation.artifactLocation.uri).toBe('prisma/schema.prisma')
        expect(physicalLocation.region.startLine).toBeGreaterThan(0)
      }
    }
    expect(results[0]).toMatchObject({
      ruleId: 'unindexed-foreign-key',
      level: 'warning',
      partialFingerprints: { 'brisk/v1': 'Post(authorId)' },
    })
  })

  test('X64 Markdown names index, reason, place and statement', async () => {
    const given = one()
    await given.brisk('advise', '--format', 'markdown')
    for (const part of [
      '# Index advice',
      '## Post',
      '### `@@index([authorId])`',
      '- `prisma/schema.prisma:17`',
      '```sql\nCREATE INDEX CONCURRENTLY',
      '## Remarks',
    ])
      expect(given.stdout).toContain(part)
  })

  test('X8 an unsupported provider → a clear message, exit 0', async () => {
    const given = project({
      'prisma/schema.prisma':
        datasource('mongodb') + 'model A {\n  id String @id @map("_id") @db.ObjectId @default(auto())\n}\n',
    })
    expect(await given.brisk('advise', '--check')).toBe(0)
    expect(given.stdout).toContain(
      'No index is recommended for mongodb: PostgreSQL, MySQL, MariaDB and SQLite are supported.',
    )
    expect(await given.brisk('explain', 'A.id')).toBe(0)
  })

  test('X63 a project without migrations → only the schema is edited', async () => {
    const given = one()
    expect(await given.brisk('advise', '--write')).toBe(0)
    expect(Object.keys(given.snapshot())).toEqual(['prisma/schema.prisma'])
    expect(given.read('prisma/schema.prisma')).toBe(
      SCHEMA.replace('  @@index([a, b])\n', '  @@index([a, b])\n  @@index([authorId])\n'),
    )
  })
})
