import { resolve } from 'node:path'
import { quoteIdentifier } from '@prisma-brisk/core'

import type { Collected } from './advice-run.ts'
import { withStatistics } from './catalog/with-statistics.ts'
import type { IndexSelector } from './selection/index-selector.ts'
import { provingSelector } from './selection/proving-selector.ts'
import { AdvisorError } from './errors.ts'
import type { Planner, PlannerName } from './planner/planner.ts'
import type { QueryShape } from './shape/query-shape.ts'
import type { Remark } from './advice/advice.ts'
import { ruleSelector } from './selection/rule-selector.ts'
import type { DatabaseConnection } from './statistics/connect.ts'
import {
  catalogStatistics,
  checkStatistics,
  collationOf,
  statisticsFindings,
} from './statistics/match-schema.ts'
import type { Statistics } from './statistics/statistics.ts'
import type { ObservedStatement, Workload } from './workload/workload.ts'
import { workloadShapes } from './workload/workload-shapes.ts'

export interface ProofOptions {
  /** Paths are relative to it. Default `process.cwd()`. */
  readonly cwd?: string | undefined
  /**
   * A slow-query log or a file of SQL, or the statements themselves. Default: what the server itself has counted, where it is reached and
   * counts.
   */
  readonly workload?: string | readonly ObservedStatement[] | undefined
  /** Production, or a copy of it. Read only, except by `planner: 'transaction'`. */
  readonly databaseUrl?: string | undefined
  /** A file that `brisk statistics export` wrote, in place of a connection. */
  readonly statistics?: string | undefined
  /**
   * A server that is not production, on which MariaDB plans on an empty copy: its user may create databases and write to
   * `mysql.innodb_index_stats` and its neighbours. Default: nothing is planned for MariaDB.
   */
  readonly shadowDatabaseUrl?: string | undefined
  /** Default: `pglite` for PostgreSQL, `sqlite` for SQLite, `mariadb` for MariaDB with a `shadowDatabaseUrl`, else `none`. */
  readonly planner?: PlannerName | 'none' | undefined
  /** Lets `planner: 'transaction'` build indexes. Default false. */
  readonly allowCreate?: boolean | undefined
  /** Bytes for all recommended indexes together. Default: no limit. */
  readonly budgetBytes?: number | undefined
  /** A statement that ran less often is a one-off and counts for nothing. Default 2. */
  readonly minCalls?: number | undefined
}

/** What the advice is proved with. Close it when the advice is made. */
export interface ProofEvidence {
  /** The project with rows and shares of its tables filled in. */
  readonly collected: Collected
  readonly shapes: readonly QueryShape[]
  readonly selector: IndexSelector
  close(): Promise<void>
}

/**
 * Reads workload and statistics and opens a planner, as far as the options give them.
 *
 * @throws AdvisorError E_INVALID_OPTIONS, E_DATABASE, E_STATISTICS, E_WORKLOAD, E_PLANNER
 */
