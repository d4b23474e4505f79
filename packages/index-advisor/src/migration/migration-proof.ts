import { relative } from 'node:path'
import type { AdviceRun } from '../advice-run.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { readSchema } from '../schema/schema-collector.ts'
import { AdvisorError } from '../errors.ts'
import type { MigrationDirectory } from '../history/migration-history.ts'
import type { MigrationPlan } from './migration-plan.ts'
import type { SchemaSource } from './schema-engine.ts'
import { SchemaEngine } from './schema-engine.ts'
import type { ShadowDatabase } from './shadow-database.ts'
import { postgresShadow, sqliteShadow } from './shadow-database.ts'

/** What was shown to hold before anything was written; for people. */
export interface MigrationProof {
  readonly statement: string
}

export interface ProofRequest {
  readonly run: AdviceRun
  readonly plan: MigrationPlan
  readonly history: readonly MigrationDirectory[] | null
  /** A MySQL server on which a database may be made and dropped; without one MySQL's proof is a lesser one. */
  readonly shadowDatabaseUrl: string | null
}

/**
 * Plays the migrations, the new one last, on an empty database and has Prisma's own schema engine compare the outcome
 * with the edited schema: they must agree.
 * @throws AdvisorError E_SCHEMA_CHANGES_PENDING when they did not agree before; E_UNPROVED when the plan is at fault
 */
export async function proveMigration(request: ProofRequest): Promise<MigrationProof> {
  const { run, plan, history } = request
  const edited = await editedCatalog(run, plan)
  if (history === null) return { statement: 'Prisma accepts the edited schema.' }
  switch (run.advice.provider) {
    case 'postgresql':
      return proveByEngine(run, plan, history, () =>
        postgresShadow([
          run.project.shadowInitScript,
          ...[...history, ...plan.migrations].map((each) => each.sql),
        ]),
      )
    case 'sqlite':
      return proveByEngine(run, plan, history, sqliteShadow)
    default:
      return proveOnMysql(request, history, edited)
  }
}

/** Prisma must accept the edited schema. */
async function editedCatalog(run: AdviceRun, plan: MigrationPlan): Promise<Catalog> {
  const { cwd, externalTables } = run.project
  const edited = await readSchema(
    plan.schema.map((file) => ({ file: relative(cwd, file.path) || file.path, text: file.text })),
    { externalTables },
  )
  if ('unsupported' in edited) throw new AdvisorError('E_UNPROVED', 'The edited schema has another provider.')
  return edited.catalog
}

async function proveByEngine(
  run: AdviceRun,
  plan: MigrationPlan,
  history: readonly MigrationDirectory[],
  open: () => Promise<ShadowDatabase>,
): Promise<MigrationProof> {
  const after = await difference(run, [...history, ...plan.migrations], plan.schema, open)
  if (after.sql === '')
    return {
      statement: `Prisma's schema engine sees no difference between the migrations, played on ${after.played}, and the edited schema.`,
    }
  const before = await difference(run, history, run.project.schemaFiles, open)
  if (before.sql !== '')
    throw new AdvisorError(
      'E_SCHEMA_CHANGES_PENDING',
      `Schema and migrations differ already (first: ${firstStatement(before.sql)}); ${remedyFor(run)}, then try again. Nothing was written.`,
    )
  throw new AdvisorError(
    'E_UNPROVED',
    `Prisma would still change the database after this migration (first: ${firstStatement(after.sql)}). Nothing was written.`,
  )
}

/** What Prisma's engine never reads back differs after every migration too. */
function remedyFor({ reading }: AdviceRun): string {
  const unread = (reading?.catalog.tables ?? []).flatMap((table) =>
    table.indexes.filter((index) => index.isUnread === true).map((index) => index.name),
  )
  return unread.length === 0
    ? 'run prisma migrate dev'
    : `declare ${unread.join(', ')} without the class in ops (brisk explain ${unread[0]} says why)`
}

async function difference(
  run: AdviceRun,
  migrations: readonly MigrationDirectory[],
  schema: readonly SchemaSource[],
  open: () => Promise<ShadowDatabase>,
): Promise<{ sql: string; played: string }> {
  const { provider } = run.advice
  const { externalTables, externalEnums, shadowInitScript } = run.project
  const shadow = await open()
  try {
    const engine = await SchemaEngine.open(shadow.adapter, schema, {
      tables: externalTables,
      enums: externalEnums,
    })
    try {
      const sql = await engine.diffMigrations(provider, migrations, schema, shadowInitScript)
      return { sql, played: shadow.description }
    } finally {
      engine.close()
    }
  } catch (error) {
    throw unplayed(shadow, error as Error)
  } finally {
    await shadow.close()
  }
}

/** Which migration failed, and why in the words of the database. */
function unplayed(shadow: ShadowDatabase, error: Error): AdvisorError {
  const failed = /Migration `([^`]+)` failed/.exec(error.message)?.[1]
  const words = shadow.failure() ?? error.message
  const role = /role "([^"]+)" does not exist/.exec(words)?.[1]
  const remedy =
    role === undefined
      ? ''
      : ` Roles belong to the server, not to a migration: make it for the proof in prisma.config.ts, migrations: { initShadowDb: 'CREATE ROLE "${role}";' }.`
  return new AdvisorError(
    'E_UNPROVED',
    `The migrations could not be played on ${shadow.description}: ${failed === undefined ? '' : `${failed}: `}${words}.${remedy} Nothing was written.`,
    { cause: error },
  )
}

/** Prisma's engine has no WebAssembly build for MySQL: the server itself is asked where there is one. */
async function proveOnMysql(
  { run, plan, shadowDatabaseUrl }: ProofRequest,
  history: readonly MigrationDirectory[],
  edited: Catalog,
): Promise<MigrationProof> {
  const unmigrated = missingFrom(history, run.reading?.catalog)
  if (unmigrated !== null)
    throw new AdvisorError(
      'E_SCHEMA_CHANGES_PENDING',
      `The schema has changes that no migration holds yet (first: ${unmigrated}); run prisma migrate dev, then try again. Nothing was written.`,
    )
  if (shadowDatabaseUrl === null)
    return {
      statement:
        'Prisma accepts the edited schema, and every table, column and index of it stands in a migration. ' +
        "Prisma's engine for MySQL cannot run here: give --shadow-database-url to have the migrations played on a server.",
    }
  const { playOnMysql } = await import('./mysql-shadow.ts')
  const played = await playOnMysql(shadowDatabaseUrl, [...history, ...plan.migrations], edited)
  if (played.difference !== null)
    throw new AdvisorError('E_UNPROVED', `After this migration ${played.difference}. Nothing was written.`)
  return {
    statement: `The migrations, played on ${played.server}, make exactly the indexes the edited schema declares.`,
  }
}

/** What of the schema no migration names; additions are found, removals are not. */
function missingFrom(history: readonly MigrationDirectory[], catalog: Catalog | undefined): string | null {
  const names = new Set(
    history.flatMap(({ sql }) => [...sql.matchAll(/`((?:[^`]|``)+)`/g)].map((match) => match[1])),
  )
  for (const table of catalog?.tables ?? []) {
    if (!names.has(table.name)) return `table ${table.name}`
    for (const column of table.columns)
      if (!names.has(column.name)) return `column ${table.name}.${column.name}`
    for (const index of table.indexes)
      if (index.kind !== 'primary' && index.sources[0].kind === 'schema' && !names.has(index.name))
        return `index ${index.name}`
  }
  return null
}

function firstStatement(sql: string): string {
  return sql.split('\n').find((line) => line !== '' && !line.startsWith('--')) ?? sql
}
