import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../scripts/workspace.ts'
import { median, type Bench } from '../harness.ts'

/** What `brisk record` costs a suite of tests, and how long `brisk check` takes. */
export async function run(bench: Bench): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-budgets-'))
  try {
    await record(bench, directory)
    await check(bench, directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const BRISK = join(ROOT, 'packages/prisma-brisk/dist/brisk.js')
/** Of the suite's own integration tests those whose clients are recorded, and some of each kind beside them. */
const TESTS = [
  join(ROOT, 'node_modules/jest/bin/jest.js'),
  '--silent',
  '--maxWorkers=1',
  'test/integration/(slow-query/requests|pagination/(pages|nested)|core/transactions)',
]
const ROUNDS = 3

/** The same tests with and without, in turn; by the median of the ratios between neighbours. */
async function record(bench: Bench, directory: string): Promise<void> {
  const name = 'record/overhead'
  if (!bench.wants(name)) return
  const recording = [BRISK, 'record', '--output', join(directory, 'suite.json'), '--', process.execPath]
  await program(TESTS)
  const ratios: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Whoever comes second finds warmer caches.
    const isFirst = round % 2 === 0
    const first = await program(isFirst ? [...recording, ...TESTS] : TESTS)
    const second = await program(isFirst ? TESTS : [...recording, ...TESTS])
    ratios.push(isFirst ? first / second : second / first)
  }
  bench.limited(name, (median(ratios) - 1) * 100, '%', 10)
}

/** Two recordings of 10,000 lines, from the start of the command to its end. */
async function check(bench: Bench, directory: string): Promise<void> {
  const name = 'check/10000-lines'
  if (!bench.wants(name)) return
  const [before, after] = ['before.json', 'after.json'].map((file) => join(directory, file)) as [
    string,
    string,
  ]
  writeFileSync(before, JSON.stringify(recordingOf(10_000, 0)))
  writeFileSync(after, JSON.stringify(recordingOf(10_000, 100)))
  const args = [
    BRISK,
    'check',
    '--recording',
    before,
    '--compare',
    after,
    '--sarif',
    join(directory, 'x.sarif'),
  ]
  const times: number[] = []
  // Faults are planted: a check that finds some has the most to do.
  for (let round = 0; round <= ROUNDS; round++) times.push(await program(args, 1))
  bench.limited(name, median(times.slice(1)), 'ms', 1500)
}

/** @param worse so many lines loop, each of another call */
function recordingOf(lines: number, worse: number): object {
  const queries: Record<string, object[]> = {}
  for (let line = 0; line < lines; line++)
    (queries[`test/file-${line % 200}.test.ts › does what number ${Math.floor(line / 8)} says`] ??= []).push({
      call: `Model${line % 50}.findMany({ orderBy: { id: asc }, take, where: { field${line % 997} } })`,
      at: `src/services/service-${line % 300}.ts`,
      calls: 3,
      statements: line < worse ? 9 : 3,
      rows: '<100',
      ...(line < worse ? { loop: 3 } : {}),
      cost: 1200,
      plan: ['Limit(Index Scan Model Model_pkey)'],
    })
  return { version: 1, queries }
}

/** Milliseconds until a program of Node ends as it should. */
async function program(args: readonly string[], expected = 0): Promise<number> {
  const startedAt = performance.now()
  let said = ''
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'test', NODE_OPTIONS: '--experimental-vm-modules --no-warnings' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (said += text.toString()))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  if (code !== expected) throw new Error(`${args.join(' ')} ended with ${code}: ${said.slice(-2000)}`)
  return performance.now() - startedAt
}
