import { quoteIdentifier } from '@prisma-brisk/core'
import { AdvisorError } from '../errors.ts'
import { count, flag, text, textOrNull } from './sql-client.ts'
import type { Row, SqlClient } from './sql-client.ts'
import { summaryOnly, UNCOUNTED } from './statistics.ts'
import type { Statistics, TableColumn, TableIndex, TableStatistics } from './statistics.ts'

/**
 * SQLite keeps little: `sqlite_stat1` for the indexes that ANALYZE saw. How many values a column has is counted here,
 * by reading each table once. No value is exported.
 */
export async function exportSqliteStatistics(client: SqlClient): Promise<Statistics> {
  const [version] = await client.query('select sqlite_version() as name')
  const name = version === undefined ? '' : text(version, 'name')
  const objects = await client.query(
    `select type, name, tbl_name as table_name, sql from sqlite_master
     where name not like 'sqlite_%' and name not like 'libsql_%' and name <> '_prisma_migrations'
     order by type, name`,
  )
  const stats = await readStats(client, objects)
  const tables: TableStatistics[] = []
  for (const object of objects) {
    // A virtual table is its module's business.
    if (text(object, 'type') !== 'table' || /^\s*create\s+virtual/i.test(text(object, 'sql'))) continue
    tables.push(await readTable(client, object, objects, stats))
  }
  return {
    format: 'prisma-brisk/statistics',
    version: 1,
    provider: 'sqlite',
    server: { name: `SQLite ${name}`, version: versionNumber(name) },
    values: false,
    defaultSchema: null,
    settings: {},
    extensions: [],
    types: [],
    unreadable: [],
    tables,
  }
}

/** `sqlite_stat1` exists once ANALYZE ran. */
async function readStats(client: SqlClient, objects: readonly Row[]): Promise<readonly Row[]> {
  const [found] = await client.query(`select 1 as found from sqlite_master where name = 'sqlite_stat1'`)
  if (found === undefined || objects.length === 0) return []
  return client.query('select tbl as table_name, idx as name, stat from sqlite_stat1')
}

async function readTable(
  client: SqlClient,
  object: Row,
  objects: readonly Row[],
  stats: readonly Row[],
): Promise<TableStatistics> {
  const name = text(object, 'name')
  const columns = await client.query(
    'select name, type, "notnull" as not_null, pk, hidden from pragma_table_xinfo(?)',
    [name],
  )
  const plain = columns.filter((column) => count(column, 'hidden') === 0)
  const counted = plain.flatMap((column, at) => {
    const quoted = quoteIdentifier(text(column, 'name'))
    return [
      `count(distinct ${quoted}) as d${at}`,
      `count(${quoted}) as n${at}`,
      `avg(length(${quoted})) as w${at}`,
    ]
  })
  const [counts] = await client.query(
    `select count(*) as total, ${counted.join(', ')} from ${quoteIdentifier(name)}`,
  )
  if (counts === undefined) throw new AdvisorError('E_STATISTICS', `${name} could not be counted.`)
  const rows = count(counts, 'total')
  const width = plain.reduce((sum, _, at) => sum + 2 + count(counts, `w${at}`), 8)
  return {
    schema: null,
    name,
    definition: text(object, 'sql'),
    partitioning: null,
    pages: Math.ceil((rows * width) / 4096 / 2),
    analysedPages: Math.ceil((rows * width) / 4096 / 2),
    rows,
    allVisiblePages: 0,
    activity: UNCOUNTED,
    columns: plain.map((column, at): TableColumn => ({
      name: text(column, 'name'),
      type: text(column, 'type').toLowerCase(),
      extension: null,
      isNullable: !flag(column, 'not_null'),
      collation: null,
      statistics: summaryOnly({
        nullFraction: rows === 0 ? 0 : 1 - count(counts, `n${at}`) / rows,
        averageWidth: count(counts, `w${at}`),
        distinct: count(counts, `d${at}`),
      }),
      inheritedStatistics: null,
    })),
    indexes: await readIndexes(client, name, objects, stats),
    foreignKeys: [],
    extended: [],
  }
}

async function readIndexes(
  client: SqlClient,
  table: string,
  objects: readonly Row[],
  stats: readonly Row[],
): Promise<TableIndex[]> {
  const indexes: TableIndex[] = []
  for (const row of await client.query(
    'select name, "unique" as is_unique, origin from pragma_index_list(?)',
    [table],
  )) {
    const name = text(row, 'name')
    const keys = await client.query('select name from pragma_index_xinfo(?) where key = 1 order by seqno', [
      name,
    ])
    const definition = objects.find((object) => object['type'] === 'index' && object['name'] === name)
    const sql = definition === undefined ? '' : text(definition, 'sql')
    const stat = stats.find((each) => each['table_name'] === table && each['name'] === name)
    indexes.push({
      name,
      // What PRIMARY KEY and UNIQUE made has no statement of its own; the table's makes it.
      definition: sql,
      method: 'btree',
      isUnique: flag(row, 'is_unique'),
      isPrimary: text(row, 'origin') === 'pk',
      isConstraint: text(row, 'origin') !== 'c',
      isValid: true,
      keys: keys.map((key) => textOrNull(key, 'name')),
      include: [],
      predicate: /\)\s*where\s+([\s\S]+)$/i.exec(sql)?.[1] ?? null,
      pages: 0,
      analysedPages: 0,
      rows: 0,
      scans: 0,
      fillfactor: null,
      expressions: [],
      parent: null,
      ...(stat === undefined ? {} : { stat: text(stat, 'stat') }),
    })
  }
  return indexes.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** `3.45.1` → 3045001, as SQLite counts. */
function versionNumber(name: string): number {
  const [major = 0, minor = 0, patch = 0] = name.split('.').map(Number)
  return major * 1_000_000 + minor * 1000 + patch
}
