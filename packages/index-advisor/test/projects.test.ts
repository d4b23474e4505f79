import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { advise } from '../src/advise.ts'
import type { AdviceRun } from '../src/advice-run.ts'
import { planMigration } from '../src/migration/migration-plan.ts'
import { readWholeProject, said, type WholeProject } from './support/whole-project.ts'

/**
 * Whole repositories in the shapes of real ones, each with what a database engineer would say of it. What is right was
 * written from knowledge of databases, not from what the advisor prints.
 */
const directory = fileURLToPath(new URL('projects', import.meta.url))
const projects = readdirSync(directory)
  .sort()
  .map((file) => readWholeProject(join(directory, file)))

const score = { right: 0, wrong: 0, missed: 0 }

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'brisk-project-'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

test.each(projects.map((each) => [each.name, each] as const))(
  'KN10 %s: it says what is right, but for two things at most',
  async (_, project) => {
    write(project.files)
    const run = await adviceFor(project)
    const found = said(run.advice, project.right)
    const wrong = found.filter((each) => !project.right.includes(each))
    const missed = project.right.filter((each) => !found.includes(each))
    score.right += found.length - wrong.length
    score.wrong += wrong.length
    score.missed += missed.length
    expect(project.right.length).toBeGreaterThan(4)
    expect(wrong.length + missed.length).toBeLessThanOrEqual(2)
    if (wrong.length + missed.length > 0)
      process.stdout.write(
        `${project.name}: wrong ${JSON.stringify(wrong)}, missed ${JSON.stringify(missed)}\n`,
      )
  },
)

test.each(projects.map((each) => [each.name, each] as const))(
  'KN10 %s: idempotent, and the same with the models in another order',
  async (_, project) => {
    write(project.files)
    const given = await adviceFor(project)
    expect(given.advice.recommendations.length).toBeGreaterThan(0)
    write(turned(project.files))
    const other = await adviceFor(project)
    expect(said(other.advice, project.right).sort()).toEqual(said(given.advice, project.right).sort())
    take(other)
    expect((await adviceFor(project)).advice.recommendations.map(({ id }) => id)).toEqual([])
  },
)

test('KN10 precision and recall are at least 95 % each', () => {
  const { right, wrong, missed } = score
  const precision = right / (right + wrong)
  const recall = right / (right + missed)
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  process.stdout.write(
    `advisor projects: precision ${percent(precision)} (${wrong} wrong), recall ${percent(recall)} (${missed} missed), ${projects.length} projects\n`,
  )
  expect(projects.length).toBeGreaterThanOrEqual(12)
  expect(right).toBeGreaterThan(80)
  expect(precision).toBeGreaterThanOrEqual(0.95)
  expect(recall).toBeGreaterThanOrEqual(0.95)
})

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(place, path)), { recursive: true })
    writeFileSync(join(place, path), text)
  }
}

/** Models from the last to the first. */
function turned(files: Readonly<Record<string, string>>): Record<string, string> {
  const schemas = Object.entries(files).filter(([path]) => path.endsWith('.prisma'))
  return Object.fromEntries(
    schemas.map(([path, text]) => [
      path,
      [...(text.match(/(?:^\/\/\/ .*\n)*^\w+ \w+ \{[^]*?^\}\n/gm) ?? [])].reverse().join('\n'),
    ]),
  )
}

function take(run: AdviceRun): void {
  const { changes } = planMigration({ run, drops: [], history: null, now: new Date(0), prismaVersion: null })
  for (const { path, text } of changes) writeFileSync(path, text)
}

function adviceFor({ schema }: WholeProject): Promise<AdviceRun> {
  return advise({ cwd: place, source: true, ...(schema === null ? {} : { schema }) })
}
