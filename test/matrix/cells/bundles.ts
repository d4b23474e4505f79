import { join } from 'node:path'
import { verdictsOf, type Bench, type Cell, type CellResult, type RunVerdict } from './cell.ts'
import { DRIVERS, type DriverName } from './drivers.ts'
import { programOf, type Run } from './program.ts'
import { catalogVersion, compiled, succeed, type Application, type ModuleFormat } from './workshop.ts'
import { run } from '../../../scripts/program.ts'

const BUNDLERS = { esbuild: '0.28.2', webpack: '5.113.0' }
const FORMATS: readonly ModuleFormat[] = ['esm', 'cjs']
/** Drivers without binaries, which a bundle can hold. */
const BUNDLED: readonly DriverName[] = ['pg', 'mariadb']

export const bundleCells: Cell[] = [
  { name: 'esbuild', group: 'Bundles', run: (bench) => checkBundles(bench, 'esbuild') },
  { name: 'webpack', group: 'Bundles', run: (bench) => checkBundles(bench, 'webpack') },
]

/** One minified file that holds the suite, Prisma and the drivers, as ES module and as CommonJS. */
async function checkBundles(bench: Bench, bundler: keyof typeof BUNDLERS): Promise<CellResult> {
  const packages = Object.assign({}, ...BUNDLED.map((name) => DRIVERS[name].packages)) as Record<
    string,
    string
  >
  const application = await bench.workshop.application('bundles', {
    '@prisma/client': catalogVersion('@prisma/client'),
    ...packages,
    ...BUNDLERS,
  })
  const urls = new Map<DriverName, string>()
  for (const name of BUNDLED) urls.set(name, await bench.database(DRIVERS[name].provider))
  const verdicts: RunVerdict[] = []
  for (const format of FORMATS) {
    const runs = BUNDLED.map((name): Run => ({
      name: `${format}, ${name}`,
      driver: DRIVERS[name],
      url: urls.get(name) as string,
      client: `client-${format}-${DRIVERS[name].provider}`,
    }))
    await writeSources(application, format, runs)
    succeed(await run(process.execPath, [`${bundler}.mjs`, format], bundled(application, bundler, format)))
    const file = format === 'esm' ? `out/${bundler}.mjs` : `out/${bundler}.cjs`
    verdicts.push(...(await verdictsOf(application, process.execPath, [file], format)))
  }
  return { versions: { [bundler]: BUNDLERS[bundler], node: process.versions.node }, verdicts }
}

/** The program with its checks and clients, in one module format. */
export async function writeSources(
  application: Application,
  format: ModuleFormat,
  runs: readonly Run[],
): Promise<void> {
  application.writeConformance(format)
  for (const { client, driver } of runs)
    await application.writeClient(client as string, driver.provider, {
      provider: 'prisma-client',
      moduleFormat: format,
      importFileExtension: 'js',
      runtime: 'nodejs',
    })
  const conformance = format === 'esm' ? 'conformance' : 'conformance-cjs'
  const program = `${programOf(runs, { conformance })}
void runChecks((line) => console.log(line)).then(() => process.exit(0))
`
  const file = format === 'esm' ? 'program.mjs' : 'program.cjs'
  application.write(file, compiled(file, format, program))
}

/** Writes the bundler's script; answers where it runs. */
function bundled(application: Application, bundler: string, format: ModuleFormat): string {
  const source = format === 'esm' ? 'program.mjs' : 'program.cjs'
  const out = join('out', `${bundler}.${format === 'esm' ? 'mjs' : 'cjs'}`)
  application.write(`${bundler}.mjs`, SCRIPTS[bundler as keyof typeof SCRIPTS](source, out, format))
  return application.directory
}

const SCRIPTS = {
  esbuild: (source: string, out: string, format: ModuleFormat) => `import { build } from 'esbuild'
await build({
  entryPoints: ['${source}'],
  outfile: '${out}',
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: '${format}',
  logLevel: 'error',
  ${format === 'esm' ? `banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },` : ''}
})
`,
  webpack: (source: string, out: string, format: ModuleFormat) => `import webpack from 'webpack'
import { resolve } from 'node:path'
webpack(
  {
    mode: 'production',
    target: 'node20',
    entry: './${source}',
    output: {
      path: resolve('out'),
      filename: '${out.replace('out/', '')}',
      ${format === 'esm' ? `module: true, library: { type: 'module' }, chunkFormat: 'module',` : `library: { type: 'commonjs2' },`}
    },
    experiments: { outputModule: ${format === 'esm'} },
    // Optional parts of the drivers, absent here.
    externals: { 'pg-native': 'commonjs pg-native', 'cloudflare:sockets': 'commonjs cloudflare:sockets' },
    performance: { hints: false },
  },
  (error, stats) => {
    if (error || stats.hasErrors()) {
      console.error(error ?? stats.toString({ all: false, errors: true }))
      process.exitCode = 1
    }
  },
)
`,
}

/** A bundle for this Node of a client that loads its WebAssembly as edge runtimes do. */
export async function bundleForNode(application: Application, source: string, out: string): Promise<void> {
  application.write(
    'bundle.mjs',
    `import { build } from 'esbuild'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
await build({
  entryPoints: ['${source}'], outfile: '${out}', bundle: true, platform: 'node', target: 'node20', format: 'esm', logLevel: 'error',
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  plugins: [{ name: 'wasm', setup(build) {
    build.onResolve({ filter: /\\.wasm(\\?module)?$/ }, ({ path, resolveDir }) => ({ path: resolve(resolveDir, path.replace('?module', '')), namespace: 'wasm' }))
    build.onLoad({ filter: /.*/, namespace: 'wasm' }, ({ path }) => ({
      contents: 'export default new WebAssembly.Module(Buffer.from("' + readFileSync(path).toString('base64') + '", "base64"))', loader: 'js',
    }))
  } }],
})
`,
  )
  succeed(await run(process.execPath, ['bundle.mjs'], application.directory))
}
