// Builds and packs every package and writes docs/reference/sizes.md.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

import { buildPackages } from './build.ts'
import { sizeOf, SIZES, sizesPage } from './package-sizes.ts'
import { packPackage } from './packed-package.ts'
import { each } from './program.ts'
import { publishedPackages, ROOT } from './workspace.ts'

const built = await buildPackages()
if (built.code !== 0) {
  console.error(built.output)
  process.exit(1)
}
const sizes = await each(publishedPackages(), 2, async (each) => {
  const place = mkdtempSync(join(tmpdir(), 'brisk-size-'))
  try {
    const { code, output } = await packPackage(each.directory, place)
    const tarball = readdirSync(place).find((file) => file.endsWith('.tgz'))
    if (code !== 0 || tarball === undefined) throw new Error(output)
    return await sizeOf(each, join(place, tarball))
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
})
writeFileSync(SIZES, await sizesPage(sizes))
console.log(`wrote ${relative(ROOT, SIZES)}`)
