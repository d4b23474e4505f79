import { advise } from '../../src/advise.ts'
import type { Finding } from '../../src/advice/advice.ts'
import type { CatalogStatistics } from '../../src/catalog/with-statistics.ts'
import { TestProject } from '../support/project.ts'

const schema = `datasource db {
  provider = "postgresql"
}

generator client {
  provider = "prisma-client"
  output   = "../out"
}

model User {
  id        String    @id @db.Uuid
  email     String    @unique
  country   String
  deletedAt DateTime?
  posts     Post[]
}

model Post {
  id        Int       @id
  title     String
  score     Int
  authorId  String    @db.VarChar(36)
  author    User      @relation(fields: [authorId], references: [id])
  createdAt DateTime
  state     State     @default(OPEN)
  comments  Comment[]
}

enum State {
  OPEN
  DONE
  LOST
}

model Comment {
  id     Int    @id
  postId Int
  post   Post   @relation(fields: [postId], references: [id])
  text   String

  @@index([postId])
}
`

const client = `import { PrismaClient } from '../out/client'
export const prisma = new PrismaClient()
`

let project: TestProject | undefined
afterEach(() => {
  project?.remove()
  project = undefined
})

const rows = (table: string, count: number): CatalogStatistics => ({
  table,
  schema: null,
  rows: count,
  columns: new Map(),
})
const shares = (column: string, known: Record<string, number>): CatalogStatistics['columns'] =>
  new Map([
    [
      column,
      {
        nullFraction: 0,
        distinct: 9,
        width: null,
        mostCommonFraction: null,
        shares: new Map(Object.entries(known)),
      },
    ],
  ])
const LARGE = [rows('User', 50_000), rows('Post', 200_000), rows('Comment', 40_000_000)]
const SMALL = [rows('User', 90), rows('Post', 600), rows('Comment', 700)]

async function said(
  call: string,
  statistics: readonly CatalogStatistics[],
  kind: Finding['kind'],
): Promise<readonly Finding[]> {
  project?.remove()
  project = new TestProject({
    'prisma/schema.prisma': schema,
    'src/db.ts': client,
    'src/q.ts': `import { prisma } from './db'\nexport const q = (ids: number[], id: string, term: string, take: number) => ${call}\n`,
  })
  const { advice } = await advise({ cwd: project.cwd, source: true, statistics })
  return advice.findings.filter((each) => each.kind === kind)
}

const PLACE = 'src/q.ts:2:'

test.each([
  ['whole-count', 'prisma.comment.count()', 'paginate({ …, total: { upTo: 1000 } })', 40_000_000],
  ['excluded-list', 'prisma.post.findMany({ where: { id: { notIn: ids } } })', 'none: { … }', 200_000],
  [
    'distinct-in-memory',
    `prisma.user.findMany({ distinct: ['country'], select: { country: true } })`,
    `prisma.user.groupBy({ by: ['country'], … })`,
    50_000,
  ],
  [
    'sorted-by-relation',
    `prisma.post.findMany({ orderBy: { comments: { _count: 'desc' } }, take: 20 })`,
    'commentsCount on Post, written with its source, and @@index([commentsCount])',
    200_000,
  ],
  [
    'sorted-by-relation',
    `prisma.post.findMany({ orderBy: { author: { email: 'asc' } }, take })`,
    'authorEmail on Post',
    200_000,
  ],
  [
    'unbounded-include',
    `prisma.post.findMany({ take: 50, include: { comments: true } })`,
    'comments: { take: 10, orderBy: … }',
    10_000,
  ],
  [
    'pattern-search',
    `prisma.post.findMany({ where: { title: { contains: term } } })`,
    'gin_trgm_ops',
    200_000,
  ],
  [
    'large-offset',
    `prisma.post.findMany({ orderBy: { score: 'asc' }, skip: 50_000, take: 10 })`,
    'cursorPage({ …, first: 10',
    50_000,
  ],
] as const)('KN10 %s: %s is named with a change and a cost', async (kind, call, change, cost) => {
  const findings = await said(call, LARGE, kind)
  expect(findings).toEqual([
    expect.objectContaining({
      at: expect.stringContaining(PLACE),
      change: expect.stringContaining(change),
      cost: expect.objectContaining({ rows: cost }),
    }),
  ])
})

