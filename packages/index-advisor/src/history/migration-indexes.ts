import type { AlterTableCmd, CreateStmt, IndexElem, IndexStmt, Node, RenameStmt } from 'libpg-query'
import type { MigrationDirectory } from './migration-history.ts'
import type { CatalogIndex, ClaimSource, IndexKey, IndexType, Provider } from '../catalog/catalog.ts'
import { readStatements } from './migration-statements.ts'

/** Indexes as the migrations leave them, by the database's table name; ids and constraints that make one included. */
export interface MigrationIndexes {
  readonly tables: ReadonlyMap<string, readonly CatalogIndex[]>
  readonly warnings: readonly string[]
}

/**
 * Plays the migrations on paper. PostgreSQL is read whole, by its own parser; SQLite by the same after respelling.
 * Of MySQL only `CREATE INDEX`, `DROP INDEX` and changes of tables are read: what stands inside `CREATE TABLE` was
 * written by Prisma and is in the schema.
 *
 * @param directory of the migrations, as it shall be shown
 */
export async function playOnPaper(
  provider: Provider,
  directory: string,
  migrations: readonly MigrationDirectory[],
): Promise<MigrationIndexes> {
  const paper = new Paper()
  const warnings: string[] = []
  for (const migration of migrations) {
    const file = `${directory}/${migration.name}/migration.sql`
    for (const statement of await readStatements(provider, migration.sql)) {
      const source: ClaimSource = { kind: 'migration', file, line: statement.line }
      if (statement.node !== null) paper.play(statement.node, statement.sql, source)
      else if (/\bindex\b/i.test(statement.sql) && !/^\s*create\s+table/i.test(statement.sql))
        warnings.push(`${file}:${statement.line} changes an index in a way that was not understood.`)
    }
  }
  return { tables: paper.tables, warnings }
}

class Paper {
  readonly tables = new Map<string, CatalogIndex[]>()

  play(node: Node, sql: string, source: ClaimSource): void {
    if ('IndexStmt' in node) this.createIndex(node.IndexStmt, sql, source)
    if ('CreateStmt' in node) this.createTable(node.CreateStmt, source)
    if ('RenameStmt' in node) this.rename(node.RenameStmt)
    if ('AlterTableStmt' in node) {
      const table = node.AlterTableStmt.relation?.relname ?? ''
      for (const each of node.AlterTableStmt.cmds ?? [])
        if ('AlterTableCmd' in each) this.alterTable(table, each.AlterTableCmd, source)
    }
    if ('DropStmt' in node)
      for (const each of node.DropStmt.objects ?? []) {
        const name = lastName(each)
        if (node.DropStmt.removeType === 'OBJECT_TABLE') this.tables.delete(name)
        if (node.DropStmt.removeType === 'OBJECT_INDEX') this.drop(name)
      }
  }

  private add(table: string, index: CatalogIndex): void {
    const indexes = this.tables.get(table) ?? []
    if (!indexes.some((each) => each.name === index.name)) this.tables.set(table, [...indexes, index])
  }

  private drop(name: string): void {
    this.change((index) => (index.name === name ? null : index))
  }

  private change(edit: (index: CatalogIndex, table: string) => CatalogIndex | null): void {
    for (const [table, indexes] of this.tables)
      this.tables.set(
        table,
        indexes.flatMap((index) => edit(index, table) ?? []),
      )
  }

  private createIndex(statement: IndexStmt, sql: string, source: ClaimSource): void {
    const table = statement.relation?.relname ?? ''
    const texts = keyTexts(sql)
    const keys = (statement.indexParams ?? []).flatMap((each, at) =>
      'IndexElem' in each ? [keyOf(each.IndexElem, texts[at] ?? '')] : [],
    )
    const include = (statement.indexIncludingParams ?? []).flatMap((each) =>
      'IndexElem' in each ? (each.IndexElem.name ?? []) : [],
    )
    this.add(table, {
      name: statement.idxname ?? `${table}_${keys.map((key) => key.column ?? 'expr').join('_')}_idx`,
      kind: statement.unique === true ? 'unique' : 'index',
      keys,
      include,
      predicate: statement.whereClause === undefined ? null : predicateText(sql),
      type: typeOf(statement.accessMethod),
      sources: [source],
    })
  }

