import {
  cascadeTargets,
  ChangeWatch,
  dialectOf,
  DriverTap,
  writtenTables,
  type DriverTransaction,
  type Host,
  type ModelSet,
  type SchemaModel,
  type Statement,
  type TransactionEvent,
} from '@prisma-brisk/core'

const key = Symbol('prisma-brisk.batching.write-clock')

/** Names of tables, in lower case; null: any of them. */
type Tables = ReadonlySet<string> | null

/** Texts whose tables are remembered, and the longest of them. */
const TEXTS = 500
const LONGEST = 5000

/**
 * When tables were written, as far as the suite sees it: by every client of this process that shares the driver adapter, and by
 * others where a source tells the cache of them. What does not say what it writes writes everything.
 *
 * A write counts when the database has answered it, in a transaction at COMMIT once more: until then nobody who reads can have
 * been told of it.
 */
export class WriteClock {
  private time = 0
  private everything = 0
  private readonly tables = new Map<string, number>()
  private readonly uncommitted = new WeakMap<DriverTransaction, Set<string> | 'all'>()
  private readonly byText = new Map<string, Tables>()
  private reach: Reach | null = null

  static of(host: Host): WriteClock {
    return host.state(key, () => new WriteClock(host))
  }

  private constructor(private readonly host: Host) {
    DriverTap.of(host)?.listen({
      asksForCall: false,
      statement: (statement) => this.statement(statement),
      transaction: (event) => this.transaction(event),
    })
    ChangeWatch.of(host).follow((models) => this.write(models === null ? null : this.tablesOf(models)))
  }

  /** Whether writes are seen at all: they are not where the client had connected before it was extended. */
  get isRunning(): boolean {
    return DriverTap.of(this.host)?.status === 'connected'
  }

  /** What it shows now. */
  get reading(): number {
    return this.time
  }

  /** Whether none of these tables was written since the clock showed this. */
  isUnwritten(tables: ReadonlySet<string>, since: number): boolean {
    if (this.everything > since) return false
    for (const table of tables) if ((this.tables.get(table) ?? 0) > since) return false
    return true
  }

  /** The tables that hold the rows of these models, and their links; null where that is not known. */
  tablesOf(models: ModelSet): Tables {
    const schema = this.host.schema()
    if (schema === null || models === '*') return null
    return this.reachOf(schema).tablesOf(models)
  }

  private statement({ sql, error, transaction }: Statement): void {
    // PostgreSQL takes no more statements then, and MySQL may have rolled back.
    if (error !== undefined && transaction !== null) return this.write(null)
    const tables = this.writtenBy(sql)
    if (tables !== null && tables.size === 0) return
    this.write(tables)
    if (transaction === null) return
    // Who sets the level of a transaction himself is asked for nothing more.
    if (tables === null && /^\s*SET\b/i.test(sql) && transaction.scope !== null)
      transaction.scope.isolationLevel = null
    const known = this.uncommitted.get(transaction)
    if (tables === null || known === 'all') this.uncommitted.set(transaction, 'all')
    else this.uncommitted.set(transaction, new Set([...(known ?? []), ...tables]))
  }

  private transaction({ type, transaction }: TransactionEvent): void {
    if (type === 'begin' || transaction === null) return
    const written = this.uncommitted.get(transaction)
    if (written === undefined) return
    this.write(type === 'savepoint' || written === 'all' ? null : written)
  }

  private write(tables: Tables): void {
    this.time++
    if (tables === null) this.everything = this.time
    else for (const table of tables) this.tables.set(table, this.time)
  }

  private writtenBy(sql: string): Tables {
    if (sql.length > LONGEST) return this.read(sql)
    let tables = this.byText.get(sql)
    if (tables === undefined) {
      if (this.byText.size >= TEXTS) this.byText.clear()
      this.byText.set(sql, (tables = this.read(sql)))
    }
    return tables
  }

