import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { advise } from '../../src/advise.ts'
import { TestProject } from '../support/project.ts'
import { smallFiles } from '../support/small-project.ts'

const models = `
model Post {
  id   Int    @id
  slug String
}`
const source = 'export const q = (slug: string) => prisma.post.findMany({ where: { slug } })\n'

const placesWith = async (links: readonly (readonly [target: string, path: string])[]) => {
  const project = new TestProject(smallFiles({ models, source }))
  try {
    for (const [target, path] of links) symlinkSync(join(project.cwd, target), join(project.cwd, path))
    const { advice } = await advise({ cwd: project.cwd, source: true })
    return advice.recommendations.flatMap((each) => each.evidence.map(({ at }) => at))
  } finally {
    project.remove()
  }
}

test.each<[string, [string, string][]]>([
  ['a directory, by a name that sorts first', [['src', 'app']]],
  ['a directory, by a name that sorts last', [['src', 'zoo']]],
  ['a file', [['src/q.ts', 'src/a.ts']]],
  [
    'two',
    [
      ['src', 'app'],
      ['src', 'bin'],
    ],
  ],
])('FL-C2 what is linked is read once, at its own place: %s', async (_, links) => {
  expect(await placesWith(links)).toEqual(['src/q.ts:3:36'])
})
