import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../../../packages/index-advisor/src/cli/index.ts'
import type { Sarif } from '../../../test/support/sarif.ts'

/** The command lines of the workflow file itself. */

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
  const workflow = readFileSync(join(project, '.github/workflows/queries.yml'), 'utf8')
  const [, line] = /run: npx brisk (advise .*) > indexes\.sarif$/m.exec(workflow) ?? []
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

describe('query budgets', () => {
  beforeAll(async () => {
    const cli = join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build/index.js')
    // Prisma's CLI would download its native engine even to generate, which needs none of it.
    const { code, said } = await program([cli, 'generate'], { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath })
    if (code !== 0) throw new Error(said)
  })

  /** What the workflow runs, with its reports elsewhere. */
  function check(...more: string[]) {
    const workflow = readFileSync(join(project, '.github/workflows/queries.yml'), 'utf8')
    const [, line = ''] = /run: npx brisk (check .*)$/m.exec(workflow) ?? []
    const [flags = '', command = ''] = line.split(' -- ')
    const args = flags.replace(/queries\.(?:sarif|md|xml)/g, (file) => join(directory, file)).split(' ')
    return program([BRISK, ...args, ...more, '--', ...command.split(' ')], {})
  }

  test('the command of the workflow holds the tests against the committed recording', async () => {
    const { code, said } = await check()
    expect(said).toContain('3 tests and routes, 4 calls compared: 0 failed, 0 warned.')
    expect(code).toBe(0)
    expect(readFileSync(join(directory, 'queries.md'), 'utf8')).toContain('# Query budgets')
  })

  test('where the tests ask more than was committed it fails, in the comment and beside the code', async () => {
    const before = join(directory, 'before.json')
    copyFileSync(join(project, 'brisk-queries.json'), before)
    const text = readFileSync(before, 'utf8')
    writeFileSync(before, text.replace('"calls":1,"statements":2,', '"calls":1,"statements":1,'))
    const { code } = await check('--recording', before)
    expect(code).toBe(1)
    expect(readFileSync(join(directory, 'queries.md'), 'utf8')).toContain('1 statement → 2 statements')
    const { runs } = JSON.parse(readFileSync(join(directory, 'queries.sarif'), 'utf8')) as Sarif
    const [{ ruleId, locations }] = runs[0]!.results as [Sarif['runs'][number]['results'][number]]
    expect(ruleId).toBe('more-statements')
    const { artifactLocation, region } = locations[0]!.physicalLocation
    const line = readFileSync(join(project, '../..', artifactLocation.uri), 'utf8').split('\n')[
      region.startLine - 1
    ]
    expect(line).toContain('prisma.order.findMany')
  })
})

const BRISK = join(project, '../../packages/prisma-brisk/dist/brisk.js')

async function program(args: readonly string[], env: Record<string, string>) {
  const { NODE_OPTIONS: _, ...environment } = process.env
  const child = spawn(process.execPath, args, {
    cwd: project,
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (said += text.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, said }
}
