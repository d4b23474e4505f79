import { quoteIdentifier } from '@prisma-brisk/core'
import { quoteText, qualifiedName } from '../../statistics/sql-text.ts'
import type { SqlClient } from '../../statistics/sql-client.ts'
import { text } from '../../statistics/sql-client.ts'
import type { Statistics, TableColumn, TableIndex, TableStatistics } from '../../statistics/statistics.ts'
import type { PlannerGap } from '../planner.ts'
import { isCarriedExtension } from './cluster.ts'

/** What could not be rebuilt; plans that touch it are less than certain. */
export interface RebuiltSchema {
  readonly gaps: readonly PlannerGap[]
  /** `schema.table.column` of columns whose type is unknown here and stands as bytes. */
  readonly opaque: ReadonlySet<string>
}

/** Text that does not sort by bytes; what matters to plans is only that it does not. */
const otherCollation = '"prisma_brisk"."other"'

/** Makes the tables, keys and indexes of the statistics in an empty database. */
export async function rebuildSchema(client: SqlClient, statistics: Statistics): Promise<RebuiltSchema> {
  const gaps: PlannerGap[] = []
  const attempt = async (sql: string, gap: PlannerGap): Promise<boolean> => {
    try {
      await client.query(sql)
      return true
    } catch (error) {
      gaps.push({
        ...gap,
        reason: `${gap.reason}: ${error instanceof Error ? error.message : String(error)}`,
      })
      return false
    }
  }

  await client.query('create schema "prisma_brisk"')
  await client.query(`create collation ${otherCollation} (provider = libc, locale = 'en_US.UTF-8')`)
  for (const schema of schemasOf(statistics))
    await client.query(`create schema if not exists ${quoteIdentifier(schema)}`)
  for (const { name, schema } of statistics.extensions) {
    if (!isCarriedExtension(name)) continue
    const gap = { schema: null, table: null, reason: `extension ${name} is not in the embedded planner` }
    await attempt(
      `create extension if not exists ${quoteIdentifier(name)} schema ${quoteIdentifier(schema)}`,
      gap,
    )
  }
  for (const type of statistics.types) {
    const name = qualifiedName(type.schema, type.name)
    const gap = { schema: type.schema, table: null, reason: `type ${type.name} cannot be made` }
    if (type.kind === 'enum')
      await attempt(`create type ${name} as enum (${type.labels.map(quoteText).join(', ')})`, gap)
    else await attempt(`create domain ${name} as ${type.base}`, gap)
  }

  const known = await knownTypes(client, statistics)
  const opaque = new Set<string>()
  for (const table of parentsFirst(statistics.tables)) {
    for (const column of table.columns) {
      if (!known.has(column.type)) opaque.add(`${table.schema}.${table.name}.${column.name}`)
    }
    await client.query(createTable(table, known))
  }
  for (const table of statistics.tables) {
    for (const index of table.indexes) {
      if (!index.isValid) continue
      await makeIndex(attempt, table, index)
    }
  }
  for (const table of statistics.tables) {
    for (const index of table.indexes) {
      if (index.parent === null || !index.isValid) continue
      const parent = qualifiedName(index.parent.schema, index.parent.name)
      const reason = `index ${index.name} is not attached`
      await attempt(`alter index ${parent} attach partition ${qualifiedName(table.schema, index.name)}`, {
        schema: table.schema,
        table: table.name,
        reason,
      })
    }
  }
  for (const table of statistics.tables) {
    const name = qualifiedName(table.schema, table.name)
    const gap = (reason: string): PlannerGap => ({ schema: table.schema, table: table.name, reason })
    for (const key of table.foreignKeys) {
      // Not valid: checking it would plan a query on the table and keep the first pages of its indexes in memory.
      const definition = key.definition.replace(/ NOT VALID$/, '')
      await attempt(
        `alter table ${name} add constraint ${quoteIdentifier(key.name)} ${definition} not valid`,
        gap(`foreign key ${key.name} is not known to the planner`),
      )
    }
    for (const extended of table.extended) {
      if (
        await attempt(
          extended.definition,
          gap(`extended statistics ${extended.name} are not known to the planner`),
        )
      ) {
        if (extended.hasCommonValues) {
          gaps.push(
            gap(`the common combinations of extended statistics ${extended.name} cannot be carried over`),
          )
        }
      }
    }
  }
  return { gaps, opaque }
}

