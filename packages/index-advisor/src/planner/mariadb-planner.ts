import { type Binding, type PlannableQuery } from '../binding/binding.ts'
import type { ParameterRole } from '../binding/parameter-roles.ts'
import { rolesOf } from '../binding/statement-roles.ts'
import { AdvisorError } from '../errors.ts'
import type { SqlClient } from '../statistics/sql-client.ts'
import {
  findTable,
  type Statistics,
  type TableColumn,
  type TableStatistics,
} from '../statistics/statistics.ts'
import { assertQuery } from '../workload/statement.ts'
import { leafPages, MariadbCopy, standIn } from './mariadb-copy.ts'
import { readMariadbExplain, tablesOf, type ColumnBound, type ExplainedTable } from './mariadb-explain.ts'
import type { Plan } from './plan.ts'
import { type HypotheticalIndex, type Planner, type PlannerGap, UnplannableQueryError } from './planner.ts'
import { Turns } from './turns.ts'

/** Rows of a range whose bounds are not known, of those that its equalities find. */
const RANGE_SHARE = 0.1
/** What one row more costs in a range: the row, its entry and the comparison, as the server reckons before version 11. */
const ROW = 1.4
const ENTRY = 0.8

/**
 * Plans with MariaDB itself, on an empty copy with the statistics of the real database, in a database of its own on a server
 * that is not production. Equalities, lists, joins, sorts and groups are planned by the server alone, at the costs of the real
 * one. For a range it would look into the index, which is empty: how many rows a range finds is reckoned here, by the bounds of
 * the column, and the cheaper of the range and the plan without it is taken.
 *
 * @param client a session of its own, whose user may create databases and write to `mysql.*`
 * @throws AdvisorError E_PLANNER, when the server is none, or the user may not
 */
export async function mariadbPlanner(client: SqlClient, statistics: Statistics): Promise<Planner> {
  if (statistics.provider !== 'mysql' || !statistics.server.name.startsWith('MariaDB'))
    throw new AdvisorError('E_PLANNER', `The MariaDB planner cannot plan for ${statistics.server.name}.`)
  const [server] = await client.query('select version() as name')
  const version = String(server?.['name'])
  const [major = 0, minor = 0] = version.split('.').map(Number)
  // Indexes that can be ignored.
  if (!/mariadb/i.test(version) || major * 100 + minor < 1006)
    throw new AdvisorError(
      'E_PLANNER',
      `The shadow server is ${version}; to plan for ${statistics.server.name}, give one of MariaDB 10.6 or later.`,
    )
  const copy = new MariadbCopy(client, statistics)
  try {
    await copy.open()
  } catch (cause) {
    await copy.close().catch(() => undefined)
    throw new AdvisorError(
      'E_PLANNER',
      `No empty copy can be made on the shadow server: ${(cause as Error).message.split('\n')[0]}. Its user needs the rights to create databases and to write to mysql.innodb_table_stats and its neighbours.`,
      { cause },
    )
  }
  return new MariadbPlanner(client, statistics, copy)
}

class MariadbPlanner implements Planner {
  readonly name = 'mariadb'
  readonly #client: SqlClient
  readonly #statistics: Statistics
  readonly #copy: MariadbCopy
  readonly #turns = new Turns()
  #closed = false

  constructor(client: SqlClient, statistics: Statistics, copy: MariadbCopy) {
    this.#client = client
    this.#statistics = statistics
    this.#copy = copy
  }

  get gaps(): readonly PlannerGap[] {
    return this.#copy.gaps
  }

