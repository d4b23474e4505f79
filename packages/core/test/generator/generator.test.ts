import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fromMetadata, parseSchema, type SchemaMetadata } from '../../src/index.ts'
import { generateMetadata } from '../../src/generator/generator.ts'
import { whole } from '../support/whole-schema.ts'

const SCHEMA = `datasource db {
  provider = "sqlite"
}

model User {
  id   Int    @id
  name String @default("O'Hara \\\\ \\"x\\" \u2028 */ \${x}")
}
`

interface Module {
  readonly schema: SchemaMetadata
}

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'brisk-metadata-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

test.each(['schema.ts', 'schema.mjs'])('%s is a module that holds the schema', async (name) => {
  generateMetadata(SCHEMA, join(directory, name))
  const { schema } = (await import(pathToFileURL(join(directory, name)).href)) as Module
  expect(whole(fromMetadata(schema, 'inline'))).toEqual(parseSchema(SCHEMA, 'inline'))
})

test('a CommonJS module can be required', () => {
  generateMetadata(SCHEMA, join(directory, 'deep/schema.cjs'))
  const { schema } = createRequire(import.meta.url)(join(directory, 'deep/schema.cjs')) as Module
  expect(whole(fromMetadata(schema, 'inline'))).toEqual(parseSchema(SCHEMA, 'inline'))
})

test.each([
  ['schema.js', 'schema.d.ts'],
  ['schema.mjs', 'schema.d.mts'],
  ['schema.cjs', 'schema.d.cts'],
])('%s has its declarations in %s', (name, declarations) => {
  generateMetadata(SCHEMA, join(directory, name))
  expect(readdirSync(directory).sort()).toEqual([name, declarations].sort())
  expect(readFileSync(join(directory, declarations), 'utf8')).toContain('export declare const schema: {')
})

test('a directory gets brisk-schema.ts', () => {
  generateMetadata(SCHEMA, join(directory, 'generated'))
  expect(readdirSync(join(directory, 'generated'))).toEqual(['brisk-schema.ts'])
})

test('a file that would not change is not written again', () => {
  const file = join(directory, 'schema.ts')
  generateMetadata(SCHEMA, file)
  const then = new Date(2020, 1, 1)
  utimesSync(file, then, then)
  generateMetadata(SCHEMA, file)
  expect(statSync(file).mtime).toEqual(then)
  generateMetadata(SCHEMA.replace('User', 'Person'), file)
  expect(statSync(file).mtime).not.toEqual(then)
  expect(readdirSync(directory)).toEqual(['schema.ts'])
})

test('a schema that cannot be read leaves what is there', () => {
  const file = join(directory, 'schema.ts')
  generateMetadata(SCHEMA, file)
  const before = readFileSync(file, 'utf8')
  expect(() => generateMetadata('model {', file)).toThrow(
    expect.objectContaining({ code: 'E_SCHEMA_SYNTAX' }),
  )
  expect(readFileSync(file, 'utf8')).toBe(before)
})
