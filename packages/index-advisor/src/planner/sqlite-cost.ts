import type { StatementRoles } from '../binding/statement-roles.ts'
import { distinctValues, findTable } from '../statistics/statistics.ts'
import type { Statistics, TableStatistics, ValueStatistics } from '../statistics/statistics.ts'
import { distinctCombinations } from '../size/btree-size.ts'
import { BOUND, keptShare } from './kept-share.ts'
import type { Plan, PlanNode } from './plan.ts'
import type { HypotheticalIndex } from './planner.ts'

/** A row of `EXPLAIN QUERY PLAN`. */
export interface PlanLine {
  readonly id: number
  readonly parent: number
  readonly detail: string
}

export interface SqliteCostContext {
  readonly statistics: Statistics
  readonly roles: StatementRoles
  readonly sql: string
  /** Hypothetical indexes by the name they have in the copy. */
  readonly indexes: ReadonlyMap<string, HypotheticalIndex>
  readonly nameOf: (index: string) => string
}

// One unit is a row read in the table's own order. The others are in proportion to it, as SQLite's own cost model has
// them: a row found through an index costs a walk down the table's tree, a row kept in the index does not.
const ROW_BY_LOOKUP = 4
const ROW_IN_INDEX = 0.8
const SORT_ROW = 1.5
const USUAL_LIMIT = 50

/** Reckons the cost of a plan SQLite made: the loops of one level are nested in each other, what is below is done for each. */
export function sqliteCost(lines: readonly PlanLine[], context: SqliteCostContext): Plan {
  const reader = new PlanReader(lines, context)
  const { cost, rows, nodes } = reader.level(0)
  const root: PlanNode = {
    type: 'Query',
    relation: null,
    index: null,
    conditions: [],
    sort: [],
    startupCost: 0,
    cost,
    rows,
    children: nodes,
  }
  return { cost, rows, root, uses: [...reader.uses].sort() }
}

interface Level {
  readonly cost: number
  readonly rows: number
  readonly nodes: readonly PlanNode[]
}

interface Access {
  readonly cost: number
  /** Rows that come out of one pass. */
  readonly rows: number
  readonly relation: string | null
  readonly index: string | null
}

class PlanReader {
  readonly uses = new Set<string>()
  readonly #lines: readonly PlanLine[]
  readonly #context: SqliteCostContext
  readonly #aliases: ReadonlyMap<string, TableStatistics>
  readonly #nulls: NullTests

  constructor(lines: readonly PlanLine[], context: SqliteCostContext) {
    this.#lines = lines
    this.#context = context
    this.#aliases = aliasesOf(context)
    this.#nulls = nullTestsOf(context.sql)
  }

  level(parent: number): Level {
    const lines = this.#lines.filter((line) => line.parent === parent)
    const sorts = lines.some((line) => /^USE TEMP B-TREE FOR (ORDER|GROUP|DISTINCT)/.test(line.detail))
    let rows = 1
    let loops = 0
    let once = 0
    const nodes: PlanNode[] = []
    for (const line of lines) {
      const { detail } = line
      if (/^(SCAN|SEARCH) /.test(detail)) {
        const access = this.#access(detail)
        loops += rows * access.cost
        rows *= access.rows
        nodes.push(node(detail, access, loops, rows, []))
      } else if (detail.startsWith('MULTI-INDEX OR')) {
        const arms = this.#arms(line.id)
        loops += rows * arms.cost
        rows *= arms.rows
        nodes.push(node('MULTI-INDEX OR', { ...arms, relation: null, index: null }, loops, rows, arms.nodes))
      } else if (detail.startsWith('USE TEMP B-TREE')) {
        const kept = rows * SORT_ROW * Math.log2(rows + 2)
        once += kept
        nodes.push(node(detail, { cost: kept, rows, relation: null, index: null }, loops + kept, rows, []))
      } else {
        // CO-ROUTINE, MATERIALIZE, subqueries, the parts of a UNION.
        const below = this.level(line.id)
        once += detail.startsWith('CORRELATED') ? below.cost * rows : below.cost
        nodes.push(
          node(detail, { ...below, relation: null, index: null }, below.cost, below.rows, below.nodes),
        )
      }
    }
    const wanted = parent === 0 && !sorts ? this.#limit() : null
    const share = wanted === null || rows <= 0 ? 1 : Math.min(1, wanted / rows)
    return { cost: once + loops * share, rows: rows * share, nodes }
  }

