import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import type { AdviceRun, Decision } from '../advise.ts'
import type { SchemaFile } from '../catalog/project.ts'
import type { SchemaBlock } from '../catalog/schema-blocks.ts'
import type { FileChange } from './file-change.ts'
import type { MigrationDirectory } from './migration-history.ts'
import { laterStamp, nextMigrationStamp } from './migration-history.ts'
import { addIndexLines } from './schema-edit.ts'

/** Everything `--write` will do, worked out before anything is touched. */
export interface MigrationPlan {
  readonly schema: readonly SchemaFile[]
  readonly migrations: readonly MigrationDirectory[]
  readonly changes: readonly FileChange[]
}

export function planMigration(
  run: AdviceRun,
  history: readonly MigrationDirectory[] | null,
  settings: { now: Date; prismaVersion: string | null },
): MigrationPlan {
  const schema = editedSchema(run)
  const migrations = history === null ? [] : migrationsFor(run, history, settings)
  const before = new Map(run.project.schemaFiles.map((file) => [file.path, file.text]))
  return {
    schema,
    migrations,
    changes: [
      ...migrations.map((each) => ({
        path: join(run.project.migrationsDirectory, each.name, 'migration.sql'),
        text: each.sql,
        was: null,
      })),
      ...schema
        .filter((file) => before.get(file.path) !== file.text)
        .map((file) => ({ path: file.path, text: file.text, was: before.get(file.path) ?? null })),
    ],
  }
}

function editedSchema(run: AdviceRun): SchemaFile[] {
  return run.project.schemaFiles.map((file) => {
    const shown = relative(run.project.cwd, file.path) || file.path
    const additions = new Map<SchemaBlock, string[]>()
    for (const { chosen, statement } of run.decisions) {
      const block = run.reading?.blocks.get(chosen.candidate.table.model)
      if (block === undefined || block.file !== shown) continue
      additions.set(block, [...(additions.get(block) ?? []), statement.prisma])
    }
    return {
      path: file.path,
      text: addIndexLines(
        file.text,
        [...additions].map(([block, lines]) => ({ block, lines })),
      ),
    }
  })
}

/**
 * One migration for all indexes; on PostgreSQL with Prisma before 7.4, which sends a file as one transaction, one
 * migration for each, since CONCURRENTLY is refused in a transaction.
 */
function migrationsFor(
  run: AdviceRun,
  history: readonly MigrationDirectory[],
  { now, prismaVersion }: { now: Date; prismaVersion: string | null },
): MigrationDirectory[] {
  const stamp = nextMigrationStamp(now, history)
  const single = run.advice.provider !== 'postgresql' || sendsStatementsOneByOne(prismaVersion)
  if (single || run.decisions.length < 2)
    return [{ name: `${stamp}_add_indexes`, sql: run.decisions.map(migrationSql).join('\n') }]
  return run.decisions.map((decision, at) => ({
    name: `${laterStamp(stamp, at)}_add_indexes_${at + 1}`,
    sql: migrationSql(decision),
  }))
}

function migrationSql({ statement }: Decision): string {
  return `-- CreateIndex\n${statement.sql}\n`
}

/** Unknown versions are taken to be as careful as the old ones. */
function sendsStatementsOneByOne(version: string | null): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? []
  return major !== undefined && (Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 4))
}

/** Version of the Prisma that the project has installed. */
export function installedPrismaVersion(cwd: string): string | null {
  const require = createRequire(join(cwd, 'package.json'))
  for (const name of ['prisma/package.json', '@prisma/client/package.json'])
    try {
      return (require(name) as { version: string }).version
    } catch {
      continue
    }
  return null
}
