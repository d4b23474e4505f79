import { AdvisorError } from '../errors.ts'
import { count, countOrNull, flag, text, textOrNull } from './sql-client.ts'
import type { Row, SqlClient } from './sql-client.ts'
import { summaryOnly, UNCOUNTED } from './statistics.ts'
import type { Statistics, TableColumn, TableIndex, TableStatistics } from './statistics.ts'

/**
 * MariaDB and MySQL keep rows and sizes in information_schema, the number of values of an index's keys there too, and
 * MariaDB more where `ANALYZE TABLE … PERSISTENT FOR ALL` ran: with the least and the greatest value of numbers and times, unless
 * `values` is false. These numbers feed the rules, and the planner of MariaDB where there is a server for it.
 */
export async function exportMariadbStatistics(
  client: SqlClient,
  { values: withValues = true }: { readonly values?: boolean | undefined } = {},
): Promise<Statistics> {
  const [server] = await client.query('select version() as name, database() as database_name')
  const name = server === undefined ? '' : text(server, 'name')
  const database = server === undefined ? null : textOrNull(server, 'database_name')
  if (database === null) {
    throw new AdvisorError('E_STATISTICS', 'The connection names no database: put it at the end of the URL.')
  }
  const tables = await client.query(
    `select t.table_name as name, t.table_rows as row_count, t.data_length as bytes
     from information_schema.tables t
     where t.table_schema = ? and t.table_type = 'BASE TABLE' and t.table_name <> '_prisma_migrations'
     order by t.table_name`,
    [database],
  )
  const columns = await client.query(
    `select c.table_name as table_name, c.column_name as name, c.column_type as type, c.is_nullable = 'YES' as is_nullable
     from information_schema.columns c where c.table_schema = ? order by c.table_name, c.ordinal_position`,
    [database],
  )
  const keys = await client.query(
    `select s.table_name as table_name, s.index_name as name, s.non_unique = 0 as is_unique, s.column_name as column_name,
            s.cardinality as distinct_values, s.index_type as method
     from information_schema.statistics s where s.table_schema = ?
     order by s.table_name, s.index_name, s.seq_in_index`,
    [database],
  )
  const values = await persistentStatistics(client, database)
  return {
    format: 'prisma-brisk/statistics',
    version: 1,
    provider: 'mysql',
    server: {
      name: /mariadb/i.test(name) ? `MariaDB ${name}` : `MySQL ${name}`,
      version: versionNumber(name),
    },
    values: withValues && values.length > 0,
    defaultSchema: null,
    settings: values.length > 0 ? { engine_independent_statistics: 'on' } : {},
    extensions: [],
    types: [],
    unreadable: [],
    tables: tables.map((table) => {
      const own = (rows: readonly Row[]) => rows.filter((row) => row['table_name'] === table['name'])
      return readTable(table, own(columns), own(keys), own(values), withValues)
    }),
  }
}

/** MySQL has no such table, and not every role may read MariaDB's. */
async function persistentStatistics(client: SqlClient, database: string): Promise<readonly Row[]> {
  try {
    return await client.query(
      `select s.table_name as table_name, s.column_name as name, s.nulls_ratio as null_fraction,
              s.avg_length as width, s.avg_frequency as frequency, convert(s.min_value using utf8mb4) as least, convert(s.max_value using utf8mb4) as most,
              if(s.hist_type in ('SINGLE_PREC_HB', 'DOUBLE_PREC_HB'), decode_histogram(s.hist_type, s.histogram), null) as widths,
              t.cardinality as row_count
       from mysql.column_stats s
       join mysql.table_stats t on t.db_name = s.db_name and t.table_name = s.table_name
       where s.db_name = ?`,
      [database],
    )
  } catch {
    return []
  }
}