  async decline(index: HypotheticalIndex): Promise<string | null> {
    const table = findTable(this.#statistics, null, index.table)
    if (table === undefined) return `the statistics know no table ${index.table}`
    if (index.method !== 'btree' || index.predicate !== null)
      return `MariaDB has no such index (${index.method})`
    for (const { column } of index.keys) {
      const known = table.columns.find((each) => each.name === column)
      if (known === undefined) return `the statistics know no column ${column} in ${index.table}`
      if (/text|blob/i.test(known.type))
        return `${column} is a ${known.type}, of which an index holds a beginning`
    }
    return null
  }

  plan(query: PlannableQuery, indexes: readonly HypotheticalIndex[], binding: Binding): Promise<Plan> {
    return this.#exclusive(async () => {
      const refusal = await assertQuery(query.sql)
      if (refusal !== null) throw new UnplannableQueryError(refusal)
      await this.#copy.show(indexes)
      const hasColumn = (_: string | null, table: string, column: string) =>
        findTable(this.#statistics, null, table)?.columns.some((each) => each.name === column) ?? false
      const { roles } = await rolesOf(query.sql, query.parameters, hasColumn)
      const values = this.#values(roles, binding)
      const asked = asSelect(withValues(query.sql, values))
      return asked === null ? written : this.#planned(asked)
    })
  }

  async indexBytes(index: HypotheticalIndex): Promise<number> {
    const table = findTable(this.#statistics, null, index.table)
    if (table === undefined) return 0
    const keys = index.keys.flatMap((key) => key.column ?? [])
    return leafPages(table, keys, Math.max(1, table.rows)) * 16_384
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turns.over()
    await this.#copy.close()
  }

  /** A range is reckoned; what the server would do without its index may be cheaper. */
  async #planned(sql: string, depth = 0): Promise<Plan> {
    const { cost, root } = await this.#explain(sql)
    const ranges = tablesOf(root).filter((each) => each.access === 'range')
    let whole = cost
    for (const each of ranges) {
      const table = this.#tableOf(each)
      if (table === undefined) continue
      const rows = this.#rangeRows(table, each)
      whole += Math.max(0, rows - each.rows) * (each.isCovering ? ENTRY : ROW)
    }
    const plan = readMariadbExplain(root, whole, (name) => this.#copy.idOf(name))
    const [first] = ranges
    const table = first === undefined ? undefined : this.#tableOf(first)
    if (table === undefined || first?.key === undefined || first.key === 'PRIMARY' || depth > 3) return plan
    const other = await this.#copy.without(table.name, first.key, () => this.#planned(sql, depth + 1))
    return other.cost < plan.cost ? other : plan
  }

  /** The plan names a table by its alias; its index has one name in the whole copy where it is hypothetical. */
  #tableOf({ table, key = '' }: ExplainedTable): TableStatistics | undefined {
    return findTable(this.#statistics, null, this.#copy.tableOf(key) ?? table)
  }

  #rangeRows(table: TableStatistics, { key = '', usedKeys, rows, bounds }: ExplainedTable): number {
    const keys = this.#copy.keysOf(table.name, key).slice(0, usedKeys.length)
    const at = keys.findIndex((column) => bounds.some((each) => each.column === column))
    // Lists of values, which the server knows from the statistics.
    if (at === -1) return rows
    const found = at === 0 ? table.rows : this.#copy.rowsPerKey(table, keys.slice(0, at))
    return Math.max(1, found * this.#share(table, keys[at] ?? '', bounds))
  }

  /** Of the rows, by the column's bounds, as if its values were spread evenly between them. */
  #share(table: TableStatistics, column: string, asked: readonly ColumnBound[]): number {
    const bounds = table.columns.find((each) => each.name === column)?.statistics?.bounds
    if (bounds === undefined) return RANGE_SHARE
    const [least, most] = bounds.map(measure) as [number, number]
    let [from, to] = [least, most]
    for (const each of asked) {
      if (each.column !== column) continue
      if (each.side === 'from') from = Math.max(from, measure(each.value))
      else to = Math.min(to, measure(each.value))
    }
    if (!(most > least) || Number.isNaN(to - from)) return RANGE_SHARE
    // Of whole numbers both ends count.
    const end = bounds.every((each) => /^-?\d+$/.test(each)) ? 1 : 0
    return Math.min(1, Math.max(0, (to - from + end) / (most - least + end)))
  }

