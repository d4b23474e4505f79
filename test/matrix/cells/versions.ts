import { verdictsOf, type Bench, type Cell, type CellResult, type RunVerdict } from './cell.ts'
import { bundleForNode } from './bundles.ts'
import { DRIVERS, type DriverName } from './drivers.ts'
import { programOf, type Run } from './program.ts'
import { catalogVersion, compiled, type Application } from './workshop.ts'

/** The oldest that the packages take, some between, and the newest. */
const VERSIONS = ['7.4.2', '7.6.0', '7.8.0', '7.10.0']
/** The command may be newer than the client. */
const COMMANDS: Readonly<Record<string, string>> = { '7.10.0': '7.10.1' }

export const versionCells: Cell[] = [
  ...VERSIONS.map((version): Cell => ({
    name: `prisma-${version}`,
    group: 'Prisma versions',
    run: (bench) => checkVersion(bench, version),
  })),
  { name: 'generators', group: 'Generators', run: checkGenerators },
]

async function checkVersion(bench: Bench, version: string): Promise<CellResult> {
  const drivers: DriverName[] = ['pg', 'libsql']
  const adapters = drivers.flatMap((name) => Object.keys(DRIVERS[name].packages))
  const command = COMMANDS[version] ?? version
  const application = await bench.workshop.application('version', {
    '@prisma/client': version,
    prisma: command,
    ...Object.fromEntries(adapters.map((name) => [name, version])),
  })
  application.writeConformance('esm')
  const runs: Run[] = []
  for (const name of drivers) {
    const driver = DRIVERS[name]
    await application.writeClient(`client-${driver.provider}`, driver.provider, ESM)
    runs.push({ name, driver, url: await bench.database(driver.provider) })
  }
  writeMain(application, 'main.js', runs)
  const versions = { '@prisma/client': version, prisma: command, node: process.versions.node }
  return { versions, verdicts: await verdictsOf(application, process.execPath, ['main.js']) }
}

const ESM = {
  provider: 'prisma-client',
  moduleFormat: 'esm',
  importFileExtension: 'js',
  runtime: 'nodejs',
}

/** Each form of the client that Prisma generates, on PostgreSQL in Node; those for edge runtimes in a bundle. */
async function checkGenerators(bench: Bench): Promise<CellResult> {
  const driver = DRIVERS.pg
  const application = await bench.workshop.application('generators', {
    '@prisma/client': catalogVersion('@prisma/client'),
    ...driver.packages,
    esbuild: '0.28.2',
  })
  application.writeConformance('esm')
  application.writeConformance('cjs')
  const verdicts: RunVerdict[] = []
  const url = await bench.database('postgresql')
  for (const [name, generator, module] of FORMS) {
    const client = `client-${name.replaceAll(/\W+/g, '-')}`
    await application.writeClient(client, 'postgresql', generator)
    const runs: Run[] = [{ name, driver, url, client, ...(module === undefined ? {} : { module }) }]
    const isCommonJs = generator['moduleFormat'] === 'cjs'
    const file = isCommonJs ? 'main.cjs' : 'main.js'
    writeMain(application, file, runs)
    if (/edge|workerd/.test(name)) await bundleForNode(application, file, 'out/main.mjs')
    const program = /edge|workerd/.test(name) ? 'out/main.mjs' : file
    verdicts.push(...(await verdictsOf(application, process.execPath, [program], name)))
  }
  return {
    versions: { '@prisma/client': catalogVersion('@prisma/client'), node: process.versions.node },
    verdicts,
  }
}

const FORMS: readonly (readonly [
  name: string,
  generator: Readonly<Record<string, string>>,
  module?: string,
])[] = [
  ['prisma-client, esm', ESM],
  ['prisma-client, cjs', { ...ESM, moduleFormat: 'cjs' }],
  ...['workerd', 'vercel-edge', 'edge-light'].map(
    (runtime) => [`prisma-client, ${runtime}`, { ...ESM, runtime }] as const,
  ),
  ['prisma-client-js', { provider: 'prisma-client-js' }, 'index.js'],
]

function writeMain(application: Application, file: string, runs: readonly Run[]): void {
  const isCommonJs = file.endsWith('.cjs')
  const source = `${programOf(runs, { conformance: isCommonJs ? 'conformance-cjs' : 'conformance' })}
void runChecks((line) => console.log(line)).then(() => process.exit(0))
`
  application.write(file, compiled(file, isCommonJs ? 'cjs' : 'esm', source))
}
