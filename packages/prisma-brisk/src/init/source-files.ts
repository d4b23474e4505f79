import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Every source file under a directory; tests and what is generated or built are left out. */
export async function readSources(cwd: string): Promise<SourceFile[]> {
  const paths = await sourceFiles(cwd)
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') })))
}

const skipped = new Set([
  'node_modules',
  'dist',
  'build',
  'generated',
  'coverage',
  'test',
  'tests',
  '__tests__',
])

async function sourceFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const files: string[] = []
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name) && !entry.name.startsWith('.')) files.push(...(await sourceFiles(path)))
    } else if (/\.[cm]?[jt]sx?$/.test(entry.name) && !/\.(test|spec|d)\.[cm]?[jt]sx?$/.test(entry.name)) {
      files.push(path)
    }
  }
  return files
}

/** A path as a person would write it. */
export function shown(cwd: string, path: string): string {
  return relative(cwd, path) || '.'
}