  #arms(parent: number): Level {
    let cost = 0
    let rows = 0
    const nodes: PlanNode[] = []
    for (const line of this.#lines.filter((each) => each.parent === parent)) {
      const below = this.level(line.id)
      cost += below.cost
      rows += below.rows
      nodes.push(...below.nodes)
    }
    return { cost, rows, nodes }
  }

  /** `SEARCH p USING COVERING INDEX i (a=? AND b>?)` */
  #access(detail: string): Access {
    const found =
      /^(SCAN|SEARCH) (.+?)(?: USING (AUTOMATIC )?(?:PARTIAL )?(COVERING )?(?:INDEX|(INTEGER PRIMARY KEY|PRIMARY KEY))(?: ([^(]+?))?)?(?: \((.+)\))?(?: LEFT-JOIN)?$/.exec(
        detail,
      )
    const [, verb, name = '', automatic, covering, primary, indexName, conditions = ''] = found ?? []
    const table = this.#aliases.get((name.split('.').at(-1) ?? name).toLowerCase())
    // A subquery or a table function: its rows were counted where it was made.
    if (table === undefined) return { cost: 1, rows: 1, relation: null, index: null }
    const total = Math.max(1, table.rows)
    const index = indexName === undefined || automatic !== undefined ? null : this.#context.nameOf(indexName)
    if (index !== null) this.uses.add(index)
    const relation = table.name
    const equal = [...conditions.matchAll(/([^\s(]+)(?:=| IS )\?/g)].map((each) => bare(each[1] ?? ''))
    const bounds = [...conditions.matchAll(/[<>]\?/g)].length
    const residual = this.#residual(table, equal)
    const kept = this.#kept(table, indexName)
    if (verb === 'SCAN') {
      const perRow = covering === undefined ? (index === null ? 1 : ROW_BY_LOOKUP) : ROW_IN_INDEX
      return { cost: total * kept * perRow, rows: total * residual, relation, index }
    }
    if (automatic !== undefined) {
      // Built anew for this statement: the build is shared by all its passes.
      return { cost: Math.log2(total + 2) + 10, rows: 10, relation, index: null }
    }
    if (primary === 'INTEGER PRIMARY KEY' && equal.length > 0) {
      return { cost: Math.log2(total + 2), rows: residual, relation, index }
    }
    const matched = Math.max(1, this.#rowsOf(table, equal) * kept * BOUND ** bounds)
    const perRow = covering !== undefined || primary !== undefined ? ROW_IN_INDEX : ROW_BY_LOOKUP
    // `ANY(a) AND b=?`: the index is searched anew for each value of the columns that are skipped.
    const skipped = [...conditions.matchAll(/ANY\(([^)]+)\)/g)].map((each) => bare(each[1] ?? ''))
    const searches = skipped.length === 0 ? 1 : distinctValuesOf(table, skipped, total * kept)
    return {
      cost: searches * Math.log2(total + 2) + matched * perRow,
      rows: matched * residual,
      relation,
      index,
    }
  }

  /**
   * Rows of one value of each of the columns. Of columns that tell of each other an index that begins with them knows
   * more; not where NULLs are among them, which ANALYZE takes for a value like any other.
   */
  #rowsOf(table: TableStatistics, equal: readonly string[]): number {
    let rows = table.rows
    const compared: string[] = []
    for (const name of equal) {
      const isNull = this.#nulls.isNull.has(name.toLowerCase())
      rows *= isNull ? nullsOf(table, name) : 1 - nullsOf(table, name)
      if (!isNull) compared.push(name)
    }
    const foreseen = rows / distinctAmong(table, compared, rows)
    const hasNulls = equal.some((name) => nullsOf(table, name) > 0)
    const measured = hasNulls ? undefined : measuredRows(table, equal)
    // ANALYZE rounds up: where it agrees with what is foreseen, it says nothing new.
    return measured === undefined ? foreseen : Math.min(measured, Math.max(measured - 1, foreseen))
  }

  /** Share of the rows that the index holds. */
  #kept(table: TableStatistics, indexName: string | undefined): number {
    const foreseen = this.#context.indexes.get(indexName ?? '')
    if (foreseen !== undefined) return foreseen.kept ?? keptShare(table, foreseen.predicate)
    return keptShare(table, table.indexes.find((each) => each.name === indexName)?.predicate ?? null)
  }

  /** Share of the rows that the conditions which the access does not use leave over. */
  #residual(table: TableStatistics, used: readonly string[]): number {
    let share = 1
    const seen = new Set(used)
    for (const role of this.#context.roles.roles) {
      if (!('table' in role) || role.table !== table.name || seen.has(role.column)) continue
      if (role.kind === 'from' || role.kind === 'to') share *= BOUND
      if (role.kind !== 'equal' || role.position > 0) continue
      seen.add(role.column)
      const statistics = table.columns.find((column) => column.name === role.column)?.statistics
      if (statistics) share /= distinctValues(statistics, table.rows)
    }
    for (const { name, statistics } of table.columns) {
      if (statistics === null || used.includes(name)) continue
      if (this.#nulls.isNull.has(name.toLowerCase())) share *= statistics.nullFraction
      if (this.#nulls.isNotNull.has(name.toLowerCase())) share *= 1 - statistics.nullFraction
    }
    return Math.max(share, 1 / Math.max(1, table.rows))
  }

  #limit(): number | null {
    const found = /\blimit\s+(\d+|\$\d+)(?:\s+offset\s+(\d+|\$\d+))?\s*$/i.exec(this.#context.sql)
    if (found === null) return null
    const number = (text: string | undefined, otherwise: number) =>
      text === undefined || text.startsWith('$') ? otherwise : Number(text)
    return number(found[1], USUAL_LIMIT) + number(found[2], 0)
  }
}