test.each([
  ['whole-count', 'prisma.comment.count()', SMALL],
  ['whole-count', 'prisma.comment.count()', []],
  ['whole-count', 'prisma.comment.count({ where: { postId: 1 } })', LARGE],
  ['excluded-list', 'prisma.post.findMany({ where: { id: { notIn: ids } } })', SMALL],
  ['excluded-list', 'prisma.post.findMany({ where: { authorId: id, id: { notIn: ids } } })', LARGE],
  ['excluded-list', 'prisma.post.findMany({ where: { score: { not: 1 } } })', LARGE],
  ['distinct-in-memory', `prisma.user.findMany({ distinct: ['country'] })`, SMALL],
  ['distinct-in-memory', `prisma.user.groupBy({ by: ['country'] })`, LARGE],
  ['sorted-by-relation', `prisma.post.findMany({ orderBy: { author: { email: 'asc' } } })`, LARGE],
  [
    'sorted-by-relation',
    `prisma.post.findMany({ where: { authorId: id }, orderBy: { author: { email: 'asc' } }, take: 5 })`,
    LARGE,
  ],
  ['unbounded-include', `prisma.post.findMany({ take: 50, include: { comments: { take: 3 } } })`, LARGE],
  ['unbounded-include', `prisma.post.findUnique({ where: { id: 1 }, include: { comments: true } })`, LARGE],
  ['unbounded-include', `prisma.post.findMany({ take: 50, include: { comments: true } })`, SMALL],
] as const)('KN10 %s: nothing is said of %s', async (kind, call, statistics) => {
  expect(await said(call, statistics, kind)).toEqual([])
})

test.each([
  ['{ where: { id: { in: [1, 2, 3] } }, include: { comments: true } }', null],
  ['{ where: { id: { in: ids } }, include: { comments: true } }', 10_000],
  ['{ where: { id: 4 }, include: { comments: true } }', null],
  ['{ where: { authorId: id }, include: { comments: true } }', null],
  ['{ where: { state: "LOST" }, include: { comments: true } }', 400_000],
  ['{ where: { state: { in: ["LOST", "DONE"] } }, include: { comments: true } }', 4_400_000],
  ['{ where: { OR: [{ id: 4 }, { score: 1 }] }, include: { comments: true } }', null],
  ['{ where: { state: "LOST" }, take: 50, include: { comments: true } }', 10_000],
  ['{ take: 50, include: { comments: { where: { id: 7 } } } }', null],
  ['{ take: 50, include: { comments: { where: { text: term } } } }', null],
  ['{ take: 5000, include: { comments: { where: { text: "x" } } } }', 250_000],
  ['{ take: 50, include: { comments: { where: { post: { score: 1 } } } } }', null],
  ['{ include: { comments: true } }', 40_000_000],
] as const)('BA11 unbounded-include is bound by its conditions: %s', async (args, cost) => {
  const statistics = [
    { ...rows('Post', 200_000), columns: shares('state', { OPEN: 0.89, DONE: 0.1, LOST: 0.01 }) },
    { ...rows('Comment', 40_000_000), columns: shares('text', { x: 0.25 }) },
  ]
  const findings = await said(`prisma.post.findMany(${args})`, statistics, 'unbounded-include')
  expect(findings.map((each) => each.cost?.rows ?? null)).toEqual(cost === null ? [] : [cost])
})

test.each([
  ['{ where: { id: { notIn: ids } }, take: 20 }', null],
  ['{ where: { id: { notIn: ids } }, take: 20, skip: 100 }', 'none: { … }'],
  ['{ where: { score: { notIn: ids } } }', null],
  ['{ where: { title: { notIn: ["a", "b"] } } }', null],
  ['{ where: { authorId: { notIn: [id] } } }', 'none: { … }'],
  ['{ where: { state: { notIn: ["OPEN"] } } }', "where: { state: { in: ['DONE', 'LOST'] } }"],
] as const)('BA12 excluded-list says what can be written: %s', async (args, change) => {
  const findings = await said(`prisma.post.findMany(${args})`, LARGE, 'excluded-list')
  expect(findings.map((each) => each.change)).toEqual(
    change === null ? [] : [expect.stringContaining(change)],
  )
})

