import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../../scripts/program.ts'
import { verdictsOf, type Bench, type Cell, type RunVerdict } from './cell.ts'
import { DRIVERS, type DriverName } from './drivers.ts'
import { programOf } from './program.ts'
import { catalogVersion, succeed, type Application, type Workshop } from './workshop.ts'

const platform = `${process.platform}-${process.arch}`

/** Node, from npm's packages of its binaries. */
export const NODES = {
  'node-20.19': '20.19.6',
  'node-22': '22.23.5',
  'node-24': '24.21.0',
  'node-26': '26.10.0',
}

const ALL = Object.keys(DRIVERS) as DriverName[]

export const runtimeCells: Cell[] = [
  ...Object.entries(NODES).map(([name, version]): Cell => ({
    name,
    group: 'Runtimes',
    run: (bench) => checkRuntime(bench, `node-${platform}`, version, 'bin/node', [], 'nodejs'),
  })),
  {
    name: 'bun',
    group: 'Runtimes',
    run: (bench) => checkRuntime(bench, `@oven/bun-${platform}`, '1.4.5', 'bin/bun', ['run'], 'bun'),
  },
  {
    name: 'deno',
    group: 'Runtimes',
    run: (bench) =>
      checkRuntime(
        bench,
        denoPackage(),
        '2.9.6',
        'deno',
        ['run', '--allow-all', '--node-modules-dir=manual'],
        'deno',
      ),
  },
]

const NO_BINARY: RunVerdict = {
  run: 'better-sqlite3',
  check: 'the driver',
  verdict: 'off',
  why: 'its package holds no binary for this Node; one would have to be downloaded or compiled',
}

/** The path of a Node's program. */
export async function nodeOf(workshop: Workshop, name: keyof typeof NODES): Promise<string> {
  return join(await workshop.tool(`node-${platform}`, NODES[name]), 'bin/node')
}

async function checkRuntime(
  bench: Bench,
  name: string,
  version: string,
  file: string,
  args: readonly string[],
  runtime: string,
) {
  const tool = await bench.workshop.tool(name, version)
  const binary = [join(tool, file), join(tool, 'bin', file)].find((each) => existsSync(each))
  if (binary === undefined) throw new Error(`${name} has no ${file}, but ${readdirSync(tool).join(', ')}`)
  const isNode20 = version.startsWith('20.')
  const drivers = ALL.filter((each) => !isNode20 || each !== 'better-sqlite3')
  const application = await applicationOf(bench, drivers, runtime)
  const versions = {
    [name]: succeed(await run(binary, ['--version'], tool))
      .trim()
      .split('\n')[0] as string,
  }
  const verdicts = await verdictsOf(application, binary, [...args, 'main.js'])
  return { versions, verdicts: isNode20 ? [...verdicts, NO_BINARY] : verdicts }
}

/** An application of ES modules that runs the checks on these drivers. */
async function applicationOf(
  bench: Bench,
  drivers: readonly DriverName[],
  runtime: string,
): Promise<Application> {
  const packages = Object.assign({}, ...ALL.map((driver) => DRIVERS[driver].packages)) as Record<
    string,
    string
  >
  const overrides = Object.assign(
    {},
    ...ALL.map((name) => ('overrides' in DRIVERS[name] ? DRIVERS[name].overrides : {})),
  ) as Record<string, string>
  const application = await bench.workshop.application(
    'runtimes',
    { '@prisma/client': catalogVersion('@prisma/client'), ...packages },
    overrides,
  )
  application.writeConformance('esm')
  for (const provider of new Set(drivers.map((driver) => DRIVERS[driver].provider)))
    await application.writeClient(`client-${provider}`, provider, {
      provider: 'prisma-client',
      moduleFormat: 'esm',
      importFileExtension: 'js',
      runtime,
    })
  const runs = []
  for (const name of drivers)
    runs.push({
      name,
      driver: DRIVERS[name],
      url: name === 'PGlite' ? '' : await bench.database(DRIVERS[name].provider),
    })
  application.write('program.js', programOf(runs))
  application.write(
    'main.js',
    `import { runChecks } from './program.js'\nawait runChecks((line) => console.log(line))\nprocess.exit(0)\n`,
  )
  return application
}

function denoPackage(): string {
  return `@deno/${platform}${process.platform === 'linux' ? '-glibc' : ''}`
}
