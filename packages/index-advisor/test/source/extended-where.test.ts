import { adviceOn } from '../support/small-project.ts'

test('KA-B5 a where that only some calls have stays so behind a query extension', async () => {
  const models = `
model Page {
  id        Int       @id
  slug      String
  at        DateTime
  deletedAt DateTime?
}`
  const source = (
    call: string,
  ) => `const soft = prisma.$extends({ query: { page: { async findMany({ args, query }) {
  args.where = { AND: [args.where ?? {}, { deletedAt: null }] }
  return query(args)
} } } })
export const q = (slug: string, has: boolean) => ${call}
`
  const asked = async (call: string) => {
    const { run } = await adviceOn({ models, source: source(call) })
    return run.shapes.flatMap((shape) =>
      shape.conditions.filter((each) => each.column === 'slug').map((each) => each.isOptional),
    )
  }
  expect(await asked('soft.page.findMany({ where: { slug } })')).toEqual([false])
  expect(await asked('soft.page.findMany({ ...(has ? { where: { slug } } : {}) })')).toEqual([true])
  expect(await asked('soft.page.findMany({ where: has ? { slug } : undefined })')).toEqual([true])
})
