// Makes the Prisma clients and the table scripts of every database from the schemas in prisma/, offline.
// A variant whose schema is unchanged is left alone.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { type ClientVariant, clientVariants, GENERATED, SCHEMAS } from './client-variants.ts'

const require = createRequire(import.meta.url)
const { version } = require('prisma/package.json') as { version: string }
const PRISMA_CLI = join(dirname(require.resolve('prisma/package.json')), 'build/index.js')
const ROOT = join(import.meta.dirname, '..')

const only = process.argv.slice(2)
const force = only.includes('--force')
const stale = clientVariants().filter(
  (variant) => (only.length === 0 || force || only.includes(variant.name)) && (force || !isCurrent(variant)),
)
if (stale.length > 0) {
  mkdirSync(SCHEMAS, { recursive: true })
  const queue = [...stale]
  const worker = async (): Promise<void> => {
    for (let variant = queue.shift(); variant; variant = queue.shift()) await generate(variant)
  }
  await Promise.all([worker(), worker()])
}

function stamp(variant: ClientVariant): string {
  return `${variant.hash} prisma ${version}\n`
}

function isCurrent(variant: ClientVariant): boolean {
  const file = join(SCHEMAS, `${variant.name}.stamp`)
  return (
    existsSync(file) &&
    readFileSync(file, 'utf8') === stamp(variant) &&
    existsSync(join(SCHEMAS, `${variant.name}.sql`)) &&
    variant.clients.every((client) => existsSync(join(GENERATED, client)))
  )
}

async function generate(variant: ClientVariant): Promise<void> {
  const started = performance.now()
  const schema = join(SCHEMAS, `${variant.name}.prisma`)
  writeFileSync(schema, variant.schema)
  const running = runPrisma(['generate', '--schema', schema, '--no-hints'])
  // loaded late: nothing of it is needed where every variant is current
  const { createTables } = await import('./create-tables.ts')
  writeFileSync(join(SCHEMAS, `${variant.name}.sql`), await createTables(variant))
  await running
  for (const client of variant.clients.filter((name) => name.endsWith('-cjs')))
    writeFileSync(join(GENERATED, client, 'package.json'), '{ "type": "commonjs" }\n')
  writeFileSync(join(SCHEMAS, `${variant.name}.stamp`), stamp(variant))
  console.log(`generated ${variant.clients.join(', ')} (${Math.round(performance.now() - started)} ms)`)
}

/** Prisma's CLI would download its native engine even to generate, which needs none of it. */
function runPrisma(args: string[]): Promise<void> {
  const env = {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
    NODE_OPTIONS: '',
  }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PRISMA_CLI, ...args], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`prisma ${args.join(' ')} failed:\n${Buffer.concat(output).toString()}`)),
    )
  })
}
