import { quoteIdentifier } from '@prisma-brisk/core'
import { type Binding, genericBinding, type PlannableQuery } from '../binding/binding.ts'
import { rolesOf } from '../binding/statement-roles.ts'
import { AdvisorError } from '../errors.ts'
import { text } from '../statistics/sql-client.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics, TableStatistics } from '../statistics/statistics.ts'
import { assertQuery } from '../workload/statement.ts'
import type { Plan } from './plan.ts'
import { type ExistingIndex, type HypotheticalIndex, type Planner, UnplannableQueryError } from './planner.ts'
import { keptShare } from './kept-share.ts'
import { distinctValuesOf, type PlanLine, sqliteCost } from './sqlite-cost.ts'
import { Turns } from './turns.ts'

/**
 * Plans with SQLite itself: `EXPLAIN QUERY PLAN` on a copy that has the tables, the indexes and the statistics, and
 * no rows. SQLite prints no costs, so the rows that its plan visits are reckoned from the same statistics.
 */
export async function sqlitePlanner(statistics: Statistics): Promise<Planner> {
  if (statistics.provider !== 'sqlite') {
    throw new AdvisorError('E_PLANNER', `The SQLite planner cannot plan for ${statistics.server.name}.`)
  }
  const planner = new SqlitePlanner(statistics)
  // Fails here, not at the first query, where the tables cannot be made.
  await planner.plan({ fingerprint: '', sql: 'select 1', parameters: 0 }, [], genericBinding)
  return planner
}

/** The copy with one set of indexes. Another set is another copy: libSQL cannot drop an index after an EXPLAIN. */
interface EmptyCopy {
  readonly names: ReadonlyMap<string, string>
  explain(sql: string): Promise<readonly PlanLine[]>
  close(): void
}

async function openEmptyCopy(
  statistics: Statistics,
  indexes: readonly HypotheticalIndex[],
): Promise<EmptyCopy> {
  const { createClient } = await import('@libsql/client')
  const database = createClient({ url: ':memory:' })
  const names = new Map(indexes.map((index, at) => [index.id, `prisma_brisk_${at + 1}`]))
  try {
    await database.executeMultiple(copyScript(statistics, indexes, names))
  } catch (cause) {
    database.close()
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AdvisorError('E_PLANNER', `The tables of the statistics cannot be made in SQLite: ${reason}`, {
      cause,
    })
  }
  return {
    names,
    explain: async (sql) => {
      const { rows } = await database.execute(`explain query plan ${sql}`)
      return rows.map((row) => ({
        id: Number(row['id']),
        parent: Number(row['parent']),
        detail: text(row, 'detail'),
      }))
    },
    close: () => database.close(),
  }
}

function copyScript(
  statistics: Statistics,
  indexes: readonly HypotheticalIndex[],
  names: ReadonlyMap<string, string>,
): string {
  const { tables } = statistics
  const stats = tables.flatMap((table) => [
    [table.name, null, String(Math.max(1, table.rows))] as const,
    ...table.indexes.map((index) => {
      const keys = index.keys.filter((key): key is string => key !== null)
      const stat = index.stat ?? statOf(table, keys, keptShare(table, index.predicate))
      return [table.name, index.name, stat] as const
    }),
  ])
  for (const index of indexes) {
    const table = findTable(statistics, null, index.table)
    if (table === undefined) continue
    stats.push([
      table.name,
      names.get(index.id) ?? '',
      statOf(
        table,
        index.keys.flatMap((key) => key.column ?? []),
        index.kept ?? keptShare(table, index.predicate),
      ),
    ])
  }
  const literal = (value: string | null): string =>
    value === null ? 'null' : `'${value.replace(/'/g, "''")}'`
  return [
    ...tables.map((table) => table.definition ?? ''),
    ...tables.flatMap((table) => table.indexes.map((index) => index.definition).filter((sql) => sql !== '')),
    ...indexes.map((index) => createStatement(index, names.get(index.id) ?? '')),
    // Makes sqlite_stat1, empty as the tables are; filled, it is read when SQLite is told to.
    'analyze',
    'delete from sqlite_stat1',
    ...stats.map(
      (row) => `insert into sqlite_stat1 (tbl, idx, stat) values (${row.map(literal).join(', ')})`,
    ),
    'analyze sqlite_schema',
  ].join(';\n')
}

function createStatement(index: HypotheticalIndex, name: string): string {
  const keys = index.keys.map(
    (key) => `${quoteIdentifier(key.column ?? '')}${key.sort === 'desc' ? ' desc' : ''}`,
  )
  const where = index.predicate === null ? '' : ` where ${index.predicate}`
  return `create index ${quoteIdentifier(name)} on ${quoteIdentifier(index.table)} (${keys.join(', ')})${where}`
}