test('KN10 key-types: a foreign key of another type than its target', async () => {
  const [finding, ...others] = await said('null', [], 'key-types')
  expect(others).toEqual([])
  expect(finding).toMatchObject({ model: 'Post', index: 'authorId', change: 'authorId String @db.Uuid' })
  expect(finding?.at).toBe('prisma/schema.prisma:22')
})

test('KN10 soft-deleted-unique: only where queries leave out what is deleted', async () => {
  expect(await said('prisma.user.findMany()', [], 'soft-deleted-unique')).toEqual([])
  expect(
    await said('prisma.user.findMany({ where: { deletedAt: null } })', [], 'soft-deleted-unique'),
  ).toEqual([
    expect.objectContaining({
      model: 'User',
      index: 'User_email_key',
      change: '@@unique([email], where: { deletedAt: null }), with previewFeatures = ["partialIndexes"]',
    }),
  ])
})

test.each([
  ['prisma.user.upsert({ where: { email: id }, create: {}, update: {} })', []],
  ['prisma.post.create({ data: { author: { connectOrCreate: { where: { email: id }, create: {} } } } })', []],
  ['prisma.user.upsert({ where: { id }, create: {}, update: {} })', ['email']],
  ['prisma.user.findUnique({ where: { email: id } })', ['email']],
])('BA3 soft-deleted-unique beside %s', async (call, named) => {
  const both = `[${call}, prisma.user.findMany({ where: { deletedAt: null } })]`
  const findings = await said(both, [], 'soft-deleted-unique')
  expect(findings.map((each) => each.index)).toEqual(named.map((each) => `User_${each}_key`))
  for (const each of findings)
    expect(each.reason).toMatch(/upsert and connectOrCreate by email fail,.* findUnique by it may find/)
})

test('KN10 old-rows: partitions where very many rows are cleared by their time', async () => {
  const call = 'prisma.post.deleteMany({ where: { createdAt: { lt: new Date(0) } } })'
  expect(await said(call, LARGE, 'old-rows')).toEqual([])
  const [finding] = await said(call, [rows('Post', 80_000_000)], 'old-rows')
  expect(finding?.change).toContain('PARTITION BY RANGE ("createdAt")')
  expect(await said(call, [{ ...rows('Post', 80_000_000), isPartitioned: true }], 'old-rows')).toEqual([])
})

describe('KN10 in reports', () => {
  const calls = ['country', 'email', 'deletedAt', 'id'].map(
    (field) => `prisma.user.findMany({ distinct: ['${field}'] })`,
  )
  const many = [...calls, ...calls].map((call, at) => `export const q${at} = () => ${call}\n`).join('')

  beforeEach(() => {
    project = new TestProject({
      'prisma/schema.prisma': schema.replace('@db.VarChar(36)', '@db.Uuid'),
      'src/db.ts': client,
      'src/q.ts': `import { prisma } from './db'\n${many}`,
    })
  })

  const count = (output: string) => output.split('groupBy({ by:').length - 1

  test('five are printed, and the others with --all', async () => {
    const { output } = await (project as TestProject).run('advise')
    expect(count(output)).toBe(5)
    expect(output).toContain('and 3 more that cost less: --all')
    const all = await (project as TestProject).run('advise', '--all')
    expect(count(all.output)).toBe(8)
    expect(all.output).not.toContain('--all')
  })

  test.each(['json', 'sarif', 'markdown'])('%s holds all of them, and what to write', async (format) => {
    const { output } = await (project as TestProject).run('advise', '--format', format)
    expect(count(output)).toBe(8)
  })

  test('each can be explained by the id that is printed', async () => {
    const { output } = await (project as TestProject).run('advise')
    const [id = ''] = /distinct-in-memory:User:\S+/.exec(output) ?? []
    const explained = await (project as TestProject).run('explain', id)
    expect(explained.output).toMatch(
      /^Remark at src\/q\.ts:\d+:\d+: User\.findMany [^]*\nWhy: Prisma reads[^]*\nInstead: prisma\.user\.groupBy/,
    )
  })
})
