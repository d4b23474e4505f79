// docs/reference/sizes.md: what installing and importing each package costs. `npm run sizes` writes it; `npm run check` refuses one
// that has gone stale.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

import { minify } from '@swc/core'
import { format, resolveConfig } from 'prettier'

import { ROOT, type WorkspacePackage } from './workspace.ts'

export interface PackageSize {
  readonly name: string
  /** Bytes of the tarball, and of the files in it. */
  readonly packed: number
  readonly unpacked: number
  /** Bytes of the package's own modules for `import`, minified and gzipped together; what a browser loads is none. */
  readonly code: number
  readonly dependencies: readonly string[]
}

export const SIZES = join(ROOT, 'docs/reference/sizes.md')

/** Measures a built package by its tarball. */
export async function sizeOf({ name, directory }: WorkspacePackage, tarball: string): Promise<PackageSize> {
  const { dependencies = {} } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  const modules = readdirSync(join(directory, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js') && !file.startsWith('page'))
    .sort()
  const minified = await Promise.all(
    modules.map((file) => minify(readFileSync(join(directory, 'dist', file), 'utf8'), { module: true })),
  )
  return {
    name,
    packed: statSync(tarball).size,
    unpacked: unpackedSize(gunzipSync(readFileSync(tarball))),
    code: gzipSync(minified.map(({ code }) => code).join('\n')).length,
    dependencies: Object.keys(dependencies).sort(),
  }
}

/** The sizes that the headers of a tar archive state, in octal. */
function unpackedSize(archive: Buffer): number {
  const block = 512
  let total = 0
  for (let at = 0; at + block <= archive.length && archive[at] !== 0;) {
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8)
    const isFile = archive[at + 156] === '0'.charCodeAt(0)
    if (isFile) total += size
    at += block + Math.ceil(size / block) * block
  }
  return total
}

/** What is wrong with the page for a package: nothing while each of its numbers is off by less than a tenth. */
export function staleSize(size: PackageSize): string | null {
  const line = readFileSync(SIZES, 'utf8')
    .split('\n')
    .find((each) => each.includes(`\`${size.name}\``))
  const written = [...(line ?? '').matchAll(/([\d.]+) kB/g)].map(([, number]) => Number(number) * 1000)
  const measured = [size.packed, size.unpacked, size.code]
  const holds =
    written.length === measured.length &&
    measured.every(
      (bytes, index) => Math.abs((written[index] as number) - bytes) < Math.max(bytes / 10, 1000),
    )
  return holds ? null : `docs/reference/sizes.md is stale: ${row(size)}. Run \`npm run sizes\`.`
}

const row = ({ name, packed, unpacked, code, dependencies }: PackageSize): string =>
  `| \`${name}\` | ${[packed, unpacked, code].map(kilobytes).join(' | ')} | ${dependencies.join(', ') || 'none'} |`

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`

/** The page, formatted as it is committed. */
export async function sizesPage(sizes: readonly PackageSize[]): Promise<string> {
  const text = `---
pageClass: wide
aside: false
---

# Sizes

<!-- Written by \`npm run sizes\`, from the packages as they would be published. -->

Tarball and its files, ESM, CommonJS and types together; and the package's own modules for \`import\`, minified and gzipped, without
its dependencies. A server loads what it mounts; the advisor is loaded by the \`brisk\` command alone.

| package | tarball | unpacked | own code, minified and gzipped | dependencies |
| --- | ---: | ---: | ---: | --- |
${sizes.map(row).join('\n')}
`
  return format(text, { ...(await resolveConfig(SIZES)), parser: 'markdown' })
}
