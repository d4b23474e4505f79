import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

export interface WorkspacePackage {
  name: string
  directory: string
}

/** What is published: everything under packages/. */
export function publishedPackages(): WorkspacePackage[] {
  return readdirSync(join(ROOT, 'packages'))
    .map((entry) => join(ROOT, 'packages', entry))
    .map((directory) => ({ directory, name: readManifest(directory).name }))
}

/** The script behind a command of a package that is installed for `directory`, to be run with this Node. */
export function binary(packageName: string, command = packageName, directory = ROOT): string {
  const manifest = join(directory, 'node_modules', packageName, 'package.json')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> }
  const path = typeof bin === 'string' ? bin : bin[command]
  if (!path) throw new Error(`${packageName} has no command ${command}`)
  return join(dirname(manifest), path)
}

function readManifest(directory: string): { name: string } {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { name: string }
}
