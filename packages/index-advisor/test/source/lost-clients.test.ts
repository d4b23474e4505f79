import { adviceOn, type SmallProject } from '../support/small-project.ts'

/** Clients whose type is lost: followed as far as the workspace goes, read by their names beyond. Nothing is lost in silence. */

const models = `
model User {
  id    Int    @id
  name  String
  posts Post[]
}
model Post {
  id        Int      @id
  author    User     @relation(fields: [authorId], references: [id])
  authorId  Int
  status    Int
  title     String
  createdAt DateTime
  @@index([authorId])
}`
const on = (more: Partial<SmallProject>) => adviceOn({ models, ...more })
const confidence = ({ run }: Awaited<ReturnType<typeof on>>) =>
  Object.fromEntries(run.advice.recommendations.map((each) => [each.id, each.confidence]))

describe('KA-B2 packages of the workspace', () => {
  const query = (specifier: string) => `import { PrismaClient } from '${specifier}'
export class Q {
  constructor(private db: PrismaClient) {}
  q(status: number) { return this.db.post.findMany({ where: { status }, orderBy: { createdAt: 'desc' }, take: 5 }) }
}
`
  const workspace = (
    manifest: object,
    files: Record<string, string>,
    specifier = '@acme/db',
    root: Record<string, string> = { 'package.json': '{"private":true,"workspaces":["packages/*"]}' },
  ) =>
    on({
      files: {
        ...root,
        'packages/db/package.json': JSON.stringify({ name: '@acme/db', ...manifest }),
        'packages/app/package.json': '{"name":"app"}',
        'packages/app/src/q.ts': query(specifier),
        ...files,
      },
    })
  const entry = `export * from '@prisma/client'\n`

  test.each<[string, object, string, string?, Record<string, string>?]>([
    [
      'main and types in dist',
      { main: 'dist/index.js', types: 'dist/index.d.ts' },
      'packages/db/src/index.ts',
    ],
    ['nothing said', {}, 'packages/db/index.ts'],
    [
      'exports with conditions',
      { exports: { '.': { types: './dist/client.d.ts', import: './dist/client.mjs' } } },
      'packages/db/src/client.ts',
    ],
    [
      'a subpath',
      { exports: { './client': './dist/client.js' } },
      'packages/db/src/client.ts',
      '@acme/db/client',
    ],
    [
      'a subpath by a star',
      { exports: { './*': './dist/*.js' } },
      'packages/db/src/client.ts',
      '@acme/db/client',
    ],
    ['lib/, from no src', { main: './lib/index.js' }, 'packages/db/index.ts'],
    [
      'pnpm',
      { main: 'dist/index.js' },
      'packages/db/src/index.ts',
      undefined,
      {
        'package.json': '{}',
        'pnpm-workspace.yaml': 'packages:\n  # ours\n  - "packages/*"\n  - \'!packages/old\'\n',
      },
    ],
    [
      'Yarn’s long form',
      { main: 'dist/index.js' },
      'packages/db/src/index.ts',
      undefined,
      { 'package.json': '{"workspaces":{"packages":["packages/*"]}}' },
    ],
  ])('KA-B2 %s → its sources', async (...[, manifest, file, specifier, root]) => {
    const advice = await workspace(manifest, { [file]: entry }, specifier, root)
    expect(confidence(advice)).toEqual({ 'Post(status, createdAt)': 'static' })
    expect(advice.remarks).toEqual([])
  })

  test('KA-B2 a package that is not there → by name, said once for the package that calls', async () => {
    const advice = await on({
      files: {
        'package.json': '{}',
        'packages/app/package.json': '{"name":"app"}',
        'packages/app/src/q.ts': query('@acme/elsewhere'),
        'packages/app/src/r.ts': `import { db } from '@acme/elsewhere'\nexport const r = (name: string) => db.user.findFirst({ where: { name } })\nexport const s = () => db.$queryRaw\`SELECT * FROM "Post" WHERE title = \${'x'}\`\n`,
      },
    })
    expect(confidence(advice)).toEqual({
      'Post(status, createdAt)': 'by-name',
      'Post(title)': 'by-name',
      'User(name)': 'by-name',
    })
    expect(advice.run.advice.findings).toEqual([
      expect.objectContaining({
        kind: 'unread',
        at: 'packages/app/src/q.ts:4:30',
        reason: expect.stringMatching(
          /^3 calls in packages\/app \(first at packages\/app\/src\/q\.ts:4:30\) were read by the names/,
        ) as unknown,
      }),
    ])
  })
})

