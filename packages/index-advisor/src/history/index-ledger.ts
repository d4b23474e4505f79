import { type RowPolicy, rowSecurityOf } from '../sql/row-policy.ts'
import type { CatalogIndex, ClaimSource, IndexKey, Provider, RowSecurity } from '../catalog/catalog.ts'

/** A table as a statement names it; `schema` null where it does not say. */
export interface TableName {
  readonly schema: string | null
  readonly name: string
}

/** A table as the migrations leave it. */
export interface LedgerTable extends TableName {
  readonly indexes: readonly CatalogIndex[]
  readonly isPartitioned: boolean
  /** Null where row level security is off. */
  readonly rowSecurity: RowSecurity | null
}

interface Entry {
  schema: string | null
  name: string
  indexes: CatalogIndex[]
  isPartitioned: boolean
  partitions: number
  isRowSecured: boolean
  policies: RowPolicy[]
  /** COLLATE of its columns, where they have one of their own. */
  readonly collations: Map<string, string>
}

/**
 * The tables and indexes that statements make, change and drop, one after the other. A table is known by its schema and
 * its name; an index by its schema and its name, or on MySQL, where each table has names of its own, by its table.
 */
export class IndexLedger {
  private readonly entries = new Map<string, Entry>()
  private readonly attached = new Map<string, number>()
  private searchPath: string | null = null

  constructor(private readonly provider: Provider) {}

  tables(): readonly LedgerTable[] {
    return [...this.entries.values()].map((entry) => ({
      schema: entry.schema,
      name: entry.name,
      indexes: entry.indexes.map((index) => withOwnCollations(index, entry.collations)),
      isPartitioned: entry.isPartitioned,
      rowSecurity: entry.isRowSecured ? rowSecurityOf(entry.policies) : null,
    }))
  }

  secureRows(table: TableName, isOn: boolean): void {
    this.entry(table).isRowSecured = isOn
  }

  /** Code that is not read turned row level security on, for no one knows which tables. */
  secureAllRows(): void {
    for (const entry of this.entries.values()) entry.isRowSecured = true
  }

  setPolicy(table: TableName, policy: RowPolicy): void {
    const entry = this.entry(table)
    entry.policies = [...entry.policies.filter((each) => each.name !== policy.name), policy]
  }

  /** What `ALTER POLICY … USING` leaves of it. */
  changePolicy(table: TableName, name: string, change: Partial<RowPolicy>): void {
    const entry = this.entry(table)
    entry.policies = entry.policies.map((each) => (each.name === name ? { ...each, ...change } : each))
  }

  dropPolicy(table: TableName, name: string): void {
    const entry = this.entry(table)
    entry.policies = entry.policies.filter((each) => each.name !== name)
  }

  /** `SET search_path TO shop`: names without a schema mean that one from here on. */
  searchIn(schema: string | null): void {
    this.searchPath = schema
  }

  createTable(table: TableName, { isPartitioned }: { readonly isPartitioned: boolean }): void {
    const entry = this.entry(table)
    entry.isPartitioned ||= isPartitioned
  }

  /** One more partition of the table. */
  addPartition(table: TableName): void {
    this.entry(table).partitions++
  }

  dropTable(table: TableName): void {
    this.entries.delete(this.keyOf(table))
  }

  dropSchema(schema: string): void {
    for (const [key, entry] of this.entries) if (entry.schema === schema) this.entries.delete(key)
  }

  moveTable(table: TableName, to: Partial<TableName>): void {
    const entry = this.entries.get(this.keyOf(table))
    if (entry === undefined) return
    this.entries.delete(this.keyOf(table))
    entry.name = to.name ?? entry.name
    entry.schema = to.schema ?? entry.schema
    this.entries.set(this.keyOf(entry), entry)
  }

  setCollation(table: TableName, column: string, collation: string | null): void {
    const { collations } = this.entry(table)
    if (collation === null) collations.delete(column)
    else collations.set(column, collation)
  }

  addIndex(table: TableName, index: CatalogIndex): void {
    const entry = this.entry(table)
    // IF NOT EXISTS, or a statement that failed: the first of a name stays.
    if (!entry.indexes.some((each) => each.name === index.name)) entry.indexes.push(index)
  }

  /** @param table whose index it is, on MySQL; elsewhere its schema alone counts */
  dropIndex(name: string, table: TableName): void {
    this.changeIndex(name, table, () => null)
  }