  /** Equalities are planned by averages, whatever the value: so it is that of the one row. A list has different ones. */
  #values(roles: readonly ParameterRole[], binding: Binding): string[] {
    const times = new Map<string, number>()
    return roles.map((role, at) => {
      if (role.kind === 'limit') return binding.values[at] ?? '50'
      if (role.kind === 'offset') return binding.values[at] ?? '0'
      if (!('column' in role)) return binding.values[at] ?? '1'
      const column = findTable(this.#statistics, null, role.table)?.columns.find(
        (each) => each.name === role.column,
      )
      if (column === undefined) return '1'
      if (role.kind === 'from' || role.kind === 'to') return binding.values[at] ?? boundOf(column, role.kind)
      const key = `${role.table}.${role.column}`
      const before = times.get(key) ?? 0
      times.set(key, before + 1)
      return before === 0 ? standIn(column) : later(standIn(column), before)
    })
  }

  async #explain(sql: string): Promise<{ cost: number; root: unknown }> {
    try {
      const [line] = await this.#client.query(`explain format=json ${sql}`)
      const root: unknown = JSON.parse(String(Object.values(line ?? {})[0]))
      await this.#client.query(`explain ${sql}`)
      const [status] = await this.#client.query(`show session status like 'Last_query_cost'`)
      return { cost: Number(status?.['Value']), root }
    } catch (error) {
      const { errno } = error as { errno?: number }
      if (errno === undefined) throw error
      throw new UnplannableQueryError(`MariaDB cannot plan it (error ${errno})`)
    }
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new AdvisorError('E_PLANNER', 'The MariaDB planner is closed.'))
    return this.#turns.take(work)
  }
}

/** What an INSERT looks for: nothing. */
const written: Plan = {
  cost: 0,
  rows: 1,
  root: {
    type: 'Insert',
    relation: null,
    index: null,
    conditions: [],
    sort: [],
    startupCost: 0,
    cost: 0,
    rows: 1,
    children: [],
  },
  uses: [],
}

/** The server tells the cost of a SELECT alone: an UPDATE and a DELETE find their rows as one does. Null for an INSERT. */
function asSelect(sql: string): string | null {
  if (/^\s*(?:select|with|\()/i.test(sql)) return sql
  const [, deleted] = /^\s*delete\s+from\s+(.*)$/is.exec(sql) ?? []
  if (deleted !== undefined) return `select * from ${deleted}`
  const [, table, where] = /^\s*update\s+(.*?)\s+set\s+.*?(\swhere\s.*)?$/is.exec(sql) ?? []
  return table === undefined ? null : `select * from ${table}${where ?? ''}`
}

/** A bound that leaves a tenth of the rows. */
function boundOf(column: TableColumn, side: 'from' | 'to'): string {
  const bounds = column.statistics?.bounds
  const [least = NaN, most = NaN] = (bounds ?? []).map(measure)
  if (bounds === undefined || Number.isNaN(most - least)) return standIn(column)
  const part = RANGE_SHARE * (most - least)
  return unmeasure(side === 'from' ? most - part : least + part, bounds[0])
}

/** Another value of the same type. */
function later(value: string, times: number): string {
  const number = measure(value)
  return Number.isNaN(number)
    ? `${value}${times}`
    : unmeasure(number + (/^\d{4}-/.test(value) ? 86_400_000 : 1) * times, value)
}

/** A number, or a time in milliseconds; NaN for text. */
function measure(value: string): number {
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  return /^\d{4}-\d\d-\d\d/.test(value)
    ? Date.parse(`${value.replace(' ', 'T').replace(/Z?$/, '')}${value.length > 10 ? 'Z' : ''}`)
    : NaN
}

function unmeasure(value: number, like: string): string {
  return /^\d{4}-/.test(like)
    ? new Date(value).toISOString().slice(0, 19).replace('T', ' ')
    : String(Math.round(value))
}

/**
 * The statement with its values as literals and MariaDB's quotes; placeholders within quotes are none. Under ANSI_QUOTES the server
 * would read the names as they are, and print JSON that is none.
 */
function withValues(sql: string, values: readonly string[]): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)/g, (token, number: string | undefined) => {
    if (token.startsWith('"')) return `\`${token.slice(1, -1).replaceAll('""', '"').replaceAll('`', '``')}\``
    if (number === undefined) return token
    const value = values[Number(number) - 1] ?? '1'
    return /^-?\d+(\.\d+)?$/.test(value) ? value : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
  })
}
