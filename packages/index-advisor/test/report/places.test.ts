import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { sarifErrors } from '../support/sarif-schema.ts'
import { smallFiles } from '../support/small-project.ts'
import { TestProject } from '../support/project.ts'

/** Every finding has a place, in a form that code scanning takes; every id that is printed can be explained. */

interface Log {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
      readonly originalUriBaseIds: Record<string, unknown>
      readonly results: readonly {
        readonly ruleId: string
        readonly message: { readonly text: string }
        readonly locations: readonly {
          readonly physicalLocation: {
            readonly artifactLocation: { readonly uri: string; readonly uriBaseId: string }
            readonly region: { readonly startLine: number; readonly startColumn?: number }
          }
        }[]
        readonly partialFingerprints: Record<string, string>
      }[]
    },
  ]
}

const projects: TestProject[] = []
afterEach(() => {
  for (const each of projects.splice(0)) each.remove()
})

function projectOf(files: Record<string, string>): TestProject {
  const made = new TestProject(files)
  projects.push(made)
  return made
}

const models = `
model User {
  id    Int    @id
  posts Post[]
}
model Post {
  id        Int      @id
  author    User     @relation(fields: [authorId], references: [id])
  authorId  Int
  status    Int
  title     String
  tags      String[]
  createdAt DateTime
}`
const query = (body: string, up = '../..') =>
  `import { PrismaClient } from '${up}/generated/client'\nconst prisma = new PrismaClient()\nexport const q = (s: any) => ${body}\n`

async function sarif(project: TestProject, cwd = ''): Promise<Log['runs'][0]> {
  const { run } = await import('../../src/cli/run.ts')
  let text = ''
  const code = await run(['advise', '--format', 'sarif'], {
    cwd: join(project.cwd, cwd),
    isTerminal: false,
    stdout: (part) => void (text += part),
    stderr: () => undefined,
  })
  expect(code).toBe(0)
  expect(sarifErrors(JSON.parse(text))).toEqual([])
  const [log] = (JSON.parse(text) as Log).runs
  // What SARIF 2.1.0 and code scanning ask of every result.
  const ids = log.tool.driver.rules.map((rule) => rule.id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const result of log.results) {
    expect(ids).toContain(result.ruleId)
    expect(result.locations).toHaveLength(1)
    const { artifactLocation, region } = result.locations[0]!.physicalLocation
    expect(log.originalUriBaseIds).toHaveProperty([artifactLocation.uriBaseId])
    expect(artifactLocation.uri).toMatch(/^(?!\/)(?:[\w\-.!~*'()]|%[\dA-F]{2}|\/)+$/)
    expect(artifactLocation.uri.split('/')).not.toContain('..')
    expect(region.startLine).toBeGreaterThan(0)
    expect(region.startColumn ?? 1).toBeGreaterThan(0)
  }
  return log
}

const placesIn = (log: Log['runs'][0]) =>
  log.results.map(({ ruleId, locations }) => {
    const { artifactLocation, region } = locations[0]!.physicalLocation
    return `${ruleId} ${artifactLocation.uri}:${region.startLine}`
  })

test('KA-A8 the published schema of SARIF 2.1.0 is what logs are checked with: it refuses what is none', () => {
  const log = (result: object) => ({
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'brisk' } }, results: [result] }],
  })
  expect(sarifErrors(log({ message: { text: 'a' } }))).toEqual([])
  const at = (uri: string) => ({
    message: { text: 'a' },
    locations: [{ physicalLocation: { artifactLocation: { uri }, region: { startLine: 0 } } }],
  })
  expect(sarifErrors(log(at('app/[slug]/my page.tsx')))).toEqual([
    expect.stringContaining('should match format "uri-reference"'),
    expect.stringContaining('.region.startLine should be >= 1'),
  ])
  expect(sarifErrors(log({}))).toEqual([expect.stringContaining('message')])
})

test('KA-A8 a migration that is not understood, source that does not parse: each has its place', async () => {
  const log = await sarif(
    projectOf(
      smallFiles({
        models,
        migrations:
          'CREATE TABLE "Post" ("id" INTEGER NOT NULL);\nCREATE INDEX "a" ON "Post" ("authorId") MAGIC;',
        files: {
          'src/bad.ts': query(
            'prisma.post.findMany({ where: { authorId: 1 } })\nexport const x = ( => 3',
            '..',
          ),
        },
      }),
    ),
  )
  expect(placesIn(log)).toEqual(
    expect.arrayContaining([
      'unread prisma/migrations/20260101000000_m/migration.sql:2',
      'unread src/bad.ts:4',
    ]),
  )
})

test('KA-A8 a provider that is not supported, a view, a table without statistics: the schema is the place', async () => {
  const other = await sarif(
    projectOf({
      'prisma/schema.prisma':
        'generator g {\n  provider = "prisma-client"\n  output = "x"\n}\ndatasource db {\n  provider = "sqlserver"\n}\nmodel A {\n  id Int @id\n}\n',
    }),
  )
  expect(placesIn(other)).toEqual(['unsupported prisma/schema.prisma:5'])
  const ignored = await sarif(
    projectOf(smallFiles({ models: 'model A {\n  id Int @id\n}\n\nmodel B {\n  id Int @id\n  @@ignore\n}' })),
  )
  expect(placesIn(ignored)).toEqual(['unread prisma/schema.prisma:12'])
})

