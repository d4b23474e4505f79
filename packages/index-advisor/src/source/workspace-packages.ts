import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { globSync } from 'tinyglobby'

interface Manifest {
  readonly name?: string
  readonly workspaces?: readonly string[] | { readonly packages?: readonly string[] }
  readonly main?: string
  readonly module?: string
  readonly types?: string
  readonly typings?: string
  readonly exports?: unknown
}

const SOURCE = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs']

/**
 * The packages of a workspace (npm, Yarn, Bun, pnpm) by their names, and the sources they are built from: what an
 * import of one means before it is built, or installed.
 */
export class WorkspacePackages {
  private directories: ReadonlyMap<string, string> | null = null

  /** @param cwd a directory in the workspace */
  constructor(private readonly cwd: string) {}

  /** The source file behind `@acme/db` or `@acme/db/client`; null where no package of the workspace has it. */
  sourceOf(specifier: string): string | null {
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier
    this.directories ??= workspaceOf(this.cwd)
    const directory = this.directories.get(name)
    if (directory === undefined) return null
    const subpath = specifier.slice(name.length)
    const manifest = readManifest(directory)
    const built = subpath === '' ? entriesOf(manifest) : exported(manifest.exports, `.${subpath}`)
    const places = [
      ...built.flatMap(sourcesOf),
      ...(subpath === ''
        ? ['src/index', 'index', 'src/main', 'lib/index']
        : [`src${subpath}`, `src${subpath}/index`, subpath.slice(1), `${subpath.slice(1)}/index`]),
    ]
    for (const place of places) {
      const found = [place, ...SOURCE.map((extension) => place + extension)]
        .map((each) => join(directory, each))
        .find(isFile)
      if (found !== undefined && SOURCE.some((extension) => found.endsWith(extension))) return found
    }
    return null
  }

  /** Whether the file belongs to a package of the workspace, though it was reached through node_modules. */
  holds(path: string): boolean {
    this.directories ??= workspaceOf(this.cwd)
    return (
      [...this.directories.values()].some((directory) => path.startsWith(`${directory}/`)) &&
      !path.includes('/node_modules/')
    )
  }
}

/** `dist/client.js` is built from `src/client.ts`, or from `client.ts`; with the extension left open. */
function sourcesOf(built: string): string[] {
  const path = built.replace(/^\.\//, '')
  const bare = path.replace(/\.d\.([cm]?ts)$/, '.$1').replace(/\.[cm]?[jt]sx?$/, '')
  const [, rest] =
    /^(?:dist|build|lib|out|output|esm|cjs)\/(?:(?:esm|cjs|types|src)\/)?(.*)$/.exec(bare) ?? []
  return rest === undefined ? [path, bare] : [`src/${rest}`, rest, path]
}

function entriesOf({ exports: given, types, typings, module, main }: Manifest): string[] {
  return [...exported(given, '.'), ...[types, typings, module, main].flatMap((each) => each ?? [])]
}

/** All that an `exports` names for the subpath, whatever the condition; a star stands for what it matches. */
function exported(given: unknown, subpath: string): string[] {
  if (typeof given === 'string') return subpath === '.' ? [given] : []
  if (given === null || typeof given !== 'object') return []
  const entries = Object.entries(given)
  if (!entries.some(([key]) => key.startsWith('.'))) return subpath === '.' ? targetsOf(given) : []
  for (const [key, target] of entries) {
    if (key === subpath) return targetsOf(target)
    const [before, after] = key.split('*')
    if (after === undefined || before === undefined) continue
    if (subpath.startsWith(before) && subpath.endsWith(after) && subpath.length >= key.length - 1)
      return targetsOf(target).map((each) =>
        each.replaceAll('*', subpath.slice(before.length, subpath.length - after.length)),
      )
  }
  return []
}

function targetsOf(target: unknown): string[] {
  if (typeof target === 'string') return [target]
  return target !== null && typeof target === 'object' ? Object.values(target).flatMap(targetsOf) : []
}

function workspaceOf(cwd: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (let at = cwd; ; at = dirname(at)) {
    const patterns = patternsOf(at)
    if (patterns.length > 0) {
      const manifests = globSync(
        patterns.map((each) => `${each.replace(/\/+$/, '')}/package.json`),
        { cwd: at, absolute: true, ignore: ['**/node_modules/**'], expandDirectories: false },
      )
      for (const path of manifests.sort()) {
        const { name } = readManifest(dirname(path))
        if (name !== undefined && !found.has(name)) found.set(name, dirname(path))
      }
      return found
    }
    if (at === dirname(at)) return found
  }
}

function patternsOf(directory: string): string[] {
  const pnpm = readText(join(directory, 'pnpm-workspace.yaml'))
  if (pnpm !== null) {
    const list = /^packages:\s*\n((?:[ \t]*(?:-.*|#.*)?\n?)*)/m.exec(pnpm)?.[1] ?? ''
    return [...list.matchAll(/^\s*-\s*['"]?([^'"#\n]+?)['"]?\s*(?:#.*)?$/gm)]
      .map(([, pattern]) => pattern ?? '')
      .filter((pattern) => !pattern.startsWith('!'))
  }
  const { workspaces } = readManifest(directory)
  const given = Array.isArray(workspaces)
    ? workspaces
    : (workspaces as { packages?: readonly string[] } | undefined)?.packages
  return [...(given ?? [])].filter((pattern) => !pattern.startsWith('!'))
}

function readManifest(directory: string): Manifest {
  try {
    return JSON.parse(readText(join(directory, 'package.json')) ?? '{}') as Manifest
  } catch {
    return {}
  }
}

function readText(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}
