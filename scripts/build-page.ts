// The page of `brisk live`: packages/live/page, bundled by Vite into the package's dist/page.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type Outcome, run } from './program.ts'
import { binary, ROOT } from './workspace.ts'

const LIVE = join(ROOT, 'packages/live')
const STAMP = join(ROOT, '.brisk/built/live-page')
/** What it is made of; of the package's other sources it imports types alone. */
const SOURCES = [join(LIVE, 'page'), join(LIVE, 'src/answer'), join(ROOT, 'pnpm-lock.yaml')]

/** Builds it, unless nothing has changed since. The package's own build, which empties dist/, comes before. */
export async function buildPage(): Promise<Outcome> {
  const sources = sourcesHash()
  if (existsSync(join(LIVE, 'dist/page')) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === sources)
    return { code: 0, output: '' }
  const vite = binary('vite', 'vite', LIVE)
  const options = ['build', '--config', join(LIVE, 'page/vite.config.ts')]
  const { code, output } = await run(process.execPath, [vite, ...options], LIVE)
  if (code === 0) {
    mkdirSync(dirname(STAMP), { recursive: true })
    writeFileSync(STAMP, sources)
  }
  return { code, output: code === 0 ? '' : `page of brisk live: ${output.trim()}\n` }
}

function sourcesHash(): string {
  const hash = createHash('sha256')
  for (const source of SOURCES)
    for (const path of filesIn(source)) hash.update(`${relative(ROOT, path)}\0`).update(readFileSync(path))
  return hash.digest('hex')
}

function filesIn(path: string): string[] {
  if (path.endsWith('.yaml')) return [path]
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

if (process.argv[1] === import.meta.filename) {
  const { code, output } = await buildPage()
  process.stdout.write(output)
  process.exit(code)
}
