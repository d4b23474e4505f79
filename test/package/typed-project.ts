import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run, type Outcome } from '../../scripts/program.ts'
import { binary, publishedPackages, ROOT } from '../../scripts/workspace.ts'

/** A folder outside the workspace that sees the built packages and Prisma as an application does: by their names. */
export class TypedProject {
  readonly directory = mkdtempSync(join(tmpdir(), 'brisk-typed-'))

  /** @param names packages of the suite that its node_modules has; those that these need in turn it cannot see */
  constructor(names: readonly string[] = publishedPackages().map(({ name }) => name)) {
    for (const { name, directory } of publishedPackages())
      if (names.includes(name)) this.link(name, directory)
    // The copy that the packages see: types of two copies of Prisma are not one type.
    this.link('@prisma/client', join(ROOT, 'packages/core/node_modules/@prisma/client'))
    this.link('@types/node', join(ROOT, 'node_modules/@types/node'))
    this.write({ 'package.json': '{ "name": "typed", "type": "module" }' })
  }

  /** A development dependency of the workspace. */
  use(name: string): void {
    this.link(name, join(ROOT, 'node_modules', name))
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) writeFileSync(join(this.directory, path), text)
  }

  /** The client of the demo domain, as `./generated/client.ts`. */
  useDemoClient(): void {
    cpSync(join(ROOT, 'prisma/generated/postgresql'), join(this.directory, 'generated'), { recursive: true })
  }

  /** A client of this schema, as `./generated/client.ts`. */
  async generate(schema: (generator: string) => string): Promise<void> {
    const generator = `generator client {
  provider = "prisma-client"
  output = "./generated"
  moduleFormat = "esm"
  importFileExtension = "ts"
}`
    const path = join(this.directory, 'schema.prisma')
    writeFileSync(path, schema(generator))
    const prisma = join(
      dirname(createRequire(import.meta.url).resolve('prisma/package.json')),
      'build/index.js',
    )
    const { code, output } = await run(
      'env',
      ['PRISMA_SCHEMA_ENGINE_BINARY=/bin/true', process.execPath, prisma, 'generate', '--schema', path],
      this.directory,
    )
    if (code !== 0) throw new Error(output)
  }

  /** What the compiler says of these files. */
  check(
    files: readonly string[],
    options: object = { noEmit: true },
    compiler = 'typescript-7',
  ): Promise<Outcome> {
    const compilerOptions = {
      strict: true,
      target: 'ES2022',
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      allowImportingTsExtensions: true,
      types: ['node'],
      skipLibCheck: true,
      noUncheckedIndexedAccess: true,
      ...options,
    }
    this.write({ 'tsconfig.json': JSON.stringify({ compilerOptions, files }) })
    const tsc = binary(compiler, 'tsc')
    return run(process.execPath, [tsc, '-p', 'tsconfig.json', '--pretty', 'false'], this.directory)
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }

  private link(name: string, target: string): void {
    const path = join(this.directory, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(realpathSync(target), path, 'junction')
  }
}
