import { advise, collect } from '../../src/advise.ts'
import { openEvidence } from '../../src/evidence.ts'
import { blogSchema, TestProject } from '../support/project.ts'

let project: TestProject
beforeEach(() => {
  project = new TestProject({
    'schema.prisma': blogSchema,
    'src/posts.ts': `import { PrismaClient } from '@prisma/client'
const prisma = new PrismaClient()
export const page = () => prisma.post.findMany({ where: { published: true }, orderBy: { publishedAt: 'asc' }, take: 20 })
export const all = () => prisma.post.findMany({ where: { published: true }, orderBy: { publishedAt: 'asc' } })
`,
  })
})
afterEach(() => project.remove())

test('KN12 an index that is recommended is not turned down beside it', async () => {
  const { output } = await project.run('explain', 'Post(published)')
  expect(output).toContain('Recommended: @@index([published, publishedAt])')
  expect(output).not.toContain('Not recommended: Post(published, publishedAt)')
  const { output: json } = await project.run('advise', '--format', 'json')
  const { recommendations, rejected } = JSON.parse(json) as Record<string, { fields: string[] }[]>
  const turnedDown = rejected?.map(({ fields }) => fields.join())
  for (const { fields } of recommendations ?? []) expect(turnedDown).not.toContain(fields.join())
})

test('KN18 the text says what the advice rests on', async () => {
  const { output } = await project.run('advise')
  expect(output).toContain(
    'Decided by rules, from the schema and the source: an index that finds and sorts is preferred',
  )
})

test('KA-B19 every id that is printed can be given to explain, with what advise was given', async () => {
  const given = new TestProject({
    'schema.prisma': blogSchema,
    'workload.sql': 'SELECT * FROM "Post" WHERE "publishedAt" > $1;\nSELECT nothing FROM;\nSELECT 1;\n',
  })
  try {
    const flags = ['--workload', 'workload.sql', '--no-source']
    const { output } = await given.run('advise', ...flags, '--format', 'sarif')
    const [{ results }] = (
      JSON.parse(output) as {
        runs: [{ results: { partialFingerprints: Record<string, string>; message: { text: string } }[] }]
      }
    ).runs
    const { output: json } = await given.run('advise', ...flags, '--format', 'json')
    const { recommendations } = JSON.parse(json) as {
      recommendations: { id: string; evidence: { fingerprint?: string }[] }[]
    }
    const statements = recommendations.flatMap((each) =>
      each.evidence.flatMap(({ fingerprint }) => fingerprint ?? []),
    )
    expect(statements).toHaveLength(1)
    const ids = [...results.flatMap((each) => Object.values(each.partialFingerprints)), ...statements]
    expect(ids.length).toBeGreaterThan(2)
    for (const id of ids) {
      const { code, output: said, errors } = await given.run('explain', id, ...flags)
      expect([id, code, errors]).toEqual([id, 0, ''])
      expect(said).toMatch(/^(Recommended|Remark|Statement)/)
    }
    const { output: statement } = await given.run('explain', statements[0] as string, ...flags)
    expect(statement).toContain('Asks Post by publishedAt:\n  Recommended: @@index([publishedAt])')
    const { output: unknown } = await given.run('explain', '0123456789abcdef', ...flags)
    expect(unknown).toContain('No statement 0123456789abcdef was read')
  } finally {
    given.remove()
  }
})

test('KA-B19 explain takes every option that changes what advise says', async () => {
  const options = async (command: string) => {
    const { output } = await project.run(command, '--help')
    return [...output.matchAll(/^\s+(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name as string)
  }
  const ofReport = [
    '--format',
    '--write',
    '--drop-redundant',
    '--all',
    '--check',
    '--baseline',
    '--update-baseline',
  ]
  const advise = (await options('advise')).filter((each) => !ofReport.includes(each))
  expect(advise.length).toBeGreaterThan(10)
  expect(await options('explain')).toEqual(advise)
})

test.each([
  ['--write-weight', '0', 'at least 1'],
  ['--write-weight', '1.5', 'at least 1'],
  ['--max-indexes-per-table', '0', 'at least 1'],
  ['--budget', '0', 'at least 1'],
  ['--min-calls', '0', 'at least 1'],
  ['--min-rows', '-1', 'at least 0'],
  ['--min-rows', '9'.repeat(20), 'at least 0'],
  ['--budget', '10', '--budget does nothing without'],
  ['--min-rows', '10', '--min-rows does nothing without'],
  ['--min-calls', '3', '--min-calls does nothing without'],
  ['--allow-create', '', '--allow-create does nothing without'],
  ['--shadow-database-url', 'mysql://x/y', '--shadow-database-url does nothing without'],
])('KA-B19 %s %s: refused where it is out of range or can change nothing', async (flag, value, said) => {
  for (const command of [['advise'], ['explain', 'Post']]) {
    const { code, errors } = await project.run(...command, flag, ...(value === '' ? [] : [value]))
    expect([code, errors]).toEqual([2, expect.stringContaining(said)])
  }
})

test.each(['advise', 'explain'])('KA-D1 %s: --source beside --no-source is refused', async (command) => {
  const asked = command === 'explain' ? ['explain', 'Post'] : ['advise']
  for (const flags of [
    ['--no-source', '--source', 'src/**'],
    ['--source', 'src/**', '--no-source'],
  ]) {
    const { code, errors } = await project.run(...asked, ...flags)
    expect([code, errors]).toEqual([
      2,
      'index-advisor: Expected --source or --no-source, got both: leave one of them out.\n',
    ])
  }
})

test('KA-D4 a field that queries read and no index serves: the queries are named, with why', async () => {
  const read = new TestProject({
    'schema.prisma': blogSchema,
    'src/posts.ts': `import { PrismaClient } from '@prisma/client'
const prisma = new PrismaClient()
export const all = () => prisma.post.findMany({ orderBy: { publishedAt: 'asc' } })
`,
  })
  try {
    const { output } = await read.run('explain', 'Post.publishedAt')
    expect(output).toBe(`Nothing asks for an index on Post(publishedAt), though it is read:
  Post.findMany at src/posts.ts:3:26: all rows are read, in whatever order.
`)
    const { output: unread } = await read.run('explain', 'Post.published')
    expect(unread).toContain('no relation and no query that was read')
  } finally {
    read.remove()
  }
})

test('KA-B19 numbers of the library are checked as those of the command', async () => {
  for (const options of [
    { writeWeight: 0 },
    { writeWeight: NaN },
    { maxIndexesPerTable: 0 },
    { minRows: -1 },
  ])
    await expect(advise({ cwd: project.cwd, ...options })).rejects.toMatchObject({
      code: 'E_INVALID_OPTIONS',
    })
  const collected = await collect({ cwd: project.cwd })
  for (const options of [{ budgetBytes: 0 }, { budgetBytes: NaN }, { minCalls: 0 }, { budgetBytes: 1e6 }])
    await expect(openEvidence(collected, options)).rejects.toMatchObject({ code: 'E_INVALID_OPTIONS' })
})
