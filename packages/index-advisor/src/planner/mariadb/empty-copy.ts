import { randomBytes } from 'node:crypto'
import { distinctCombinations } from '../../size/btree-size.ts'
import { text, type SqlClient } from '../../statistics/sql-client.ts'
import { distinctValues, findTable } from '../../statistics/statistics.ts'
import type { Statistics, TableColumn, TableStatistics } from '../../statistics/statistics.ts'
import type { HypotheticalIndex, PlannerGap } from '../planner.ts'

/** InnoDB's pages; in statistics they are of 8 KiB. */
const PAGE = 16_384
/** How full its leaves are, and what an entry has beside its keys. */
const FILL = 0.93
const ENTRY = 7
/** What an entry of the tree above the leaves has beside its keys. */
const POINTER = 11

/**
 * A database with one row a table whose statistics are those of the real one. InnoDB reads its persistent statistics when it opens a
 * table, and keeps what it has read through FLUSH; a table that was renamed is read anew. So each table is renamed there and back
 * after its statistics were written.
 */
export class MariadbCopy {
  readonly gaps: PlannerGap[] = []
  readonly #client: SqlClient
  readonly #statistics: Statistics
  readonly #database = `brisk_plan_${randomBytes(6).toString('hex')}`
  /** Hypothetical indexes by id, as they are named in the copy. */
  readonly #names = new Map<string, string>()
  readonly #made = new Map<string, { index: HypotheticalIndex; isShown: boolean }>()

  constructor(client: SqlClient, statistics: Statistics) {
    this.#client = client
    this.#statistics = statistics
  }

  /** Takes away what runs have left that were ended before they could: each holds a lock of its name as long as it lives. */
  async open(): Promise<void> {
    await this.#client.query('select get_lock(?, 0)', [this.#database])
    const left = await this.#client.query(
      `select schema_name as name from information_schema.schemata where schema_name like 'brisk\\\\_plan\\\\_%' and is_free_lock(schema_name) = 1`,
    )
    for (const row of left) await this.#drop(text(row, 'name'))
    await this.#client.query(`create database ${quoted(this.#database)}`)
    await this.#client.query(`use ${quoted(this.#database)}`)
    for (const set of [
      `sql_mode = ''`,
      // By the statistics, where it would else look into the index, which is empty.
      'eq_range_index_dive_limit = 1',
      `use_stat_tables = 'PREFERABLY_FOR_QUERIES'`,
      'foreign_key_checks = 0',
    ])
      await this.#client.query(`set session ${set}`)
    for (const table of this.#statistics.tables) await this.#makeTable(table)
  }

  async close(): Promise<void> {
    await this.#drop(this.#database)
    await this.#client.query('select release_lock(?)', [this.#database])
  }

