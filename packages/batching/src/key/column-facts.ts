import type { Call, Host, Model, SchemaModel } from '@prisma-brisk/core'

/** What only the database knows of a column: how its values are compared. */
export interface ColumnFact {
  /** The database's name of the type: `text`, `bpchar`, `citext`, `timestamp`; MySQL: `varchar`. */
  readonly type: string
  readonly collation: string | null
  /** Equal values have equal bytes. */
  readonly isDeterministic: boolean
}

/** How the columns of one database compare, by table and column; null where tables of one name disagree. */
type ColumnFacts = ReadonlyMap<string, ColumnFact | null>

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
  { table }: Model,
  { column }: { readonly column: string },
): ColumnFact | null {
  return facts.get(nameOf(table, column)) ?? null
}

async function read(call: Call, schema: SchemaModel): Promise<ColumnFacts> {
  const tables = [...schema.models.values()].map((model) => model.table)
  const mysql = call.host.provider === 'mysql'
  const rows = mysql
    ? await call.queryRaw(mysqlColumns(tables.length), tables)
    : await call.queryRaw(postgresColumns(tables.length), tables)
  const facts = new Map<string, ColumnFact | null>()
  for (const { name, column, type, collation, exact } of rows as ColumnRow[]) {
    const fact: ColumnFact = { type, collation, isDeterministic: exact === true }
    const path = nameOf(name, column)
    const known = facts.get(path)
    const agrees =
      known === undefined ||
      (known?.type === type &&
        known.collation === collation &&
        known.isDeterministic === fact.isDeterministic)
    facts.set(path, agrees ? fact : null)
  }
  return facts
}

interface ColumnRow {
  readonly name: string
  readonly column: string
  readonly type: string
  readonly collation: string | null
  readonly exact: boolean | null
}

const nameOf = (table: string, column: string): string => `${table}\0${column}`

/** Schemas are not asked for: which one a client uses is hidden in its connection. */
const postgresColumns = (
  tables: number,
): string => `SELECT c.relname::text AS "name", a.attname::text AS "column",
  t.typname::text AS "type", l.collname::text AS "collation", coalesce((to_jsonb(l) ->> 'collisdeterministic')::boolean, true) AS "exact"
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE a.attnum > 0 AND NOT a.attisdropped AND t.typcategory IN ('S', 'D', 'U') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND c.relname IN (${Array.from({ length: tables }, (_, index) => `$${index + 1}`).join(', ')})`

const mysqlColumns = (tables: number): string => `SELECT TABLE_NAME AS name, COLUMN_NAME AS \`column\`,
  DATA_TYPE AS type, COLLATION_NAME AS collation, false AS exact
FROM information_schema.COLUMNS
WHERE TABLE_SCHEMA = DATABASE() AND COLLATION_NAME IS NOT NULL AND TABLE_NAME IN (${Array.from({ length: tables }, () => '?').join(', ')})`