  private read(sql: string): Tables {
    const schema = this.host.schema()
    if (schema === null || /^\s*SET\b/i.test(sql)) return null
    const named = writtenTables(sql, dialectOf(this.host))
    if (named === null || (named.size === 0 && mayCallWriter(sql))) return null
    const reach = this.reachOf(schema)
    const tables = new Set<string>()
    for (const name of named) {
      const reached = reach.reachedFrom(name.toLowerCase())
      if (reached === null) return null
      for (const each of reached) tables.add(each)
    }
    return tables
  }

  private reachOf(schema: SchemaModel): Reach {
    return (this.reach ??= new Reach(schema))
  }
}

/** Which tables change where one is written. Two of one name in two schemas are taken for one. */
class Reach {
  private readonly models = new Map<string, string[]>()
  private readonly links = new Set<string>()
  private readonly reached = new Map<string, ReadonlySet<string>>()

  constructor(private readonly schema: SchemaModel) {
    for (const { name, table, relations, isView } of schema.models.values()) {
      if (isView) continue
      const known = this.models.get(table.toLowerCase())
      if (known === undefined) this.models.set(table.toLowerCase(), [name])
      else known.push(name)
      for (const { manyToMany } of relations)
        if (manyToMany !== null) this.links.add(manyToMany.table.toLowerCase())
    }
  }

  tablesOf(models: ReadonlySet<string>): ReadonlySet<string> {
    const tables = new Set<string>()
    for (const name of models) {
      const model = this.schema.models.get(name)
      if (model === undefined) continue
      tables.add(model.table.toLowerCase())
      for (const { manyToMany } of model.relations)
        if (manyToMany !== null) tables.add(manyToMany.table.toLowerCase())
    }
    return tables
  }

  /** The table, and those that its foreign keys reach; null for one that the schema does not have: a view may be of any. */
  reachedFrom(table: string): ReadonlySet<string> | null {
    if (this.links.has(table)) return new Set([table])
    const models = this.models.get(table)
    if (models === undefined) return null
    let tables = this.reached.get(table)
    if (tables === undefined) {
      const reached = models.flatMap((model) => [model, ...cascadeTargets(this.schema, model)])
      this.reached.set(table, (tables = this.tablesOf(new Set(reached))))
    }
    return tables
  }
}

/** Whether a SELECT calls something that is not known to write nothing. */
function mayCallWriter(sql: string): boolean {
  for (const [, alias, name] of sql.matchAll(/(\bAS\s+)?([\w$@"`\]]+)\s*\(/gi))
    if (alias === undefined && !HARMLESS.has((name as string).toUpperCase())) return true
  return false
}

/** What may stand before a parenthesis and changes no rows: words of the language, and what Prisma and the suite call. */
const HARMLESS = new Set(
  (
    'SELECT FROM WHERE AND OR NOT IN ANY ALL SOME EXISTS AS ON USING JOIN LATERAL UNION EXCEPT INTERSECT VALUES BY OVER FILTER ' +
    'WITHIN LIMIT OFFSET CASE WHEN THEN ELSE HAVING DISTINCT WITH BETWEEN LIKE ILIKE IS ARRAY ROW CAST CONVERT COUNT SUM AVG MIN MAX ' +
    'COALESCE NULLIF GREATEST LEAST LOWER UPPER TRIM LENGTH CHAR_LENGTH CONCAT CONCAT_WS SUBSTRING SUBSTR REPLACE ABS ROUND FLOOR ' +
    'CEIL UNNEST ROW_NUMBER RANK DENSE_RANK LAG LEAD JSON_AGG JSONB_AGG JSON_ARRAYAGG JSON_OBJECT JSON_OBJECTAGG JSON_ARRAY ' +
    'JSON_EXTRACT JSON_UNQUOTE JSON_BUILD_OBJECT JSONB_BUILD_OBJECT JSON_GROUP_ARRAY TO_JSON TO_JSONB ARRAY_AGG ARRAY_POSITION ' +
    'STRING_AGG GROUP_CONCAT NOW DATE DATE_TRUNC EXTRACT STRFTIME DECIMAL NUMERIC VARCHAR CHAR VARYING TIMESTAMP TO_CHAR INSTR ' +
    'TO_REGCLASS FORMAT_TYPE VERSION CURRENT_SCHEMA CURRENT_DATABASE DATABASE'
  ).split(' '),
)
