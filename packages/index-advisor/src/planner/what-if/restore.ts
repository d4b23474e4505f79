import { join } from 'node:path'

import { type BtreeSize, btreeSize } from '../../size/btree-size.ts'
import { indexSize } from '../../size/index-size.ts'
import { parseArrayLiteral, printArrayLiteral } from '../../statistics/array-literal.ts'
import { qualifiedName } from '../../statistics/sql-text.ts'
import { text } from '../../statistics/sql-client.ts'
import { standInValues } from '../../statistics/stand-in-values.ts'
import type {
  Statistics,
  TableColumn,
  TableIndex,
  TableStatistics,
  ValueStatistics,
} from '../../statistics/statistics.ts'
import { resizeRelation, writeBtreePath } from './sparse-file.ts'
import type { WhatIfCluster } from './cluster.ts'

/** Gives every table and index of the cluster the statistics and the length it has in production. */
export async function restoreStatistics(cluster: WhatIfCluster, statistics: Statistics): Promise<void> {
  for (const table of statistics.tables) {
    await restoreTable(cluster, table)
    await restoreIndexes(cluster, table)
    for (const column of table.columns) {
      for (const [values, inherited] of [
        [column.statistics, false],
        [column.inheritedStatistics, true],
      ] as const) {
        if (values !== null) {
          const target = {
            schema: table.schema,
            relation: table.name,
            attribute: ['attname', column.name],
            inherited,
          }
          await restoreValues(cluster, statistics, target, values, column)
        }
      }
    }
    for (const index of table.indexes) {
      if (!index.isValid) continue
      for (const { position, statistics: values } of index.expressions) {
        const target = {
          schema: table.schema,
          relation: index.name,
          attribute: ['attnum', position],
          inherited: false,
        }
        await restoreValues(cluster, statistics, target, values, null)
      }
    }
    await restoreExtended(cluster, table)
  }
  for (const table of statistics.tables) {
    await resize(cluster, table.schema, table.name, table.pages)
    for (const index of table.indexes) {
      if (!index.isValid || index.pages === 0) continue
      const columns = index.keys.filter((key): key is string => key !== null)
      const share =
        table.rows > 0 && index.predicate !== null ? Math.min(1, Math.max(0, index.rows / table.rows)) : 1
      const level = index.method === 'btree' ? heightOf(statistics, table, index, columns, share) : null
      await resize(cluster, table.schema, index.name, index.pages, level)
    }
  }
}

/** Rows and pages as of the last analysis. Building an index resets them to what is in the (empty) table. */
export async function restoreTable(cluster: WhatIfCluster, table: TableStatistics): Promise<void> {
  await cluster.query(
    `select pg_restore_relation_stats('schemaname', $1::text, 'relname', $2::text, 'relpages', $3::int,
       'reltuples', $4::real, 'relallvisible', $5::int)`,
    [table.schema, table.name, table.analysedPages, table.rows, table.allVisiblePages],
  )
}

async function restoreIndexes(cluster: WhatIfCluster, table: TableStatistics): Promise<void> {
  for (const index of table.indexes) {
    if (!index.isValid) continue
    await cluster.query(
      `select pg_restore_relation_stats('schemaname', $1::text, 'relname', $2::text, 'relpages', $3::int,
         'reltuples', $4::real) where to_regclass($5) is not null`,
      [table.schema, index.name, index.analysedPages, index.rows, qualifiedName(table.schema, index.name)],
    )
  }
}

/** Sets the file length of a table or an index, and for a b-tree the height of the tree. */
export async function resize(
  cluster: WhatIfCluster,
  schema: string | null,
  relation: string,
  pages: number,
  level: number | null = null,
): Promise<void> {
  const [row] = await cluster.query('select pg_relation_filepath(to_regclass($1)) as path', [
    qualifiedName(schema, relation),
  ])
  const path = row === undefined ? '' : text(row, 'path')
  // A partitioned table has no file, and an index that could not be made here has none either.
  if (path === '') return
  const file = join(cluster.directory, path)
  resizeRelation(file, pages)
  if (level !== null && pages > level + 1) writeBtreePath(file, level)
}

function heightOf(
  statistics: Statistics,
  table: TableStatistics,
  index: TableIndex,
  columns: readonly string[],
  share: number,
): number {
  const size: BtreeSize =
    columns.length > 0
      ? indexSize(statistics, table, { method: 'btree', columns, share })
      : btreeSize({
          rows: index.rows,
          keys: [{ type: 'text', width: 16, nullFraction: 0, distinct: index.rows, frequencies: [] }],
          serverVersion: statistics.server.version,
        })
  return size.level
}

interface Target {
  readonly schema: string | null
  readonly relation: string
  readonly attribute: readonly (string | number)[]
  readonly inherited: boolean
}

