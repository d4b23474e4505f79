// Builds and packs every package and writes docs/reference/sizes.md.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'

import { buildPackages } from './build.ts'
import { sizeOf, SIZES, sizesPage } from './package-sizes.ts'
import { withPackedPackages } from './packed-package.ts'
import { each } from './program.ts'
import { ROOT } from './workspace.ts'

const built = await buildPackages()
if (built.code !== 0) {
  console.error(built.output)
  process.exit(1)
}
const sizes = await withPackedPackages((packages) =>
  each(packages, 2, (packed) => sizeOf(packed, packed.tarball)),
)
writeFileSync(SIZES, await sizesPage(sizes))
console.log(`wrote ${relative(ROOT, SIZES)}`)
