import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Bench, median } from '../harness.ts'
import { generateProject, generateUntypedProject } from './generated-project.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What needs no database, measured on the built command, each time in a process of its own. */
export function runStatic(bench: Bench): void {
  const whole = 'advisor/static/500-models-2000-files'
  const schemaOnly = 'advisor/schema-only/500-models'
  const coldStart = 'advisor/cold-start'
  const byName = 'advisor/fallback-by-name/2000-untyped-files'
  if (![whole, schemaOnly, coldStart, byName].some((name) => bench.wants(name))) return
  const command = builtCommand()
  if (bench.wants(coldStart)) {
    const runs = Array.from({ length: 9 }, () => measured(command, ROOT, ['--help']))
    bench.limited(coldStart, median(runs.map((run) => run.seconds)), 's', 0.4)
  }
  if (bench.wants(byName)) measureByName(bench, command, byName)
  if (!bench.wants(whole) && !bench.wants(schemaOnly)) return
  const project = generateProject(500, 2000)
  try {
    if (bench.wants(schemaOnly)) {
      const runs = Array.from({ length: 5 }, () =>
        measured(command, project.directory, ['advise', '--no-source']),
      )
      bench.limited(schemaOnly, median(runs.map((run) => run.seconds)), 's', 2)
    }
    if (bench.wants(whole)) {
      const runs = Array.from({ length: 3 }, () =>
        measured(command, project.directory, ['advise', '--format', 'json']),
      )
      for (const run of runs) checkAdvice(run.stdout)
      bench.limited(whole, median(runs.map((run) => run.seconds)), 's', 10)
      bench.limited(whole, Math.max(...runs.map((run) => run.megabytes)), 'MB', 1000)
    }
  } finally {
    project.remove()
  }
}

/** Every call of the project is known by its names alone, and none is lost. */
function measureByName(bench: Bench, command: string, name: string): void {
  const project = generateUntypedProject(500, 2000)
  try {
    const runs = Array.from({ length: 3 }, () =>
      measured(command, project.directory, ['advise', '--format', 'json']),
    )
    for (const { stdout } of runs) {
      const { recommendations, findings } = JSON.parse(stdout) as Printed
      for (const wanted of WANTED)
        if (!recommendations.some((each) => each.id === wanted))
          throw new Error(`the advice for the untyped project lacks ${wanted}`)
      const said = findings.filter((each) => each.kind === 'unread').map((each) => each.reason)
      if (said.length !== 1 || !said[0]?.startsWith(`${project.calls} calls`))
        throw new Error(`not ${project.calls} calls were read by name: ${said.join(' ')}`)
    }
    bench.limited(name, median(runs.map((run) => run.seconds)), 's', 8)
    bench.limited(name, Math.max(...runs.map((run) => run.megabytes)), 'MB', 1000)
  } finally {
    project.remove()
  }
}

interface Printed {
  readonly recommendations: readonly { readonly id: string }[]
  readonly findings: readonly { readonly kind: string; readonly reason: string }[]
}

const WANTED = ['Model7(parentId, status, createdAt)', 'Model7(name)', 'Model7(score)']

interface Measured {
  readonly seconds: number
  /** The most memory the process had at once. */
  readonly megabytes: number
  readonly stdout: string
}

function measured(command: string, cwd: string, argv: readonly string[]): Measured {
  const program = `import { run } from ${JSON.stringify(pathToFileURL(command).href)}
process.exitCode = await run(${JSON.stringify(argv)})
process.stderr.write('\\n' + process.resourceUsage().maxRSS)`
  const startedAt = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  })
  const seconds = (performance.now() - startedAt) / 1000
  if (status !== 0) throw new Error(`brisk ${argv.join(' ')} ended with ${status}: ${stderr}`)
  return { seconds, megabytes: (Number(stderr.split('\n').at(-1)) * 1024) / 1e6, stdout }
}

/** A fast answer that misses calls is no answer. */
function checkAdvice(stdout: string): void {
  const { recommendations, findings } = JSON.parse(stdout) as Printed
  const ids = new Set(recommendations.map((each) => each.id))
  for (const wanted of WANTED)
    if (!ids.has(wanted)) throw new Error(`the advice for the generated project lacks ${wanted}`)
  const unread = findings.find((each) => each.kind === 'unread')
  if (unread !== undefined) throw new Error(`the generated project was not read whole: ${unread.reason}`)
}

/** The command as it is shipped; built when the source is newer. */
function builtCommand(): string {
  for (const name of ['core', 'index-advisor']) {
    const directory = join(ROOT, 'packages', name)
    if (newest(join(directory, 'dist')) >= newest(join(directory, 'src'))) continue
    execFileSync(
      'node',
      [join(ROOT, 'node_modules/tsdown/dist/run.mjs'), '--config', join(ROOT, 'tsdown.config.ts')],
      {
        cwd: directory,
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    )
  }
  return join(ROOT, 'packages/index-advisor/dist/cli/index.js')
}

function newest(directory: string): number {
  try {
    return Math.max(
      ...readdirSync(directory, { recursive: true, encoding: 'utf8' }).map(
        (file) => statSync(join(directory, file)).mtimeMs,
      ),
    )
  } catch {
    return 0
  }
}
