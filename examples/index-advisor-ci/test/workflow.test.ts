import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../../packages/index-advisor/src/cli/index.ts'
import type { Sarif } from '../../../test/support/sarif.ts'

/** The command line of the workflow file itself. */

const project = join(import.meta.dirname, '..')
const directory = mkdtempSync(join(tmpdir(), 'brisk-ci-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

async function brisk(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = ''
  let stderr = ''
  const code = await run(args, {
    cwd: project,
    isTerminal: false,
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
  })
  return { code, stdout, stderr }
}

/** What the workflow runs, without the redirection into a file. */
function workflowArguments(): string[] {
  const workflow = readFileSync(join(project, '.github/workflows/indexes.yml'), 'utf8')
  const [, line] = /run: npx @prisma-brisk\/index-advisor (.*) > indexes\.sarif$/m.exec(workflow) ?? []
  return (line ?? '').split(' ')
}

test('the command of the workflow fails and says in SARIF where the index is missing', async () => {
  const { code, stdout } = await brisk(...workflowArguments())
  expect(code).toBe(1)
  const sarif = JSON.parse(stdout) as Sarif
  expect(sarif.version).toBe('2.1.0')
  const [{ tool, results }] = sarif.runs as [Sarif['runs'][number]]
  expect(results.map(({ message }) => message.text)).toEqual([
    expect.stringContaining('@@index([orderId]) on OrderLine'),
  ])
  const [{ ruleId, locations }] = results as [(typeof results)[number]]
  expect(tool.driver.rules.map(({ id }) => id)).toContain(ruleId)
  const { artifactLocation, region } = locations[0]!.physicalLocation
  const line = readFileSync(join(project, '../..', artifactLocation.uri), 'utf8').split('\n')[
    region.startLine - 1
  ]
  expect(line).toMatch(/^model OrderLine|orderId/)
})

test('with a baseline the same command passes until something new is missing', async () => {
  const baseline = join(directory, 'index-baseline.json')
  expect(await brisk('advise', '--baseline', baseline, '--update-baseline')).toMatchObject({ code: 0 })
  const known = await brisk(...workflowArguments(), '--baseline', baseline)
  expect(known.code).toBe(0)
  expect((JSON.parse(known.stdout) as Sarif).version).toBe('2.1.0')
  const { recommendations, ...rest } = JSON.parse(readFileSync(baseline, 'utf8')) as {
    recommendations: string[]
  }
  expect(recommendations).toHaveLength(1)
  writeFileSync(baseline, JSON.stringify({ ...rest, recommendations: [] }))
  expect(await brisk(...workflowArguments(), '--baseline', baseline)).toMatchObject({ code: 1 })
})
