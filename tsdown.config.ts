import { readFileSync } from 'node:fs'
import { defineConfig } from 'tsdown'

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

export default defineConfig({
  cwd: process.cwd(), // the package's, not this file's
  entry: [...new Set([...entries.map((source) => source.replace(/^\.\//, '')), ...commands])],
  format: ['esm', 'cjs'],
  dts: true,
  platform: 'node',
  target: 'node20.19',
  fixedExtension: false,
  // A file a module: shared chunks came out importing each other, which CommonJS cannot load.
  unbundle: true,
  clean: true,
  sourcemap: false,
})