export async function openEvidence(collected: Collected, options: ProofOptions): Promise<ProofEvidence> {
  for (const name of ['budgetBytes', 'minCalls'] as const) {
    const value = options[name]
    if (value !== undefined && !(value >= 1))
      throw new AdvisorError('E_INVALID_OPTIONS', `${name}: expected a number of at least 1, got ${value}.`)
  }
  const { reading } = collected
  if ('unsupported' in reading)
    return { collected, shapes: [], selector: ruleSelector, close: async () => undefined }
  const opened: { close(): Promise<void> }[] = []
  const close = async (): Promise<void> => {
    for (const each of opened.reverse()) await each.close()
    opened.length = 0
  }
  try {
    const { catalog } = reading
    const connection = await openConnection(options, catalog.provider)
    if (connection !== null) opened.push(connection)
    const statistics = await readStatistics(options, connection)
    if (statistics !== null) checkStatistics(catalog, statistics)
    const known = statistics === null ? catalog : withStatistics(catalog, catalogStatistics(statistics))
    const described = {
      ...known,
      collation: known.collation ?? (statistics === null ? null : collationOf(statistics)),
    }
    const workload = await readWorkload(options, connection, catalog.provider)
    const shadow = await openShadow(options, statistics)
    if (shadow !== null) opened.push(shadow)
    const planner = await openPlanner(options, connection, statistics, shadow)
    if (planner !== null) opened.push(planner)
    if (options.budgetBytes !== undefined && planner === null)
      throw new AdvisorError(
        'E_INVALID_OPTIONS',
        `The budget does nothing without a planner that knows the size of indexes: ${statistics === null ? 'give --statistics or --database-url' : `none plans for ${statistics.server.name} here`}.`,
      )
    const shapes = workload === null ? [] : await workloadShapes(workload, described)
    return {
      collected: { ...collected, reading: { ...reading, catalog: described } },
      shapes:
        // Of a file of SQL nobody says how often each statement runs.
        planner === null && workload?.source !== 'sql-file'
          ? shapes.filter((shape) => (shape.evidence.calls ?? 0) >= (options.minCalls ?? 2))
          : shapes,
      selector:
        planner === null || statistics === null
          ? withFindings(ruleSelector, [
              ...(await unreadStatements(workload)),
              ...(statistics === null ? [] : statisticsFindings(described, statistics)),
              ...(options.planner === 'none' ? [] : unproved(statistics)),
              ...uncounted(options, workload),
            ])
          : withFindings(
              provingSelector({
                statistics,
                planner,
                workload,
                ...(options.budgetBytes === undefined ? {} : { budgetBytes: options.budgetBytes }),
                ...(options.minCalls === undefined ? {} : { minCalls: options.minCalls }),
              }),
              uncounted(options, workload),
            ),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openConnection(options: ProofOptions, provider: string): Promise<DatabaseConnection | null> {
  if (options.databaseUrl === undefined) return null
  const { connectDatabase } = await import('./statistics/connect.ts')
  const connection = await connectDatabase(options.databaseUrl)
  if (connection.provider === provider) return connection
  await connection.close()
  throw new AdvisorError(
    'E_DATABASE',
    `The database is ${connection.provider}, the schema is for ${provider}.`,
  )
}

async function readStatistics(
  options: ProofOptions,
  connection: DatabaseConnection | null,
): Promise<Statistics | null> {
  if (options.statistics !== undefined) {
    return (await import('./statistics/read-statistics.ts')).readStatistics(
      resolve(options.cwd ?? '', options.statistics),
    )
  }
  if (connection === null) return null
  return (await import('./statistics/connect.ts')).exportStatistics(connection)
}

async function readWorkload(
  options: ProofOptions,
  connection: DatabaseConnection | null,
  provider: 'postgresql' | 'mysql' | 'sqlite',
): Promise<Workload | null> {
  if (typeof options.workload === 'object') return workloadOf(options.workload, provider)
  if (options.workload !== undefined) {
    return (await import('./workload/read-workload.ts')).readWorkload(
      resolve(options.cwd ?? '', options.workload),
      provider,
    )
  }
  if (connection === null || provider === 'sqlite') return null
  try {
    const workload =
      provider === 'postgresql'
        ? await (await import('./workload/pg-stat-statements.ts')).readPgStatStatements(connection)
        : await (await import('./workload/performance-schema.ts')).readPerformanceSchema(connection)
    return workload.queries.length === 0 ? null : workload
  } catch (error) {
    // The server's own counts were not asked for; without them the advice still stands.
    if (error instanceof AdvisorError && error.code === 'E_WORKLOAD') return null
    throw error
  }
}

async function workloadOf(
  statements: readonly ObservedStatement[],
  provider: 'postgresql' | 'mysql' | 'sqlite',
): Promise<Workload | null> {
  const { WorkloadBuilder } = await import('./workload/workload.ts')
  const builder = new WorkloadBuilder(provider)
  for (const each of statements) await builder.add(each)
  const workload = builder.build('statements')
  return workload.queries.length === 0 ? null : workload
}

async function openPlanner(
  options: ProofOptions,
  connection: DatabaseConnection | null,
  statistics: Statistics | null,
  shadow: DatabaseConnection | null,
): Promise<Planner | null> {
  if (statistics !== null && shadow !== null)
    return (await import('./planner/mariadb/mariadb-planner.ts')).mariadbPlanner(shadow, statistics)
  if (statistics === null || statistics.provider === 'mysql' || options.planner === 'none') {
    const wanted = options.planner
    if (wanted === undefined || wanted === 'none') return null
    throw new AdvisorError(
      'E_PLANNER',
      statistics === null
        ? `--planner ${wanted} needs --database-url or --statistics.`
        : wanted === 'mariadb' && isMariadb(statistics)
          ? '--planner mariadb needs --shadow-database-url: a server that is not production, for an empty copy.'
          : `--planner ${wanted} cannot plan for ${statistics.server.name}.`,
    )
  }
  const planner = options.planner ?? (statistics.provider === 'sqlite' ? 'sqlite' : 'pglite')
  switch (planner) {
    case 'pglite':
      return (await import('./planner/what-if/pglite-planner.ts')).pglitePlanner(statistics)
    case 'sqlite':
      return (await import('./planner/sqlite-planner.ts')).sqlitePlanner(statistics)
    case 'hypopg': {
      const { hypopgPlanner } = await import('./planner/hypopg-planner.ts')
      const session = needed(connection, planner)
      // HypoPG's indexes live in the session, so it must be one of its own in any case.
      if (session.schema !== null)
        await session.query(`select set_config('search_path', $1, false)`, [quoteIdentifier(session.schema)])
      return hypopgPlanner(session, statistics)
    }
    case 'transaction': {
      const { transactionPlanner } = await import('./planner/transaction-planner.ts')
      return transactionPlanner(needed(connection, planner), { allowCreate: options.allowCreate === true })
    }
    case 'mariadb':
      throw new AdvisorError('E_PLANNER', `--planner mariadb cannot plan for ${statistics.server.name}.`)
  }
}

function isMariadb(statistics: Statistics): boolean {
  return statistics.provider === 'mysql' && statistics.server.name.startsWith('MariaDB')
}

/** For MariaDB alone; of others the migrations are played there, and nothing is planned. */
async function openShadow(
  { shadowDatabaseUrl, planner = 'mariadb' }: ProofOptions,
  statistics: Statistics | null,
): Promise<DatabaseConnection | null> {
  if (shadowDatabaseUrl === undefined || planner !== 'mariadb') return null
  if (statistics === null || !isMariadb(statistics)) return null
  const { connectDatabase } = await import('./statistics/connect.ts')
  return connectDatabase(shadowDatabaseUrl)
}

function needed(connection: DatabaseConnection | null, planner: string): DatabaseConnection {
  if (connection?.provider === 'postgresql') return connection
  throw new AdvisorError('E_PLANNER', `--planner ${planner} needs --database-url of a PostgreSQL server.`)
}

async function unreadStatements(workload: Workload | null): Promise<readonly Remark[]> {
  const times = workload?.skipped.unreadable ?? 0
  if (workload === null || times === 0) return []
  const { unreadForms } = await import('./workload/read-workload.ts')
  const reason = `${times} of the workload's statements could not be read (${unreadForms(workload)}) and count for nothing.`
  return [{ kind: 'unread', model: '', index: '', reason }]
}

/** Calls that nobody counted cannot be few. */
function uncounted({ minCalls }: ProofOptions, workload: Workload | null): readonly Remark[] {
  if (minCalls === undefined || (workload !== null && workload.source !== 'sql-file')) return []
  const why =
    workload === null
      ? 'the server has counted no statements, and no workload was given'
      : 'a file of SQL does not say how often each statement runs'
  const reason = `A minimum of ${minCalls} calls counts for nothing: ${why}.`
  return [{ kind: 'statistics', model: '', index: '', reason }]
}

function unproved(statistics: Statistics | null): readonly Remark[] {
  if (statistics?.provider !== 'mysql') return []
  const how = isMariadb(statistics)
    ? 'give --shadow-database-url, a server that is not production, and it plans on an empty copy there'
    : 'MySQL cannot plan on statistics without the rows'
  const reason = `Nothing is proved on ${statistics.server.name}: ${how}. The advice rests on the schema, the queries and the number of rows and values.`
  return [{ kind: 'statistics', model: '', index: '', reason }]
}

function withFindings(selector: IndexSelector, findings: readonly Remark[]): IndexSelector {
  if (findings.length === 0) return selector
  return {
    ...selector,
    select: async (problem) => {
      const selection = await selector.select(problem)
      return { ...selection, findings: [...selection.findings, ...findings] }
    },
  }
}
