import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { AdvisorError } from '../errors.ts'

/** An empty database inside this process, on which migrations are played to see where they lead. */
export interface ShadowDatabase {
  readonly adapter: SqlMigrationAwareDriverAdapterFactory
  /** What it is, for people: `PGlite (PostgreSQL 18)`. */
  readonly description: string
  close(): Promise<void>
}

/** @throws AdvisorError E_UNPROVED when the migrations need an extension that PGlite does not carry */
export async function postgresShadow(migrations: readonly string[]): Promise<ShadowDatabase> {
  const [{ PGlite }, { PrismaPGlite }, { splitStatements }] = await Promise.all([
    import('@electric-sql/pglite'),
    import('pglite-prisma-adapter'),
    import('./postgres-statements.ts'),
  ])
  const extensions = await loadExtensions(migrations)
  const database = await PGlite.create({ extensions })
  // The library's adapter neither waits for a script nor tells of its failure, and sends it as one transaction, in
  // which CONCURRENTLY is refused. So each statement goes by itself, as the native engine sends them since Prisma 7.4.
  const connect = async (): Promise<SqlDriverAdapter> => {
    const adapter = await new PrismaPGlite(database).connect()
    adapter.executeScript = async (script) => {
      for (const statement of await splitStatements(script))
        await database.exec(statement.withoutConcurrently)
    }
    return adapter as SqlDriverAdapter
  }
  return {
    adapter: { provider: 'postgres', adapterName: 'brisk-shadow', connect, connectToShadowDb: connect },
    description: 'PGlite (PostgreSQL 18)',
    close: () => database.close(),
  }
}

export async function sqliteShadow(): Promise<ShadowDatabase> {
  const { PrismaLibSql } = await import('@prisma/adapter-libsql')
  return {
    adapter: new PrismaLibSql({ url: ':memory:' }),
    description: 'libSQL (SQLite 3)',
    close: async () => {},
  }
}

/** Extensions the migrations create, out of those PGlite carries. */
async function loadExtensions(migrations: readonly string[]) {
  const names = new Set<string>()
  for (const sql of migrations)
    for (const [, name] of sql.matchAll(/create\s+extension\s+(?:if\s+not\s+exists\s+)?"?([\w-]+)"?/gi))
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
        `The migrations need the extension ${name}, which PGlite does not carry.`,
        {
          cause: error,
        },
      )
    }
  }
  return found
}
