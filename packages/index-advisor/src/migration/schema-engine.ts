import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { DiffTarget, SchemaEngine as WasmEngine } from '@prisma/schema-engine-wasm'
import { asOfPrisma7 } from '../schema/earlier-prisma.ts'
import type { MigrationDirectory } from '../history/migration-history.ts'

/** A text with the path it has, or shall have. */
export interface SchemaSource {
  readonly path: string
  readonly text: string
}

/**
 * Prisma's own schema engine, as WebAssembly: what `prisma migrate diff` asks, without the native binary. It needs a
 * database to play migrations on, which the adapter provides.
 */
export class SchemaEngine {
  private constructor(
    private readonly engine: WasmEngine,
    private readonly filters: { externalTables: string[]; externalEnums: string[] },
  ) {}

  static async open(
    adapter: SqlMigrationAwareDriverAdapterFactory,
    schema: readonly SchemaSource[],
    external: { readonly tables: readonly string[]; readonly enums: readonly string[] },
  ): Promise<SchemaEngine> {
    const [{ SchemaEngine: Wasm }, { bindMigrationAwareSqlAdapterFactory }] = await Promise.all([
      loadWasm(),
      import('@prisma/driver-adapter-utils'),
    ])
    const datamodels = schema.map((file): [string, string] => [file.path, asOfPrisma7(file.text)])
    const engine = await Wasm.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(adapter))
    return new SchemaEngine(engine, {
      externalTables: [...external.tables],
      externalEnums: [...external.enums],
    })
  }

  /** The SQL that leads from the migrations to the schema; empty when they agree. */
  async diffMigrations(
    provider: string,
    migrations: readonly MigrationDirectory[],
    schema: readonly SchemaSource[],
    shadowInitScript: string,
  ): Promise<string> {
    return this.diff(
      {
        tag: 'migrations',
        baseDir: '/',
        lockfile: { path: 'migration_lock.toml', content: `provider = "${provider}"\n` },
        shadowDbInitScript: shadowInitScript,
        migrationDirectories: migrations.map((each) => ({
          path: each.name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: each.sql } },
        })),
      },
      datamodel(schema),
    )
  }

  /** The SQL Prisma itself would write for the change of schema. */
  async diffSchemas(from: readonly SchemaSource[], to: readonly SchemaSource[]): Promise<string> {
    return this.diff(datamodel(from), datamodel(to))
  }

  private async diff(from: DiffTarget, to: DiffTarget): Promise<string> {
    const result = await this.engine.diff({ from, to, script: true, exitCode: true, filters: this.filters })
    return result.exitCode === 0 ? '' : (result.stdout ?? '').trim()
  }

  close(): void {
    this.engine.free()
  }
}

function datamodel(schema: readonly SchemaSource[]): DiffTarget {
  return {
    tag: 'schemaDatamodel',
    files: schema.map((file) => ({ path: file.path, content: asOfPrisma7(file.text) })),
  }
}

type Glue = typeof import('@prisma/schema-engine-wasm/schema_engine_bg')
interface WasmExports {
  __wbindgen_start(): void
}
/** What is used of the global, which Node's types do not declare without the DOM. */
interface WebAssemblyGlobal {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: WasmExports } }>
}

let wasm: Promise<Glue> | undefined

/** Its own entry wants a bundler's `import … from '….wasm'`; so the module is instantiated by hand, once. */
function loadWasm(): Promise<Glue> {
  wasm ??= (async () => {
    const glue: Glue & { __wbg_set_wasm?: (exports: unknown) => void } =
      await import('@prisma/schema-engine-wasm/schema_engine_bg')
    const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm')
    const bytes = await readFile(entry.replace(/schema_engine\.js$/, 'schema_engine_bg.wasm'))
    const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyGlobal }
    const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue })
    glue.__wbg_set_wasm?.(instance.exports)
    instance.exports.__wbindgen_start()
    return glue
  })()
  return wasm
}
