import type { RowSecurity } from '../catalog/catalog.ts'
import { AdvisorError } from '../errors.ts'
import { printedPolicies, rowSecurityOf } from '../sql/row-policy.ts'
import {
  columnsQuery,
  extendedStatisticsQuery,
  extensionsQuery,
  foreignKeysQuery,
  indexesQuery,
  policiesQuery,
  plannerSettings,
  serverQuery,
  settingsQuery,
  tablesQuery,
  typesQuery,
  valuesQuery,
} from './postgres-catalog.ts'
import { count, countOrNull, flag, jsonArray, text, textOrNull } from './sql-client.ts'
import type { Row, SqlClient } from './sql-client.ts'
import type {
  CommonValues,
  ExtendedStatistics,
  Statistics,
  TableColumn,
  TableIndex,
  TableStatistics,
  UserType,
  ValueStatistics,
} from './statistics.ts'

export interface ExportOptions {
  /** False leaves most-common values, histograms and their like out. Default true. */
  readonly values?: boolean | undefined
  /** Only these schemas. Default: all of the user's. */
  readonly schemas?: readonly string[] | undefined
  /** ms for one statement. Default 30,000. */
  readonly statementTimeout?: number | undefined
  /** ms to wait for a lock. Default 2,000. */
  readonly lockTimeout?: number | undefined
}

const OLDEST = 120000
const NEWEST = 190000

/**
 * Reads everything a planner knows, in one read-only transaction with time-outs. It reads catalogs alone, so it costs
 * the server some milliseconds, whatever the size of the tables.
 */
