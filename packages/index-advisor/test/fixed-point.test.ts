import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { advise } from '../src/advise.ts'
import { planMigration } from '../src/migration/migration-plan.ts'
import type { AdviseOptions } from '../src/options.ts'
import { readCaseStatistics } from './support/corpus-statistics.ts'

/** Advice that is taken satisfies the next run on the same inputs: `--write`, then `--check`. */
const corpus = fileURLToPath(new URL('corpus', import.meta.url))

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'brisk-fixed-point-'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

const cases = readdirSync(corpus).filter((name) => {
  const { recommend } = expectationOf(name)
  return recommend.length > 0
})

test.each(cases)('KN10 %s: what was written is not advised on again', async (name) => {
  const directory = join(place, 'project')
  cpSync(join(corpus, name), directory, { recursive: true })
  const has = (file: string) => existsSync(join(directory, file))
  const options: AdviseOptions = {
    cwd: directory,
    schema: has('schema') ? 'schema' : 'given.prisma',
    ...(readdirSync(directory).some((file) => /^source.*\.tsx?$/.test(file)) || has('src')
      ? { source: ['source*.ts', 'src/**'] }
      : {}),
    ...(has('statistics.json') ? { statistics: readCaseStatistics(join(directory, 'statistics.json')) } : {}),
    ...expectationOf(name).options,
  }
  const run = await advise(options)
  expect(run.advice.recommendations.length).toBeGreaterThan(0)
  const { changes } = planMigration({ run, drops: [], history: null, now: new Date(0), prismaVersion: null })
  for (const { path, text } of changes) writeFileSync(path, text)
  const { advice } = await advise(options)
  expect(advice.recommendations.map(({ id }) => id)).toEqual([])
})

function expectationOf(name: string): { recommend: readonly string[]; options?: Partial<AdviseOptions> } {
  return JSON.parse(readFileSync(join(corpus, name, 'expect.json'), 'utf8')) as ReturnType<
    typeof expectationOf
  >
}
