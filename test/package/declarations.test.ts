import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wideSchema } from '../../bench/wide-schema.ts'
import { TypedProject } from './typed-project.ts'

/** An extended client of 120 models that a project exports with declarations, as libraries and monorepos do. */

const head = `import { brisk, type ExtendedClient } from 'prisma-brisk'
import { PrismaClient } from './generated/client.ts'
declare const adapter: never
const base = new PrismaClient({ adapter })
`

// The project has nothing else: what a declaration names must be found by this name.
const project = new TypedProject(['prisma-brisk'])
let complaints: string
beforeAll(async () => {
  await project.generate((generator) => wideSchema(120, generator))
  project.write({
    'inferred.ts': `${head}export const extension = brisk()
export const prisma = base.$extends(brisk({ cache: { defaultTtl: 60 } }))
export const rows = prisma.model1.findMany({ include: { children: true } })
export const one = prisma.model1.findUnique({ where: { id: 1 } })
export const children = one.children({ take: 3 })
export const page = prisma.model1.cursorPage({ first: 3 })
export const groups = prisma.model1.groupBy({ by: ['state'], _count: true })
export function fifth() { return prisma.model5 }
`,
    'named.ts': `${head}export const prisma: ExtendedClient<typeof base, ReturnType<typeof brisk>> = base.$extends(brisk())
`,
  })
  const options = { declaration: true, emitDeclarationOnly: true, outDir: 'types', rootDir: '.' }
  // The compiler in JavaScript: the native one knows no maximum length.
  complaints = (await project.check(['inferred.ts', 'named.ts'], options, 'typescript')).output
}, 400_000)
afterAll(() => project.remove())

const complaintsOf = (file: string) => complaints.split('\n').filter((line) => line.startsWith(file))
const declarationOf = (file: string) => readFileSync(join(project.directory, 'types', file), 'utf8')

test('KR33 an exported client has a declaration, which names only what its package exports', () => {
  expect(complaintsOf('inferred.ts')).toEqual([])
  expect(declarationOf('inferred.d.ts')).not.toContain('@prisma-brisk/core')
})

test('KR33 an annotation keeps the declaration short, however many models there are', () => {
  expect(complaintsOf('named.ts')).toEqual([])
  expect(declarationOf('named.d.ts')).toContain(
    'export declare const prisma: ExtendedClient<typeof base, ReturnType<typeof brisk>>;',
  )
})

test.each(['inferred', 'named'])(
  'KR33 a client is used through its declaration, %s',
  async (name) => {
    project.write({
      'reader.ts': `import { prisma } from './types/${name}.js'
export const rows = await prisma.model1.findMany({ where: { state: 'DRAFT' }, cacheStrategy: { ttl: 60 }, unbounded: 'export' })
export const email: string | undefined = rows[0]?.email
export const page = await prisma.model2.cursorPage({ first: 3, cacheStrategy: { ttl: 60 } })
export const status = await prisma.$cache.stats().hitRate
// @ts-expect-error: no such field
void rows[0]?.nobody
// @ts-expect-error: no such argument
void prisma.model3.findMany({ wher: {} })
`,
    })
    expect((await project.check(['reader.ts'])).output).toBe('')
  },
  240_000,
)