test('KA-A8 a remark of a rule and of a kind of the same name: the rule is listed once', async () => {
  const log = await sarif(
    projectOf(
      smallFiles({
        models,
        source: `export const q = () => prisma.post.findMany({ skip: 100000, take: 3 })\n`,
      }),
    ),
  )
  expect(placesIn(log)).toContain('large-offset src/q.ts:3')
})

test('KA-A9 URIs are encoded, segment by segment', async () => {
  const log = await sarif(
    projectOf(
      smallFiles({
        models,
        files: {
          'app/[slug]/page.tsx': query('prisma.post.findMany({ where: { title: s } })'),
          'app/(shop)/my orders/100%.tsx': query(
            'prisma.post.findMany({ where: { status: s } })',
            '../../..',
          ),
          'app/ü#?/x.ts': query('prisma.post.findMany({ where: { createdAt: s } })'),
        },
      }),
    ),
  )
  expect(placesIn(log)).toEqual(
    expect.arrayContaining([
      'query-index app/%5Bslug%5D/page.tsx:3',
      'query-index app/(shop)/my%20orders/100%25.tsx:3',
      'query-index app/%C3%BC%23%3F/x.ts:3',
    ]),
  )
})

describe('KA-A9 from below the root', () => {
  const files = {
    ...smallFiles({ models }),
    'apps/web/src/x.ts': query('prisma.post.findMany({ where: { title: s } })', '../../..'),
    'apps/web/prisma.config.ts': `export default { schema: '../../prisma/schema.prisma' }\n`,
  }
  test('KA-A9 relative to the repository where there is one, else to what holds all', async () => {
    for (const isRepository of [true, false]) {
      const project = projectOf(files)
      if (isRepository) mkdirSync(join(project.cwd, '.git'))
      expect(placesIn(await sarif(project, 'apps/web'))).toEqual([
        'unindexed-foreign-key prisma/schema.prisma:15',
        'query-index apps/web/src/x.ts:3',
      ])
    }
  })
})

describe('KA-B13 what is printed can be explained', () => {
  const project = () =>
    projectOf(
      smallFiles({
        models: models.replace(
          'createdAt DateTime',
          'createdAt DateTime\n  body String @db.Text\n  @@index([status])\n  @@index([status, title])',
        ),
        previewFeatures: ['partialIndexes'],
        source: `export const a = (authorId: number) => prisma.post.findMany({ where: { authorId }, orderBy: [{ createdAt: 'desc' }, { status: 'asc' }], take: 5 })
export const b = (s: string) => prisma.post.findMany({ where: { tags: { has: s } } })
export const c = (s: string) => prisma.post.findMany({ where: { title: s, body: { not: null as never } }, skip: 20000 })
`,
      }),
    )

  test('KA-B13 ids of recommendations, fingerprints and indexes of remarks, places', async () => {
    const given = project()
    const { output } = await given.run('advise', '--format', 'json')
    const { recommendations, findings } = JSON.parse(output) as {
      recommendations: { id: string; evidence: { at?: string }[] }[]
      findings: { kind: string; model: string; index: string; at: string }[]
    }
    expect(recommendations.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['Post(authorId, createdAt desc, status)', 'Post(tags) using Gin']),
    )
    expect(findings.length).toBeGreaterThan(1)
    for (const asked of [
      ...recommendations.map((each) => each.id),
      ...recommendations.flatMap((each) => each.evidence.flatMap((one) => one.at ?? [])),
      ...findings.map((each) => `${each.kind}:${each.model}:${each.index}`),
      ...findings.map((each) => each.index),
      ...findings.map((each) => each.at),
      'Post_status_title_idx',
    ]) {
      const { code, output: said, errors } = await given.run('explain', asked)
      expect([asked, code, errors]).toEqual([asked, 0, ''])
      expect(said).not.toBe('')
    }
    const { output: said } = await given.run('explain', 'Post(authorId, createdAt desc, status)')
    expect(said).toContain('Recommended: @@index([authorId, createdAt(sort: Desc), status])')
  })

  test.each([
    'Post(title(191) desc)',
    `Post(title) where ("body" IS NULL)`,
    `Post(title gin_trgm_ops) using Gin where (a = 'x) y')`,
    'Post(tags jsonb_path_ops) using Gin',
  ])('KA-B13 %s', async (id) => {
    expect((await project().run('explain', id)).code).toBe(0)
  })

  test.each(['Post(title', 'Post(title) and more', '', 'Post title'])(
    'KA-B13 %j is none of these',
    async (id) => {
      const { code, errors } = await project().run('explain', id)
      expect([code, errors]).toEqual([2, expect.stringContaining('Expected Model.field')])
    },
  )
})
