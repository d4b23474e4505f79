import { extname, join } from 'node:path'
import type { SchemaMetadata } from '../schema/schema-metadata.ts'

/** The file that the generator's `output` means: itself, or `brisk-schema.ts` in it where it names a directory. */
export function metadataPath(output: string): string {
  return EXTENSIONS.has(extname(output)) ? output : join(output, 'brisk-schema.ts')
}

/** The module's files with their text: one for TypeScript; for JavaScript its declarations too. */
export function metadataModules(path: string, metadata: SchemaMetadata): [file: string, text: string][] {
  const extension = extname(path)
  // JSON.parse of a string is faster to load than a literal, and costs the type checker nothing.
  const data = `JSON.parse(${JSON.stringify(JSON.stringify(metadata))})`
  if (extension.endsWith('ts')) {
    return [
      [
        path,
        `${HEAD}\nexport const schema: ${TYPE} = ${data}\n\n${register('globalThis as unknown as Record<symbol, Map<string, unknown> | undefined>')}`,
      ],
    ]
  }
  const declarations = `${path.slice(0, -extension.length)}${DECLARATIONS.get(extension)}`
  const assign =
    extension === '.cjs' ? `const schema = ${data}\nexports.schema = schema` : `export const schema = ${data}`
  return [
    [path, `${HEAD}\n${assign}\n\n${register('globalThis')}`],
    [declarations, `${HEAD}\nexport declare const schema: ${TYPE}\n`],
  ]
}

/** Of JavaScript, the declaration file's extension. */
const DECLARATIONS = new Map([
  ['.js', '.d.ts'],
  ['.mjs', '.d.mts'],
  ['.cjs', '.d.cts'],
])
const EXTENSIONS = new Set(['.ts', '.mts', '.cts', ...DECLARATIONS.keys()])

const HEAD = `/* Written by the prisma-brisk generator. Do not edit: \`prisma generate\` writes it anew. */
/* eslint-disable */

/** What the Prisma schema says, as data, for \`$extends(brisk({ schema }))\`: nothing is parsed at run time. */`

// Spelled out, so that the module needs no package at all.
const TYPE = `{
  readonly version: 1
  readonly hash: string
  readonly provider: string
  readonly relationMode: 'foreignKeys' | 'prisma'
  readonly previewFeatures: readonly string[]
  readonly enums: readonly object[]
  readonly models: readonly object[]
}`

/** A client finds its metadata by hash as soon as any module has imported this one; see `registeredMetadata`. */
function register(globals: string): string {
  return `const registry = Symbol.for('prisma-brisk.schema-metadata')
const shared = ${globals}
;(shared[registry] ??= new Map()).set(schema.hash, schema)
`
}