function schemasOf(statistics: Statistics): Set<string> {
  const schemas = new Set<string>()
  for (const { schema } of [...statistics.extensions, ...statistics.types]) schemas.add(schema)
  for (const { schema } of statistics.tables) if (schema !== null) schemas.add(schema)
  return schemas
}

async function knownTypes(client: SqlClient, statistics: Statistics): Promise<Set<string>> {
  const names = new Set(statistics.tables.flatMap((table) => table.columns.map((column) => column.type)))
  const rows = await client.query(
    `select name from json_array_elements_text($1::json) name where to_regtype(name) is not null`,
    [JSON.stringify([...names])],
  )
  return new Set(rows.map((row) => text(row, 'name')))
}

/** A partition or a table that inherits comes after the table it belongs to. */
export function parentsFirst(tables: readonly TableStatistics[]): TableStatistics[] {
  const byName = new Map(tables.map((table) => [`${table.schema}.${table.name}`, table]))
  const ordered = new Set<TableStatistics>()
  const add = (table: TableStatistics): void => {
    const parent = table.partitioning?.parent
    if (parent) {
      const found = byName.get(`${parent.schema}.${parent.name}`)
      if (found !== undefined && !ordered.has(found)) add(found)
    }
    ordered.add(table)
  }
  for (const table of tables) add(table)
  return [...ordered]
}

function createTable(table: TableStatistics, known: ReadonlySet<string>): string {
  const name = qualifiedName(table.schema, table.name)
  const { key, parent, bound } = table.partitioning ?? { key: null, parent: null, bound: null }
  const split = key === null ? '' : ` partition by ${key}`
  const parentName = parent === null ? null : qualifiedName(parent.schema, parent.name)
  if (parentName !== null && bound !== null) {
    return `create table ${name} partition of ${parentName} ${bound}${split}`
  }
  const columns = table.columns.map((column) => columnDefinition(column, known)).join(', ')
  return `create table ${name} (${columns})${parentName === null ? '' : ` inherits (${parentName})`}${split}`
}

function columnDefinition(column: TableColumn, known: ReadonlySet<string>): string {
  const isKnown = known.has(column.type)
  const collation = !isKnown || column.collation === null ? '' : ` collate ${collationName(column.collation)}`
  const nullability = column.isNullable ? '' : ' not null'
  return `${quoteIdentifier(column.name)} ${isKnown ? column.type : 'bytea'}${collation}${nullability}`
}

function collationName(collation: 'C' | 'other'): string {
  return collation === 'C' ? '"C"' : otherCollation
}

async function makeIndex(
  attempt: (sql: string, gap: PlannerGap) => Promise<boolean>,
  table: TableStatistics,
  index: TableIndex,
): Promise<void> {
  const gap = {
    schema: table.schema,
    table: table.name,
    reason: `index ${index.name} is not known to the planner`,
  }
  // A collation of production's is of no use here, and columns carry their own.
  const definition = index.definition.replace(
    / COLLATE (?:(?:\w+|"(?:[^"]|"")*")\.)?(?:\w+|"(?:[^"]|"")*")/g,
    '',
  )
  if (!(await attempt(definition, gap))) return
  // Only a primary key lets GROUP BY its columns stand for all others.
  if (index.isPrimary && table.partitioning === null) {
    const constraint = `add constraint ${quoteIdentifier(index.name)} primary key using index ${quoteIdentifier(index.name)}`
    await attempt(`alter table ${qualifiedName(table.schema, table.name)} ${constraint}`, gap)
  }
}
