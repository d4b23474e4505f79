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
