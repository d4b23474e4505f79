import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { publishedPackages } from '../../scripts/workspace.ts'

/** What a registry and a bundler need to know of every package. */

interface Manifest {
  readonly version: string
  readonly license: string
  readonly type: string
  readonly sideEffects: boolean
  readonly engines: { readonly node: string }
  readonly files: readonly string[]
  readonly repository: { readonly url: string; readonly directory: string }
  readonly publishConfig: { readonly access: string; readonly provenance: boolean }
  readonly peerDependencies?: Record<string, string>
  readonly scripts?: Record<string, string>
}

const packages = publishedPackages().map(({ name, directory }) => ({
  name,
  directory,
  manifest: JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest,
}))
const [first] = packages

test.each(packages)('$name says what it needs to be published with provenance', ({ directory, manifest }) => {
  expect(manifest).toMatchObject({
    version: first?.manifest.version,
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '^20.19 || ^22.12 || >=24' },
    files: expect.arrayContaining(['dist']),
    // npm compares this with where the provenance says it was built.
    repository: {
      url: 'git+https://github.com/prisma-brisk/prisma-brisk.git',
      directory: `packages/${basename(directory)}`,
    },
    publishConfig: { access: 'public', provenance: true },
  })
  expect(existsSync(join(directory, 'README.md'))).toBe(true)
  const installing = Object.keys(manifest.scripts ?? {}).filter((name) => /install|prepare/.test(name))
  expect(installing).toEqual([])
})
