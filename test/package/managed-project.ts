import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { PackedPackage } from '../../scripts/packed-package.ts'
import { run, type Outcome } from '../../scripts/program.ts'
import { ROOT } from '../../scripts/workspace.ts'
import { succeed } from './installed-project.ts'

export type Manager = 'npm' | 'pnpm' | 'yarn' | 'bun'

/** Versions of package managers that this repository does not use itself. */
const TOOLS = { yarn: '1.22.22', bun: '1.4.5' }

/** An application outside the workspace, installed with the package manager of its choice. */
export class ManagedProject {
  readonly directory = mkdtempSync(join(tmpdir(), 'brisk-managed-'))

  private constructor(
    private readonly manager: Manager,
    private readonly tarballs: Readonly<Record<string, string>>,
    /** The manager, as a shell says it. */
    private readonly program: string,
  ) {}

  static async create(
    manager: Manager,
    packed: readonly PackedPackage[],
    tools: string,
  ): Promise<ManagedProject> {
    const tarballs = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]))
    const project = new ManagedProject(manager, tarballs, await programOf(manager, tools))
    const version = (name: string) =>
      (
        JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')) as {
          version: string
        }
      ).version
    project.write({
      'package.json': JSON.stringify({
        name: 'managed',
        version: '0.0.0',
        private: true,
        type: 'module',
        dependencies: { '@prisma/client': version('@prisma/client') },
        devDependencies: { prisma: version('prisma'), typescript: version('typescript') },
        // Nothing of the suite is taken from a registry: it is not there, or it is another version.
        overrides: manager === 'npm' ? withoutDirect(tarballs) : tarballs,
        resolutions: withoutDirect(tarballs),
        pnpm: { overrides: tarballs, onlyBuiltDependencies: [] },
      }),
    })
    return project
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.directory, path)), { recursive: true })
      writeFileSync(join(this.directory, path), text)
    }
  }

  read(path: string): string {
    return readFileSync(join(this.directory, path), 'utf8')
  }

  has(path: string): boolean {
    return existsSync(join(this.directory, path))
  }

  /** Adds packages of the suite, as the documentation says to. */
  async add(name: string, kind: 'dependencies' | 'devDependencies'): Promise<void> {
    const manifest = JSON.parse(this.read('package.json')) as Record<string, Record<string, string>>
    manifest[kind] = { ...manifest[kind], [name]: this.tarballs[name] as string }
    this.write({ 'package.json': JSON.stringify(manifest) })
    const quiet = {
      npm: '--no-audit --no-fund --prefer-offline',
      pnpm: '--prefer-offline',
      // Yarn 1 refuses packages of the Prisma CLI that ask for a newer Node than Prisma itself does.
      yarn: '--ignore-engines',
      bun: '',
    }
    const workspace = this.manager === 'pnpm' ? ' --ignore-workspace --no-frozen-lockfile' : ''
    succeed(await this.shell(`${this.program} install ${quiet[this.manager]}${workspace}`))
  }

  /** A command line that says `npx …`, as this manager's users type it. */
  npx(line: string): Promise<Outcome> {
    const bin = line.replace(/^npx (?:@prisma-brisk\/)?/, '')
    if (this.manager === 'npm') return this.shell(line)
    const runner = { pnpm: 'exec', yarn: '--silent run', bun: 'run --silent' }[this.manager]
    return this.shell(`${this.program} ${runner} ${bin}`)
  }

  /** Runs a line of shell in the project. */
  shell(line: string): Promise<Outcome> {
    const env = ['PRISMA_SCHEMA_ENGINE_BINARY=/bin/true', 'DATABASE_URL=file:./dev.db']
    return run('env', [...env, 'sh', '-c', line], this.directory)
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** npm refuses an override of what the project depends on itself; Yarn 1 installs it, asked for or not. */
function withoutDirect(tarballs: Readonly<Record<string, string>>): Record<string, string> {
  const { 'prisma-brisk': _, '@prisma-brisk/index-advisor': __, ...rest } = tarballs
  return rest
}

/** Installs the manager where it is not there; into `tools`, from npm. */
async function programOf(manager: Manager, tools: string): Promise<string> {
  if (manager === 'npm') return 'npm'
  if (manager === 'pnpm') {
    const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      packageManager: string
    }
    return `npx --yes ${packageManager}`
  }
  // Bun's own package runs a script to put the program in place, which npm may be told not to run.
  const name = manager === 'bun' ? `@oven/bun-${process.platform}-${process.arch}` : 'yarn'
  mkdirSync(tools, { recursive: true })
  if (!existsSync(join(tools, 'package.json'))) writeFileSync(join(tools, 'package.json'), '{"private":true}')
  succeed(
    await run(
      'npm',
      ['install', '--no-audit', '--no-fund', '--prefer-offline', `${name}@${TOOLS[manager]}`],
      tools,
    ),
  )
  return join(tools, 'node_modules', manager === 'bun' ? `${name}/bin/bun` : '.bin/yarn')
}
