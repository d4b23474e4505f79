import { tableLabel, type Catalog, type ColumnStatistics } from '../catalog/catalog.ts'
import type { CatalogStatistics } from '../catalog/with-statistics.ts'
import { AdvisorError } from '../errors.ts'
import type { Remark } from '../advice/advice.ts'
import { parseArrayLiteral } from './array-literal.ts'
import { currentRows, distinctValues, findTable } from './statistics.ts'
import type { Statistics, TableStatistics, ValueStatistics } from './statistics.ts'

/** Statistics of another database prove nothing: they must know the tables and columns of the schema. */
export function checkStatistics(catalog: Catalog, statistics: Statistics): void {
  if (statistics.provider !== catalog.provider) {
    throw new AdvisorError(
      'E_STATISTICS',
      `The statistics are of ${statistics.server.name}, the schema is for ${catalog.provider}.`,
    )
  }
  const missing = catalog.tables.filter(
    (table) => findTable(statistics, table.schema, table.name) === undefined,
  )
  const closed = missing.filter((table) =>
    statistics.unreadable.includes(`${table.schema ?? statistics.defaultSchema}.${table.name}`),
  )
  if (closed[0] !== undefined) {
    throw new AdvisorError(
      'E_STATISTICS',
      `The statistics leave out ${closed.map(tableLabel).join(', ')}: the role that exported them may not ` +
        'read it. GRANT SELECT (or pg_read_all_data), then export again.',
    )
  }
  if (catalog.tables.length > 0 && missing.length * 2 > catalog.tables.length) {
    throw new AdvisorError(
      'E_STATISTICS',
      `The statistics do not match the schema: they know ${catalog.tables.length - missing.length} of its ` +
        `${catalog.tables.length} tables (no ${missing[0] === undefined ? '' : tableLabel(missing[0])}). Export them from the database of this schema.`,
    )
  }
  for (const table of catalog.tables) {
    const found = findTable(statistics, table.schema, table.name)
    const column =
      found && table.columns.find((each) => !found.columns.some((other) => other.name === each.name))
    if (column !== undefined) {
      throw new AdvisorError(
        'E_STATISTICS',
        `The statistics do not match the schema: they know no column ${column.name} in ${tableLabel(table)}. ` +
          'Migrate that database, or export from one that is, then try again.',
      )
    }
  }
}

/** Rows and shares for the rules. Shares decide there and are never printed. */
export function catalogStatistics(statistics: Statistics): CatalogStatistics[] {
  return statistics.tables.flatMap((table) => {
    const rows = rowsOf(statistics, table)
    if (rows === null && table.rowSecurity === undefined) return []
    const columns = table.columns.flatMap((column): [string, ColumnStatistics][] => {
      const values = column.inheritedStatistics ?? column.statistics
      if (values === null || rows === null) return []
      const described = {
        nullFraction: values.nullFraction,
        distinct: distinctValues(values, rows),
        mostCommonFraction: values.common?.frequencies[0] ?? null,
        width: values.averageWidth,
        shares: sharesOf(values, column.type),
      }
      return [[column.name, described]]
    })
    const schema = table.schema === statistics.defaultSchema ? null : table.schema
    const isPartitioned = table.partitioning?.key != null
    return [
      {
        table: table.name,
        schema,
        rows: rows === null ? null : Math.round(rows),
        columns: new Map(columns),
        ...(isPartitioned ? { isPartitioned } : {}),
        ...(table.rowSecurity === undefined ? {} : { rowSecurity: table.rowSecurity }),
      },
    ]
  })
}

/** How the database sorts text: `C` where all of it goes by bytes. */
export function collationOf(statistics: Statistics): string | null {
  const collations = new Set(
    statistics.tables.flatMap((table) => table.columns.map((column) => column.collation)),
  )
  return collations.has('other') ? 'other' : collations.has('C') ? 'C' : null
}

/** How often each most-common value occurs, in the spelling of the schema: `true`, not `t`. */
function sharesOf(values: ValueStatistics, type: string): ReadonlyMap<string, number> | null {
  const common = values.common
  if (common === null || common.values === null) return null
  const spelled = parseArrayLiteral(common.values).map((value) =>
    type === 'boolean' ? (value === 't' ? 'true' : 'false') : (value ?? ''),
  )
  return new Map(spelled.map((value, at) => [value, common.frequencies[at] ?? 0]))
}

/** Rows of a table with all its partitions; null where it was never analysed. */
export function rowsOf(statistics: Statistics, table: TableStatistics): number | null {
  const parts = partsOf(statistics, table)
  if (parts.length === 0) return table.rows < 0 ? null : currentRows(table)
  const known = parts.map((part) => rowsOf(statistics, part)).filter((rows) => rows !== null)
  return known.length === 0 ? null : known.reduce((sum, rows) => sum + rows, 0)
}

export function partsOf(statistics: Statistics, table: TableStatistics): TableStatistics[] {
  return statistics.tables.filter((each) => {
    const parent = each.partitioning?.parent
    return (
      parent !== null && parent !== undefined && parent.name === table.name && parent.schema === table.schema
    )
  })
}

/** Whether the numbers can be believed: tables never analysed, and ones that changed much since. */
export function statisticsFindings(catalog: Catalog, statistics: Statistics): Remark[] {
  return catalog.tables.flatMap((table): Remark[] => {
    const found = findTable(statistics, table.schema, table.name)
    const finding = (reason: string): Remark => ({
      kind: 'statistics',
      model: table.model,
      index: '',
      reason,
    })
    const label = tableLabel(table)
    if (found === undefined)
      return [finding(`The statistics know no table ${label}: nothing of it is proved.`)]
    if (rowsOf(statistics, found) === null) {
      return [finding(`${label} was never analysed: run ANALYZE, then ask again.`)]
    }
    const changed = found.activity.changedSinceAnalysed
    if (changed > 50 + 0.2 * Math.max(0, found.rows) && found.partitioning?.key == null) {
      const share = Math.round((100 * changed) / Math.max(1, found.rows))
      return [
        finding(`Statistics of ${label} are stale (${share} % of its rows changed since): run ANALYZE.`),
      ]
    }
    return []
  })
}
