import { adviceOn } from '../support/small-project.ts'

const models = `
model Post {
  id       Int    @id
  authorId Int
  status   String
  score    Int
}`
const on = (source: string) => adviceOn({ models, source })
const page = (order: string) =>
  `prisma.post.findMany({ where: { authorId: a }, orderBy: ${order}, take: 20 })`
const each = ['Post(authorId, score)', 'Post(authorId, status)']

describe('KA-B2 a sort by a column that is chosen at run time', () => {
  test.each([
    [
      'a union of texts',
      `export const q = (sort: 'score' | 'status', dir: 'asc' | 'desc', a: number) => ${page('{ [sort]: dir }')}`,
      each,
    ],
    [
      'in a list',
      `export const q = (sort: 'score' | 'status', a: number) => ${page("[{ [sort]: 'asc' }]")}`,
      each,
    ],
    [
      'an element of a constant',
      `const SORTS = ['score', 'status'] as const\nexport const q = (n: number, a: number) => ${page("{ [SORTS[n]!]: 'asc' }")}`,
      each,
    ],
    [
      'a constant of names',
      `const F = { a: 'score', b: 'status' } as const\nexport const q = (sort: keyof typeof F, a: number) => ${page("{ [F[sort]]: 'asc' }")}`,
      each,
    ],
    [
      'a ternary of orders',
      `export const q = (a: number) => ${page("a > 1 ? { score: 'asc' } : { status: 'asc' }")}`,
      each,
    ],
    [
      'too many',
      `export const q = (sort: 'id' | 'score' | 'status' | 'authorId', a: number) => ${page("{ [sort]: 'asc' }")}`,
      ['Post(authorId)'],
    ],
  ])('KA-B2 %s: an index for each, while they are few', async (_, source, expected) => {
    const { ids, reasons } = await on(`${source}\n`)
    expect([ids, reasons]).toEqual([expected, []])
  })

  test('KA-B2 a name that is not known is told, once for the project', async () => {
    const { ids, reasons } = await on(`
export const p = (sort: string, a: number) => ${page("{ [sort]: 'asc' }")}
export const q = (sort: any, dir: any, a: number) => ${page('{ [sort]: dir }')}
`)
    expect(ids).toEqual(['Post(authorId)'])
    expect(reasons).toEqual([
      expect.stringContaining(
        '2 pages are sorted by a column whose name is put together at run time (first at src/q.ts:4:',
      ),
    ])
  })
})
