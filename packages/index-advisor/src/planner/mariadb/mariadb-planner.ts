import { type Binding, type PlannableQuery } from '../../binding/binding.ts'
import type { ParameterRole } from '../../binding/parameter-roles.ts'
import { rolesOf } from '../../binding/statement-roles.ts'
import { AdvisorError } from '../../errors.ts'
import type { SqlClient } from '../../statistics/sql-client.ts'
import {
  findTable,
  type Statistics,
  type TableColumn,
  type TableStatistics,
} from '../../statistics/statistics.ts'
import { assertQuery } from '../../workload/statement.ts'
import { leafPages, MariadbCopy, standIn } from './empty-copy.ts'
import { type CostContext, priceOf, reckonCost, withLookups } from './plan-cost.ts'
import { allTables, type ExplainedBlock, type ExplainedTable, planOf, readExplain } from './explained-plan.ts'
import type { Plan } from '../plan.ts'
import { type HypotheticalIndex, type Planner, type PlannerGap, UnplannableQueryError } from '../planner.ts'
import { measure, RANGE_SHARE, RowEstimates } from './row-estimates.ts'
import { selectClauses, tableAliases } from './select-clauses.ts'
import { Turns } from '../turns.ts'

/** From this version on the server's costs are milliseconds, which are not compared with what is reckoned here. */
const TIMED = 1100

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
  return new MariadbPlanner(client, statistics, copy, major * 100 + minor)
}

class MariadbPlanner implements Planner {
  readonly name = 'mariadb'
  readonly #client: SqlClient
  readonly #statistics: Statistics
  readonly #copy: MariadbCopy
  readonly #estimates: RowEstimates
  readonly #turns = new Turns()
  #closed = false

  readonly #version: number
  /** Of the query that is planned, the tables' own names. */
  #aliases: ReadonlyMap<string, string> = new Map()

