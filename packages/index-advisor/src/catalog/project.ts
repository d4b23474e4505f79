import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { AdvisorError } from '../errors.ts'

/** Where a Prisma project keeps its things, as `prisma.config.ts` says or Prisma's defaults are. */
export interface Project {
  readonly cwd: string
  readonly schemaFiles: readonly SchemaFile[]
  /** The directory may not exist yet. */
  readonly migrationsDirectory: string
  readonly typedSqlDirectory: string
  /** Tables that Prisma does not migrate (`tables.external`). */
  readonly externalTables: readonly string[]
  readonly externalEnums: readonly string[]
  readonly shadowInitScript: string
  readonly shadowDatabaseUrl: string | null
}

export interface SchemaFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
}

/** @throws AdvisorError E_SCHEMA_NOT_FOUND, naming the places looked at. */
export async function findProject(request: { cwd: string; schema?: string }): Promise<Project> {
  const cwd = resolve(request.cwd)
  const config = await loadConfig(cwd)
  const schemaPath = await findSchema(cwd, request.schema, config)
  const schemaFiles = await readSchema(schemaPath)
  if (schemaFiles.length === 0)
    throw new AdvisorError('E_SCHEMA_NOT_FOUND', `No .prisma file in ${show(cwd, schemaPath)}.`)
  const beside = await rootOf(schemaPath, schemaFiles)
  return {
    cwd,
    schemaFiles,
    migrationsDirectory: config.migrations ?? join(beside, 'migrations'),
    typedSqlDirectory: config.typedSql ?? join(beside, 'sql'),
    externalTables: config.externalTables,
    externalEnums: config.externalEnums,
    shadowInitScript: config.shadowInitScript,
    shadowDatabaseUrl: config.shadowDatabaseUrl,
  }
}

interface Config {
  readonly schema: string | null
  readonly migrations: string | null
  readonly typedSql: string | null
  readonly externalTables: readonly string[]
  readonly externalEnums: readonly string[]
  readonly shadowInitScript: string
  readonly shadowDatabaseUrl: string | null
}

async function loadConfig(cwd: string): Promise<Config> {
  const none: Config = {
    schema: null,
    migrations: null,
    typedSql: null,
    externalTables: [],
    externalEnums: [],
    shadowInitScript: '',
    shadowDatabaseUrl: null,
  }
  // Loading the loader takes a third of a second, so only where there is something to load.
  if (!(await mayHaveConfig(cwd))) return none
  const { findPrismaConfigFile, loadConfigFromFile } = await import('@prisma/config')
  const file = findPrismaConfigFile(cwd)
  if (file === null) return none
  const lent: string[] = []
  try {
    for (;;) {
      const loaded = await loadConfigFromFile({ configFile: file })
      if (loaded.error === undefined) {
        const { config } = loaded
        const at = (path: string | undefined) =>
          path === undefined ? null : isAbsolute(path) ? path : resolve(dirname(file), path)
        return {
          schema: at(config.schema),
          migrations: at(config.migrations?.path),
          typedSql: at(config.typedSql?.path),
          externalTables: config.tables?.external ?? [],
          externalEnums: config.enums?.external ?? [],
          shadowInitScript: config.migrations?.initShadowDb ?? '',
          shadowDatabaseUrl: lent.length > 0 ? null : (config.datasource?.shadowDatabaseUrl ?? null),
        }
      }
      const problem = 'error' in loaded.error ? loaded.error.error : undefined
      const missing = /Cannot resolve environment variable: (\w+)/.exec(problem?.message ?? '')?.[1]
      // No database is needed here, so a missing DATABASE_URL must not stop the analysis.
      if (missing === undefined || lent.includes(missing))
        throw new AdvisorError(
          'E_SCHEMA_NOT_FOUND',
          `${show(cwd, file)} could not be loaded: ${problem?.message ?? loaded.error._tag}`,
        )
      lent.push(missing)
      process.env[missing] = 'unset://brisk'
    }
  } finally {
    for (const name of lent) delete process.env[name]
  }
}

/** Prisma looks for `prisma.config.ts` and the like, and for `.config/prisma.ts`. */
async function mayHaveConfig(cwd: string): Promise<boolean> {
  const names = await readdir(cwd).catch(() => [])
  return names.some((name) => name.startsWith('prisma.config.') || name === '.config')
}

async function findSchema(cwd: string, given: string | undefined, config: Config): Promise<string> {
  if (given !== undefined) {
    const path = resolve(cwd, given)
    if (await exists(path)) return path
    throw new AdvisorError('E_SCHEMA_NOT_FOUND', `No Prisma schema at ${given}.`)
  }
  if (config.schema !== null) {
    if (await exists(config.schema)) return config.schema
    throw new AdvisorError(
      'E_SCHEMA_NOT_FOUND',
      `prisma.config names ${show(cwd, config.schema)} as the schema, but it does not exist.`,
    )
  }
  for (const place of ['schema.prisma', join('prisma', 'schema.prisma'), join('prisma', 'schema'), 'prisma'])
    if ((await exists(join(cwd, place))) && (await readSchema(join(cwd, place))).length > 0)
      return join(cwd, place)
  throw new AdvisorError(
    'E_SCHEMA_NOT_FOUND',
    `No Prisma schema found in ${cwd} (looked at prisma.config.ts, schema.prisma, prisma/schema.prisma and prisma/schema/); name it with --schema.`,
  )
}

async function readSchema(path: string): Promise<SchemaFile[]> {
  if ((await stat(path)).isFile()) return [{ path, text: await readFile(path, 'utf8') }]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.prisma'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  return Promise.all(files.map(async (file) => ({ path: file, text: await readFile(file, 'utf8') })))
}

/** The directory beside which Prisma puts `migrations` and `sql`: that of the file with the datasource. */
async function rootOf(schemaPath: string, files: readonly SchemaFile[]): Promise<string> {
  if ((await stat(schemaPath)).isFile()) return dirname(schemaPath)
  const main = files.find((file) => /^\s*datasource\s+\w+\s*\{/m.test(file.text))
  const beside = main === undefined ? schemaPath : dirname(main.path)
  // prisma/schema/*.prisma with prisma/migrations is as common as prisma/schema/migrations.
  if (!(await exists(join(beside, 'migrations'))) && (await exists(join(dirname(schemaPath), 'migrations'))))
    return dirname(schemaPath)
  return beside
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function show(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}