  async #drop(database: string): Promise<void> {
    await this.#client.query(`drop database if exists ${quoted(database)}`)
    await this.#forget(database, null)
  }

  /** Exactly these, beside what exists. */
  async show(indexes: readonly HypotheticalIndex[]): Promise<void> {
    const touched = new Set<string>()
    const fresh = indexes.filter((each) => !this.#made.has(each.id))
    for (const index of fresh) {
      const name = `brisk_${this.#names.size + 1}`
      const keys = index.keys.map((key) => `${quoted(key.column ?? '')}${key.sort === 'desc' ? ' desc' : ''}`)
      await this.#client.query(`create index ${name} on ${quoted(index.table)} (${keys.join(', ')})`)
      this.#names.set(index.id, name)
      this.#made.set(index.id, { index, isShown: true })
      touched.add(index.table)
    }
    for (const [id, made] of this.#made) {
      const isShown = indexes.some((each) => each.id === id)
      if (made.isShown === isShown) continue
      await this.#turn(made.index.table, this.#names.get(id) ?? '', isShown)
      made.isShown = isShown
      touched.add(made.index.table)
    }
    for (const name of touched) await this.#describeAgain(name)
  }

  /** Without one index, whichever it is, for as long as `work` takes. */
  async without<T>(table: string, name: string, work: () => Promise<T>): Promise<T> {
    await this.#turn(table, name, false)
    await this.#describeAgain(table)
    try {
      return await work()
    } finally {
      await this.#turn(table, name, true)
      await this.#describeAgain(table)
    }
  }

  /** The hypothetical index's id, else the name itself. */
  idOf(name: string): string {
    return [...this.#names].find(([, own]) => own === name)?.[0] ?? name
  }

  /** The table of a hypothetical index; undefined for one that exists. */
  tableOf(name: string): string | undefined {
    return this.#made.get(this.idOf(name))?.index.table
  }

  /** Keys of an index of the copy, in order. */
  keysOf(table: string, name: string): readonly string[] {
    const made = this.#made.get(this.idOf(name))
    if (made !== undefined) return made.index.keys.flatMap((key) => key.column ?? [])
    const existing = findTable(this.#statistics, null, table)?.indexes.find((each) => each.name === name)
    return (existing?.keys ?? []).flatMap((key) => key ?? [])
  }

  /** @param key undefined: the table itself */
  sizeOf(table: TableStatistics, key: string | undefined): { leaves: number; height: number } {
    const primary = table.indexes.find((each) => each.isPrimary)?.keys.flatMap((each) => each ?? []) ?? []
    const isTable = key === undefined || key === 'PRIMARY'
    const keys = isTable ? primary : this.keysOf(table.name, key)
    const all = [...keys, ...primary.filter((each) => !keys.includes(each))]
    const leaves = isTable ? tablePages(table) : leafPages(table, all, Math.max(1, table.rows))
    const width = widthOf(table, isTable ? primary : all) + POINTER
    let height = 1
    for (let pages = leaves; pages > 1; pages = Math.ceil((pages * width) / PAGE)) height++
    return { leaves, height }
  }

  /** Rows that agree in these columns, on average. */
  rowsPerKey(table: TableStatistics, keys: readonly string[]): number {
    return Math.max(1, table.rows) / Math.max(1, distinctOf(table, keys))
  }

  /** Whoever changes a table has its statistics reckoned anew: from no rows. */
  async #describeAgain(name: string): Promise<void> {
    const table = findTable(this.#statistics, null, name)
    if (table !== undefined) await this.#describe(table)
  }

  async #turn(table: string, name: string, isShown: boolean): Promise<void> {
    if (name === 'PRIMARY') return
    await this.#client.query(
      `alter table ${quoted(table)} alter index ${quoted(name)} ${isShown ? 'not ignored' : 'ignored'}`,
    )
  }

  async #makeTable(table: TableStatistics): Promise<void> {
    const columns = table.columns.map(
      (each) => `${quoted(each.name)} ${each.type}${each.isNullable ? ' null' : ' not null'}`,
    )
    const primary = table.indexes.find((each) => each.isPrimary)
    const key =
      primary === undefined
        ? ''
        : `, primary key (${primary.keys.map((each) => quoted(each ?? '')).join(', ')})`
    try {
      await this.#client.query(
        `create table ${quoted(table.name)} (${columns.join(', ')}${key}) engine = InnoDB stats_persistent = 1 stats_auto_recalc = 0`,
      )
    } catch (error) {
      this.#gap(table, `it cannot be made: ${wordsOf(error)}`)
      return
    }
    for (const index of table.indexes.filter((each) => !each.isPrimary)) {
      const kind = index.method === 'fulltext' ? 'fulltext ' : index.isUnique ? 'unique ' : ''
      try {
        await this.#client.query(
          `create ${kind}index ${quoted(index.name)} on ${quoted(table.name)} (${index.keys.map((each) => quoted(each ?? '')).join(', ')})`,
        )
      } catch (error) {
        this.#gap(table, `the index ${index.name} cannot be made: ${wordsOf(error)}`)
      }
    }
    // A lookup by a unique key is done while it is planned: the row that it asks for must be there.
    const values = table.columns.map(standIn)
    await this.#client
      .query(`insert ignore into ${quoted(table.name)} values (${values.map(() => '?').join(', ')})`, values)
      .catch(() => undefined)
    await this.#describe(table)
  }

  async #describe(table: TableStatistics): Promise<void> {
    await this.#forget(this.#database, table.name)
    const rows = Math.max(1, Math.round(table.rows))
    const pages = tablePages(table)
    const primary = table.indexes.find((each) => each.isPrimary)?.keys.flatMap((key) => key ?? []) ?? []
    const indexes = [
      ...table.indexes
        .filter((each) => each.method === 'btree')
        .map((each) => ({
          name: each.name,
          keys: each.keys.flatMap((key) => key ?? []),
          prefixes: each.prefixes,
        })),
      ...[...this.#made.values()]
        .filter(({ index }) => index.table === table.name)
        .map(({ index }) => ({
          name: this.#names.get(index.id) ?? '',
          keys: index.keys.flatMap((key) => key.column ?? []),
          prefixes: undefined,
        })),
    ]
    let others = 0
    const stored: (string | number | null)[][] = []
    const frequencies: (string | number)[][] = []
    for (const { name, keys, prefixes } of indexes) {
      const isPrimary = name === 'PRIMARY'
      const all = isPrimary ? keys : [...keys, ...primary.filter((each) => !keys.includes(each))]
      const leaves = isPrimary ? Math.round(pages * 0.95) : leafPages(table, all, rows)
      const size = isPrimary ? pages : leaves + 1 + Math.ceil(leaves / 500)
      if (!isPrimary) others += size
      const distinct = all.map((_, at) =>
        Math.round(prefixes?.[at] ?? distinctOf(table, all.slice(0, at + 1))),
      )
      for (const [at, count] of distinct.entries()) {
        stored.push([name, `n_diff_pfx${String(at + 1).padStart(2, '0')}`, Math.max(1, count), 20, ''])
        frequencies.push([name, at + 1, Math.max(1, rows / Math.max(1, count))])
      }
      stored.push([name, 'n_leaf_pages', leaves, null, ''], [name, 'size', size, null, ''])
    }
    await this.#insert(
      'innodb_index_stats (database_name, table_name, index_name, stat_name, stat_value, sample_size, stat_description)',
      table,
      stored,
    )
    await this.#insert(
      'innodb_table_stats (database_name, table_name, n_rows, clustered_index_size, sum_of_other_index_sizes)',
      table,
      [[rows, pages, others]],
    )
    if (this.#isAnalysed())
      await this.#insert(
        'index_stats (db_name, table_name, index_name, prefix_arity, avg_frequency)',
        table,
        frequencies,
      )
    if (this.#isAnalysed()) await this.#columns(table, rows)
    await this.#client.query(`rename table ${quoted(table.name)} to brisk_renamed`)
    await this.#client.query(`rename table brisk_renamed to ${quoted(table.name)}`)
  }

  async #columns(table: TableStatistics, rows: number): Promise<void> {
    await this.#insert('table_stats (db_name, table_name, cardinality)', table, [[rows]])
    const columns = table.columns.flatMap(({ name, statistics }) => {
      if (statistics === null) return []
      const [least = null, most = null] = statistics.bounds ?? []
      const { nullFraction, averageWidth } = statistics
      const frequency = (rows * (1 - nullFraction)) / distinctValues(statistics, rows)
      return [[name, least, most, nullFraction, averageWidth, frequency]]
    })
    await this.#insert(
      'column_stats (db_name, table_name, column_name, min_value, max_value, nulls_ratio, avg_length, avg_frequency)',
      table,
      columns,
    )
  }

  /** The real server has engine-independent statistics, and plans by them. */
  #isAnalysed(): boolean {
    return this.#statistics.settings['engine_independent_statistics'] === 'on'
  }

  /** @param into table of `mysql` with its columns: the first two are database and table */
  async #insert(
    into: string,
    table: TableStatistics,
    rows: readonly (readonly (string | number | null)[])[],
  ): Promise<void> {
    if (rows.length === 0) return
    const values = rows.map((row) => [this.#database, table.name, ...row])
    await this.#client.query(
      `insert into mysql.${into} values ${values.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ')}`,
      values.flat(),
    )
  }

  /** @param table all of them where it is empty */
  /** @param table null: all */
  async #forget(database: string, table: string | null): Promise<void> {
    for (const [name, column] of [
      ['innodb_table_stats', 'database_name'],
      ['innodb_index_stats', 'database_name'],
      ['table_stats', 'db_name'],
      ['index_stats', 'db_name'],
      ['column_stats', 'db_name'],
    ] as const)
      await this.#client.query(
        `delete from mysql.${name} where ${column} = ?${table === null ? '' : ' and table_name = ?'}`,
        table === null ? [database] : [database, table],
      )
  }

  #gap(table: TableStatistics, reason: string): void {
    this.gaps.push({ schema: null, table: table.name, reason: `${table.name}: ${reason}` })
  }
}

