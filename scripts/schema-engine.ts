import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { ok } from '@prisma/driver-adapter-utils'

import type { Provider } from './client-variants.ts'

/** Node's global, which its types for Node 20 leave out. */
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: object,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

/** What `@prisma/schema-engine-wasm` gives, as far as it is used here. */
interface SchemaEngineModule {
  __wbg_set_wasm(exports: object): void
  SchemaEngine: {
    new: (
      options: { datamodels: [string, string][] },
      log: (line: string) => void,
      adapter: object,
    ) => Promise<SchemaEngine>
  }
}

interface SchemaEngine {
  diff(input: object): Promise<{ stdout: string | null }>
}

/**
 * The SQL that makes an empty database into the schema's, as Prisma's own engine writes it. No database is
 * asked: the engine wants an adapter only to learn the dialect, so it gets one that knows its version.
 * The engine in WASM has no MySQL; see `mysql-tables.ts`.
 */
export async function tablesFromEmpty(provider: Exclude<Provider, 'mysql'>, schema: string): Promise<string> {
  const { SchemaEngine } = await loadEngine()
  const engine = await SchemaEngine.new(
    { datamodels: [['schema.prisma', schema]] },
    () => {},
    dialect(provider),
  )
  const { stdout } = await engine.diff({
    from: { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
    script: true,
    shadowDatabaseUrl: null,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  })
  return stdout ?? ''
}

let loaded: Promise<SchemaEngineModule> | undefined

function loadEngine(): Promise<SchemaEngineModule> {
  return (loaded ??= (async () => {
    const directory = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'))
    const glue = (await import(
      pathToFileURL(join(directory, 'schema_engine_bg.js')).href
    )) as SchemaEngineModule
    const { instance } = await WebAssembly.instantiate(
      readFileSync(join(directory, 'schema_engine_bg.wasm')),
      { './schema_engine_bg.js': glue },
    )
    glue.__wbg_set_wasm(instance.exports)
    instance.exports.__wbindgen_start()
    return glue
  })())
}

function dialect(provider: 'postgresql' | 'sqlite'): object {
  const identity =
    provider === 'postgresql'
      ? { provider: 'postgres', adapterName: '@prisma/adapter-pg' }
      : { provider: 'sqlite', adapterName: '@prisma/adapter-libsql' }
  const boolean = 5
  const text = 7
  const int32 = 0
  const version = {
    columnNames: ['exists', 'version', 'numeric_version'],
    columnTypes: [boolean, text, int32],
    rows: [[true, 'PostgreSQL 15.0', 150000]],
  }
  const connection = {
    ...identity,
    queryRaw: async () => ok(version),
    executeRaw: async () => ok(0),
    executeScript: async () => ok(undefined),
    dispose: async () => ok(undefined),
    getConnectionInfo: () => ok({ supportsRelationJoins: false }),
  }
  return {
    ...identity,
    connect: async () => ok(connection),
    connectToShadowDb: async () => ok(connection),
  }
}
