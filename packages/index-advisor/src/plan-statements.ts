import { genericBinding } from './binding/binding.ts'
import { AdvisorError } from './errors.ts'
import { planShape, type PlanNode } from './planner/plan.ts'
import { UnplannableQueryError, type Planner } from './planner/planner.ts'
import { readStatistics } from './statistics/read-statistics.ts'
import { currentRows, type Statistics } from './statistics/statistics.ts'
import { readStatement } from './workload/statement.ts'

/** What a planner says of a statement whose values are not known. */
export interface PlannedStatement {
  /** In the planner's units. */
  readonly cost: number
  /** Nodes, tables and indexes, from the root down: `Limit(Index Scan Post Post_authorId_idx)`. */
  readonly shape: string
  /** Tables that it reads whole, with the rows they have. */
  readonly scans: readonly { readonly table: string; readonly rows: number }[]
}

/**
 * Plans statements by the statistics of a database, without it: PostgreSQL's in the embedded planner, SQLite's by what it would read.
 * What cannot be planned (statements that end transactions, tables that the statistics do not have) is left out.
 *
 * @param statements texts with `$1` or `?` in place of values
 * @param options `statistics`: a file that `brisk statistics export` wrote
 * @throws AdvisorError E_STATISTICS where it cannot be read; E_PLANNER where nothing plans for its database
 * @example
 * const plans = await planStatements(['SELECT 1 FROM "Post" WHERE "id" = $1'], { statistics: 'prod.json' })
 */
export async function planStatements(
  statements: readonly string[],
  options: { readonly statistics: string },
): Promise<ReadonlyMap<string, PlannedStatement>> {
  const statistics = await readStatistics(options.statistics)
  const planner = await plannerFor(statistics)
  const planned = new Map<string, PlannedStatement>()
  try {
    for (const text of statements) {
      const plan = await plannedStatement(text, planner, statistics)
      if (plan !== null) planned.set(text, plan)
    }
  } finally {
    await planner.close()
  }
  return planned
}

async function plannerFor(statistics: Statistics): Promise<Planner> {
  switch (statistics.provider) {
    case 'postgresql':
      return (await import('./planner/what-if/pglite-planner.ts')).pglitePlanner(statistics)
    case 'sqlite':
      return (await import('./planner/sqlite-planner.ts')).sqlitePlanner(statistics)
    default:
      throw new AdvisorError(
        'E_PLANNER',
        `Statements of ${statistics.server.name} are planned on a server alone: leave out the statistics.`,
      )
  }
}

async function plannedStatement(
  text: string,
  planner: Planner,
  statistics: Statistics,
): Promise<PlannedStatement | null> {
  const read = await readStatement(text, statistics.provider)
  if ('skip' in read) return null
  try {
    const { cost, root } = await planner.plan(read, [], genericBinding)
    return { cost, shape: planShape(root), scans: scansIn(root, statistics) }
  } catch (error) {
    if (error instanceof UnplannableQueryError) return null
    throw error
  }
}

/** Nodes that hand on rows before they have read all of theirs. */
const STREAMING = /^(?:Limit|Result|Nested Loop|Subquery Scan|Append|Gather|ProjectSet|LockRows)/

/** Tables that a part of the plan reads whole: PostgreSQL's `Seq Scan`, SQLite's `SCAN`. One without conditions that a limit ends is none. */
function scansIn(root: PlanNode, statistics: Statistics): PlannedStatement['scans'] {
  const tables = new Set<string>()
  const look = ({ type, relation, index, conditions, children }: PlanNode, isCut: boolean): void => {
    if (relation !== null && index === null && SCAN.test(type) && !(isCut && conditions.length === 0))
      tables.add(relation)
    for (const child of children) look(child, type === 'Limit' || (isCut && STREAMING.test(type)))
  }
  look(root, false)
  return [...tables].flatMap((name) => {
    const table = statistics.tables.find((each) => each.name === name)
    return table === undefined ? [] : [{ table: name, rows: currentRows(table) }]
  })
}

const SCAN = /^(?:(?:Parallel )?Seq Scan$|SCAN\b)/
