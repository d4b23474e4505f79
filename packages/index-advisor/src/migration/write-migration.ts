import { relative } from 'node:path'
import type { AdviceRun } from '../advice-run.ts'
import { writeAll } from '@prisma-brisk/core/project'
import { dropsOf } from './index-drop.ts'
import { AdvisorError } from '../errors.ts'
import { migrationsElsewhere, readMigrations } from '../history/migration-history.ts'
import { installedPrismaVersion, planMigration } from './migration-plan.ts'
import { proveMigration } from './migration-proof.ts'

export interface WriteSettings {
  /** For the migration's name. */
  readonly now: Date
  /** Also take redundant and duplicate indexes out, in migrations of their own. Default false. */
  readonly dropRedundant?: boolean | undefined
  /** MySQL: a server on which a database may be made, for the proof. Default: as `prisma.config.ts` says. */
  readonly shadowDatabaseUrl?: string | undefined
}

export interface WrittenMigration {
  /** Paths relative to the working directory. */
  readonly files: readonly string[]
  /** What was shown to hold before anything was written. */
  readonly proved: string
}

/**
 * Edits the schema and adds the migration for the recommendations of `run`, having proved that they agree. Where the
 * project keeps no migrations, only the schema is edited, for `prisma db push`.
 *
 * @returns null when there is nothing to do
 * @throws AdvisorError E_SCHEMA_CHANGES_PENDING, E_UNPROVED, E_MIGRATIONS or E_WRITE_FAILED; nothing is written then
 */
export async function writeMigration(
  run: AdviceRun,
  settings: WriteSettings,
): Promise<WrittenMigration | null> {
  const drops =
    settings.dropRedundant === true && run.reading !== null
      ? dropsOf(run.reading.catalog, run.advice.findings)
      : []
  if (run.decisions.length + drops.length === 0) return null
  const { cwd, migrationsDirectory } = run.project
  const history = await readMigrations(migrationsDirectory)
  if (history === null) {
    const elsewhere = await migrationsElsewhere(migrationsDirectory, cwd)
    if (elsewhere.length > 0)
      throw new AdvisorError(
        'E_MIGRATIONS',
        `There are no migrations at ${relative(cwd, migrationsDirectory)}, but at ${elsewhere.map((each) => relative(cwd, each)).join(', ')}: name theirs with --migrations. Nothing was written.`,
      )
  }
  const plan = planMigration({
    run,
    drops,
    history,
    now: settings.now,
    prismaVersion: installedPrismaVersion(cwd),
  })
  const shadowDatabaseUrl = settings.shadowDatabaseUrl ?? run.project.shadowDatabaseUrl
  const { statement } = await proveMigration({ run, plan, history, shadowDatabaseUrl })
  await writeAll(plan.changes)
  return { files: plan.changes.map((change) => relative(cwd, change.path)), proved: statement }
}
