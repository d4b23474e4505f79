import type {
  AlterTableCmd,
  ColumnDef,
  CreateStmt,
  DefElem,
  IndexElem,
  IndexStmt,
  Node,
  RangeVar,
  RenameStmt,
} from 'libpg-query'
import type { CatalogIndex, IndexKey, IndexType } from '../catalog/catalog.ts'
import { nameOf, stringOf } from '../sql/parse-tree.ts'
import { rowsSeen } from '../sql/row-policy.ts'
import type { IndexLedger, MigrationSource, TableName } from './index-ledger.ts'

/** Enters what a statement of PostgreSQL or SQLite does to tables and indexes, by PostgreSQL's parse of it. */
export function playPostgres(ledger: IndexLedger, node: Node, sql: string, source: MigrationSource): void {
  new PostgresStatement(ledger, sql, source).play(node)
}

class PostgresStatement {
  constructor(
    private readonly ledger: IndexLedger,
    private readonly sql: string,
    private readonly source: MigrationSource,
  ) {}

  play(node: Node): void {
    if ('IndexStmt' in node) this.createIndex(node.IndexStmt)
    if ('CreateStmt' in node) this.createTable(node.CreateStmt)
    if ('RenameStmt' in node) this.rename(node.RenameStmt)
    if ('AlterTableStmt' in node) {
      const table = tableOf(node.AlterTableStmt.relation)
      for (const each of node.AlterTableStmt.cmds ?? [])
        if ('AlterTableCmd' in each) this.alterTable(table, each.AlterTableCmd)
    }
    if ('AlterObjectSchemaStmt' in node) {
      const { relation, newschema, objectType } = node.AlterObjectSchemaStmt
      if (objectType === 'OBJECT_TABLE' && newschema !== undefined)
        this.ledger.moveTable(tableOf(relation), { schema: newschema })
    }
    if ('VariableSetStmt' in node && node.VariableSetStmt.name === 'search_path') {
      const [first] = node.VariableSetStmt.args ?? []
      this.ledger.searchIn(first === undefined ? null : constantText(first))
    }
    // Hypertables are partitioned under the hood: TimescaleDB builds none of their indexes CONCURRENTLY.
    const hypertable = /\bcreate_hypertable\s*\(\s*'(?:"?(\w+)"?\.)?"?([^'"]+)"?'/i.exec(this.sql)
    if ('SelectStmt' in node && hypertable !== null)
      this.ledger.createTable(
        { schema: hypertable[1] ?? null, name: hypertable[2] ?? '' },
        { isPartitioned: true },
      )
    if ('CreatePolicyStmt' in node) {
      const {
        table,
        policy_name: name = '',
        cmd_name: command = 'all',
        permissive,
        qual,
      } = node.CreatePolicyStmt
      if (command === 'all' || command === 'select')
        this.ledger.setPolicy(tableOf(table), { name, isPermissive: permissive === true, ...rowsSeen(qual) })
    }
    if ('AlterPolicyStmt' in node) {
      const { table, policy_name: name = '', qual } = node.AlterPolicyStmt
      if (qual !== undefined) this.ledger.changePolicy(tableOf(table), name, rowsSeen(qual))
    }
    if ('DropStmt' in node)
      for (const each of node.DropStmt.objects ?? []) {
        const { removeType } = node.DropStmt
        if (removeType === 'OBJECT_TABLE') this.ledger.dropTable(qualified(each))
        if (removeType === 'OBJECT_INDEX') this.ledger.dropIndex(qualified(each).name, qualified(each))
        if (removeType === 'OBJECT_POLICY' && 'List' in each) {
          const table = (each.List.items ?? []).slice(0, -1)
          this.ledger.dropPolicy(
            { schema: table.length > 1 ? nameOf(table.slice(0, 1)) : null, name: nameOf(table) },
            nameOf(each.List.items),
          )
        }
        if (removeType === 'OBJECT_SCHEMA') this.ledger.dropSchema(qualified(each).name)
      }
  }

  private createIndex(statement: IndexStmt): void {
    const table = tableOf(statement.relation)
    const type = typeOf(statement.accessMethod)
    const texts = keyTexts(this.sql)
    const keys = (statement.indexParams ?? []).flatMap((each, at) =>
      'IndexElem' in each ? [keyOf(each.IndexElem, texts[at] ?? '', type)] : [],
    )
    const include = (statement.indexIncludingParams ?? []).flatMap((each) =>
      'IndexElem' in each ? (each.IndexElem.name ?? []) : [],
    )
    const options = optionsOf(statement.options)
    this.ledger.addIndex(table, {
      name: statement.idxname ?? `${table.name}_${keys.map((key) => key.column ?? 'expr').join('_')}_idx`,
      kind: statement.unique === true ? 'unique' : 'index',
      keys,
      include,
      predicate: statement.whereClause === undefined ? null : predicateText(this.sql),
      type,
      ...(statement.nulls_not_distinct === true ? { nullsNotDistinct: true } : {}),
      ...(options === '' ? {} : { options }),
      // ON ONLY: invalid until each partition's index is attached.
      ...(statement.relation?.inh === true ? {} : { unusable: 'invalid' as const }),
      sources: [this.source],
    })
  }

  private createTable(statement: CreateStmt): void {
    const table = tableOf(statement.relation)
    this.ledger.createTable(table, { isPartitioned: statement.partspec !== undefined })
    const [parent] = statement.inhRelations ?? []
    if (statement.partbound !== undefined && parent !== undefined && 'RangeVar' in parent)
      this.ledger.addPartition(tableOf(parent.RangeVar))
    for (const each of statement.tableElts ?? []) {
      if ('Constraint' in each) this.constraint(table, each, [])
      if ('ColumnDef' in each) this.column(table, each.ColumnDef)
    }
  }

  private column(table: TableName, column: ColumnDef): void {
    const name = column.colname ?? ''
    const collation = nameOf(column.collClause?.collname)
    this.ledger.setCollation(table, name, collation === '' ? null : collation)
    for (const constraint of column.constraints ?? []) this.constraint(table, constraint, [name])
  }

  private constraint(table: TableName, node: Node, onColumn: readonly string[]): void {
    if (!('Constraint' in node)) return
    const {
      contype,
      conname,
      keys,
      including,
      indexname,
      nulls_not_distinct: nullsNotDistinct,
    } = node.Constraint
    if (contype !== 'CONSTR_PRIMARY' && contype !== 'CONSTR_UNIQUE') return
    const kind = contype === 'CONSTR_PRIMARY' ? 'primary' : 'unique'
    if (indexname !== undefined) {
      this.ledger.changeIndex(indexname, table, (index) => ({ ...index, kind, name: conname ?? index.name }))
      return
    }
    const columns = keys === undefined ? onColumn : keys.map(stringOf)
    const name =
      conname ?? (kind === 'primary' ? `${table.name}_pkey` : `${table.name}_${columns.join('_')}_key`)
    this.ledger.addIndex(table, {
      name,
      kind,
      keys: columns.map(plainKey),
      include: (including ?? []).map(stringOf),
      predicate: null,
      type: 'BTree',
      ...(nullsNotDistinct === true ? { nullsNotDistinct: true } : {}),
      sources: [this.source],
    })
  }

  private alterTable(table: TableName, command: AlterTableCmd): void {
    const { subtype, name = '', def } = command
    switch (subtype) {
      case 'AT_AddConstraint':
        if (def !== undefined) this.constraint(table, def, [])
        break
      case 'AT_AddColumn':
        if (def !== undefined && 'ColumnDef' in def) this.column(table, def.ColumnDef)
        break
      case 'AT_AlterColumnType':
        if (def !== undefined && 'ColumnDef' in def) {
          const collation = nameOf(def.ColumnDef.collClause?.collname)
          this.ledger.setCollation(table, name, collation === '' ? null : collation)
        }
        break
      case 'AT_DropConstraint':
        this.ledger.dropIndex(name, table)
        break
      case 'AT_EnableRowSecurity':
      case 'AT_DisableRowSecurity':
        this.ledger.secureRows(table, subtype === 'AT_EnableRowSecurity')
        break
      case 'AT_DropColumn':
        this.ledger.dropColumn(table, name)
        break
      case 'AT_AttachPartition':
        // Of an index it names a partition's index; of a table, one more partition.
        this.ledger.attachPartition(table.name, table)
        break
    }
  }

  private rename(statement: RenameStmt): void {
    const { renameType, relation, subname = '', newname = '' } = statement
    const table = tableOf(relation)
    const renamed = (index: CatalogIndex): CatalogIndex => ({ ...index, name: newname })
    if (renameType === 'OBJECT_INDEX') this.ledger.changeIndex(table.name, table, renamed)
    if (renameType === 'OBJECT_TABCONSTRAINT') this.ledger.changeIndex(subname, table, renamed)
    if (renameType === 'OBJECT_TABLE') this.ledger.moveTable(table, { name: newname })
    if (renameType === 'OBJECT_COLUMN') this.ledger.renameColumn(table, subname, newname)
  }
}

function tableOf(relation: RangeVar | undefined): TableName {
  return { schema: relation?.schemaname ?? null, name: relation?.relname ?? '' }
}

/** `"shop"."Post_idx"` as a DROP names it. */
function qualified(node: Node): TableName {
  const parts = 'List' in node ? (node.List.items ?? []) : [node]
  const last = parts.at(-1)
  const before = parts.at(-2)
  return {
    schema: before === undefined ? null : stringOf(before),
    name: last === undefined ? '' : stringOf(last),
  }
}

function constantText(node: Node): string | null {
  return 'A_Const' in node ? (node.A_Const.sval?.sval ?? null) : null
}

/** `WITH (fillfactor = 70)`: names and values, sorted. */
function optionsOf(options: readonly Node[] | undefined): string {
  return (options ?? [])
    .flatMap((each) => ('DefElem' in each ? [optionText(each.DefElem)] : []))
    .sort()
    .join(', ')
}

function optionText({ defname = '', arg }: DefElem): string {
  return `${defname}=${JSON.stringify(arg ?? null)}`
}

/** Classes that are a type's default: naming them says nothing. */
const DEFAULT_CLASSES: Readonly<Partial<Record<IndexType, RegExp>>> = {
  BTree:
    /^(?:int[248]|oid|text|varchar|bpchar|name|char|bool|bytea|numeric|float[48]|date|time|timetz|timestamp|timestamptz|interval|uuid|inet|cidr|macaddr|jsonb|enum|array|range|record|bit|varbit)_ops$/,
  Gin: /^(?:array|jsonb|tsvector)_ops$/,
}

function keyOf(element: IndexElem, text: string, type: IndexType): IndexKey {
  const sort = element.ordering === 'SORTBY_DESC' ? 'desc' : 'asc'
  const operatorClass = nameOf(element.opclass)
  const collation = nameOf(element.collation)
  const nulls = nullsOf(element, sort)
  const isDefault = operatorClass === '' || DEFAULT_CLASSES[type]?.test(operatorClass) === true
  return {
    column: element.name ?? null,
    expression: element.name === undefined ? text.trim() : null,
    sort,
    ...(nulls === undefined ? {} : { nulls }),
    length: null,
    operatorClass: isDefault ? null : operatorClass,
    ...(isDefaultCollation(collation) ? {} : { collation }),
  }
}

/** PostgreSQL's `"default"` and SQLite's BINARY are those of a column without COLLATE. */
function isDefaultCollation(name: string): boolean {
  return name === '' || name === 'default' || name.toUpperCase() === 'BINARY'
}

function nullsOf(element: IndexElem, sort: 'asc' | 'desc'): 'first' | 'last' | undefined {
  if (element.nulls_ordering === 'SORTBY_NULLS_FIRST') return sort === 'asc' ? 'first' : undefined
  if (element.nulls_ordering === 'SORTBY_NULLS_LAST') return sort === 'desc' ? 'last' : undefined
  return undefined
}

function plainKey(column: string): IndexKey {
  return { column, expression: null, sort: 'asc', length: null, operatorClass: null }
}

const TYPES: Readonly<Record<string, IndexType>> = {
  btree: 'BTree',
  hash: 'Hash',
  gin: 'Gin',
  gist: 'Gist',
  spgist: 'SpGist',
  brin: 'Brin',
}

function typeOf(method: string | undefined): IndexType {
  const name = (method ?? 'btree').toLowerCase()
  return TYPES[name] ?? `other:${name}`
}

/** Everything after the WHERE that stands outside of quotes; an index's predicate is its last part. */
function predicateText(sql: string): string {
  const bare = blankQuoted(sql)
  const at = /\bwhere\b/i.exec(bare)?.index
  return at === undefined ? '' : sql.slice(at + 5).trim()
}

/** The texts between the commas of the key list. */
function keyTexts(sql: string): string[] {
  const bare = blankQuoted(sql)
  const on = /\bon\b/i.exec(bare)?.index ?? 0
  const open = bare.indexOf('(', on)
  const texts: string[] = []
  let depth = 0
  let start = open + 1
  for (let at = open; at >= 0 && at < bare.length; at++) {
    const char = bare[at]
    if (char === '(') depth++
    if (char === ')') depth--
    if ((char === ',' && depth === 1) || depth === 0) {
      texts.push(sql.slice(start, at))
      start = at + 1
    }
    if (depth === 0) break
  }
  return texts
}

/** What stands in quotes and comments as blanks, so that keywords and brackets can be looked for. */
function blankQuoted(sql: string): string {
  return sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g, (found) =>
    ' '.repeat(found.length),
  )
}