describe('KA-A15 by name', () => {
  const any = (body: string) =>
    on({ files: { 'src/q.ts': `export const q = (ctx: any, s: string) => ${body}\n` } })

  test.each<[string, string[]]>([
    ['ctx.db.user.count({ where: { name: s } })', ['User(name)']],
    ['ctx.db.post.deleteMany({ where: { title: s } })', ['Post(title)']],
    ['ctx.db.post.updateMany({ where: { title: s }, data: {} })', ['Post(title)']],
    ['ctx.db.post.aggregate({ where: { title: s }, _max: { id: true } })', ['Post(title)']],
    ['ctx.db.post.groupBy({ by: ["title"], where: { title: s } })', ['Post(title)']],
    ['ctx?.db?.user?.findFirst({ where: { name: s } })', ['User(name)']],
    ['ctx["db"]["user"].findFirst({ where: { name: s } })', ['User(name)']],
    ['ctx.db!.user!["findFirst"]({ where: { name: s } })', ['User(name)']],
    ['ctx.$transaction(async (tx: any) => tx.user.findMany({ where: { name: s } }))', ['User(name)']],
    ['ctx.user.findUnique({ where: { id: 1 } }).posts({ where: { status: 1 } })', ['Post(authorId, status)']],
    ['ctx.db.$executeRawUnsafe("UPDATE \\"Post\\" SET status = 1 WHERE title = $1", s)', ['Post(title)']],
    ['(ctx.db as any).user.findMany(s)', []],
    ['ctx.api.user.update(3, { name: s })', []],
    ['ctx.api.user.delete({ force: true })', []],
    ['ctx.api.user.create("x")', []],
    ['ctx.orders.findMany({ where: { name: s } })', []],
  ])('KA-A15 %s', async (body, expected) => {
    expect((await any(body)).ids).toEqual(expected)
  })

  test('KA-A15 a delegate that a type names is read as any other', async () => {
    const advice = await on({
      source: `export class Users {
  constructor(private readonly users: Prisma.UserDelegate, private readonly posts: Prisma.PostDelegate<any>, private readonly own: PrismaClient['post']) {}
  a = (name: string) => this.users.findMany({ where: { name } })
  b = (title: string) => this.posts.findMany({ where: { title } })
  c = (status: number) => this.own.findMany({ where: { status, createdAt: { gt: new Date() } } })
}
`,
    })
    expect(confidence(advice)).toEqual({
      'User(name)': 'static',
      'Post(title)': 'static',
      'Post(status, createdAt)': 'static',
    })
    expect(advice.remarks).toEqual([])
  })

  test('KA-A15 untyped JavaScript, a client made by a condition, a type written by hand', async () => {
    const js = await on({
      files: {
        'src/resolvers.js': `module.exports = { Query: { posts: (_, { title }, { prisma }) => prisma.post.findMany({ where: { title } }) } }\n`,
        'src/client.ts': `import { make } from './nowhere'\nconst db = process.env.X ? make() : make('y')\nexport const q = (name: string) => db.user.findMany({ where: { name } })\n`,
        'src/typed.ts': `interface Db { post: { findMany(args: { where: object }): Promise<object[]> } }\nexport const q = (db: Db, status: number) => db.post.findMany({ where: { status, createdAt: { gt: 3 } } })\n`,
      },
    })
    expect(confidence(js)).toEqual({
      'Post(title)': 'by-name',
      'User(name)': 'by-name',
      'Post(status, createdAt)': 'by-name',
    })
  })

  test('KA-A15 a method of the project with Prisma’s name is no call of Prisma', async () => {
    const advice = await on({
      source: `class Users { findMany(args: { where: { name: string } }) { return args } }
const repositories = { user: new Users() }
export const q = (name: string) => repositories.user.findMany({ where: { name } })
`,
    })
    expect([advice.ids, advice.remarks]).toEqual([[], []])
  })

  test('KA-A15 of what model is not known → left out, and said once', async () => {
    const advice = await on({
      files: {
        'src/base.ts': `export abstract class Base {
  constructor(private readonly delegate: any) {}
  all = (where: object) => this.delegate.findMany({ where })
  first = (where: object) => this.delegate.findFirst({ where })
}
`,
      },
    })
    expect(advice.reasons).toEqual([
      "2 calls in this project (first at src/base.ts:3:28), like Prisma's by the look of it, were left out: the type of their clients is lost, and nothing names a model.",
    ])
  })
})

