import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PGlite, PGliteOptions } from '@electric-sql/pglite'
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { AdvisorError } from '../errors.ts'

/** An empty database inside this process, on which migrations are played to see where they lead. */
export interface ShadowDatabase {
  readonly adapter: SqlMigrationAwareDriverAdapterFactory
  /** What it is, for people: `PGlite (PostgreSQL 18)`. */
  readonly description: string
  /** The database's own words for the statement that failed last; Prisma's engine passes on none of them. */
  failure(): string | null
  close(): Promise<void>
}

/**
 * @param scripts all that will be played: the script that prepares the database, then the migrations
 * @throws AdvisorError E_UNPROVED when they need an extension that PGlite does not carry
 */
export async function postgresShadow(scripts: readonly string[]): Promise<ShadowDatabase> {
  const [{ PGlite }, { PrismaPGlite }, { PostgresScript }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('pglite-prisma-adapter'),
    import('./postgres-script.ts'),
  ])
  const extensions = await loadExtensions(scripts)
  const database = await boot(PGlite, extensions)
  let failure: string | null = null
  const said = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      failure = wordsOf(error)
      throw error
    }
  }
  const script = new PostgresScript(database)
  // The library's adapter neither waits for a script nor tells of its failure, and sends it as one transaction, in
  // which CONCURRENTLY is refused. So each statement goes by itself, as the native engine sends them since Prisma 7.4.
  // The script that prepares the database comes as one raw statement, and takes the same path.
  const connect = async (): Promise<SqlDriverAdapter> => {
    const adapter = await new PrismaPGlite(database).connect()
    const executeRaw = adapter.executeRaw.bind(adapter)
    const queryRaw = adapter.queryRaw.bind(adapter)
    adapter.executeScript = (text) => said(script.play(text))
    adapter.executeRaw = async (query) => {
      if (query.args.length > 0) return said(executeRaw(query))
      await said(script.play(query.sql))
      return 0
    }
    adapter.queryRaw = (query) => said(queryRaw(query))
    return adapter
  }
  return {
    adapter: { provider: 'postgres', adapterName: 'brisk-shadow', connect, connectToShadowDb: connect },
    description: 'PGlite (PostgreSQL 18)',
    failure: () => failure,
    close: () => database.close(),
  }
}

/** What the server said, on one line; the adapter wraps it. */
function wordsOf(error: unknown): string {
  const { cause, message } = error as { cause?: { originalMessage?: string }; message?: string }
  return (cause?.originalMessage ?? message ?? String(error)).split('\n')[0] ?? ''
}

let boots = 0
let template: Blob | undefined

/**
 * The first boot makes a cluster, which takes seconds. A process that needs a second one will need more: from then on
 * each starts from a copy of an empty cluster, in a third of the time.
 */
async function boot(Postgres: typeof PGlite, extensions: PGliteOptions['extensions']): Promise<PGlite> {
  boots++
  if (template !== undefined) return Postgres.create({ extensions: extensions ?? {}, loadDataDir: template })
  if (boots > 1) {
    const empty = await Postgres.create()
    template = await empty.dumpDataDir('none')
    await empty.close()
    return Postgres.create({ extensions: extensions ?? {}, loadDataDir: template })
  }
  return Postgres.create({ extensions: extensions ?? {} })
}

export async function sqliteShadow(): Promise<ShadowDatabase> {
  const { PrismaLibSql } = await import('@prisma/adapter-libsql')
  // libSQL forgets a database in memory with each transaction.
  const directory = await mkdtemp(join(tmpdir(), 'brisk-shadow-'))
  const files = new PrismaLibSql({ url: `file:${join(directory, 'shadow.db')}` })
  const connect = async () => {
    const adapter = await files.connect()
    const executeRaw = adapter.executeRaw.bind(adapter)
    // The engine sends a whole migration as one statement, of which libSQL runs the first.
    adapter.executeRaw = async (query) => {
      if (query.args.length > 0) return executeRaw(query)
      await adapter.executeScript(query.sql)
      return 0
    }
    const queryRaw = adapter.queryRaw.bind(adapter)
    // It asks for a partial index by a name in double quotes, which libSQL takes for a column.
    adapter.queryRaw = (query) =>
      queryRaw({ ...query, sql: query.sql.replace(/(type = 'index' AND name = )"(.*)";$/, "$1'$2';") })
    return adapter
  }
  return {
    adapter: { provider: 'sqlite', adapterName: files.adapterName, connect, connectToShadowDb: connect },
    description: 'libSQL (SQLite 3)',
    // The engine passes libSQL's words on.
    failure: () => null,
    close: () => rm(directory, { recursive: true, force: true }),
  }
}

/** Extensions the scripts create, out of those PGlite carries. */
async function loadExtensions(scripts: readonly string[]) {
  const names = new Set<string>()
  for (const sql of scripts)
    for (const [, name] of withoutComments(sql).matchAll(
      /create\s+extension\s+(?:if\s+not\s+exists\s+)?"?([\w-]+)"?/gi,
    ))
      if (name !== undefined && name.toLowerCase() !== 'plpgsql') names.add(name.toLowerCase())
  const found: Record<string, never> = {}
  for (const name of names) {
    const module = name.replaceAll('-', '_')
    try {
      const contrib = (await import(`@electric-sql/pglite/contrib/${module}`)) as Record<string, never>
      found[module] = contrib[module] as never
    } catch (error) {
      throw new AdvisorError(
        'E_UNPROVED',
        `The migrations need the extension ${name}, which PGlite does not carry. Nothing was written.`,
        {
          cause: error,
        },
      )
    }
  }
  return found
}

function withoutComments(sql: string): string {
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
}
