import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  installTriggersSql,
  uninstallTriggersSql,
  type TriggerSettings,
} from '@prisma-brisk/cache/postgres-triggers'
import {
  installReplicationSql,
  uninstallReplicationSql,
  type ReplicationSettings,
} from '@prisma-brisk/cache/postgres-replication'
import { BriskError, nearest, parseSchema, type SchemaModel } from '@prisma-brisk/core'
import { findProject, type Project } from '@prisma-brisk/core/project'
import { initCommand, type InitHost, type InitKind } from '../init/init-command.ts'
import { runLine } from '../init/package-manager.ts'

/** What `brisk changes` was asked for. */
export interface ChangesFlags {
  readonly schema?: string
  /** Names, separated by commas. */
  readonly models?: string
  readonly channel?: string
  readonly partitions?: boolean
  /** A publication instead of triggers. */
  readonly replication?: boolean
  /** The publication's name. */
  readonly publication?: string
  /** Log whole rows before updates and deletes. */
  readonly fullRows?: boolean
  /** Prints the SQL, and writes nothing. */
  readonly sql?: boolean
  readonly yes?: boolean
}

/** `E_CHANGES_PROVIDER`, `E_CHANGES_MODEL`, `E_CHANGES_OPTION`, `E_CHANGES_NO_MIGRATIONS`: the project cannot have triggers, or not those. */
export class ChangesCommandError extends BriskError {}

/**
 * `brisk changes install` and `uninstall`: writes a migration that makes the triggers of `postgresTriggers()`, or with
 * `--replication` the publication of `postgresReplication()`, or takes them away, after showing it. Prisma does not look at
 * triggers, functions and publications, so its schema stays as it is.
 *
 * @returns exit code: 0 done or nothing to do, 1 declined
 * @throws ChangesCommandError, ProjectError; nothing is written then
 */
export async function changesCommand(
  action: 'install' | 'uninstall',
  flags: ChangesFlags,
  host: InitHost,
  now = new Date(),
): Promise<number> {
  const project = await findProject({
    cwd: host.cwd,
    ...(flags.schema === undefined ? {} : { schema: flags.schema }),
  })
  if (flags.fullRows === true && flags.replication !== true)
    throw new ChangesCommandError(
      'E_CHANGES_OPTION',
      '--full-rows is an option of --replication: triggers see whole rows anyway.',
    )
  const sql = sqlFor(action, project, flags)
  if (flags.sql === true) {
    host.stdout(sql)
    return 0
  }
  const written = await migrationsOf(project)
  const what = flags.replication === true ? 'brisk_replication' : 'brisk_changes'
  const last = written.findLast(
    ({ name }) => name.replace(/^\d+_/, '').replace(/_(un)?install$/, '') === what,
  )
  // A table that was made anew since, or a partition, has none of it.
  const since = last === undefined ? [] : written.slice(written.indexOf(last) + 1)
  const isDone =
    action === 'uninstall'
      ? last === undefined || (last.name.endsWith('_uninstall') && last.sql === sql)
      : last?.sql === sql && !since.some((later) => MAKES_TABLES.test(later.sql))
  const name = `${stampAfter(now, written.at(-1)?.name ?? '')}_${what}_${action}`
  const kind: InitKind = {
    plan: async () => ({
      changes: isDone
        ? []
        : [
            {
              path: join(project.migrationsDirectory, name, 'migration.sql'),
              was: null,
              text: sql,
              purpose:
                action === 'uninstall'
                  ? 'takes them away again'
                  : flags.replication === true
                    ? 'a publication that tells of changes'
                    : 'triggers that tell of changes',
              // Hundreds of lines that say the same of each table.
              isGenerated: true,
            },
          ],
      notes: [],
    }),
    noticed:
      action === 'install'
        ? flags.replication === true
          ? replicationNoticed(flags.fullRows === true)
          : NOTICED
        : 'Reads that rest on these tables are no longer answered from a cache with `changes`.\n',
    next: (manager) => [runLine(manager, 'prisma migrate dev'), 'deploy it as any other migration'],
  }
  return initCommand({ types: false, ...(flags.yes === undefined ? {} : { yes: flags.yes }) }, host, kind)
}

