import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { loadConfig, shown, type Config, type ConfigLoader } from './prisma-config.ts'
import { prismaGenerationOf } from './prisma-generation.ts'
import { ProjectError } from './project-error.ts'

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
  /** Of `datasource.url` in `prisma.config.ts`; null where there is none, or its variable is not set. */
  readonly databaseUrl: string | null
  readonly shadowDatabaseUrl: string | null
}

export interface SchemaFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
}

/**
 * @throws ProjectError E_SCHEMA_NOT_FOUND, naming the places looked at; E_PRISMA_8 where the project is one of Prisma 8 and no
 * schema is named.
 */
export async function findProject(request: {
  cwd: string
  /** File or directory; default: as `prisma.config.ts` says, else where Prisma looks. */
  schema?: string
  /** Reads `prisma.config.ts` where the project has no Prisma CLI of its own. */
  configLoader?: () => Promise<ConfigLoader>
}): Promise<Project> {
  const cwd = resolve(request.cwd)
  const { major, evidence } = await prismaGenerationOf(cwd)
  if (major !== null && major >= 8 && request.schema === undefined)
    throw new ProjectError(
      'E_PRISMA_8',
      `This is a project of Prisma 8 (${evidence}), whose clients take no extensions: nothing of prisma-brisk can be mounted there. What works is the index advisor, on a schema.prisma of Prisma 5 to 7: name it with --schema.`,
    )
  const config = await loadConfig(cwd, request.configLoader)
  const schemaPath = await findSchema(cwd, request.schema, config)
  const schemaFiles = await readSchema(schemaPath)
  if (schemaFiles.length === 0)
    throw new ProjectError('E_SCHEMA_NOT_FOUND', `No .prisma file in ${shown(cwd, schemaPath)}.`)
  const beside = await rootOf(schemaPath, schemaFiles)
  return {
    cwd,
    schemaFiles,
    migrationsDirectory: config.migrations ?? join(beside, 'migrations'),
    typedSqlDirectory: config.typedSql ?? join(beside, 'sql'),
    externalTables: config.externalTables,
    externalEnums: config.externalEnums,
    shadowInitScript: config.shadowInitScript,
    databaseUrl: config.databaseUrl,
    shadowDatabaseUrl: config.shadowDatabaseUrl,
  }
}

async function findSchema(cwd: string, given: string | undefined, config: Config): Promise<string> {
  if (given !== undefined) {
    const path = resolve(cwd, given)
    if (await exists(path)) return path
    throw new ProjectError('E_SCHEMA_NOT_FOUND', `No Prisma schema at ${given}.`)
  }
  if (config.schema !== null) {
    if (await exists(config.schema)) return config.schema
    throw new ProjectError(
      'E_SCHEMA_NOT_FOUND',
      `prisma.config names ${shown(cwd, config.schema)} as the schema, but it does not exist.`,
    )
  }
  for (const place of ['schema.prisma', join('prisma', 'schema.prisma'), join('prisma', 'schema'), 'prisma'])
    if ((await exists(join(cwd, place))) && (await readSchema(join(cwd, place))).length > 0)
      return join(cwd, place)
  throw new ProjectError(
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
