import { adviceOn } from '../support/small-project.ts'

/** Helpers that pass on what their callers give: what is asked stands with the callers. */

const MODELS = `model Post {
  id       Int    @id
  authorId Int
  status   String
  score    Int
}
`
const ask = (source: string, files: Record<string, string> = {}) =>
  adviceOn({ models: MODELS, source, files })

test.each([
  [
    'a parameter',
    'function list(where: any) { return prisma.post.findMany({ where }) }',
    'list({ status: v })',
  ],
  [
    'all arguments',
    'const list = (...args: any[]) => prisma.post.findMany(...args)',
    'list({ where: { status: v } })',
  ],
  [
    'the whole argument',
    'const list = (args: any) => prisma.post.findMany(args)',
    'list({ where: { status: v } })',
  ],
  [
    'a part of an object',
    'const list = ({ where, take }: any) => prisma.post.findMany({ where, take })',
    'list({ where: { status: v } })',
  ],
  [
    'more beside it',
    'function list(filter: any) { return prisma.post.findMany({ where: { ...filter } }) }',
    'list({ status: v })',
  ],
  [
    'a constant between them',
    'function list(filter: any) { const args = { where: filter }; return prisma.post.findMany(args) }',
    'list({ status: v })',
  ],
  [
    'a helper of a helper',
    'function all(where: any) { return prisma.post.findMany({ where }) }\nfunction list(status: any) { return all({ status }) }',
    'list(v)',
  ],
  [
    'a method',
    'class Posts { list(where: any) { return prisma.post.findMany({ where }) } }\nconst posts = new Posts()',
    'posts.list({ status: v })',
  ],
  [
    'an arrow that gives more',
    'const list = (where: any) => prisma.post.findMany({ where, take: 9, select: { id: true } })',
    'list({ status: v })',
  ],
  [
    'an arrow in an object',
    'const posts = { list: (where: any) => prisma.post.findMany({ where }) }',
    'posts.list({ status: v })',
  ],
  [
    'a class that holds the client',
    'class Repo { constructor(private readonly db: PrismaClient) {}\n list(filter: any) { return this.db.post.findMany({ where: filter }) } }\nconst repo = new Repo(prisma)',
    'repo.list({ status: v })',
  ],
  [
    'an arrow of a class',
    'class Repo { constructor(readonly db: PrismaClient) {}\n list = (filter: any) => this.db.post.findMany({ where: filter }) }\nconst repo = new Repo(prisma)',
    'repo.list({ status: v })',
  ],
  [
    'a class that a class is given',
    'class Repo { constructor(readonly db: PrismaClient) {}\n async list(filter: any) { return this.db.post.findMany({ where: filter }) } }\nclass Service { constructor(private readonly repo: Repo) {}\n open(status: any) { return this.repo.list({ status }) } }\nconst service = new Service(new Repo(prisma))',
    'service.open(v)',
  ],
  [
    'an optional call',
    'class Repo { list(filter: any) { return prisma.post.findMany({ where: filter }) } }\nlet repo: Repo | undefined = new Repo()',
    'repo?.list({ status: v })',
  ],
  [
    'a generator of a client',
    'const make = (db: PrismaClient) => ({ list: (where: any) => db.post.findMany({ where }) })\nconst posts = make(prisma)',
    'posts.list({ status: v })',
  ],
  [
    'a default',
    "function list(where: any = { status: 'open' }) { return prisma.post.findMany({ where }) }",
    'list()',
  ],
])('KN13 %s is followed to its callers', async (_, helper, call) => {
  const { ids, reasons, run } = await ask(`${helper}\nexport const q = (v: any) => ${call}\n`)
  expect([ids, reasons]).toEqual([['Post(status)'], []])
  expect(run.advice.recommendations[0]?.evidence[0]?.at).toMatch(/^src\/q\.ts:\d+:\d+$/)
})

const LIST = 'export function list(where: any) { return prisma.post.findMany({ where }) }\n'
const CALLS = `import { PrismaClient } from '../generated/client'\nconst prisma = new PrismaClient()\nexport const n = () => prisma.post.count()\n`

test('KN13 callers in other files, by other names, and one in a test that counts for nothing', async () => {
  const { ids, reasons } = await ask(LIST, {
    'src/a.ts': `${CALLS}import { list } from './q'\nexport const a = (v: any) => list({ status: v })\n`,
    'src/b.ts': `${CALLS}import { list as read } from './q'\nexport const b = (v: any) => read({ score: v })\n`,
    'src/b.test.ts': `${CALLS}import { list } from './q'\ntest('x', () => list({ authorId: 1 }))\n`,
  })
  expect([ids, reasons]).toEqual([['Post(score)', 'Post(status)'], []])
})

test('KN13 a caller in a file that calls no client itself: told, and what is known is advised', async () => {
  const { ids, reasons } = await ask(`${LIST}export const q = (v: any) => list({ status: v })\n`, {
    'src/a.ts': `import { list } from './q'\nexport const a = (v: any) => list({ score: v })\n`,
  })
  expect(ids).toEqual(['Post(status)'])
  expect(reasons).toEqual([expect.stringContaining('could not be followed')])
})

test.each([
  ['no caller', 'export function list(where: any) { return prisma.post.findMany({ where }) }\n'],
  [
    'a caller that passes on what it does not know',
    'function list(where: any) { return prisma.post.findMany({ where }) }\nexport const q = () => list(JSON.parse(input))\ndeclare const input: string\n',
  ],
])('KN13 %s: told, once for the package', async (_, source) => {
  const { ids, reasons } = await ask(
    `${source}export const more = (...args: any[]) => prisma.post.findMany(...args)\n`,
  )
  expect(ids).toEqual([])
  expect(reasons).toEqual([
    expect.stringMatching(/^2 calls in this project \(first at src\/q\.ts:\d+:\d+\) were read in part/),
  ])
})

test('KN13 a parameter that is a value, or a filter of a known type, is no helper', async () => {
  const { ids, reasons } = await ask(
    `export const one = (status: string) => prisma.post.findMany({ where: { status } })\n`,
  )
  expect([ids, reasons]).toEqual([['Post(status)'], []])
})
