import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * Fills a directory with a freshly initialised cluster. Initialising takes seconds, copying the 40 MB it makes a
 * fraction of one, so the first is kept in the user's cache directory, one for each version of PGlite. False where
 * that is not possible (no home, no space): the caller then initialises the directory itself.
 */
export async function fillFromTemplate(
  directory: string,
  initialise: (directory: string) => Promise<void>,
  cache: string = cacheDirectory(),
): Promise<boolean> {
  try {
    const template = join(cache, `pglite-${pgliteVersion()}`)
    if (!existsSync(template)) await makeTemplate(template, initialise)
    cpSync(template, directory, { recursive: true })
    return true
  } catch {
    // Half a copy would be taken for a cluster.
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { mode: 0o700 })
    return false
  }
}

/** Another process may do the same at the same time: whole directories are moved into place, the first one stays. */
async function makeTemplate(
  template: string,
  initialise: (directory: string) => Promise<void>,
): Promise<void> {
  mkdirSync(dirname(template), { recursive: true, mode: 0o700 })
  const fresh = mkdtempSync(`${template}-`)
  try {
    await initialise(fresh)
    renameSync(fresh, template)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    if (!existsSync(template)) throw error
  }
}

function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'prisma-brisk')
}

function pgliteVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@electric-sql/pglite')
  const manifest = JSON.parse(readFileSync(join(dirname(entry), '../package.json'), 'utf8')) as {
    version: string
  }
  return manifest.version
}
