import { relative } from 'node:path'
import type { AdviceRun } from '../advise.ts'
import { readSchema } from '../catalog/schema-collector.ts'
import { AdvisorError } from '../errors.ts'
import type { MigrationDirectory } from './migration-history.ts'
import type { MigrationPlan } from './migration-plan.ts'
import { SchemaEngine } from './schema-engine.ts'
import type { ShadowDatabase } from './shadow-database.ts'
import { postgresShadow, sqliteShadow } from './shadow-database.ts'

/** What was shown to hold before anything was written; for people. */
export interface MigrationProof {
  readonly statement: string
}

/**
 * Plays the migrations, the new one last, on an empty database and has Prisma's own schema engine compare the outcome
 * with the edited schema: they must agree.
 * @throws AdvisorError E_SCHEMA_CHANGES_PENDING when they did not agree before either; E_UNPROVED when the plan is at fault
 */
export async function proveMigration(
  run: AdviceRun,
  plan: MigrationPlan,
  history: readonly MigrationDirectory[] | null,
): Promise<MigrationProof> {
  const files = plan.schema.map((file) => ({
    file: relative(run.project.cwd, file.path) || file.path,
    text: file.text,
  }))
  await readSchema(files)
  if (history === null) return { statement: 'Prisma accepts the edited schema.' }
  switch (run.advice.provider) {
    case 'postgresql':
      return playMigrations(
        run,
        plan,
        history,
        await postgresShadow([...history, ...plan.migrations].map((each) => each.sql)),
      )
    case 'sqlite':
      return playMigrations(run, plan, history, await sqliteShadow())
    default:
      return {
        statement: 'Prisma accepts the edited schema (its WebAssembly engine cannot play MySQL migrations).',
      }
  }
}

async function playMigrations(
  run: AdviceRun,
  plan: MigrationPlan,
  history: readonly MigrationDirectory[],
  shadow: ShadowDatabase,
): Promise<MigrationProof> {
  const { project } = run
  const { provider } = run.advice
  const external = { tables: project.externalTables, enums: project.externalEnums }
  try {
    const engine = await SchemaEngine.open(shadow.adapter, plan.schema, external)
    const difference = await engine.diffMigrations(
      provider,
      [...history, ...plan.migrations],
      plan.schema,
      project.shadowInitScript,
    )
    if (difference !== '') throw await blame(engine, run, plan, difference)
    return {
      statement: `Prisma's schema engine sees no difference between the migrations, played on ${shadow.description}, and the edited schema.`,
    }
  } catch (error) {
    if (error instanceof AdvisorError) throw error
    throw new AdvisorError(
      'E_UNPROVED',
      `The migrations could not be played on ${shadow.description}: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  } finally {
    await shadow.close()
  }
}

/** Is it the plan, or did schema and migrations differ before? Then Prisma's change of schema is just what is planned. */
async function blame(
  engine: SchemaEngine,
  run: AdviceRun,
  plan: MigrationPlan,
  difference: string,
): Promise<AdvisorError> {
  const planned = await engine.diffSchemas(run.project.schemaFiles, plan.schema)
  const first = (sql: string) => sql.split('\n').find((line) => line !== '' && !line.startsWith('--')) ?? ''
  const statements = new Set(
    run.decisions.map((each) => each.statement.sql.replace(' CONCURRENTLY IF NOT EXISTS', '')),
  )
  const ours = planned.split('\n').filter((line) => line !== '' && !line.startsWith('--'))
  if (ours.length === statements.size && ours.every((line) => statements.has(line)))
    return new AdvisorError(
      'E_SCHEMA_CHANGES_PENDING',
      `The schema has changes that no migration holds yet (first: ${first(difference)}); run prisma migrate dev, then try again. Nothing was written.`,
    )
  return new AdvisorError(
    'E_UNPROVED',
    `Prisma would still change the database after this migration (first: ${first(difference)}). Nothing was written.`,
  )
}
