import { SchemaEngine } from '../../../../packages/index-advisor/src/migration/schema-engine.ts'
import {
  postgresShadow,
  sqliteShadow,
} from '../../../../packages/index-advisor/src/migration/shadow-database.ts'
import type { MigrationDirectory } from '../../../../packages/index-advisor/src/history/migration-history.ts'

export interface SchemaText {
  readonly path: string
  readonly text: string
}

const nothingExternal = { tables: [], enums: [] }

/** The SQL that Prisma's engine would write to lead from the migrations to the schema. */
export async function prismaDiff(
  provider: 'postgresql' | 'sqlite',
  migrations: readonly MigrationDirectory[],
  schema: readonly SchemaText[],
): Promise<string> {
  const shadow =
    provider === 'sqlite' ? await sqliteShadow() : await postgresShadow(migrations.map((each) => each.sql))
  try {
    const engine = await SchemaEngine.open(shadow.adapter, schema, nothingExternal)
    return await engine.diffMigrations(provider, migrations, schema, '')
  } finally {
    await shadow.close()
  }
}

/** The first migration of a schema, as Prisma would write it. */
export function firstMigration(provider: 'postgresql' | 'sqlite', schema: string): Promise<string> {
  return prismaDiff(provider, [], [{ path: 'schema.prisma', text: schema }])
}