export async function exportPostgresStatistics(
  client: SqlClient,
  options: ExportOptions = {},
): Promise<Statistics> {
  await client.query('begin transaction isolation level repeatable read read only')
  try {
    await client.query(`set local statement_timeout = ${Math.trunc(options.statementTimeout ?? 30_000)}`)
    await client.query(`set local lock_timeout = ${Math.trunc(options.lockTimeout ?? 2_000)}`)
    return await readStatistics(client, options.values ?? true, options.schemas ?? null)
  } catch (cause) {
    if (cause instanceof AdvisorError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AdvisorError(
      'E_DATABASE',
      `The statistics could not be read: ${reason}. Nothing was exported.`,
      { cause },
    )
  } finally {
    // The connection may be gone by now; what went wrong first is what the caller must see.
    await client.query('rollback').catch(() => undefined)
  }
}

async function readStatistics(
  client: SqlClient,
  values: boolean,
  schemas: readonly string[] | null,
): Promise<Statistics> {
  const [server] = await client.query(serverQuery)
  const version = server === undefined ? 0 : count(server, 'version')
  if (server === undefined || version < OLDEST || version >= NEWEST) {
    throw new AdvisorError(
      'E_STATISTICS',
      `Statistics can be read from PostgreSQL 12 to 18, this server says it is version ${version}. ` +
        'Nothing was exported.',
    )
  }
  const blocks = count(server, 'block_size') / 8192
  const pages = (row: Row) => Math.ceil(count(row, 'bytes') / 8192)
  const analysed = (row: Row) => Math.max(0, Math.round(count(row, 'analysed_pages') * blocks))

  const settings = await client.query(settingsQuery, [plannerSettings])
  // From here on every printed name carries its schema.
  await client.query(`set local search_path = ''`)
  const extensions = await client.query(extensionsQuery)
  const types = await client.query(typesQuery)
  const relations = await client.query(tablesQuery, [schemas])
  const columns = groupBy(await client.query(columnsQuery(version), [schemas]), 'oid')
  const valueRows = groupBy(await client.query(valuesQuery(version, values), [schemas]), 'schema', 'relation')
  const indexes = groupBy(await client.query(indexesQuery, [schemas]), 'oid')
  const foreignKeys = groupBy(await client.query(foreignKeysQuery), 'oid')
  const security = await rowSecurity(groupBy(await client.query(policiesQuery), 'oid'), columns)
  const extended = groupBy(await client.query(extendedStatisticsQuery), 'oid')

  const defaultSchema = textOrNull(server, 'default_schema')
  const unreadable = relations.filter((row) => !flag(row, 'is_readable'))
  refuseUnreadable(unreadable, relations, defaultSchema)

  const tables = relations
    .filter((row) => flag(row, 'is_readable'))
    .map((row): TableStatistics => {
      const schema = text(row, 'schema')
      const oid = text(row, 'oid')
      const statisticsOf = (relation: string) => valueRows.get(`${schema}\0${relation}`) ?? []
      const own = statisticsOf(text(row, 'name'))
      const parentName = textOrNull(row, 'parent_name')
      const key = textOrNull(row, 'partition_key')
      return {
        schema,
        name: text(row, 'name'),
        partitioning:
          key === null && parentName === null
            ? null
            : {
                key,
                parent: parentName === null ? null : { schema: text(row, 'parent_schema'), name: parentName },
                bound: textOrNull(row, 'partition_bound'),
              },
        pages: pages(row),
        analysedPages: analysed(row),
        // Before version 14 a table never analysed said 0 rows on 0 pages.
        rows: version < 140000 && count(row, 'analysed_pages') === 0 ? -1 : count(row, 'rows'),
        allVisiblePages: Math.round(count(row, 'all_visible') * blocks),
        activity: {
          inserted: count(row, 'inserted'),
          updated: count(row, 'updated'),
          hotUpdated: count(row, 'hot_updated'),
          deleted: count(row, 'deleted'),
          scans: count(row, 'scans'),
          indexScans: count(row, 'index_scans'),
          changedSinceAnalysed: count(row, 'changed'),
        },
        ...rowSecurityIn(security.get(oid)),
        columns: (columns.get(oid) ?? []).map((column) => readColumn(column, own)),
        indexes: (indexes.get(oid) ?? []).map((index) =>
          readIndex(index, pages(index), analysed(index), statisticsOf(text(index, 'name'))),
        ),
        foreignKeys: (foreignKeys.get(oid) ?? []).map((each) => ({
          name: text(each, 'name'),
          definition: text(each, 'definition'),
        })),
        extended: readExtended(extended.get(oid) ?? []),
      }
    })

  return {
    format: 'prisma-brisk/statistics',
    version: 1,
    provider: 'postgresql',
    server: { name: `PostgreSQL ${text(server, 'name')}`, version },
    values,
    defaultSchema,
    settings: Object.fromEntries(settings.map((row) => [text(row, 'name'), text(row, 'value')])),
    extensions: extensions.map((row) => ({ name: text(row, 'name'), schema: text(row, 'schema') })),
    types: types.map(readType),
    unreadable: unreadable.map((row) => `${text(row, 'schema')}.${text(row, 'name')}`),
    tables,
  }
}

/** By table; null: every row is seen all the same. */
async function rowSecurity(
  policies: ReadonlyMap<string, readonly Row[]>,
  columns: ReadonlyMap<string, readonly Row[]>,
): Promise<ReadonlyMap<string, RowSecurity | null>> {
  const found = new Map<string, RowSecurity | null>()
  for (const [oid, rows] of policies) {
    const named = rows.flatMap((row) => {
      const name = textOrNull(row, 'name')
      const using = textOrNull(row, 'using_expression')
      return name === null ? [] : [{ name, isPermissive: flag(row, 'is_permissive'), using }]
    })
    const isText = (column: string) =>
      (columns.get(oid) ?? []).some(
        (row) => row['name'] === column && text(row, 'type').startsWith('character varying'),
      )
    found.set(oid, rowSecurityOf(await printedPolicies(named, isText)))
  }
  return found
}

function rowSecurityIn(found: RowSecurity | null | undefined): Pick<TableStatistics, 'rowSecurity'> {
  return found == null ? {} : { rowSecurity: found }
}

/** Tables of other schemas may be closed to the role; the application's own must be open to it. */
function refuseUnreadable(
  unreadable: readonly Row[],
  all: readonly Row[],
  defaultSchema: string | null,
): void {
  const own = unreadable.filter((row) => row['schema'] === defaultSchema)
  if (own.length === 0 && (unreadable.length < all.length || all.length === 0)) return
  const names = (own.length > 0 ? own : unreadable).map(
    (row) => `${text(row, 'schema')}.${text(row, 'name')}`,
  )
  const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '')
  throw new AdvisorError(
    'E_STATISTICS',
    `pg_stats shows this role nothing of ${shown}: it shows only tables the role may SELECT from and that no row ` +
      'security hides. GRANT SELECT on them (or pg_read_all_data), or export as their owner. Nothing was exported.',
  )
}

