import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadSchemaModel, parseSchema, type SchemaMetadata } from '@prisma-brisk/core'

const ROOT = join(import.meta.dirname, '../../..')
const { resolve } = createRequire(import.meta.url)
let project: string

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'brisk-generator-'))
  // What npm links into node_modules/.bin, here from source.
  const bin = join(project, 'bin')
  mkdirSync(bin)
  const command = [
    process.execPath,
    '--conditions=@prisma-brisk/source',
    '--import',
    pathToFileURL(resolve('tsx')).href,
  ]
  const main = join(ROOT, 'packages/prisma-brisk/src/prisma-brisk.ts')
  writeFileSync(
    join(bin, 'prisma-brisk'),
    `#!/bin/sh\nexec ${[...command, main].map((part) => `'${part}'`).join(' ')}\n`,
  )
  chmodSync(join(bin, 'prisma-brisk'), 0o755)
})

afterEach(() => rmSync(project, { recursive: true, force: true }))

const MODELS = `/// People. "Quoted"
model User {
  id    Int    @id @default(autoincrement())
  name  String @default("O'Hara \\\\ \\"x\\" ü😀")
  posts Post[]
}

model Post {
  id       Int  @id
  authorId Int
  author   User @relation(fields: [authorId], references: [id], onDelete: Cascade)

  @@index([authorId])
}
`

function schema(brisk: string): string {
  return `datasource db {
  provider = "postgresql"
}

generator client {
  provider     = "prisma-client"
  output       = "../src/generated/prisma"
  moduleFormat = "esm"
}

generator brisk {
  provider = "prisma-brisk"
${brisk}}
`
}

test('prisma generate writes metadata beside the client, for exactly the client’s schema', async () => {
  write({ 'prisma/schema/main.prisma': schema(''), 'prisma/schema/models/people.prisma': MODELS })
  // The client's directory is found from the file that holds the generators.
  const { output } = await generate('prisma/schema')
  expect(output).toContain('Generated prisma-brisk schema metadata')
  const file = join(project, 'prisma/src/generated/brisk-schema.ts')
  const { schema: metadata } = (await import(pathToFileURL(file).href)) as { schema: SchemaMetadata }
  const inlineSchema = inlineSchemaOf(join(project, 'prisma/src/generated/prisma'))
  const warnings: string[] = []
  const model = loadSchemaModel({
    generatorMetadata: metadata,
    inlineSchema,
    warn: (code) => warnings.push(code),
  })
  expect(warnings).toEqual([])
  expect({ ...model, models: new Map(model?.models) }).toEqual({
    ...parseSchema(inlineSchema, 'inline'),
    source: 'generator',
  })
  // The import has registered it.
  expect(loadSchemaModel({ inlineSchema })?.source).toBe('generator')
  expect(model?.models.get('User')?.fields.get('name')?.default).toEqual({
    kind: 'value',
    value: 'O\'Hara \\ "x" ü😀',
  })
})

test('metadata of an earlier schema is refused with one warning', async () => {
  write({ 'prisma/schema.prisma': schema('  output = "../out/old.mjs"\n') + MODELS })
  await generate('prisma/schema.prisma')
  const { schema: metadata } = (await import(pathToFileURL(join(project, 'out/old.mjs')).href)) as {
    schema: SchemaMetadata
  }
  const inlineSchema = inlineSchemaOf(join(project, 'src/generated/prisma')).replace(
    'onDelete: Cascade',
    'onDelete: Restrict',
  )
  const warnings: string[] = []
  const model = loadSchemaModel({ option: metadata, inlineSchema, warn: (code) => warnings.push(code) })
  expect(warnings).toEqual(['W_STALE_SCHEMA'])
  expect(model?.source).toBe('inline')
  expect(model?.models.get('Post')?.relations[0]?.onDelete).toBe('Restrict')
})

test('an unknown option of the generator fails `prisma generate`, and nothing is written', async () => {
  write({ 'prisma/schema.prisma': schema('  output = "../out/schema.ts"\n  outptu = "x"\n') + MODELS })
  const { code, output } = await generate('prisma/schema.prisma', false)
  expect(code).not.toBe(0)
  expect(output).toContain('generator brisk: unknown outptu')
  expect(existsSync(join(project, 'out'))).toBe(false)
})

test('run by hand, the generator says what it is', async () => {
  const { code, output } = await run(join(project, 'bin/prisma-brisk'), [])
  expect(code).toBe(2)
  expect(output).toContain('generator brisk { provider = "prisma-brisk" }')
})

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(project, name)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
  }
}

async function generate(
  schemaPath: string,
  mustSucceed = true,
): Promise<{ code: number | null; output: string }> {
  const result = await run(process.execPath, [
    resolve('prisma/build/index.js'),
    'generate',
    '--schema',
    schemaPath,
  ])
  if (mustSucceed && result.code !== 0) throw new Error(result.output)
  return result
}

/** Offline: `generate` needs no engine, but the CLI would download one. */
function run(command: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${join(project, 'bin')}${delimiter}${process.env['PATH']}`,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
    NODE_OPTIONS: '',
    NO_COLOR: '1',
  }
  return new Promise((settle, reject) => {
    const child = spawn(command, args, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (output += String(chunk)))
    child.on('error', reject)
    child.on('close', (code) => settle({ code, output }))
  })
}

/** The schema text that the generated client carries. */
function inlineSchemaOf(client: string): string {
  const [, literal] =
    /"inlineSchema": ("(?:[^"\\]|\\.)*")/.exec(readFileSync(join(client, 'internal/class.ts'), 'utf8')) ?? []
  return JSON.parse(literal ?? 'null') as string
}
