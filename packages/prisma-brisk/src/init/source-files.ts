import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Every source file under a directory; what is generated or built is left out, and so are tests unless they are asked for. */
export async function readSources(cwd: string, which?: 'tests too'): Promise<SourceFile[]> {
  const paths = await sourceFiles(cwd, which === 'tests too')
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') })))
}

const skipped = new Set(['node_modules', 'dist', 'build', 'generated', 'coverage'])
const tests = new Set(['test', 'tests', '__tests__'])

async function sourceFiles(directory: string, withTests: boolean): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const files: string[] = []
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      const isLeftOut = skipped.has(entry.name) || (!withTests && tests.has(entry.name))
      if (!isLeftOut && !entry.name.startsWith('.')) files.push(...(await sourceFiles(path, withTests)))
    } else if (
      /\.[cm]?[jt]sx?$/.test(entry.name) &&
      !(withTests ? /\.d\.[cm]?ts$/ : /\.(test|spec|d)\.[cm]?[jt]sx?$/).test(entry.name)
    ) {
      files.push(path)
    }
  }
  return files
}

/** A path as a person would write it. */
export function shown(cwd: string, path: string): string {
  return relative(cwd, path) || '.'
}
