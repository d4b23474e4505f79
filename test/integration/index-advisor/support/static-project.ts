import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '@prisma-brisk/index-advisor/cli'

/** A Prisma project in a directory of its own, and the command run in it. */
export class TestProject {
  readonly directory = mkdtempSync(join(tmpdir(), 'brisk-advisor-'))
  /** What the command printed last. */
  stdout = ''
  stderr = ''

  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) this.write(path, text)
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true })
    writeFileSync(this.path(path), text)
  }

  path(path: string): string {
    return join(this.directory, path)
  }

  read(path: string): string {
    return readFileSync(this.path(path), 'utf8')
  }

  /** Every file with its text, to see that nothing changed. */
  snapshot(): Record<string, string> {
    const files = readdirSync(this.directory, { recursive: true, encoding: 'utf8' }).sort()
    return Object.fromEntries(
      files.filter((file) => statSync(this.path(file)).isFile()).map((file) => [file, this.read(file)]),
    )
  }

  /** Names of the migrations, oldest first. */
  migrations(): string[] {
    return readdirSync(this.path('prisma/migrations'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  }

  migrationSql(name: string): string {
    return this.read(join('prisma/migrations', name, 'migration.sql'))
  }

  async brisk(...argv: string[]): Promise<number> {
    this.stdout = ''
    this.stderr = ''
    return run(
      argv,
      {
        cwd: this.directory,
        now: () => new Date('2026-03-04T05:06:07Z'),
        stdout: (text) => (this.stdout += text),
        stderr: (text) => (this.stderr += text),
        isTerminal: false,
      },
      'brisk',
    )
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

const projects: TestProject[] = []

export function project(files: Readonly<Record<string, string>>): TestProject {
  const made = new TestProject(files)
  projects.push(made)
  return made
}

/** In `afterEach`. */
export function removeProjects(): void {
  for (const each of projects.splice(0)) each.remove()
}

export function datasource(provider: string, preview: readonly string[] = []): string {
  const features =
    preview.length === 0 ? '' : `\n  previewFeatures = [${preview.map((each) => `"${each}"`).join(', ')}]`
  return `generator client {
  provider = "prisma-client"
  output   = "../generated"${features}
}

datasource db {
  provider = "${provider}"
}
`
}