/** The value of the one row that the copy has. */
export function standIn({ type, statistics }: TableColumn): string {
  if (statistics?.bounds !== undefined) return statistics.bounds[0]
  if (/date|time/i.test(type)) return '2020-01-01'
  if (/int|dec|float|double|bit|year/i.test(type)) return '1'
  const [, label] = /^enum\('((?:[^']|'')*)'/i.exec(type) ?? []
  return label ?? (/json/i.test(type) ? '{}' : 'x')
}

function distinctOf(table: TableStatistics, keys: readonly string[]): number {
  const rows = Math.max(1, table.rows)
  const known = table.indexes
    .filter((each) => keys.every((key, at) => each.keys[at] === key))
    .flatMap((each) => each.prefixes?.[keys.length - 1] ?? [])[0]
  if (known !== undefined) return known
  const primary = table.indexes.find((each) => each.isPrimary)?.keys ?? []
  if (primary.length > 0 && primary.every((key) => keys.includes(key ?? ''))) return rows
  return distinctCombinations(
    keys.map((key) =>
      keyColumn(
        table.columns.find((each) => each.name === key),
        rows,
      ),
    ),
    rows,
  )
}

function keyColumn(column: TableColumn | undefined, rows: number) {
  const statistics = column?.statistics ?? null
  return {
    type: '',
    width: 0,
    nullFraction: statistics?.nullFraction ?? 0,
    distinct: statistics === null ? Math.sqrt(rows) : distinctValues(statistics, rows),
    frequencies: [],
  }
}

/** Of entries that stand one after the other, as an index has them that was just built. */
export function leafPages(table: TableStatistics, keys: readonly string[], rows: number): number {
  return Math.max(1, Math.ceil((rows * (widthOf(table, keys) + ENTRY)) / (PAGE * FILL)))
}

function tablePages(table: TableStatistics): number {
  return Math.max(1, Math.round((table.pages * 8192) / PAGE))
}

function widthOf(table: TableStatistics, keys: readonly string[]): number {
  return keys.reduce((sum, key) => {
    const column = table.columns.find((each) => each.name === key)
    return sum + (column?.statistics?.averageWidth ?? 8) + (column?.isNullable === true ? 1 : 0)
  }, 0)
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function wordsOf(error: unknown): string {
  const { sqlMessage, message } = error as { sqlMessage?: string; message?: string }
  return (sqlMessage ?? message ?? String(error)).split('\n')[0] ?? ''
}