  private createTable(statement: CreateStmt, source: ClaimSource): void {
    const table = statement.relation?.relname ?? ''
    for (const each of statement.tableElts ?? []) {
      if ('Constraint' in each) this.constraint(table, each, [], source)
      if (!('ColumnDef' in each)) continue
      for (const constraint of each.ColumnDef.constraints ?? [])
        this.constraint(table, constraint, [each.ColumnDef.colname ?? ''], source)
    }
  }

  private constraint(table: string, node: Node, onColumn: readonly string[], source: ClaimSource): void {
    if (!('Constraint' in node)) return
    const { contype, conname, keys, indexname } = node.Constraint
    if (contype !== 'CONSTR_PRIMARY' && contype !== 'CONSTR_UNIQUE') return
    const kind = contype === 'CONSTR_PRIMARY' ? 'primary' : 'unique'
    if (indexname !== undefined) {
      this.change((index) =>
        index.name === indexname ? { ...index, kind, name: conname ?? index.name } : index,
      )
      return
    }
    const columns =
      keys === undefined ? onColumn : keys.map((key) => ('String' in key ? (key.String.sval ?? '') : ''))
    const name = conname ?? (kind === 'primary' ? `${table}_pkey` : `${table}_${columns.join('_')}_key`)
    this.add(table, {
      name,
      kind,
      keys: columns.map(plainKey),
      include: [],
      predicate: null,
      type: 'BTree',
      sources: [source],
    })
  }

  private alterTable(table: string, command: AlterTableCmd, source: ClaimSource): void {
    switch (command.subtype) {
      case 'AT_AddConstraint':
        if (command.def !== undefined) this.constraint(table, command.def, [], source)
        break
      case 'AT_DropConstraint':
        this.drop(command.name ?? '')
        break
      // The database drops an index with any of its columns.
      case 'AT_DropColumn':
        this.change((index, at) =>
          at === table &&
          [...index.keys.map((key) => key.column), ...index.include].includes(command.name ?? '')
            ? null
            : index,
        )
        break
    }
  }

  private rename(statement: RenameStmt): void {
    const { renameType, relation, subname = '', newname = '' } = statement
    const table = relation?.relname ?? ''
    if (renameType === 'OBJECT_INDEX')
      this.change((index) => (index.name === table ? { ...index, name: newname } : index))
    if (renameType === 'OBJECT_TABCONSTRAINT')
      this.change((index) => (index.name === subname ? { ...index, name: newname } : index))
    if (renameType === 'OBJECT_TABLE') {
      const indexes = this.tables.get(table)
      this.tables.delete(table)
      if (indexes !== undefined) this.tables.set(newname, indexes)
    }
    if (renameType === 'OBJECT_COLUMN')
      this.change((index, at) =>
        at === table
          ? {
              ...index,
              keys: index.keys.map((key) => (key.column === subname ? { ...key, column: newname } : key)),
              include: index.include.map((column) => (column === subname ? newname : column)),
            }
          : index,
      )
  }
}

function keyOf(element: IndexElem, text: string): IndexKey {
  const sort = element.ordering === 'SORTBY_DESC' ? 'desc' : 'asc'
  const opclass = element.opclass?.at(-1)
  const nulls = nullsOf(element, sort)
  // MySQL's `title(191)` is a call to PostgreSQL's parser.
  const prefix = /^"([^"]+)"\s*\((\d+)\)/.exec(text.trim())
  return {
    column: element.name ?? prefix?.[1] ?? null,
    expression: element.name !== undefined || prefix !== null ? null : text.trim(),
    sort,
    ...(nulls === undefined ? {} : { nulls }),
    length: prefix === null ? null : Number(prefix[2]),
    operatorClass: opclass !== undefined && 'String' in opclass ? (opclass.String.sval ?? null) : null,
  }
}

function nullsOf(element: IndexElem, sort: 'asc' | 'desc'): 'first' | 'last' | undefined {
  if (element.nulls_ordering === 'SORTBY_NULLS_FIRST') return sort === 'asc' ? 'first' : undefined
  if (element.nulls_ordering === 'SORTBY_NULLS_LAST') return sort === 'desc' ? 'last' : undefined
  return undefined
}

function plainKey(column: string): IndexKey {
  return { column, expression: null, sort: 'asc', length: null, operatorClass: null }
}

function lastName(node: Node): string {
  const items = 'List' in node ? (node.List.items ?? []) : [node]
  const last = items.at(-1)
  return last !== undefined && 'String' in last ? (last.String.sval ?? '') : ''
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
  return TYPES[method ?? 'btree'] ?? 'BTree'
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
