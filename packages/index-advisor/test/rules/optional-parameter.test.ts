import { adviceOn } from '../support/small-project.ts'

const models = `
model Doc {
  id        Int      @id
  ownerId   Int?
  kind      String
  createdAt DateTime
}`

const on = (where: string, tail = '') =>
  adviceOn({
    models,
    source: `export const q = (v: any, w: any) => prisma.$queryRaw\`SELECT * FROM "Doc" WHERE ${where}${tail}\`\n`,
  })

describe('KA-B3 a condition that a parameter switches off', () => {
  const page = ' ORDER BY "createdAt" LIMIT 20'
  test.each([
    ['behind the parameter', '("ownerId" = ${v} OR ${v} IS NULL)', page, ['Doc(createdAt)']],
    ['before it', '(${v}::int IS NULL OR "ownerId" = ${v}::int)', page, ['Doc(createdAt)']],
    ['by itself', '("ownerId" = ${v} OR ${v} IS NULL)', '', []],
    ['two of them', '("ownerId" = ${v} OR ${v} IS NULL) AND (kind = ${w} OR ${w} IS NULL)', '', []],
    ['a switch that is a flag', '(${w} OR "ownerId" = ${v})', '', []],
    [
      'beside one that is always asked for',
      'kind = ${w} AND (${v} IS NULL OR "ownerId" = ${v})',
      '',
      ['Doc(kind)'],
    ],
  ])('KA-B3 %s: one index at most, and the pattern is told', async (_, where, tail, expected) => {
    const { ids, remarks } = await on(where, tail)
    expect(ids).toEqual(expected)
    expect(remarks).toEqual(['optional-parameter src/q.ts:3:38'])
  })

  test('KA-B3 an OR of two columns is none', async () => {
    const { ids, remarks } = await on('("ownerId" = ${v} OR kind = ${w})')
    expect([ids, remarks]).toEqual([['Doc(kind)', 'Doc(ownerId)'], []])
  })
})
