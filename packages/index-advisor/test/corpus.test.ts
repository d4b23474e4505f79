import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { advise } from '../src/advise.ts'
import type { AdviseOptions } from '../src/options.ts'
import type { Advice, Finding } from '../src/advice/advice.ts'
import { readCaseStatistics } from './support/corpus-statistics.ts'

/**
 * One directory a case: `given.prisma`, `source.ts` (or `query.sql`, `migrations/`, `statistics.json`) and
 * `expect.json`. To add a case, add a directory; its name begins with the id of the behaviour it belongs to.
 */
const corpus = fileURLToPath(new URL('corpus', import.meta.url))

interface Expectation {
  /** The rest of the test's title: "given → then". */
  readonly title: string
  /** Ids of all recommendations, no more and no fewer. */
  readonly recommend: readonly string[]
  readonly severity?: Readonly<Record<string, string>>
  readonly findings?: readonly Partial<Finding>[]
  /** No finding of these kinds. */
  readonly noFindings?: readonly string[]
  readonly rejected?: readonly { readonly fields: readonly string[]; readonly reason: string }[]
  readonly evidence?: Readonly<Record<string, readonly string[]>>
  readonly options?: Partial<AdviseOptions>
}

const score = { right: 0, wrong: 0, missed: 0 }

for (const name of readdirSync(corpus).sort()) {
  const directory = join(corpus, name)
  const expected = JSON.parse(readFileSync(join(directory, 'expect.json'), 'utf8')) as Expectation
  const id = /^(?:X\d+|KA-[A-Z]\d+)/.exec(name)?.[0] ?? name

  test(`${id} ${expected.title}`, async () => {
    const advice = await adviceFor(directory, expected)
    const found = advice.recommendations.map((each) => each.id)
    score.right += found.filter((each) => expected.recommend.includes(each)).length
    score.wrong += found.filter((each) => !expected.recommend.includes(each)).length
    score.missed += expected.recommend.filter((each) => !found.includes(each)).length

    expect(found).toEqual([...expected.recommend].sort())
    for (const { fields } of [...advice.recommendations, ...advice.rejected])
      expect(fields).toEqual([...new Set(fields)])
    for (const [recommendation, severity] of Object.entries(expected.severity ?? {}))
      expect(advice.recommendations.find((each) => each.id === recommendation)).toMatchObject({ severity })
    for (const [recommendation, places] of Object.entries(expected.evidence ?? {}))
      expect(
        advice.recommendations.find((each) => each.id === recommendation)?.evidence.map((each) => each.at),
      ).toEqual(places)
    for (const finding of expected.findings ?? [])
      expect(advice.findings).toContainEqual(expect.objectContaining(contains(finding)))
    for (const kind of expected.noFindings ?? [])
      expect(advice.findings.map((each) => each.kind)).not.toContain(kind)
    for (const { fields, reason } of expected.rejected ?? [])
      expect(advice.rejected).toContainEqual(
        expect.objectContaining({ fields, reason: expect.stringContaining(reason) }),
      )
  })
}

afterAll(() => {
  const { right, wrong, missed } = score
  const percent = (part: number, whole: number) =>
    whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`
  process.stdout.write(
    `advisor corpus: precision ${percent(right, right + wrong)} (${wrong} wrong), recall ${percent(right, right + missed)} (${missed} missed), ${right} indexes\n`,
  )
})

async function adviceFor(directory: string, { options }: Expectation): Promise<Advice> {
  const has = (file: string) => existsSync(join(directory, file))
  const { advice } = await advise({
    cwd: directory,
    schema: has('schema') ? 'schema' : 'given.prisma',
    ...(readdirSync(directory).some((file) => /^source.*\.tsx?$/.test(file)) || has('src')
      ? { source: ['source*.ts', 'src/**'] }
      : {}),
    ...(has('statistics.json') ? { statistics: readCaseStatistics(join(directory, 'statistics.json')) } : {}),
    ...options,
  })
  return advice
}

/** Reasons are given by a part of them. */
function contains(finding: Partial<Finding>): object {
  return {
    ...finding,
    ...(finding.reason === undefined ? {} : { reason: expect.stringContaining(finding.reason) }),
  }
}