const MAKES_TABLES = /\bCREATE\s+TABLE\b|\bATTACH\s+PARTITION\b/i

const NOTICED = `What your database will notice:
  - Four triggers a table, which tell on commit which rows have changed, by their unique keys. \`--sql\` prints them.
  - A statement that writes takes a little longer; see docs/guide/changes.md. Nothing that it does can fail by them.
  - The migration locks each table for the moment in which its triggers are made.
`

const replicationNoticed = (fullRows: boolean): string => `What your database will notice:
  - One publication of the tables. Nothing is added to the statements that write.
${
  fullRows
    ? '  - Their tables get REPLICA IDENTITY FULL: updates and deletes log the whole row before, too.'
    : `  - Tables without a primary key get REPLICA IDENTITY FULL: their updates and deletes log the whole row.
  - Of other updates the log has no old values: each drops the cached lists of its table, your own writes' too.
    \`--full-rows\` logs the row before as well.`
}
  - Each process that reads it has a walsender, which decodes all that the server logs; see docs/guide/changes.md.
  - wal_level must be logical, and the role that reads must have the right REPLICATION.
`

/** The SQL of a project's schema. */
function sqlFor(action: 'install' | 'uninstall', { schemaFiles }: Project, flags: ChangesFlags): string {
  const text = schemaFiles.map((file) => file.text).join('\n')
  const provider = /^\s*datasource\s+\w+\s*\{[^}]*?provider\s*=\s*"(\w+)"/m.exec(text)?.[1]
  if (provider !== 'postgresql' && provider !== 'postgres')
    throw new ChangesCommandError(
      'E_CHANGES_PROVIDER',
      `Triggers and publications that tell of changes are made on PostgreSQL; the datasource of this schema is ${provider ?? 'not named'}.`,
    )
  const schema = parseSchema(text, 'option')
  const models = flags.models?.split(',').map((name) => name.trim())
  for (const model of models ?? []) checkModel(schema, model)
  if (flags.replication === true) {
    const settings: ReplicationSettings = { models, publication: flags.publication, fullRows: flags.fullRows }
    return action === 'install'
      ? installReplicationSql(schema, settings)
      : uninstallReplicationSql(schema, settings)
  }
  const settings: TriggerSettings = { models, channel: flags.channel, partitions: flags.partitions }
  return action === 'install' ? installTriggersSql(schema, settings) : uninstallTriggersSql(schema, settings)
}

function checkModel({ models }: SchemaModel, name: string): void {
  if (models.has(name)) return
  const near = nearest(name, [...models.keys()])
  throw new ChangesCommandError(
    'E_CHANGES_MODEL',
    `--models: expected names of models, given ${name}.${near === null ? '' : ` Did you mean ${near}?`}`,
  )
}

interface WrittenMigration {
  readonly name: string
  readonly sql: string
}

/** In the order in which they are played. */
async function migrationsOf({ migrationsDirectory }: Project): Promise<readonly WrittenMigration[]> {
  const entries = await readdir(migrationsDirectory, { withFileTypes: true }).catch(() => null)
  if (entries === null)
    throw new ChangesCommandError(
      'E_CHANGES_NO_MIGRATIONS',
      `The project keeps no migrations (looked at ${migrationsDirectory}). Print the SQL with --sql, and run it where you run such things.`,
    )
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return Promise.all(
    names.sort().map(async (name) => ({
      name,
      sql: await readFile(join(migrationsDirectory, name, 'migration.sql'), 'utf8').catch(() => ''),
    })),
  )
}

/** Prisma plays migrations in the order of their names: the time, or the second after the last one's. */
function stampAfter(now: Date, last: string): string {
  const stamp = (time: Date) => time.toISOString().replace(/\D/g, '').slice(0, 14)
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(last) ?? []
  if (year === undefined || last.slice(0, 14) < stamp(now)) return stamp(now)
  const [y, mo, d, h, mi, s] = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return stamp(new Date(Date.UTC(y, mo - 1, d, h, mi, s + 1)))
}