describe('KA-A16 folders that may be called after a feature', () => {
  const at = (path: string, more: Record<string, string> = {}) =>
    adviceOn({
      models: `model Story {\n  id Int @id\n  userId Int\n  expiresAt DateTime\n}\nmodel Test {\n  id Int @id\n  name String\n}`,
      files: {
        [path]: `import { PrismaClient } from '../../generated/client'\nconst prisma = new PrismaClient()\nexport const q = (userId: number) => prisma.story.findMany({ where: { userId } })\n`,
        ...more,
      },
    })

  test.each([
    ['src/stories/stories.service.ts', {}],
    ['stories/service.ts', {}],
    ['src/tests/service.ts', {}],
    ['src/tests/tests.service.ts', { 'src/tests/tests.service.spec.ts': '' }],
    ['src/fixtures/fixtures.service.ts', {}],
    ['src/seeds/seeds.service.ts', {}],
  ])('KA-A16 %s counts', async (path, more) => {
    expect((await at(path, more)).ids).toEqual(['Story(userId)'])
  })

  test.each([
    ['src/stories/list.ts', { 'src/stories/list.stories.tsx': '' }],
    ['src/spec/helper.ts', { 'src/spec/a.test.ts': '' }],
    ['test/helper.ts', {}],
    ['packages/a/tests/helper.ts', { 'packages/a/package.json': '{}' }],
    ['prisma/seeds/users.ts', {}],
    ['src/seed.ts', {}],
    ['src/__tests__/x.ts', {}],
    ['src/x.stories.tsx', {}],
  ])('KA-A16 %s counts for nothing, and explain says so', async (path, more) => {
    const { ids, run } = await at(path, more)
    expect(ids).toEqual([])
    expect(run.advice.rejected).toEqual([
      expect.objectContaining({
        model: 'Story',
        fields: ['userId'],
        reason: `Story.findMany at ${path}:3:38 counts for nothing: by its place it is a test, a seed or a story.`,
      }),
    ])
  })
})

describe('KA-B5 conditions that a query extension adds', () => {
  const posts = `model Post {\n  id Int @id\n  slug String\n  tenantId Int\n  deletedAt DateTime?\n  createdAt DateTime\n}`
  const extended = (query: string, call: string) =>
    adviceOn({
      models: posts,
      source: `const soft = prisma.$extends({ query: ${query} })\nexport const q = (slug: string) => ${call}\n`,
    })
  const bySlug = 'soft.post.findMany({ where: { slug } })'

  test.each([
    [
      'assigned',
      '{ $allModels: { async findMany({ args, query }) { args.where = { ...args.where, deletedAt: null }; return query(args) } } }',
    ],
    [
      'set',
      '{ post: { async findMany({ args, query }) { args.where ??= {}; args.where.deletedAt = null; return query(args) } } }',
    ],
    [
      'passed on',
      '{ $allModels: { $allOperations({ args, query }) { return query({ ...args, where: { ...args.where, deletedAt: null } }) } } }',
    ],
    [
      'joined by AND',
      '{ post: { findMany: ({ args, query }) => query({ ...args, where: { AND: [args.where, { deletedAt: null }] } }) } }',
    ],
  ])('KA-B5 %s', async (_, query) => {
    const { ids, remarks } = await extended(query, bySlug)
    expect([ids, remarks]).toEqual([['Post(slug, deletedAt)'], []])
  })

  test.each([
    [
      'another model',
      '{ user: { findMany({ args, query }) { args.where = { deletedAt: null }; return query(args) } } }',
      bySlug,
      ['Post(slug)'],
    ],
    [
      'another operation',
      '{ post: { count({ args, query }) { args.where = { deletedAt: null }; return query(args) } } }',
      bySlug,
      ['Post(slug)'],
    ],
    [
      'a client without it',
      '{ post: { findMany({ args, query }) { args.where = { deletedAt: null }; return query(args) } } }',
      'prisma.post.findMany({ where: { slug } })',
      ['Post(slug)'],
    ],
    [
      'where it is left alone',
      '{ post: { findMany({ args, query }) { console.log(args.where); return query(args) } } }',
      bySlug,
      ['Post(slug)'],
    ],
    [
      'with a sort',
      '{ $allModels: { findMany({ args, query }) { args.where = { ...args.where, tenantId: current() }; return query(args) } } }',
      `soft.post.findMany({ orderBy: { createdAt: 'desc' }, take: 5 })`,
      ['Post(tenantId, createdAt)'],
    ],
  ])('KA-B5 %s', async (_, query, call, expected) => {
    const { ids } = await extended(query, call)
    expect(ids).toEqual(expected)
  })

  test('KA-B5 what it adds could not be read → said, and no sort alone', async () => {
    const { ids, run } = await extended(
      '{ $allModels: { findMany({ args, query }) { args.where = guard(args.where); return query(args) } } }',
      `soft.post.findMany({ orderBy: { createdAt: 'desc' }, take: 5 })`,
    )
    expect(ids).toEqual([])
    expect(run.advice.findings).toEqual([
      expect.objectContaining({
        kind: 'unread',
        at: 'src/q.ts:3:55',
        reason: expect.stringContaining('adds conditions that could not be read') as unknown,
      }),
    ])
  })
})
