import { adviceOn, type SmallProject } from '../support/small-project.ts'

/** Arguments that are not known may hold what is not seen. */

const models = `
model Site {
  id      Int      @id
  metrics Metric[]
}
model Metric {
  id     Int      @id
  site   Site     @relation(fields: [siteId], references: [id])
  siteId Int
  host   String
  name   String
  at     DateTime
  @@index([siteId])
}`
const on = (source: string, more: Partial<SmallProject> = {}) => adviceOn({ models, source, ...more })
const page = "orderBy: { at: 'desc' }, take: 20"

describe('FL-A1 a spread into the arguments may hold a where', () => {
  test.each([
    [
      'a parameter of any type',
      `export const q = (args: any) => prisma.metric.findMany({ ...args, ${page} })\n`,
    ],
    [
      'behind the known ones',
      `export const q = (args: any) => prisma.metric.findMany({ ${page}, ...args })\n`,
    ],
    [
      'its own type',
      `export const q = (args: Prisma.MetricFindManyArgs) => prisma.metric.findMany({ ...args, ${page} })\n`,
    ],
    [
      'a part of its type',
      `export const q = (args: { where?: Prisma.MetricWhereInput }) => prisma.metric.findMany({ ...args, ${page} })\n`,
    ],
    [
      'a where of its own type',
      `export const q = (where?: Prisma.MetricWhereInput) => prisma.metric.findMany({ where, ${page} })\n`,
    ],
    [
      'what a function gives',
      `declare function ext(): any\nexport const q = () => prisma.metric.findMany({ ...ext(), ${page} })\n`,
    ],
    [
      'a nested read',
      `export const q = (args: any) => prisma.site.findMany({ include: { metrics: { ...args, ${page} } } })\n`,
      ['Metric(siteId, at)'],
    ],
    [
      'findFirst',
      `export const q = (args: any) => prisma.metric.findFirst({ ...args, orderBy: { at: 'desc' } })\n`,
    ],
  ])('FL-A1 %s', async (_, source, expected: readonly string[] = []) => {
    expect((await on(source)).ids).toEqual(expected)
  })

  test('FL-A1 what is known of them counts', async () => {
    const source = (args: string) =>
      `export const q = (args: any, host: string) => prisma.metric.findMany({ ${args}, ${page} })\n`
    expect((await on(source('...args, where: { host }'))).ids).toEqual(['Metric(host, at)'])
    expect((await on(source('where: host ? { host } : undefined'))).ids).toEqual([
      'Metric(at)',
      'Metric(host, at)',
    ])
  })

  test('FL-A1 a caller that is seen says what the spread holds', async () => {
    const source = `const paged = (args: Prisma.MetricFindManyArgs) => prisma.metric.findMany({ ...args, ${page} })
export const q = (host: string, name: string) => paged({ where: { host, name } })\n`
    expect((await on(source)).ids).toEqual(['Metric(host, name, at)'])
  })
})