function readType(row: Row): UserType {
  const schema = text(row, 'schema')
  const name = text(row, 'name')
  if (text(row, 'kind') === 'd') return { kind: 'domain', schema, name, base: text(row, 'base') }
  return { kind: 'enum', schema, name, labels: (jsonArray(row, 'labels') ?? []) as string[] }
}

function readColumn(row: Row, own: readonly Row[]): TableColumn {
  const name = text(row, 'name')
  const find = (inherited: boolean) =>
    own.find((each) => each['name'] === name && flag(each, 'inherited') === inherited)
  const collation = textOrNull(row, 'collation')
  return {
    name,
    type: text(row, 'type'),
    extension: textOrNull(row, 'extension'),
    isNullable: flag(row, 'is_nullable'),
    collation: collation === 'C' || collation === 'other' ? collation : null,
    statistics: readValues(find(false)),
    inheritedStatistics: readValues(find(true)),
  }
}

function readValues(row: Row | undefined): ValueStatistics | null {
  if (row === undefined) return null
  return {
    nullFraction: count(row, 'null_fraction'),
    averageWidth: count(row, 'average_width'),
    distinct: count(row, 'distinct_values'),
    correlation: countOrNull(row, 'correlation'),
    common: readCommon(row, 'common_values', 'common_frequencies'),
    histogram: textOrNull(row, 'histogram'),
    elements: readCommon(row, 'element_values', 'element_frequencies'),
    elementCountHistogram: jsonArray(row, 'element_count_histogram') as number[] | null,
    rangeLengthHistogram: textOrNull(row, 'range_length_histogram'),
    rangeEmptyFraction: countOrNull(row, 'range_empty_fraction'),
    rangeBoundsHistogram: textOrNull(row, 'range_bounds_histogram'),
  }
}

function readCommon(row: Row, values: string, frequencies: string): CommonValues | null {
  const shares = jsonArray(row, frequencies) as number[] | null
  return shares === null ? null : { values: textOrNull(row, values), frequencies: shares }
}

function readIndex(row: Row, pages: number, analysedPages: number, own: readonly Row[]): TableIndex {
  const keys = (jsonArray(row, 'keys') ?? []) as (string | null)[]
  const attributes = (jsonArray(row, 'attributes') ?? []) as string[]
  const parentName = textOrNull(row, 'parent_name')
  return {
    name: text(row, 'name'),
    definition: text(row, 'definition'),
    method: text(row, 'method'),
    isUnique: flag(row, 'is_unique'),
    isPrimary: flag(row, 'is_primary'),
    isConstraint: flag(row, 'is_constraint'),
    isValid: flag(row, 'is_valid'),
    keys,
    include: (jsonArray(row, 'include') ?? []) as string[],
    predicate: textOrNull(row, 'predicate'),
    pages,
    analysedPages,
    rows: count(row, 'rows'),
    scans: count(row, 'scans'),
    fillfactor: countOrNull(row, 'fillfactor'),
    expressions: keys.flatMap((key, position) => {
      const statistics =
        key === null ? readValues(own.find((each) => each['name'] === attributes[position])) : null
      return statistics === null ? [] : [{ position: position + 1, statistics }]
    }),
    parent: parentName === null ? null : { schema: text(row, 'parent_schema'), name: parentName },
  }
}

function readExtended(rows: readonly Row[]): ExtendedStatistics[] {
  const byName = new Map<string, ExtendedStatistics>()
  for (const row of rows) {
    const name = text(row, 'name')
    if (byName.has(name)) continue
    byName.set(name, {
      name,
      definition: text(row, 'definition'),
      distinct: textOrNull(row, 'distinct_values'),
      dependencies: textOrNull(row, 'dependencies'),
      hasCommonValues: flag(row, 'has_common_values'),
    })
  }
  return [...byName.values()]
}

function groupBy(rows: readonly Row[], ...columns: readonly string[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const key = columns.map((column) => text(row, column)).join('\0')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}
