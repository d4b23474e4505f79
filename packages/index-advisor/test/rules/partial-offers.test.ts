import { adviceOn } from '../support/small-project.ts'

test('KA-D3 an index over some rows is offered once, however many queries ask for it', async () => {
  const { run } = await adviceOn(
    {
      models: `
model Job {
  id    Int      @id
  state String
  ref   String?
  runAt DateTime
}`,
      source: `
export const a = () => prisma.job.findMany({ where: { state: 'open' }, orderBy: { runAt: 'asc' }, take: 5 })
export const b = () => prisma.job.findFirst({ where: { state: 'open' }, orderBy: { runAt: 'asc' } })
export const c = (ref: string) => prisma.job.findMany({ where: { ref } })
export const d = (ref: string) => prisma.job.count({ where: { ref } })
`,
    },
    {
      statistics: [
        {
          table: 'Job',
          schema: null,
          rows: 100_000,
          columns: new Map([
            [
              'state',
              {
                nullFraction: 0,
                distinct: 2,
                mostCommonFraction: 0.99,
                width: 8,
                shares: new Map([
                  ['done', 0.99],
                  ['open', 0.01],
                ]),
              },
            ],
            ['ref', { nullFraction: 0.999, distinct: 90, mostCommonFraction: null, width: 8, shares: null }],
          ]),
        },
      ],
    },
  )
  const offered = run.advice.findings.filter((each) => each.kind === 'partial-index')
  expect(offered.map((each) => each.index).sort()).toEqual(['ref', 'runAt'])
})
