// Builds every published package to ESM, CJS and types in its dist/. What has not changed since is left alone.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { buildPage } from './build-page.ts'
import { each, type Outcome, run } from './program.ts'
import { binary, publishedPackages, ROOT, type WorkspacePackage } from './workspace.ts'

/** A notice about Node 20, and the stack of the bundler that reports an error. */
const NOISE = /^(?:\[tsdown\] Node\.js v20.* is deprecated.*| +at .*)\n/gm

export async function buildPackages(
  packages: readonly WorkspacePackage[] = publishedPackages(),
): Promise<Outcome> {
  const tsdown = binary('tsdown')
  const options = ['--config', `${ROOT}/tsdown.config.ts`, '--log-level', 'error']
  const sources = sourcesHash()
  const outcomes = await each(packages, 2, async ({ name, directory }) => {
    const stamp = join(STAMPS, basename(directory))
    if (existsSync(join(directory, 'dist')) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources)
      return { code: 0, output: '' }
    rmSync(stamp, { force: true })
    const { code, output } = await run(process.execPath, [tsdown, ...options], directory)
    if (code === 0) {
      mkdirSync(STAMPS, { recursive: true })
      writeFileSync(stamp, sources)
    }
    return { code, output: code === 0 ? '' : `${name}: ${output.replace(NOISE, '').trim()}\n` }
  })
  outcomes.push(await buildPage())
  return {
    code: outcomes.some(({ code }) => code !== 0) ? 1 : 0,
    output: outcomes.map(({ output }) => output).join(''),
  }
}

/** Where it is noted what each dist/ was built from; beside the packages, so that it is never published. */
const STAMPS = join(ROOT, '.brisk/built')

/** What every package is built from; one hash for all, since the types of one go into the next. */
function sourcesHash(): string {
  const hash = createHash('sha256')
  const roots = ['tsdown.config.ts', 'tsconfig.base.json', 'pnpm-lock.yaml'].map((name) => join(ROOT, name))
  for (const { directory } of publishedPackages()) {
    roots.push(join(directory, 'package.json'), join(directory, 'tsconfig.json'))
    for (const entry of readdirSync(join(directory, 'src'), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) roots.push(join(entry.parentPath, entry.name))
  }
  for (const path of roots.sort()) hash.update(`${relative(ROOT, path)}\0`).update(readFileSync(path))
  return hash.digest('hex')
}

if (process.argv[1] === import.meta.filename) {
  const { code, output } = await buildPackages()
  console.log(output.trim() || `built ${publishedPackages().length} packages`)
  process.exit(code)
}
