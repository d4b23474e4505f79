import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { demoSchema, type Provider } from '../../../scripts/client-variants.ts'
import type { PackedPackage } from '../../../scripts/packed-package.ts'
import { run, type Outcome } from '../../../scripts/program.ts'
import { ROOT } from '../../../scripts/workspace.ts'

/** Installs and clients stay here between runs, each under a name made from what is in it. */
export const CACHE = join(tmpdir(), 'brisk-matrix')

export type ModuleFormat = 'esm' | 'cjs'

/** Third-party packages of an application, by name. */
export type Dependencies = Readonly<Record<string, string>>

/** Makes applications that use the packed packages, and installs what they need. */
export class Workshop {
  constructor(private readonly packed: readonly PackedPackage[]) {}

  /** An application in a folder of its own; what was installed for an earlier run is used again. */
  async application(
    name: string,
    dependencies: Dependencies,
    overrides: Dependencies = {},
  ): Promise<Application> {
    const manifest = {
      name: 'application',
      private: true,
      type: 'module',
      dependencies: { ...this.needed(), ...dependencies },
      overrides,
    }
    const directory = join(CACHE, `${name}-${hashOf(manifest)}`)
    const application = new Application(directory)
    await install(directory, manifest)
    for (const { name, tarball } of this.packed) {
      const place = join(directory, 'node_modules', name)
      rmSync(place, { recursive: true, force: true })
      mkdirSync(place, { recursive: true })
      succeed(await run('tar', ['-xzf', tarball, '-C', place, '--strip-components=1'], directory))
    }
    return application
  }

  /** A package's folder, installed by itself: a runtime, or another tool. */
  async tool(name: string, version: string): Promise<string> {
    const manifest = { name: 'tool', private: true, dependencies: { [name]: version } }
    const directory = join(CACHE, `tool-${hashOf(manifest)}`)
    await install(directory, manifest)
    return join(directory, 'node_modules', name)
  }

  /** What the packages of the suite depend on, beside each other. */
  private needed(): Dependencies {
    const needed: Record<string, string> = {}
    for (const { directory } of this.packed) {
      const { dependencies = {} } = manifestOf(directory)
      for (const name of Object.keys(dependencies))
        if (!name.startsWith('@prisma-brisk/')) needed[name] = catalogVersion(name)
    }
    return needed
  }
}

/** A folder with installed packages, in which programs are written and run. */
export class Application {
  constructor(readonly directory: string) {}

  path(name: string): string {
    return join(this.directory, name)
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), text)
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  remove(name: string): void {
    rmSync(this.path(name), { recursive: true, force: true })
  }

  /** The checks as JavaScript, under `conformance` or `conformance-cjs`. */
  writeConformance(format: ModuleFormat): void {
    const target = format === 'esm' ? 'conformance' : 'conformance-cjs'
    const folder = join(ROOT, 'test/matrix/conformance')
    for (const file of readdirSync(folder))
      this.write(`${target}/${file.replace(/\.ts$/, '.js')}`, compiled(join(folder, file), format))
    this.write(`${target}/statements.js`, compiled(join(ROOT, 'test/support/statements.ts'), format))
    this.write(`${target}/package.json`, JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }))
  }

  /**
   * The demo's client, as `prisma generate` makes it and a compiler turns it into JavaScript, in the folder of this name.
   * Made once for each kind, with the Prisma of the application where it has one.
   */
  async writeClient(
    name: string,
    provider: Provider,
    generator: Readonly<Record<string, string>>,
  ): Promise<void> {
    const own = this.path('node_modules/prisma')
    const prisma = existsSync(own) ? own : join(ROOT, 'node_modules/prisma')
    const { version } = manifestOf(prisma)
    const block = Object.entries(generator).map(([key, value]) => `  ${key} = "${value}"`)
    const schema = demoSchema(provider, `generator client {\n  output = "./client"\n${block.join('\n')}\n}`)
    // Within the application, where the older generator looks for the client's runtime.
    const made = this.path(`made/${hashOf([version, schema])}`)
    if (!existsSync(join(made, 'client'))) {
      mkdirSync(made, { recursive: true })
      writeFileSync(join(made, 'schema.prisma'), schema)
      succeed(
        await run(
          'env',
          [
            'PRISMA_SCHEMA_ENGINE_BINARY=/bin/true',
            'PRISMA_HIDE_UPDATE_MESSAGE=1',
            'CHECKPOINT_DISABLE=1',
            process.execPath,
            join(prisma, 'build/index.js'),
            'generate',
            '--schema',
            'schema.prisma',
            '--no-hints',
          ],
          made,
        ),
      )
    }
    rmSync(this.path(name), { recursive: true, force: true })
    cpSync(join(made, 'client'), this.path(name), { recursive: true })
    if (generator['provider'] !== 'prisma-client') return
    const format = generator['moduleFormat'] === 'cjs' ? 'cjs' : 'esm'
    for (const file of filesIn(this.path(name)))
      if (file.endsWith('.ts')) {
        writeFileSync(file.replace(/\.ts$/, '.js'), compiled(file, format))
        rmSync(file)
      }
    this.write(`${name}/package.json`, JSON.stringify({ type: format === 'esm' ? 'module' : 'commonjs' }))
  }
}

/** TypeScript as JavaScript, with specifiers that find it. */
export function compiled(file: string, format: ModuleFormat, text = readFileSync(file, 'utf8')): string {
  const { outputText } = ts.transpileModule(text, {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: format === 'esm' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS,
      esModuleInterop: true,
      rewriteRelativeImportExtensions: true,
      verbatimModuleSyntax: format === 'esm',
    },
  })
  return outputText.replaceAll('../../support/statements.js', './statements.js')
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((file) => join(directory, file))
    .filter((file) => statSync(file).isFile())
}

async function install(directory: string, manifest: object): Promise<void> {
  const stamp = join(directory, '.installed')
  if (existsSync(stamp)) return
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest, null, 2))
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error']
  succeed(await run('npm', ['install', ...options], directory))
  writeFileSync(stamp, '')
}

export function succeed(outcome: Outcome): string {
  if (outcome.code !== 0) throw new Error(`exit code ${outcome.code}:\n${outcome.output.slice(-3000)}`)
  return outcome.output
}

/** A version as it is pinned in this workspace. */
export function catalogVersion(name: string): string {
  const line = readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
    .split('\n')
    .map((each) => /^ {2}'?([^':]+)'?: (\S+)$/.exec(each))
    .find((match) => match?.[1] === name)
  if (!line) throw new Error(`the workspace does not pin ${name}`)
  return line[2] as string
}

function manifestOf(directory: string): { version: string; dependencies?: Record<string, string> } {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as never
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12)
}