  changeIndex(name: string, table: TableName, edit: (index: CatalogIndex) => CatalogIndex | null): void {
    for (const entry of this.entries.values()) {
      if (!this.isSought(entry, table)) continue
      entry.indexes = entry.indexes.flatMap((index) => (index.name === name ? (edit(index) ?? []) : index))
    }
  }

  /** `ALTER INDEX parent ATTACH PARTITION child`: valid once each partition has one. */
  attachPartition(name: string, table: TableName): void {
    const key = `${this.schemaOf(table) ?? ''}\u0000${name}`
    const attached = (this.attached.get(key) ?? 0) + 1
    this.attached.set(key, attached)
    for (const entry of this.entries.values())
      if (attached >= entry.partitions)
        entry.indexes = entry.indexes.map((index) =>
          index.name === name && index.unusable === 'invalid' ? { ...index, unusable: undefined } : index,
        )
  }

  /** PostgreSQL and SQLite drop each index with any of its columns; MySQL takes the column out of them. */
  dropColumn(table: TableName, column: string): void {
    const entry = this.entry(table)
    entry.indexes = entry.indexes.flatMap((index) => {
      const holds = index.keys.some((key) => key.column === column) || index.include.includes(column)
      const said = [index.predicate, ...index.keys.map((key) => key.expression)].some(
        (text) => text !== null && names(text, column),
      )
      if (!holds && !said) return index
      if (this.provider !== 'mysql') return []
      const keys = index.keys.filter((key) => key.column !== column)
      return keys.length === 0 || said ? [] : { ...index, keys }
    })
  }

  renameColumn(table: TableName, from: string, to: string): void {
    const entry = this.entry(table)
    const renamed = (key: IndexKey): IndexKey => (key.column === from ? { ...key, column: to } : key)
    entry.indexes = entry.indexes.map((index) => ({
      ...index,
      keys: index.keys.map(renamed),
      include: index.include.map((column) => (column === from ? to : column)),
    }))
    entry.policies = entry.policies.map((policy) => ({
      ...policy,
      equal: policy.equal.map((column) => (column === from ? to : column)),
    }))
    const collation = entry.collations.get(from)
    if (collation !== undefined) {
      entry.collations.delete(from)
      entry.collations.set(to, collation)
    }
  }

  private entry(table: TableName): Entry {
    const key = this.keyOf(table)
    const known = this.entries.get(key)
    if (known !== undefined) return known
    const entry: Entry = {
      schema: this.schemaOf(table),
      name: table.name,
      indexes: [],
      isPartitioned: false,
      partitions: 0,
      isRowSecured: false,
      policies: [],
      collations: new Map(),
    }
    this.entries.set(key, entry)
    return entry
  }

  private isSought(entry: Entry, table: TableName): boolean {
    if (this.provider === 'mysql') return entry.name === table.name
    return (entry.schema ?? '') === (this.schemaOf(table) ?? '')
  }

  private keyOf(table: TableName): string {
    return `${this.schemaOf(table) ?? ''}\u0000${table.name}`
  }

  /** Only PostgreSQL has schemas here; MySQL's `db`.`t` and SQLite's `main` name the database itself. */
  private schemaOf({ schema }: TableName): string | null {
    if (this.provider !== 'postgresql') return null
    const said = schema ?? this.searchPath
    return said === 'public' ? null : said
  }
}

/** A statement's source, as the indexes of the catalog carry it. */
export type MigrationSource = ClaimSource & { readonly kind: 'migration' }

/** Does a piece of SQL name the column? */
function names(sql: string, column: string): boolean {
  return (
    sql.includes(`"${column}"`) || (/^[a-z_]\w*$/.test(column) && new RegExp(`\\b${column}\\b`).test(sql))
  )
}

/** A key without COLLATE is in its column's; one that says the column's own says nothing. */
function withOwnCollations(index: CatalogIndex, collations: ReadonlyMap<string, string>): CatalogIndex {
  if (!index.keys.some((key) => key.collation !== undefined)) return index
  return {
    ...index,
    keys: index.keys.map((key) => {
      const { collation, ...rest } = key
      const isOwn = collation === undefined || collation === collations.get(key.column ?? '')
      return isOwn ? rest : key
    }),
  }
}