class SqlitePlanner implements Planner {
  readonly name = 'sqlite'
  #statistics: Statistics
  #copy: EmptyCopy | null = null
  readonly #turns = new Turns()
  #closed = false

  constructor(statistics: Statistics) {
    this.#statistics = statistics
  }

  async decline(index: HypotheticalIndex): Promise<string | null> {
    const table = findTable(this.#statistics, null, index.table)
    if (table === undefined) return `the statistics know no table ${index.table}`
    if (index.method !== 'btree') return `SQLite has no ${index.method} index`
    for (const { column } of index.keys) {
      if (column === null)
        return 'an index on an expression has no statistics before it is built, so its use cannot be foreseen'
      if (!table.columns.some((each) => each.name === column))
        return `the statistics know no column ${column} in ${index.table}`
    }
    return null
  }

  plan(query: PlannableQuery, indexes: readonly HypotheticalIndex[], _binding: Binding): Promise<Plan> {
    return this.#exclusive(async () => {
      const refusal = await assertQuery(query.sql)
      if (refusal !== null) throw new UnplannableQueryError(refusal)
      const copy = await this.#show(indexes)
      const hasColumn = (_: string | null, table: string, column: string): boolean =>
        findTable(this.#statistics, null, table)?.columns.some((each) => each.name === column) ?? false
      const roles = await rolesOf(query.sql, query.parameters, hasColumn)
      const lines = await explain(copy, query)
      const names = new Map([...copy.names].map(([id, name]) => [name, id]))
      return sqliteCost(lines, {
        statistics: this.#statistics,
        roles,
        sql: query.sql,
        indexes: new Map(indexes.map((index) => [copy.names.get(index.id) ?? '', index])),
        nameOf: (name) => names.get(name) ?? name,
      })
    })
  }

  async hiding<T>({ name }: ExistingIndex, work: () => Promise<T>): Promise<T> {
    const all = this.#statistics
    const indexes = (table: TableStatistics) => table.indexes.filter((each) => each.name !== name)
    await this.#know({ ...all, tables: all.tables.map((table) => ({ ...table, indexes: indexes(table) })) })
    try {
      return await work()
    } finally {
      await this.#know(all)
    }
  }

  #know(statistics: Statistics): Promise<void> {
    return this.#exclusive(async () => {
      this.#copy?.close()
      this.#copy = null
      this.#statistics = statistics
    })
  }

  async indexBytes(index: HypotheticalIndex): Promise<number> {
    const table = findTable(this.#statistics, null, index.table)
    if (table === undefined) return 0
    const width = index.keys.reduce((sum, key) => {
      const column = table.columns.find((each) => each.name === key.column)
      return sum + 1 + (column?.statistics?.averageWidth ?? 8)
    }, 4)
    const rows = table.rows * (index.kept ?? keptShare(table, index.predicate))
    // Cells of an index b-tree with their pointer and header, on pages two thirds full.
    return Math.max(1, Math.ceil((rows * (width + 4)) / 0.69 / 4096)) * 4096
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turns.over()
    this.#copy?.close()
  }

  async #show(indexes: readonly HypotheticalIndex[]): Promise<EmptyCopy> {
    const current = this.#copy
    if (current?.names.size === indexes.length && indexes.every((index) => current.names.has(index.id)))
      return current
    current?.close()
    this.#copy = null
    return (this.#copy = await openEmptyCopy(this.#statistics, indexes))
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new AdvisorError('E_PLANNER', 'The SQLite planner is closed.'))
    return this.#turns.take(work)
  }
}

async function explain(copy: EmptyCopy, query: PlannableQuery): Promise<readonly PlanLine[]> {
  try {
    return await copy.explain(query.sql)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const missing = /no such (table|function): [\w.]+/.exec(message)
    throw new UnplannableQueryError(`SQLite cannot plan it${missing === null ? '' : ` (${missing[0]})`}`)
  }
}

/** `1000000 100 1`: rows in the index, rows of one value of the first key, of the first two, …; as ANALYZE rounds them. */
function statOf(table: TableStatistics, keys: readonly string[], kept: number): string {
  const rows = Math.max(1, Math.round(table.rows * kept))
  const numbers = keys.map((_, at) =>
    Math.ceil(rows / Math.max(1, distinctValuesOf(table, keys.slice(0, at + 1), rows))),
  )
  return [rows, ...numbers].join(' ')
}
