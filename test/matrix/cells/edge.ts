import { copyFileSync, existsSync, readdirSync } from 'node:fs'
import { run } from '../../../scripts/program.ts'
import { readVerdicts, type Bench, type Cell, type CellResult, type RunVerdict } from './cell.ts'
import { DRIVERS, type Driver } from './drivers.ts'
import { programOf, tablesOf, type Run } from './program.ts'
import { catalogVersion, succeed, type Application } from './workshop.ts'

const TOOLS = { miniflare: '4.20260730.0', esbuild: '0.28.2' }

const D1: Driver = {
  provider: 'sqlite',
  packages: { '@prisma/adapter-d1': catalogVersion('@prisma/client') },
  imports: `import { PrismaD1 } from '@prisma/adapter-d1'`,
  adapter: 'new PrismaD1(env.DB)',
  without: {
    transactions: 'D1 has no interactive transactions: what is sent in one is stored at once',
    slowStatements: 'the statement runs in D1, which has no way to stop it',
  },
}

export const edgeCells: Cell[] = [{ name: 'workerd', group: 'Runtimes', run: checkWorkerd }]

/** Cloudflare's runtime with `nodejs_compat`, on D1 and on PostgreSQL through a socket. */
async function checkWorkerd(bench: Bench): Promise<CellResult> {
  const application = await bench.workshop.application('workerd', {
    '@prisma/client': catalogVersion('@prisma/client'),
    ...D1.packages,
    ...DRIVERS.pg.packages,
    ...TOOLS,
  })
  application.writeConformance('esm')
  const runs: Run[] = [
    { name: 'd1', driver: D1, url: '' },
    { name: 'pg', driver: DRIVERS.pg, url: await bench.database('postgresql') },
  ]
  const verdicts: RunVerdict[] = []
  for (const each of runs) {
    await application.writeClient(`client-${each.driver.provider}`, each.driver.provider, {
      provider: 'prisma-client',
      moduleFormat: 'esm',
      importFileExtension: 'js',
      runtime: 'workerd',
    })
    application.write('program.js', programOf([each], { without: EDGE, head: atStart(each.driver.provider) }))
    application.write('worker.js', WORKER)
    application.write('tables.json', JSON.stringify(tablesOf('sqlite')))
    application.write('serve.mjs', SERVE)
    succeed(await bundle(application, each.driver.provider))
    const { code, output } = await run(process.execPath, ['serve.mjs'], application.directory)
    verdicts.push(...readVerdicts(output, code, each.name))
  }
  return { versions: { miniflare: TOOLS.miniflare }, verdicts }
}

/** Nothing of the suite may draw randomness, set timers or wait while the modules of a Worker load. */
const atStart = (provider: string) => `new client0.PrismaClient({
  adapter: { provider: '${provider === 'postgresql' ? 'postgres' : provider}', adapterName: 'idle', connect: () => Promise.reject(new Error('idle')) },
}).$extends(suite.brisk({ cache: { store: suite.memoryStore() }, slowQuery: { sinks: [suite.consoleSink()] } }))`

const EDGE = {
  warnings: 'Workers have no place where warnings can be heard',
  clock: 'on Workers time stands still between requests to the outside',
}

/** One module as wrangler would make it, beside it the WebAssembly of the client. */
async function bundle(application: Application, provider: string) {
  application.write(
    'bundle.mjs',
    `import { build } from 'esbuild'
await build({
  entryPoints: ['worker.js'], outfile: 'out/worker.js', bundle: true, format: 'esm', target: 'es2022',
  conditions: ['workerd', 'worker', 'browser'], external: ['cloudflare:*'],
  logLevel: 'error',
  plugins: [{ name: 'as wrangler does it', setup(build) {
    // Modules of the runtime's own; what CommonJS requires becomes an import.
    build.onResolve({ filter: new RegExp('^(node:.*|${BUILTIN.join('|')})$') }, ({ path, kind }) => {
      const name = path.startsWith('node:') ? path : 'node:' + path
      return kind === 'require-call' ? { path: name, namespace: 'required' } : { path: name, external: true }
    })
    build.onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: "import loaded from '" + path + "'; module.exports = loaded", loader: 'js',
    }))
    build.onResolve({ filter: /\\.wasm(\\?module)?$/ }, ({ path }) => ({ path: './' + path.split('/').at(-1).replace('?module', ''), external: true }))
  } }],
})
`,
  )
  const outcome = await run(process.execPath, ['bundle.mjs'], application.directory)
  const internal = application.path(`client-${provider}/internal`)
  const folder = existsSync(internal) ? internal : application.path('.')
  for (const file of readdirSync(folder))
    if (file.endsWith('.wasm')) copyFileSync(`${folder}/${file}`, application.path(`out/${file}`))
  return outcome
}

/** Named without `node:` by packages; the runtime has them. */
const BUILTIN =
  'assert async_hooks buffer crypto dns events fs net os path process stream string_decoder timers tls url util util/types'.split(
    ' ',
  )

const WORKER = `import { runChecks } from './program.js'
export default {
  async fetch(request, env) {
    const lines = []
    await runChecks((line) => lines.push(line), env)
    return new Response(lines.join('\\n'))
  },
}
`

const SERVE = `import { readFileSync, readdirSync } from 'node:fs'
import { Miniflare } from 'miniflare'
const wasm = readdirSync('out').filter((file) => file.endsWith('.wasm'))
const miniflare = new Miniflare({
  modules: [
    { type: 'ESModule', path: 'worker.js', contents: readFileSync('out/worker.js', 'utf8') },
    ...wasm.map((path) => ({ type: 'CompiledWasm', path, contents: readFileSync('out/' + path) })),
  ],
  compatibilityDate: '2026-06-01',
  compatibilityFlags: ['nodejs_compat'],
  d1Databases: { DB: 'matrix' },
})
try {
  const database = await miniflare.getD1Database('DB')
  const tables = JSON.parse(readFileSync('tables.json', 'utf8')).split(/;\\s*\\n/).map((text) => text.replace(/^\\s*--.*$/gm, '').trim()).filter(Boolean)
  for (const statement of tables) await database.prepare(statement).run()
  const response = await miniflare.dispatchFetch('http://localhost/')
  console.log(await response.text())
  if (!response.ok) process.exitCode = 1
} finally {
  await miniflare.dispose()
}
`
