import { brisk } from 'prisma-brisk'
import { createDatabase } from '../../support/databases.ts'
import { expectStatements } from '../../support/statements.ts'

test('P16 pages are cached like any list: the second reading of a page asks nothing', async () => {
  const database = await createDatabase('postgresql')
  try {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    const cursor = { secret: 'the secret of these tests' }
    const prisma = client.$extends(
      brisk({ slowQuery: false, batching: false, resilience: false, pagination: { cursor } }),
    )
    await prisma.tag.createMany({
      data: Array.from({ length: 9 }, (_, index) => ({ id: index + 1, name: `t${index}` })),
    })
    const numbered = () =>
      prisma.tag.paginate({ orderBy: { id: 'asc' }, cacheStrategy: { ttl: 60 }, limit: 4 })
    const walked = () =>
      prisma.tag.cursorPage({ orderBy: { id: 'asc' }, cacheStrategy: { ttl: 60 }, first: 4 })
    const [page, first] = [await numbered(), await walked()]
    await expectStatements(log, 0, async () => {
      expect(await numbered()).toEqual(page)
      const again = await walked()
      expect(again.items).toEqual(first.items)
      expect(again.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false })
    })
    await prisma.tag.create({ data: { id: 0, name: 'new' } })
    expect((await walked()).items[0]?.id).toBe(0)
    expect((await numbered()).pagination.total).toBe(10)
  } finally {
    await database.drop()
  }
})