function readTable(
  table: Row,
  columns: readonly Row[],
  keys: readonly Row[],
  values: readonly Row[],
  withValues: boolean,
): TableStatistics {
  const analysed = values[0] === undefined ? null : count(values[0], 'row_count')
  const rows = analysed ?? countOrNull(table, 'row_count') ?? -1
  const pages = Math.ceil(count(table, 'bytes') / 8192)
  return {
    schema: null,
    name: text(table, 'name'),
    partitioning: null,
    pages,
    analysedPages: pages,
    rows,
    allVisiblePages: 0,
    activity: UNCOUNTED,
    columns: columns.map((column) => readColumn(column, keys, values, rows, withValues)),
    indexes: readIndexes(keys, rows),
    foreignKeys: [],
    extended: [],
  }
}

function readColumn(
  column: Row,
  keys: readonly Row[],
  values: readonly Row[],
  rows: number,
  withValues: boolean,
): TableColumn {
  const name = text(column, 'name')
  const known = values.find((each) => each['name'] === name)
  // The first key of an index: how many values it has is the column's own number.
  const first = keys.find((key, at) => key['column_name'] === name && keys[at - 1]?.['name'] !== key['name'])
  const frequency = known === undefined ? null : countOrNull(known, 'frequency')
  const filled = rows * (1 - (known === undefined ? 0 : count(known, 'null_fraction')))
  const distinct =
    frequency !== null && frequency > 0
      ? filled / frequency
      : first === undefined
        ? null
        : countOrNull(first, 'distinct_values')
  return {
    name,
    type: text(column, 'type'),
    extension: null,
    isNullable: flag(column, 'is_nullable'),
    collation: null,
    statistics:
      distinct === null
        ? null
        : {
            ...summaryOnly({
              nullFraction: known === undefined ? 0 : count(known, 'null_fraction'),
              averageWidth: known === undefined ? 8 : count(known, 'width'),
              distinct: Math.max(1, Math.round(distinct)),
            }),
            ...(withValues ? boundsOf(known) : {}),
          },
    inheritedStatistics: null,
  }
}

/** Of numbers and times: of texts they would be pieces of data that nothing is reckoned from. */
function boundsOf(known: Row | undefined): {
  bounds?: readonly [string, string]
  quantiles?: readonly number[]
} {
  if (known === undefined) return {}
  const [least, most] = [textOrNull(known, 'least'), textOrNull(known, 'most')]
  const isMeasured = (each: string | null) => /^-?\d+(\.\d+)?$|^\d{4}-\d\d-\d\d/.test(each ?? '')
  return least === null || most === null || !isMeasured(least) || !isMeasured(most)
    ? {}
    : { bounds: [least, most], ...quantilesOf(textOrNull(known, 'widths')) }
}

/** `0.00780,0.00786,…`: how wide the part of the values is that each of equally many rows has. */
function quantilesOf(widths: string | null): { quantiles?: readonly number[] } {
  if (widths === null || widths === '') return {}
  let end = 0
  return { quantiles: widths.split(',').map((width) => Math.round((end += Number(width)) * 1e5) / 1e5) }
}

function readIndexes(keys: readonly Row[], rows: number): TableIndex[] {
  const names = [...new Set(keys.map((key) => text(key, 'name')))]
  return names.map((name) => {
    const own = keys.filter((key) => key['name'] === name)
    const [first] = own
    return {
      name,
      definition: '',
      method: (first === undefined ? '' : text(first, 'method')).toLowerCase(),
      isUnique: first !== undefined && flag(first, 'is_unique'),
      isPrimary: name === 'PRIMARY',
      isConstraint: name === 'PRIMARY',
      isValid: true,
      keys: own.map((key) => textOrNull(key, 'column_name')),
      include: [],
      predicate: null,
      pages: 0,
      analysedPages: 0,
      rows,
      scans: 0,
      fillfactor: null,
      expressions: [],
      prefixes: own.map((key) => countOrNull(key, 'distinct_values') ?? 0).filter((each) => each > 0),
      parent: null,
    }
  })
}

/** `10.11.19-MariaDB` → 101119. */
function versionNumber(name: string): number {
  const [major = 0, minor = 0, patch = 0] = (/^\d+\.\d+\.\d+/.exec(name)?.[0] ?? '').split('.').map(Number)
  return major * 10_000 + minor * 100 + patch
}
