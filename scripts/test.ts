// Runs every test, or what the arguments select, against real servers. Arguments go to jest as they are.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { buildPackages } from './build.ts'
import { ensureServers, MissingServerError, type Servers } from '../test/support/servers.ts'

const ROOT = join(import.meta.dirname, '..')
const selection = process.argv.slice(2)

let servers: Servers
try {
  servers = await ensureServers((line) => console.log(line))
} catch (error) {
  console.error(error instanceof MissingServerError ? error.message : error)
  conclude({ passed: 0, failed: 0, code: 1 })
}
// Tests of what users install load the built packages.
const built = await buildPackages()
if (built.code !== 0) {
  console.error(built.output)
  await servers.stop()
  conclude({ passed: 0, failed: 0, code: 1 })
}
const outcome = await runJest(servers.env)
await servers.stop()
conclude(outcome)

interface Outcome {
  passed: number
  failed: number
  code: number
}

async function runJest(env: Servers['env']): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-jest-'))
  const report = join(directory, 'report.json')
  const jest = join(dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin/jest.js')
  const options = ['--maxWorkers=2', '--json', `--outputFile=${report}`, ...selection]
  const code = await new Promise<number>((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...options],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          ...env,
          NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
        },
        stdio: ['ignore', 'ignore', 'inherit'], // the report is read from its file
      },
    )
    child.once('error', reject).once('close', (exit) => resolve(exit ?? 1))
  })
  try {
    return read(JSON.parse(readFileSync(report, 'utf8')) as JestReport, code)
  } catch {
    return { passed: 0, failed: 0, code: code || 1 }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

interface JestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  numRuntimeErrorTestSuites: number
}

/** A test file that could not run counts as one failed test; a skipped test fails a run of everything. */
function read(report: JestReport, code: number): Outcome {
  const passed = report.numPassedTests
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites
  const skipped = report.numPendingTests + report.numTodoTests
  const forbidden = skipped > 0 && selection.length === 0
  if (skipped > 0) console.log(`${skipped} tests skipped${forbidden ? ': none may be' : ''}`)
  if (passed + failed === 0) console.log('no test ran')
  return { passed, failed, code: code || (failed > 0 || passed === 0 || forbidden ? 1 : 0) }
}

function conclude({ passed, failed, code }: Outcome): never {
  console.log(`tests: ${passed} passed, ${failed} failed`)
  process.exit(code)
}