  constructor(client: SqlClient, statistics: Statistics, copy: MariadbCopy, version: number) {
    this.#version = version
    this.#client = client
    this.#statistics = statistics
    this.#copy = copy
    this.#estimates = new RowEstimates(copy)
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
      return asked === null ? written : this.#planned(asked, indexes)
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
  async #planned(sql: string, indexes: readonly HypotheticalIndex[]): Promise<Plan> {
    this.#aliases = tableAliases(sql)
    let { block, context } = await this.#chosen(sql, 0)
    // A row that is found while the statement is planned must be there: the copy has one.
    if (allTables(block).length === 0 && !block.isOfEnds)
      ({ block, context } = await this.#chosen(this.#ofTheRow(sql), 0))
    const { cost, estimated } = reckonCost(block, context)
    const plan = planOf(block, cost, estimated, (name) => this.#copy.idOf(name))
    return block.isOfEnds ? { ...plan, uses: await this.#ends(sql, indexes) } : plan
  }

  /** The statement with the one row's values in place of those that unique keys are compared with. */
  #ofTheRow(sql: string): string {
    const values = new Map<string, string>()
    for (const name of new Set(this.#aliases.values())) {
      const table = findTable(this.#statistics, null, name)
      for (const key of table?.indexes.filter((each) => each.isUnique).flatMap((each) => each.keys) ?? []) {
        const column = table?.columns.find((each) => each.name === key)
        if (column !== undefined) values.set(column.name, standIn(column))
      }
    }
    return sql.replace(
      /(`((?:[^`]|``)+)`|\b([\w$]+))(\s*=\s*)('(?:[^'\\]|\\.|'')*'|-?\d+(?:\.\d+)?)/g,
      (whole, name: string, quoted: string | undefined, bare: string | undefined, equals: string) => {
        const value = values.get(quoted ?? bare ?? '')
        return value === undefined ? whole : `${name}${equals}${literal(value)}`
      },
    )
  }

  /** The hypothetical indexes whose ends answer the statement: without them it reads a table. */
  async #ends(sql: string, indexes: readonly HypotheticalIndex[]): Promise<string[]> {
    const needed: HypotheticalIndex[] = []
    const isOfEnds = async (shown: readonly HypotheticalIndex[]) => {
      await this.#copy.show(shown)
      return (await this.#explain(sql)).block.isOfEnds
    }
    let rest = indexes
    while (!(await isOfEnds(needed)) && rest.length > 0) {
      // The first of them with which, and all before it, the ends are enough.
      let length = 1
      while (length < rest.length && !(await isOfEnds([...needed, ...rest.slice(0, length)]))) length++
      needed.push(...rest.slice(length - 1, length))
      rest = rest.slice(0, length - 1)
    }
    return needed.map((each) => each.id).sort()
  }

  async #chosen(sql: string, depth: number): Promise<Chosen> {
    const { block, queryCost, dependent } = await this.#explain(sql)
    const context = this.#context(sql, dependent)
    const isPriced = queryCost > 0 && this.#version < TIMED
    const price = isPriced ? priceOf(block, queryCost, context) : reckonCost(block, context).cost
    const own: Chosen = {
      block: withLookups(block, context),
      context,
      price,
      base: isPriced ? queryCost : price,
    }
    const range = allTables(block).find((each) => {
      const table = this.#tableOf(each)
      return (
        table !== undefined &&
        each.key !== undefined &&
        each.key !== 'PRIMARY' &&
        context.rangeRows(table, each) !== null
      )
    })
    const table = range === undefined ? undefined : this.#tableOf(range)
    if (range === undefined || table === undefined || depth > 3) return own
    const other = await this.#copy.without(table.name, range.key ?? '', () => this.#chosen(sql, depth + 1))
    return other.price < this.#rangePrice(own, range, table, other) ? other : own
  }

  /** Where a LIMIT wants fewer rows than there are, the server takes a range rather than a scan, though the scan is cheaper. */
  #rangePrice(own: Chosen, range: ExplainedTable, table: TableStatistics, other: Chosen): number {
    const wanted = own.context.clauses[own.block.selectId - 1]?.wanted ?? null
    const [first] = own.block.tables
    const [scanned] = other.block.tables
    if (wanted === null || first?.table !== range.table || scanned?.table !== range.table) return own.price
    if (scanned.access !== 'ALL' && scanned.access !== 'index') return own.price
    const { leaves } = this.#copy.sizeOf(table, undefined)
    const isFew = wanted < table.rows * this.#estimates.restShare(table, { ...scanned, filtered: 1 })
    return isFew && own.price < table.rows + leaves + 1 ? Math.min(own.price, other.base) : own.price
  }

  #context(sql: string, dependent: ReadonlySet<number>): CostContext {
    return {
      clauses: selectClauses(sql),
      dependent,
      tableOf: (explained) => this.#tableOf(explained),
      sizeOf: (table, key) => this.#copy.sizeOf(table, key),
      keysOf: (table, key) => this.#copy.keysOf(table.name, key),
      rangeRows: (table, explained) => this.#estimates.rangeRows(table, explained),
      equalRows: (table, explained) => this.#estimates.equalRows(table, explained),
      skipped: (table, explained, order) => this.#estimates.skipped(table, explained, order),
      share: (table, explained) => this.#estimates.restShare(table, explained),
      groups: (table, columns) =>
        columns.every((name) => table.columns.some((each) => each.name === name))
          ? table.rows / this.#copy.rowsPerKey(table, columns)
          : undefined,
    }
  }

  /** The plan names a table by its alias; its index has one name in the whole copy where it is hypothetical. */
  #tableOf({ table, key = '' }: ExplainedTable): TableStatistics | undefined {
    const name = this.#copy.tableOf(key) ?? this.#aliases.get(table) ?? table
    return findTable(this.#statistics, null, name)
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

  async #explain(sql: string): Promise<Explained> {
    try {
      const [line] = await this.#client.query(`explain format=json ${sql}`)
      const block = readExplain(String(Object.values(line ?? {})[0]))
      const rows = await this.#client.query(`explain ${sql}`)
      const [status] = await this.#client.query(`show session status like 'Last_query_cost'`)
      const dependent = rows.filter((row) => /^(?:DEPENDENT|UNCACHEABLE)/.test(String(row['select_type'])))
      return {
        block,
        queryCost: Number(status?.['Value']),
        dependent: new Set(dependent.map((row) => Number(row['id']))),
      }
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

interface Explained {
  readonly block: ExplainedBlock
  /** As the server has it; 0 where it has none. */
  readonly queryCost: number
  /** Numbers of the SELECTs that run for each row around them. */
  readonly dependent: ReadonlySet<number>
}

interface Chosen {
  readonly block: ExplainedBlock
  readonly context: CostContext
  /** By which the server chooses. */
  readonly price: number
  /** Before it looks for an index that has the rows in order. */
  readonly base: number
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
    return literal(value)
  })
}

function literal(value: string): string {
  return /^-?\d+(\.\d+)?$/.test(value) ? value : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}
