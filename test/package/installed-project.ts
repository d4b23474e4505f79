import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { packPackages } from '../../scripts/packed-package.ts'
import { run, type Outcome } from '../../scripts/program.ts'
import { ROOT } from '../../scripts/workspace.ts'

/** A project outside the workspace that has every package installed from its packed tarball. */
export interface InstalledProject {
  readonly directory: string
  /** Writes files, by path within the project. */
  write(files: Record<string, string>): void
  read(path: string): string
  /** Runs a program in the project. */
  run(command: string, ...args: string[]): Promise<Outcome>
  remove(): void
}

const schema = `generator client {
  provider     = "prisma-client"
  output       = "./generated/esm"
  moduleFormat = "esm"
}

generator commonjs {
  provider     = "prisma-client-js"
  output       = "./generated/js"
}

generator brisk {
  provider = "prisma-brisk"
}

datasource db {
  provider = "postgresql"
}

model User {
  id    Int    @id @default(autoincrement())
  email String @unique
  posts Post[]
}

model Post {
  id       Int    @id @default(autoincrement())
  title    String
  authorId Int
  author   User   @relation(fields: [authorId], references: [id])
}
`

export async function installProject(): Promise<InstalledProject> {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-installed-'))
  // What `npm test` has built.
  const packed = await packPackages(join(directory, 'tarballs'))
  const tarballs = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]))
  const manifest = (path: string) =>
    JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as { version: string; packageManager: string }
  const version = (name: string) => manifest(`node_modules/${name}/package.json`).version
  const project: InstalledProject = {
    directory,
    write: (files) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(directory, path)), { recursive: true })
        writeFileSync(join(directory, path), text)
      }
    },
    read: (path) => readFileSync(join(directory, path), 'utf8'),
    run: (command, ...args) => run(command, args, directory),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  }
  const installed = Object.fromEntries(
    [
      '@prisma/client',
      '@prisma/client-runtime-utils',
      'prisma',
      '@electric-sql/pglite',
      'pglite-prisma-adapter',
      'typescript',
      '@types/node',
    ].map((name) => [name, version(name)]),
  )
  project.write({
    'package.json': JSON.stringify({
      name: 'installed',
      private: true,
      type: 'module',
      // The compiler in JavaScript and the native one.
      dependencies: {
        ...installed,
        'typescript-7': `npm:typescript@${version('typescript-7')}`,
        ...tarballs,
      },
      pnpm: { overrides: tarballs, onlyBuiltDependencies: [] },
    }),
    'schema.prisma': schema,
  })
  succeed(
    await project.run(
      'npx',
      '--yes',
      manifest('package.json').packageManager,
      'install',
      '--prefer-offline',
      '--ignore-workspace',
    ),
  )
  succeed(
    await run(
      'env',
      ['PRISMA_SCHEMA_ENGINE_BINARY=/bin/true', 'npx', 'prisma', 'generate', '--schema', 'schema.prisma'],
      directory,
    ),
  )
  return project
}

export function succeed(outcome: Outcome): string {
  if (outcome.code !== 0) throw new Error(`exit code ${outcome.code}:\n${outcome.output}`)
  return outcome.output
}
