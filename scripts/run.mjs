// The door to every command: plain Node without dependencies, so that a fresh clone needs nothing else.
// It installs with the pinned pnpm where that is due, makes the Prisma clients and hands over to the command.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const INSTALLED = join(ROOT, 'node_modules/.brisk-installed')

const COMMANDS = {
  demo: { file: 'demo/main.ts', clients: true },
  // The page that the hub serves is built.
  live: { file: 'demo/live/main.ts', clients: true, page: true },
  test: { file: 'scripts/test.ts', clients: true },
  'test:nightly': { file: 'scripts/nightly.ts', clients: true },
  'test:matrix': { file: 'test/matrix/matrix.ts', clients: true },
  check: { file: 'scripts/check.ts', clients: true },
  // Measured as users run them: loaders of TypeScript name every closure, which costs as much as what is measured.
  bench: { file: 'bench/run.ts', clients: true, built: true },
  build: { file: 'scripts/build.ts', clients: false },
  generate: { file: 'scripts/generate.ts', clients: false },
  sizes: { file: 'scripts/sizes.ts', clients: false },
  docs: { file: 'scripts/docs.ts', clients: false },
}

const [name = '', ...args] = process.argv.slice(2)
const command = COMMANDS[name]
if (!command) {
  console.error(`Unknown command "${name}"; there are ${Object.keys(COMMANDS).join(', ')}`)
  process.exit(2)
}
requireNode()
install()
if (command.clients) runTypeScript('scripts/generate.ts', [], 'stderr')
if (command.built) runTypeScript('scripts/build.ts', [], 'stderr')
if (command.page) runTypeScript('scripts/build-page.ts', [], 'stderr')
runTypeScript(command.file, args, 'stdout', command.built)

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24) return
  console.error(`Node ${process.versions.node} is too old: Prisma 7 needs 20.19, 22.12, or 24 and later`)
  process.exit(2)
}

/** Where the lockfile is not the one installed last. What pnpm prints is shown only when it fails. */
function install() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'pnpm-lock.yaml')))
    .digest('hex')
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === wanted) return
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  console.error(`installing with ${packageManager}`)
  // `npm run` hands npm's own settings down as npm_config_*, which pnpm would warn about.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('npm_')))
  const options = ['install', '--frozen-lockfile', '--config.confirmModulesPurge=false']
  const { status, error, stdout, stderr } = spawnSync('npx', ['--yes', packageManager, ...options], {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0) {
    console.error(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`)
    console.error(`${packageManager} could not install (see above)`)
    process.exit(1)
  }
  writeFileSync(INSTALLED, wanted)
}

/** TypeScript through tsx; packages of the workspace resolve to their sources, unless they are wanted as built. */
function runTypeScript(file, parameters, output = 'stdout', built = false) {
  const source = built ? [] : ['--conditions=@prisma-brisk/source']
  const options = [...source, '--import', 'tsx', join(ROOT, file), ...parameters]
  const { status, signal, error } = spawnSync(process.execPath, options, {
    cwd: ROOT,
    stdio: ['inherit', output === 'stderr' ? 2 : 'inherit', 'inherit'],
  })
  if (error) console.error(error.message)
  if (status !== 0 || output === 'stdout') process.exit(status ?? (signal ? 1 : 0))
}