async function restoreValues(
  cluster: WhatIfCluster,
  statistics: Statistics,
  target: Target,
  values: ValueStatistics,
  column: TableColumn | null,
): Promise<void> {
  const [attribute, name] = target.attribute
  const known =
    column !== null && column.collation === 'other' ? sortByBytes(values.histogram) : values.histogram
  const common =
    values.common === null ? null : (values.common.values ?? standInValues(statistics, column, values.common))
  const pairs: readonly (readonly [name: string, type: string, value: unknown])[] = [
    ['null_frac', 'real', values.nullFraction],
    ['avg_width', 'int', Math.round(values.averageWidth)],
    ['n_distinct', 'real', values.distinct],
    ['correlation', 'real', values.correlation],
    ...(common === null
      ? []
      : ([
          ['most_common_vals', 'text', common],
          ['most_common_freqs', 'real[]', realArray(values.common?.frequencies ?? [])],
        ] as const)),
    ['histogram_bounds', 'text', known],
    ...(values.elements === null || values.elements.values === null
      ? []
      : ([
          ['most_common_elems', 'text', values.elements.values],
          ['most_common_elem_freqs', 'real[]', realArray(values.elements.frequencies)],
        ] as const)),
    [
      'elem_count_histogram',
      'real[]',
      values.elementCountHistogram && realArray(values.elementCountHistogram),
    ],
    ['range_length_histogram', 'text', values.rangeLengthHistogram],
    ['range_empty_frac', 'real', values.rangeEmptyFraction],
    ['range_bounds_histogram', 'text', values.rangeBoundsHistogram],
  ]
  const present = pairs.filter(([, , value]) => value !== null)
  const parameters: unknown[] = [target.schema, target.relation, name, target.inherited]
  const list = present.map(([key, type, value]) => {
    parameters.push(value)
    return `'${key}', $${parameters.length}::${type}`
  })
  const attributeType = attribute === 'attnum' ? 'smallint' : 'text'
  await cluster.query(
    `select pg_restore_attribute_stats('schemaname', $1::text, 'relname', $2::text,
       '${attribute}', $3::${attributeType}, 'inherited', $4::boolean, ${list.join(', ')})
     where to_regclass(format('%I.%I', $1::text, $2::text)) is not null`,
    parameters,
  )
}

/** The cluster sorts text by bytes; a histogram in another order would be searched in vain. */
function sortByBytes(histogram: string | null): string | null {
  if (histogram === null) return null
  const bounds = parseArrayLiteral(histogram).map((bound) => Buffer.from(bound ?? ''))
  return printArrayLiteral(bounds.sort(Buffer.compare).map((bound) => bound.toString()))
}

function realArray(values: readonly number[]): string {
  return `{${values.join(',')}}`
}

/**
 * Extended statistics have no function that restores them in 18, so their catalog row is written: the two kinds whose
 * binary form is plain, numbers of distinct combinations and functional dependencies.
 */
async function restoreExtended(cluster: WhatIfCluster, table: TableStatistics): Promise<void> {
  if (table.extended.every((each) => each.distinct === null && each.dependencies === null)) return
  for (const [name, type] of [
    ['pg_ndistinct', 'pg_ndistinct'],
    ['pg_dependencies', 'pg_dependencies'],
  ] as const) {
    await cluster
      .query(`create cast (bytea as pg_catalog.${type}) without function`)
      .catch((error: unknown) => ignoreExisting(error, name))
  }
  for (const extended of table.extended) {
    await cluster.query(
      `insert into pg_catalog.pg_statistic_ext_data (stxoid, stxdinherit, stxdndistinct, stxddependencies)
       select e.oid, c.relkind = 'p', $3::bytea::pg_ndistinct, $4::bytea::pg_dependencies
       from pg_catalog.pg_statistic_ext e join pg_catalog.pg_class c on c.oid = e.stxrelid
       where e.stxname = $1 and e.stxrelid = to_regclass($2)`,
      [
        extended.name,
        qualifiedName(table.schema, table.name),
        extended.distinct === null ? null : distinctBytes(extended.distinct),
        extended.dependencies === null ? null : dependencyBytes(extended.dependencies),
      ],
    )
  }
}

function ignoreExisting(error: unknown, name: string): void {
  if (!(error instanceof Error) || !error.message.includes('already exists')) {
    throw new Error(`The embedded planner refuses ${name}`, { cause: error })
  }
}

/** `{"1, 2": 100}` → magic, type, count, then each: distinct (float8), number of columns (int4), columns (int2). */
function distinctBytes(printed: string): Uint8Array {
  const items = Object.entries(JSON.parse(printed) as Record<string, number>)
  const parts = items.map(([columns, distinct]) => {
    const numbers = columns.split(',').map(Number)
    const part = Buffer.alloc(8 + 4 + 2 * numbers.length)
    part.writeDoubleLE(distinct, 0)
    part.writeInt32LE(numbers.length, 8)
    numbers.forEach((number, index) => part.writeInt16LE(number, 12 + 2 * index))
    return part
  })
  return Buffer.concat([header(0xa352bfa4, items.length), ...parts])
}

/** `{"1 => 2": 0.5}` → magic, type, count, then each: degree (float8), number of columns (int2), columns (int2). */
function dependencyBytes(printed: string): Uint8Array {
  const items = Object.entries(JSON.parse(printed) as Record<string, number>)
  const parts = items.map(([columns, degree]) => {
    const numbers = columns.split(/,|=>/).map(Number)
    const part = Buffer.alloc(8 + 2 + 2 * numbers.length)
    part.writeDoubleLE(degree, 0)
    part.writeInt16LE(numbers.length, 8)
    numbers.forEach((number, index) => part.writeInt16LE(number, 10 + 2 * index))
    return part
  })
  return Buffer.concat([header(0xb4549a2c, items.length), ...parts])
}

function header(magic: number, count: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32LE(magic, 0)
  bytes.writeUInt32LE(1, 4)
  bytes.writeUInt32LE(count, 8)
  return bytes
}
