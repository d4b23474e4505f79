import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig, type UserConfig } from 'tsdown'

// One configuration for every package: its entries are the source files its `exports` name.
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, string | Record<string, unknown>>
  bin?: Record<string, string>
}
const entries = Object.values(manifest.exports)
  .map((target) => (typeof target === 'object' ? target['@prisma-brisk/source'] : undefined))
  .filter((source): source is string => typeof source === 'string')
const commands = Object.values(manifest.bin ?? {}).map((path) =>
  path.replace(/^\.?\/?dist\/(.*)\.c?js$/, 'src/$1.ts'),
)

interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null
}

let loaded: Set<string> | undefined

/**
 * What an import of the package loads at once is one file: Node takes 0.3 ms for each. What only a subpath or a command
 * needs stays apart.
 */
function loadedAtOnce(modules: Modules): Set<string> {
  if (loaded !== undefined) return loaded
  loaded = new Set()
  const waiting = [resolve('src/index.ts')]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (loaded.has(id)) continue
    loaded.add(id)
    waiting.push(...(modules.getModuleInfo(id)?.importedIds ?? []))
  }
  return loaded
}

const common: UserConfig = {
  cwd: process.cwd(), // the package's, not this file's
  entry: [...new Set([...entries.map((source) => source.replace(/^\.\//, '')), ...commands])],
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  sourcemap: false,
}
/** A file a module, so that an editor goes to the one that declares. */
const types: UserConfig = {
  ...common,
  format: 'esm',
  dts: { emitDtsOnly: true },
  unbundle: true,
  clean: false,
}

export default defineConfig([
  {
    ...common,
    format: ['esm', 'cjs'],
    dts: false,
    clean: true,
    outputOptions: (_, format) => ({
      chunkFileNames: format === 'cjs' ? '[name].cjs' : '[name].js',
      codeSplitting: {
        groups: [{ name: (id, modules) => (loadedAtOnce(modules).has(id) ? 'main' : null) }],
      },
    }),
  },
  { ...types, outExtensions: () => ({ dts: '.d.ts' }) },
  { ...types, outExtensions: () => ({ dts: '.d.cts' }) },
])
