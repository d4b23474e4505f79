// The long runs of what `npm test` runs briefly: oracles with thousands of seeds, and ten minutes of mixed load.
// The matrix of runtimes, versions and drivers comes last. Words select some of them, and `--seeds=1000` gives each oracle as many: `npm run test:nightly batching soak`.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Run {
  name: string
  tests: string[]
  env: Record<string, string>
  /** The program that runs it. Default: that of `npm test`. */
  file?: string
}

const given = process.argv.find((word) => word.startsWith('--seeds='))?.slice('--seeds='.length)
const seeds = (count: number) => ({ BRISK_SEEDS: given ?? String(count) })

const RUNS: Run[] = [
  {
    name: 'batching',
    tests: ['batching/demo-oracle', 'batching/key-types-oracle'],
    env: seeds(10_000),
  },
  { name: 'replay', tests: ['replay/replay-oracle', 'replay/tick-oracle'], env: seeds(5000) },
  { name: 'unique-reads', tests: ['batching/unique-reads-oracle'], env: seeds(2000) },
  { name: 'loops', tests: ['batching/loops-oracle'], env: seeds(5000) },
  { name: 'creates', tests: ['batching/creates-oracle'], env: seeds(5000) },
  { name: 'freshness', tests: ['cache/freshness-oracle'], env: seeds(5000) },
  { name: 'pagination', tests: ['pagination/walk', 'pagination/cut'], env: seeds(5000) },
  {
    name: 'limits',
    tests: ['pagination/guard', 'pagination/warn', 'pagination/distinct-total'],
    env: seeds(2000),
  },
  { name: 'core', tests: ['packages/core', 'integration/core'], env: seeds(5000) },
  { name: 'slow-query', tests: ['packages/slow-query'], env: seeds(5000) },
  { name: 'cache', tests: ['packages/cache'], env: seeds(5000) },
  {
    name: 'index-advisor',
    tests: ['selection', 'fixed-point', 'properties'].map((file) => `packages/index-advisor/test/${file}`),
    env: seeds(2000),
  },
  {
    name: 'planners',
    tests: [
      'packages/index-advisor/test/after-the-deploy',
      'index-advisor/planner-mariadb-random',
      'index-advisor/prisma-statements',
    ],
    env: seeds(100),
  },
  { name: 'managers', tests: ['package/package-managers'], env: { BRISK_MANAGERS: 'npm,pnpm,yarn,bun' } },
  { name: 'changes', tests: ['cache/changes-oracle'], env: seeds(600) },
  { name: 'relations', tests: ['cache/relations-oracle'], env: seeds(1000) },
  { name: 'refused-creates', tests: ['batching/refused-creates-oracle'], env: seeds(1000) },
  { name: 'chains', tests: ['composition/foreign-chain-oracle'], env: seeds(1000) },
  { name: 'clients', tests: ['composition/clients-of-one-base-oracle'], env: seeds(1000) },
  { name: 'transactions', tests: ['composition/transactions-at-once-oracle'], env: seeds(1000) },
  { name: 'recordings', tests: ['integration/live/recording'], env: { BRISK_RECORDINGS: '20' } },
  { name: 'soak', tests: ['composition/soak'], env: { BRISK_SOAK_SECONDS: '600' } },
  { name: 'matrix', tests: [], env: {}, file: '../test/matrix/matrix.ts' },
]

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--seeds='))
const runs = RUNS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
if (runs.length === 0) {
  console.error(
    `No nightly run is called ${wanted.join(' ')}; there are ${RUNS.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}
const unseen = ['packages', 'test']
  .flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith('.test.ts') && !/node_modules|\/support\//.test(file))
  .filter((file) => /BRISK_SEEDS|forSeeds\(/.test(readFileSync(file, 'utf8')))
  .filter((file) => !RUNS.some(({ tests }) => tests.some((part) => file.includes(part))))
if (unseen.length > 0) {
  console.error(`No nightly run has these oracles: ${unseen.join(', ')}`)
  process.exit(2)
}
const failed: string[] = []
for (const { name, tests, env, file } of runs) {
  const what = Object.entries(env).map(([key, value]) => `${key}=${value}`)
  console.log(`${name}: ${file === undefined ? `${what.join(' ')} npm test -- ${tests.join(' ')}` : file}`)
  const options = file === undefined ? [...tests, '--testTimeout=14400000'] : []
  if ((await run(file ?? 'test.ts', options, env)) !== 0) failed.push(name)
}
console.log(failed.length === 0 ? `nightly: ${runs.length} passed` : `nightly: failed ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)

/** Runs a program as `npm test` does; tests may take hours each. */
function run(file: string, options: readonly string[], env: Record<string, string>): Promise<number> {
  const args = [
    '--conditions=@prisma-brisk/source',
    '--import',
    'tsx',
    join(import.meta.dirname, file),
    ...options,
  ]
  return new Promise((resolve, reject) => {
    spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: 'inherit' })
      .once('error', reject)
      .once('close', (code) => resolve(code ?? 1))
  })
}
