import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ProjectError } from './project-error.ts'

/** What `prisma.config.ts` says of where things are; paths are absolute. */
export interface Config {
  readonly schema: string | null
  readonly migrations: string | null
  readonly typedSql: string | null
  readonly externalTables: readonly string[]
  readonly externalEnums: readonly string[]
  readonly shadowInitScript: string
  /** Null where it is made of a variable that is not set. */
  readonly databaseUrl: string | null
  readonly shadowDatabaseUrl: string | null
}

/** The part of `@prisma/config` that is used. */
export interface ConfigLoader {
  findPrismaConfigFile(directory: string): string | null
  loadConfigFromFile(input: { configFile: string }): Promise<LoadedConfig>
}

type LoadedConfig =
  | { readonly error?: undefined; readonly config: PrismaConfig }
  | { readonly error: { readonly _tag: string; readonly error?: Error } }

interface PrismaConfig {
  readonly schema?: string | undefined
  readonly migrations?: { readonly path?: string; readonly initShadowDb?: string } | undefined
  readonly typedSql?: { readonly path?: string } | undefined
  readonly tables?: { readonly external?: readonly string[] } | undefined
  readonly enums?: { readonly external?: readonly string[] } | undefined
  readonly datasource?: { readonly [name in 'url' | 'shadowDatabaseUrl']?: string | undefined } | undefined
}

/** Reads the project's `prisma.config.ts`, where it has one, as its own Prisma CLI does. */
export async function loadConfig(
  cwd: string,
  otherwise: (() => Promise<ConfigLoader>) | undefined,
): Promise<Config> {
  const none: Config = {
    schema: null,
    migrations: null,
    typedSql: null,
    externalTables: [],
    externalEnums: [],
    shadowInitScript: '',
    databaseUrl: null,
    shadowDatabaseUrl: null,
  }
  // Loading the loader takes a third of a second, so only where there is something to load.
  if (!(await mayHaveConfig(cwd))) return none
  const { findPrismaConfigFile, loadConfigFromFile } = await configLoader(cwd, otherwise)
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
          databaseUrl: known(config.datasource?.url),
          shadowDatabaseUrl: known(config.datasource?.shadowDatabaseUrl),
        }
      }
      const problem = loaded.error.error
      const missing = /Cannot resolve environment variable: (\w+)/.exec(problem?.message ?? '')?.[1]
      // No database is needed here, so a missing DATABASE_URL must not stop the analysis.
      if (missing === undefined || lent.includes(missing))
        throw new ProjectError(
          'E_SCHEMA_NOT_FOUND',
          `${shown(cwd, file)} could not be loaded: ${problem?.message ?? loaded.error._tag}`,
        )
      lent.push(missing)
      process.env[missing] = UNSET
    }
  } finally {
    for (const name of lent) delete process.env[name]
  }
}

/** Lent to a config that reads a variable which is not set. */
const UNSET = 'unset://brisk'

const known = (url: string | undefined): string | null =>
  url === undefined || url.includes(UNSET) ? null : url

/** Prisma looks for `prisma.config.ts` and the like, and for `.config/prisma.ts`. */
async function mayHaveConfig(cwd: string): Promise<boolean> {
  const names = await readdir(cwd).catch(() => [])
  return names.some((name) => name.startsWith('prisma.config.') || name === '.config')
}

/** That of the project's Prisma CLI. */
async function configLoader(
  cwd: string,
  otherwise: (() => Promise<ConfigLoader>) | undefined,
): Promise<ConfigLoader> {
  let entry
  try {
    const cli = createRequire(join(cwd, 'package.json')).resolve('prisma/package.json')
    entry = createRequire(cli).resolve('@prisma/config')
  } catch (error) {
    if (otherwise !== undefined) return otherwise()
    throw new ProjectError(
      'E_SCHEMA_NOT_FOUND',
      'prisma.config.ts is read with the Prisma CLI, which the project does not have. Install it: npm install --save-dev prisma.',
      { cause: error },
    )
  }
  return (await import(pathToFileURL(entry).href)) as ConfigLoader
}

/** A path as a person would write it. */
export function shown(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}