/** Columns that the statement tests for NULL, in lower case. */
interface NullTests {
  readonly isNull: ReadonlySet<string>
  readonly isNotNull: ReadonlySet<string>
}

function nullTestsOf(sql: string): NullTests {
  const tested = (words: string) =>
    new Set(
      [...sql.matchAll(new RegExp(`(\\w+)[")]*\\s+is\\s+${words}\\b`, 'gi'))].map((each) =>
        (each[1] ?? '').toLowerCase(),
      ),
    )
  return { isNull: tested('null'), isNotNull: tested('not\\s+null') }
}

/** Rows of one value of each of the columns, from ANALYZE, where an index begins with just these. */
function measuredRows(table: TableStatistics, equal: readonly string[]): number | undefined {
  if (equal.length === 0) return undefined
  const found = table.indexes.find(
    ({ keys, predicate, stat }) =>
      stat !== undefined &&
      predicate === null &&
      keys.length >= equal.length &&
      keys.slice(0, equal.length).every((key) => key !== null && equal.includes(key)),
  )
  const rows = Number(found?.stat?.split(' ')[equal.length])
  return Number.isFinite(rows) ? rows : undefined
}

/**
 * Distinct combinations of the columns among so many rows. NULL is one more value, and may be by far the commonest: rows
 * with it and rows without it are reckoned apart.
 */
export function distinctValuesOf(table: TableStatistics, columns: readonly string[], rows: number): number {
  const among = (compared: readonly string[], [next, ...rest]: readonly string[], part: number): number => {
    if (part < 1) return 0
    if (next === undefined) return distinctAmong(table, compared, part)
    const nulls = part * nullsOf(table, next)
    return (nulls === 0 ? 0 : among(compared, rest, nulls)) + among([...compared, next], rest, part - nulls)
  }
  return Math.max(1, among([], columns, Math.max(1, rows)))
}

/** Of rows that hold no NULL in the columns. */
function distinctAmong(table: TableStatistics, columns: readonly string[], rows: number): number {
  if (columns.length === 0) return 1
  const keys = columns.map((name) => {
    const statistics = statisticsOf(table, name)
    const distinct = statistics === null ? Math.sqrt(table.rows) : distinctValues(statistics, table.rows)
    return { type: '', width: 0, nullFraction: 0, distinct, frequencies: [] }
  })
  return distinctCombinations(keys, Math.max(1, rows))
}

function nullsOf(table: TableStatistics, column: string): number {
  return statisticsOf(table, column)?.nullFraction ?? 0
}

function statisticsOf(table: TableStatistics, column: string): ValueStatistics | null {
  return table.columns.find((each) => each.name === column)?.statistics ?? null
}

/** SQLite names a table by its alias where it has one. */
function aliasesOf({ roles, sql, statistics }: SqliteCostContext): ReadonlyMap<string, TableStatistics> {
  const aliases = new Map<string, TableStatistics>()
  for (const { name } of roles.tables) {
    const table = findTable(statistics, null, name)
    if (table === undefined) continue
    aliases.set(name.toLowerCase(), table)
    const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const pattern = new RegExp(`"?\\b${quoted}"?\\s+(?:as\\s+)?(?:"([^"]+)"|([a-z_]\\w*))`, 'gi')
    for (const found of sql.matchAll(pattern)) {
      const alias = (found[1] ?? found[2] ?? '').toLowerCase()
      if (!keywords.has(alias)) aliases.set(alias, table)
    }
  }
  return aliases
}

const keywords = new Set(
  'where on join left right inner outer cross full order group limit offset set values union except intersect having using natural returning as'.split(
    ' ',
  ),
)

function bare(column: string): string {
  return column.replace(/^"|"$/g, '').replace(/^ANY\($/, '')
}

function node(
  type: string,
  access: Access,
  cost: number,
  rows: number,
  children: readonly PlanNode[],
): PlanNode {
  return {
    type: type.replace(/ \(.*\)$/, '').replace(/ USING .*$/, ''),
    relation: access.relation,
    index: access.index,
    conditions: [/\((.+)\)$/.exec(type)?.[1]].filter((each) => each !== undefined),
    sort: [],
    startupCost: 0,
    cost,
    rows,
    children,
  }
}
