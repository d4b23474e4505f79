import { advise } from '../../src/advise.ts'
import type { AdviceRun } from '../../src/advice-run.ts'
import { htmlReport } from '../../src/report/html-report.ts'
import { markdownReport } from '../../src/report/markdown-report.ts'
import { textReport } from '../../src/report/text-report.ts'
import { ruleSelector } from '../../src/selection/rule-selector.ts'
import { blogSchema, TestProject } from '../support/project.ts'

let project: TestProject
beforeEach(() => {
  project = new TestProject({ 'schema.prisma': blogSchema })
})
afterEach(() => project.remove())

const rules = () => advise({ cwd: project.cwd })
/** The same advice with numbers, as a planner gives them. */
const planned = (): Promise<AdviceRun> =>
  advise({
    cwd: project.cwd,
    selector: {
      select: async (problem) => {
        const selection = await ruleSelector.select(problem)
        const numbers = { before: { cost: 4310 }, after: { cost: 8.4 }, sizeBytes: 21e6, writeCost: 0.93 }
        return { ...selection, chosen: selection.chosen.map((each) => ({ ...each, ...numbers })) }
      },
    },
  })

test('KN19 the HTML table has no column that is empty throughout', async () => {
  const empty = htmlReport(await rules())
  expect(empty.match(/<th>[^<]+<\/th>/g)).toEqual(['<th>Index</th>', '<th>Severity</th>'])
  const full = htmlReport(await planned())
  for (const title of ['Cost before', 'after', 'Gain', 'Size', 'A write'])
    expect(full).toContain(`<th>${title}</th>`)
})

test('KN19 a place is listed once, though it speaks for an index in two ways', async () => {
  const run = await rules()
  const [first] = run.advice.recommendations
  expect(first?.evidence.map(({ kind }) => kind)).toEqual(['on-delete', 'relation'])
  const at = first?.evidence[0]?.at as string
  expect(htmlReport(run).split(`<code>${at}</code>`)).toHaveLength(2)
})

test('KN18 Markdown prints numbers as the text does', async () => {
  expect(markdownReport(await planned())).toContain('Cost 4,310 → 8.4, 21 MB.')
})

test('KN18 the text has what the index costs each write', async () => {
  expect(textReport(await planned(), { colors: false })).toContain(
    'cost 4,310 → 8.4, 21 MB, each write costs 0.9 more',
  )
})
