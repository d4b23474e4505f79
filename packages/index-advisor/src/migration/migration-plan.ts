import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import type { AdviceRun } from '../advice-run.ts'
import type { CatalogTable } from '../catalog/catalog.ts'
import type { SchemaFile } from '@prisma-brisk/core/project'
import type { SchemaBlock } from '../schema/schema-blocks.ts'
import type { FileChange } from '@prisma-brisk/core/project'
import type { IndexDrop } from './index-drop.ts'
import type { MigrationDirectory } from '../history/migration-history.ts'
import { laterStamp, nextMigrationStamp } from '../history/migration-history.ts'
import { editSchema } from './schema-edit.ts'

/** Everything `--write` will do, worked out before anything is touched. */
export interface MigrationPlan {
  readonly schema: readonly SchemaFile[]
  readonly migrations: readonly MigrationDirectory[]
  readonly changes: readonly FileChange[]
}

export interface MigrationWish {
  readonly run: AdviceRun
  readonly drops: readonly IndexDrop[]
  /** Null where the project keeps no migrations: then only the schema is edited. */
  readonly history: readonly MigrationDirectory[] | null
  readonly now: Date
  readonly prismaVersion: string | null
}

export function planMigration(wish: MigrationWish): MigrationPlan {
  const { project } = wish.run
  const schema = project.schemaFiles.map((file) => editedFile(wish, file))
  const migrations = wish.history === null ? [] : migrationsFor(wish, wish.history)
  const before = new Map(project.schemaFiles.map((file) => [file.path, file.text]))
  return {
    schema,
    migrations,
    changes: [
      ...migrations.map((each) => ({
        path: join(project.migrationsDirectory, each.name, 'migration.sql'),
        text: each.sql,
        was: null,
      })),
      ...schema
        .filter((file) => before.get(file.path) !== file.text)
        .map((file) => ({ path: file.path, text: file.text, was: before.get(file.path) ?? null })),
    ],
  }
}

function editedFile({ run, drops }: MigrationWish, file: SchemaFile): SchemaFile {
  const shown = relative(run.project.cwd, file.path) || file.path
  const additions = new Map<SchemaBlock, string[]>()
  for (const { chosen, statement } of run.decisions) {
    const block = run.reading?.blocks.get(chosen.candidate.table.model)
    if (block === undefined || block.file !== shown) continue
    additions.set(block, [...(additions.get(block) ?? []), statement.prisma])
  }
  const remove = new Set(
    drops.flatMap(({ index }) =>
      index.sources.flatMap((source) =>
        source.kind === 'schema' && source.file === shown ? [source.line] : [],
      ),
    ),
  )
  const add = [...additions].map(([block, lines]) => ({ block, lines }))
  return { path: file.path, text: editSchema(file.text, { add, remove }) }
}

/**
 * One migration for all new indexes, or on PostgreSQL with Prisma before 7.4, which sends a file as one transaction,
 * one for each, since CONCURRENTLY is refused in a transaction. Indexes are dropped in migrations of their own, after
 * the new ones; on PostgreSQL each in one, because DROP INDEX CONCURRENTLY must stand alone.
 */
function migrationsFor(wish: MigrationWish, history: readonly MigrationDirectory[]): MigrationDirectory[] {
  const isPostgres = wish.run.advice.provider === 'postgresql'
  const creates = wish.run.decisions.map(
    ({ chosen, statement }) =>
      `-- CreateIndex\n${isPostgres ? lockNote(chosen.candidate.table, 'creation') : ''}${statement.sql}\n`,
  )
  const drops = wish.drops.map(
    ({ table, sql }) => `-- DropIndex\n${isPostgres ? lockNote(table, 'deletion') : ''}${sql}\n`,
  )
  const together = !isPostgres || sendsStatementsOneByOne(wish.prismaVersion)
  const groups = [
    ...grouped('add_indexes', creates, together),
    ...grouped('drop_redundant_indexes', drops, !isPostgres),
  ]
  const stamp = nextMigrationStamp(wish.now, history)
  return groups.map(({ title, sql }, at) => ({
    name: `${laterStamp(stamp, at)}_${title}`,
    sql: isPostgres ? NO_TIMEOUTS + sql : sql,
  }))
}

/** What a statement on a partitioned table costs, and how to do without. */
function lockNote({ name, isPartitioned }: CatalogTable, what: 'creation' | 'deletion'): string {
  if (isPartitioned !== true) return ''
  const without =
    what === 'deletion'
      ? ''
      : '\n-- Without that: CREATE INDEX … ON ONLY the table, CREATE INDEX CONCURRENTLY on each partition, ALTER INDEX … ATTACH PARTITION.'
  return `-- ${name} is partitioned: PostgreSQL refuses CONCURRENTLY, and writes wait until this is done.${without}
-- squawk-ignore require-concurrent-index-${what}
`
}

/** Tells squawk, and whoever reads it, that the missing timeouts are meant. */
const NO_TIMEOUTS = `-- No timeouts: a concurrent build that is cut off leaves an INVALID index behind.
-- squawk-ignore-file require-lock-timeout, require-statement-timeout

`

function grouped(
  title: string,
  statements: readonly string[],
  together: boolean,
): { title: string; sql: string }[] {
  if (statements.length === 0) return []
  if (together || statements.length === 1) return [{ title, sql: statements.join('\n') }]
  return statements.map((sql, at) => ({ title: `${title}_${at + 1}`, sql }))
}

/** An unknown version is taken to be as careful as the old ones. */
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
