import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The version of a package that the benchmarks have installed. */
export function installedVersion(name: string): string {
  const path = fileURLToPath(new URL(`../node_modules/${name}/package.json`, import.meta.url))
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
