import { adviceOn } from '../support/small-project.ts'

const models = `
model Edge {
  id     Int      @id
  tenant Int
  srcId  Int
  dstId  Int
  at     DateTime
}`
const on = async (call: string, provider: 'postgresql' | 'mysql' | 'sqlite' = 'postgresql') =>
  (
    await adviceOn({
      models,
      provider,
      source: `export const q = (id: number) => prisma.${call}\n`,
    })
  ).ids

describe('FL-B1 what the arms of an OR find is sorted together, so no arm’s index carries the sort', () => {
  test.each(['postgresql', 'mysql', 'sqlite'] as const)('FL-B1 a page on %s', async (provider) => {
    const page = `edge.findMany({ where: { OR: [{ srcId: id }, { dstId: id }] }, orderBy: { at: 'desc' }, take: 10 })`
    expect(await on(page, provider)).toEqual(['Edge(dstId)', 'Edge(srcId)'])
  })

  test.each([
    [
      'beside a shared equality',
      `edge.findMany({ where: { tenant: id, OR: [{ srcId: id }, { dstId: id }] }, orderBy: { at: 'asc' }, take: 10 })`,
      ['Edge(tenant, dstId)', 'Edge(tenant, srcId)'],
    ],
    [
      'doubles taken out',
      `edge.groupBy({ by: ['at'], where: { OR: [{ srcId: id }, { dstId: id }] } })`,
      ['Edge(dstId)', 'Edge(srcId)'],
    ],
    [
      'in SQL',
      '$queryRaw`SELECT * FROM "Edge" WHERE "srcId" = ${id} OR "dstId" = ${id} ORDER BY at DESC LIMIT 10`',
      ['Edge(dstId)', 'Edge(srcId)'],
    ],
    [
      'one arm alone is no OR',
      `edge.findMany({ where: { OR: [{ srcId: id }] }, orderBy: { at: 'desc' }, take: 10 })`,
      ['Edge(srcId, at)'],
    ],
  ])('FL-B1 %s', async (_, call, expected) => {
    expect(await on(call)).toEqual(expected)
  })
})
