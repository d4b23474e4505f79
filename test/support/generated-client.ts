import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const GENERATED = join(import.meta.dirname, '../../prisma/generated')
const PRISMA_CLI = createRequire(import.meta.url).resolve('prisma/build/index.js')

/** The module that `prisma generate` makes of some models, and how to be rid of it. */
export async function generateClient(
  models: string,
  provider: 'postgresql' | 'mysql' | 'sqlite' = 'postgresql',
  previewFeatures: readonly string[] = [],
): Promise<{ module: unknown; remove(): void }> {
  // Beside the others: its imports are resolved from there.
  const directory = mkdtempSync(join(GENERATED, 'throwaway-'))
  const schema = join(directory, 'schema.prisma')
  const schemas = [...new Set([...models.matchAll(/@@schema\("(\w+)"\)/g)].map(([, name]) => name))]
  writeFileSync(
    schema,
    `generator client {
  provider            = "prisma-client"
  output              = "./client"
  moduleFormat        = "esm"
  importFileExtension = "ts"
  previewFeatures     = ${JSON.stringify(previewFeatures)}
}

datasource db {
  provider = "${provider}"${schemas.length === 0 ? '' : `\n  schemas  = ${JSON.stringify(schemas)}`}
}

${models}`,
  )
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    await generate(schema)
    const module: unknown = await import(pathToFileURL(join(directory, 'client/client.ts')).href)
    return { module, remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** Offline: Prisma's CLI would download its native engine even to generate, which needs none of it. */
function generate(schema: string): Promise<void> {
  const env = {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
    NODE_OPTIONS: '',
  }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PRISMA_CLI, 'generate', '--schema', schema, '--no-hints'], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (output += String(chunk)))
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`prisma generate failed:\n${output}`)),
    )
  })
}
