import type { Outcome } from '../../scripts/program.ts'
import { installProject, succeed, type InstalledProject } from './installed-project.ts'

/** Every package as a user gets it: from its tarball, outside the workspace, by import, by require, and by its types. */

let project: InstalledProject
beforeAll(async () => {
  project = await installProject()
}, 300_000)
afterAll(() => project.remove())

const tables = `CREATE TABLE "User" (id serial primary key, email text not null unique);
CREATE TABLE "Post" (id serial primary key, title text not null, "authorId" int not null references "User" (id));`

/** Uses each package for its main job, alone and together; the same text for ESM and CommonJS but for the loading. */
const program = `
async function main() {
  const database = new PGlite()
  await database.exec(\`${tables}\`)
  const client = () => new PrismaClient({ adapter: new PrismaPGlite(database) })
  const prisma = client().$extends(brisk({ pagination: { defaultLimit: 2 }, cache: { models: { User: { ttl: 60 } } } }))
  await prisma.user.create({ data: { email: 'ada@example.org', posts: { create: [{ title: 'a' }, { title: 'b' }, { title: 'c' }] } } })
  const [posts, again] = await Promise.all([1, 1].map((authorId) => prisma.post.findMany({ where: { authorId }, orderBy: { id: 'asc' } })))
  await prisma.user.findUnique({ where: { id: 1 } })
  const { info } = await prisma.$cache.withInfo(() => prisma.user.findUnique({ where: { id: 1 } }))
  const page = await prisma.post.cursorPage({ first: 2, orderBy: { id: 'asc' } })
  for (const alone of [batching(), cache(), pagination(), slowQuery(), resilience()]) await client().$extends(alone).post.count()
  console.log(JSON.stringify({ posts: posts.length, again: again.length, status: info.status, next: page.pageInfo.hasNextPage, series: prisma.$queries.stats().length > 0 }))
  await prisma.$disconnect()
  await database.close()
}
main()
`
const names = {
  batching: 'batching',
  cache: 'cache',
  pagination: 'pagination',
  'slow-query': 'slowQuery',
  resilience: 'resilience',
}
const expected = { posts: 2, again: 2, status: 'hit', next: true, series: true }

/** The program's answer is its line of JSON; beside it stand the warnings that it provokes. */
function answerOf(outcome: Outcome): unknown {
  const line = succeed(outcome)
    .split('\n')
    .find((each) => each.startsWith('{'))
  return JSON.parse(line ?? '')
}

test('every package is used by import', async () => {
  project.write({
    'main.mjs': `import { PGlite } from '@electric-sql/pglite'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { brisk } from 'prisma-brisk'
${Object.entries(names)
  .map(([name, symbol]) => `import { ${symbol} } from '@prisma-brisk/${name}'`)
  .join('\n')}
import js from './generated/js/index.js'
const { PrismaClient } = js
${program}`,
  })
  expect(answerOf(await project.run('node', 'main.mjs'))).toEqual(expected)
})

test('every package is used by require', async () => {
  project.write({
    'main.cjs': `const { PGlite } = require('@electric-sql/pglite')
const { PrismaPGlite } = require('pglite-prisma-adapter')
const { brisk } = require('prisma-brisk')
${Object.entries(names)
  .map(([name, symbol]) => `const { ${symbol} } = require('@prisma-brisk/${name}')`)
  .join('\n')}
const { PrismaClient } = require('./generated/js')
${program}`,
  })
  expect(answerOf(await project.run('node', 'main.cjs'))).toEqual(expected)
})

test.each([
  ['nodenext', 'typescript', 'NodeNext', 'NodeNext'],
  ['bundler', 'typescript-7', 'ESNext', 'Bundler'],
])(
  'every package is used with types, module resolution %s, compiler %s',
  async (name, compiler, module, moduleResolution) => {
    project.write({
      'typed.ts': `import { brisk } from 'prisma-brisk'
${Object.entries(names)
  .map(([each, symbol]) => `import { ${symbol} } from '@prisma-brisk/${each}'`)
  .join('\n')}
import { PrismaClient } from './generated/esm/client.js'

const base = new PrismaClient({ adapter: null as never })
const prisma = base.$extends(brisk())
export async function main(): Promise<void> {
  const users = await prisma.user.findMany({ select: { id: true }, cacheStrategy: { ttl: 60, tags: ['team:7'] }, unbounded: 'export' })
  const id: number = users[0]!.id
  // @ts-expect-error: not selected
  users[0]!.email
  // @ts-expect-error: no such argument
  await prisma.user.findMany({ wher: { id } })
  const posts = await prisma.user.findUnique({ where: { id }, cacheStrategy: false }).posts({ take: 3 })
  const title: string = posts![0]!.title
  const page = await prisma.post.cursorPage({ where: { title }, include: { author: true }, orderBy: { id: 'asc' }, first: 20 })
  const email: string = page.items[0]!.author.email
  await prisma.$transaction(async (tx) => tx.post.findMany({ where: { author: { email } }, cacheStrategy: false }))
  await prisma.$cache.invalidate({ models: ['User'] })
  const p95: number = prisma.$queries.stats()[0]!.p95
  const calls: number = prisma.$batching.stats().calls
  void prisma.$deferred(() => prisma.post.count())
  const separately = base.$extends(slowQuery()).$extends(pagination()).$extends(resilience()).$extends(cache()).$extends(batching())
  await separately.post.findMany({ where: { id: p95 + calls } })
}
`,
      [`tsconfig.${name}.json`]: JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: 'ES2022',
          module,
          moduleResolution,
          types: ['node'],
          skipLibCheck: false,
          noUncheckedIndexedAccess: true,
        },
        files: ['typed.ts'],
      }),
    })
    succeed(await project.run('node', `node_modules/${compiler}/bin/tsc`, '-p', `tsconfig.${name}.json`))
  },
  180_000,
)

test('the brisk command runs, and the generator writes its metadata with prisma generate', async () => {
  expect(succeed(await project.run('node_modules/.bin/brisk', '--help'))).toContain('advise')
  const advice = JSON.parse(
    succeed(
      await project.run('node_modules/.bin/brisk', 'advise', '--schema', 'schema.prisma', '--format', 'json'),
    ),
  ) as {
    recommendations: { model: string; fields: string[] }[]
  }
  expect(advice.recommendations.map(({ model, fields }) => `${model}.${fields[0]}`)).toContain(
    'Post.authorId',
  )
})
