import { relative } from 'node:path'
import type { AdviceRun } from '../advise.ts'
import { writeAll } from './file-change.ts'
import { readMigrations } from './migration-history.ts'
import { installedPrismaVersion, planMigration } from './migration-plan.ts'
import { proveMigration } from './migration-proof.ts'

export interface WrittenMigration {
  /** Paths relative to the working directory. */
  readonly files: readonly string[]
  /** What was shown to hold before anything was written. */
  readonly proved: string
}

/**
 * Edits the schema and adds the migration for the recommendations of `run`, having proved that they agree.
 * @param settings.now for the migration's name
 */
export async function writeMigration(
  run: AdviceRun,
  settings: { now: Date },
): Promise<WrittenMigration | null> {
  if (run.decisions.length === 0) return null
  const { cwd, migrationsDirectory } = run.project
  const history = await readMigrations(migrationsDirectory)
  const plan = planMigration(run, history, { ...settings, prismaVersion: installedPrismaVersion(cwd) })
  const { statement } = await proveMigration(run, plan, history)
  await writeAll(plan.changes)
  return { files: plan.changes.map((change) => relative(cwd, change.path)), proved: statement }
}
