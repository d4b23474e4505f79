import type { Call, Host, Model, SchemaModel } from '@prisma-brisk/core'
import { learnSchema, schemaOf } from './database-schema.ts'

/** What only the database knows of a column: how its values are compared. */
export interface ColumnFact {
  /** The database's name of the type: `text`, `bpchar`, `citext`, `timestamp`; MySQL: `varchar`. */
  readonly type: string
  readonly collation: string | null
  /** Equal values have equal bytes. */
  readonly isDeterministic: boolean
}

/** How the columns of one database compare, by schema, table and column. */
type ColumnFacts = ReadonlyMap<string, ColumnFact>

const key = Symbol('prisma-brisk.batching.column-facts')

/**
 * Collations and types of all text and time columns of the schema, read from the database with one statement, once for
 * each base client: when the first keys of such a column are about to be merged. They are kept as long as the client
 * lives; who changes a collation restarts the application.
 */
export class ColumnCatalog {
  private facts: ColumnFacts | null = null
  private reading: Promise<ColumnFacts> | null = null

  static of(host: Host): ColumnCatalog {
    return host.state(key, () => new ColumnCatalog())
  }

  /** The facts, read in the transaction of `call` if they were not read yet; empty where they cannot be read. */
  async load(call: Call, schema: SchemaModel): Promise<ColumnFacts> {
    if (this.facts !== null) return this.facts
    try {
      this.facts = await this.read(call, schema)
      return this.facts
    } catch {
      // Nothing is certain then, and nothing merged; the next batch asks again.
      return new Map()
    }
  }

  /** A transaction asks for itself: what others have asked may be waiting for its connection. */
  private read(call: Call, schema: SchemaModel): Promise<ColumnFacts> {
    if (call.transaction.kind !== 'none') return read(call, schema)
    this.reading ??= read(call, schema).finally(() => (this.reading = null))
    return this.reading
  }
}

/** The fact of a field's column; null where it is not known. */
export function factOf(
  facts: ColumnFacts,
  host: Host,
  model: Model,
  { column }: { readonly column: string },
): ColumnFact | null {
  return facts.get(nameOf(schemaOf(host, model) ?? null, model.table, column)) ?? null
}

async function read(call: Call, { models }: SchemaModel): Promise<ColumnFacts> {
  const { host } = call
  await learnSchema(host)
  const tables = Array.from(models.values(), ({ table }) => table)
  const facts = new Map<string, ColumnFact>()
  const schemas = [...new Set(Array.from(models.values(), (model) => schemaOf(host, model) ?? ''))]
  // Each tenant may have a schema with tables of the same names.
  const rows = await (host.provider === 'mysql'
    ? call.queryRaw(mysqlColumns(tables.length), tables)
    : call.queryRaw(postgresColumns(tables.length, schemas.length), [...tables, ...schemas]))
  for (const { schema = null, name, column, type, collation, exact } of rows as ColumnRow[])
    facts.set(nameOf(schema, name, column), { type, collation, isDeterministic: exact === true })
  return facts
}

interface ColumnRow {
  readonly schema?: string
  readonly name: string
  readonly column: string
  readonly type: string
  readonly collation: string | null
  readonly exact: boolean | null
}

const nameOf = (schema: string | null, table: string, column: string): string =>
  `${schema ?? ''}\0${table}\0${column}`

const placeholders = (from: number, count: number): string =>
  Array.from({ length: count }, (_, index) => `$${from + index}`).join(', ')

const postgresColumns = (
  tables: number,
  schemas: number,
): string => `SELECT n.nspname::text AS "schema", c.relname::text AS "name", a.attname::text AS "column",
  t.typname::text AS "type", l.collname::text AS "collation", coalesce((to_jsonb(l) ->> 'collisdeterministic')::boolean, true) AS "exact"
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped AND t.typcategory IN ('S', 'D', 'U') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND c.relname IN (${placeholders(1, tables)}) AND n.nspname IN (${placeholders(tables + 1, schemas)})`

const mysqlColumns = (tables: number): string => `SELECT TABLE_NAME AS name, COLUMN_NAME AS \`column\`,
  DATA_TYPE AS type, COLLATION_NAME AS collation, false AS exact
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE() AND COLLATION_NAME IS NOT NULL AND TABLE_NAME IN (${Array.from({ length: tables }, () => '?').join(', ')})`
