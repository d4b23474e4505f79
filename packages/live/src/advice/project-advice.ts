import { createHash } from 'node:crypto'
import { relative, sep } from 'node:path'
import type { Advice, AdviceRun, ObservedStatement, WrittenMigration } from '@prisma-brisk/index-advisor'
import { AdvisorMissingError } from '../errors.ts'

/** What the index advisor says of a project. */
export interface ProjectAdvice {
  /** Directory of the project that was read. */
  readonly project: string
  /** As `brisk advise --format json` prints it. */
  readonly advice: Advice
  /** Statements seen in requests that it rests on, beside schema and source. */
  readonly statements: number
}

/** A migration for the advised indexes: what it would be, or what was written. */
export interface MigrationAnswer {
  /** Directory of the project that it is for. */
  readonly project: string
  /** False where nothing was written, since nobody has agreed yet, or there is nothing to write. */
  readonly isWritten: boolean
  /** Lines for the schema, by model, and the statements that make the indexes. */
  readonly indexes: readonly {
    readonly model: string
    readonly prisma: string
    readonly sql: string
    readonly reason: string
  }[]
  /** Paths relative to it: what was written, and before that the schema and the directory of migrations that would be written into. */
  readonly files: readonly string[]
  /** What somebody who agrees to this very answer says; null where nothing waits for that. It is another one for another migration. */
  readonly confirm: string | null
  /** What was shown to hold before anything was written, or what to do. */
  readonly said: string
}

type Advisor = typeof import('@prisma-brisk/index-advisor')

/**
 * Advises on the indexes of a project by its schema, its source and the statements that were seen.
 *
 * @param directories of the project: the first that has a schema counts
 * @throws AdvisorMissingError where the index advisor is not installed
 * @throws AdvisorError where schema, source or migrations cannot be read
 */
export async function projectAdvice(
  directories: readonly string[],
  statements: readonly ObservedStatement[],
): Promise<ProjectAdvice> {
  const { advice, project } = await run(await advisorOf(), directories, statements)
  return { project: project.cwd, advice, statements: statements.length }
}

/**
 * Edits the schema and adds a migration for the advised indexes, as `brisk advise --write` does, once somebody has agreed. It is not
 * applied.
 *
 * @param confirm that of the answer which somebody agreed to; without it nothing is written, and the answer says what would be
 * @throws AdvisorError as `writeMigration` does; nothing is written then
 */
export async function projectMigration(
  directories: readonly string[],
  statements: readonly ObservedStatement[],
  confirm: string | null,
): Promise<MigrationAnswer> {
  const advisor = await advisorOf()
  const advised = await run(advisor, directories, statements)
  const indexes = advised.advice.recommendations.map(({ model, prisma, sql, reason }) => ({
    model,
    prisma,
    sql,
    reason,
  }))
  const { cwd: project, schemaFiles, migrationsDirectory } = advised.project
  const nothing = { project, isWritten: false, indexes, files: [], confirm: null }
  if (indexes.length === 0) return { ...nothing, said: 'No index is advised: there is nothing to write.' }
  const files = [...schemaFiles.map(({ path }) => path), migrationsDirectory].map((path) =>
    relative(project, path),
  )
  const agreement = agreementTo({ project, files, indexes })
  if (confirm !== agreement)
    return {
      project,
      isWritten: false,
      indexes,
      files,
      confirm: agreement,
      said: `Nothing was written${confirm === null ? '' : ': confirm is not that of this answer, so something else was agreed to'}. It edits the schema and adds a migration in ${project}, and applies neither; show the user the project and the indexes, then ask again with the confirm of this answer.`,
    }
  const written: WrittenMigration | null = await advisor.writeMigration(advised, { now: new Date() })
  if (written === null) return { ...nothing, said: 'There is nothing to write.' }
  return {
    project,
    isWritten: true,
    indexes,
    files: written.files,
    confirm: null,
    said: written.proved,
  }
}

/** The same for the same change of the same project alone. */
function agreementTo({
  project,
  files,
  indexes,
}: Pick<MigrationAnswer, 'project' | 'files' | 'indexes'>): string {
  const changes = indexes.map(({ model, prisma, sql }) => [model, prisma, sql])
  return createHash('sha256')
    .update(JSON.stringify([project, files, changes]))
    .digest('hex')
    .slice(0, 16)
}

async function advisorOf(): Promise<Advisor> {
  try {
    return await import('@prisma-brisk/index-advisor')
  } catch {
    throw new AdvisorMissingError()
  }
}

async function run(
  advisor: Advisor,
  directories: readonly string[],
  statements: readonly ObservedStatement[],
): Promise<AdviceRun> {
  const collected = await collect(advisor, directories)
  const { cwd } = collected.project
  // Each statement counts, however often it was seen: a developer tries a route once.
  const workload = statements.map(({ at = null, ...each }) => ({ ...each, at: within(cwd, at) }))
  const evidence = await advisor.openEvidence(collected, { cwd, workload, minCalls: 1 })
  try {
    return await advisor.adviseOn(evidence.collected, {
      cwd,
      source: true,
      shapes: evidence.shapes,
      selector: evidence.selector,
    })
  } finally {
    await evidence.close()
  }
}

/** `src/post.ts:12:20`, as the advisor writes places of the project. */
function within(cwd: string, place: string | null): string | null {
  return place !== null && place.startsWith(`${cwd}${sep}`) ? place.slice(cwd.length + 1) : place
}

async function collect(advisor: Advisor, [first = process.cwd(), ...others]: readonly string[]) {
  try {
    return await advisor.collect({ cwd: first })
  } catch (error) {
    const { code } = error as { code?: string }
    if (others.length === 0 || code !== 'E_SCHEMA_NOT_FOUND') throw error
    return collect(advisor, others)
  }
}
