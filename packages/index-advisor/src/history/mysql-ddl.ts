import type { CatalogIndex, IndexKey, IndexType } from '../catalog/catalog.ts'
import type { IndexLedger, MigrationSource, TableName } from './index-ledger.ts'
import { mysqlTokens, TokenReader } from './mysql-tokens.ts'

/**
 * Enters what a statement of MySQL or MariaDB does to tables and indexes.
 *
 * @returns false where it changes one in a way that is not understood
 */
export function playMysql(ledger: IndexLedger, sql: string, source: MigrationSource): boolean {
  const reader = new TokenReader(sql, mysqlTokens(sql))
  return new MysqlStatement(ledger, reader, source).play()
}

interface NewIndex {
  readonly kind: CatalogIndex['kind']
  readonly type: IndexType
}

class MysqlStatement {
  constructor(
    private readonly ledger: IndexLedger,
    private readonly reader: TokenReader,
    private readonly source: MigrationSource,
  ) {}

  play(): boolean {
    const { reader } = this
    if (reader.take('create')) return this.create()
    if (reader.take('drop')) return this.drop()
    if (reader.take('alter')) {
      reader.takeOneOf('online', 'offline')
      reader.take('ignore')
      return !reader.take('table') || this.alterTable()
    }
    if (reader.take('rename', 'table')) return this.renameTables()
    return false
  }

  private create(): boolean {
    const { reader } = this
    reader.take('or', 'replace')
    reader.takeOneOf('online', 'offline', 'temporary')
    if (reader.take('table')) return this.createTable()
    const made = newIndex(reader)
    if (!reader.take('index')) return true
    ifExists(reader)
    const name = reader.name()
    const using = this.using()
    if (!reader.take('on')) return false
    const table = reader.table()
    const keys = keysOf(reader.list())
    if (name === null || table === null || keys === null) return false
    return this.add(table, name, typed(made, using ?? usingIn(reader)), keys, reader)
  }

  private drop(): boolean {
    const { reader } = this
    reader.takeOneOf('online', 'offline', 'temporary')
    if (reader.take('table')) {
      ifExists(reader)
      for (;;) {
        const table = reader.table()
        if (table === null) return false
        this.ledger.dropTable(named(table))
        if (!reader.take(',')) return true
      }
    }
    if (!reader.take('index')) return true
    ifExists(reader)
    const name = reader.name()
    const table = reader.take('on') ? reader.table() : null
    if (name === null || table === null) return false
    this.dropIndex(table, name)
    return true
  }

  private renameTables(): boolean {
    for (;;) {
      const from = this.reader.table()
      const to = this.reader.take('to') ? this.reader.table() : null
      if (from === null || to === null) return false
      this.ledger.moveTable(named(from), { name: to })
      if (!this.reader.take(',')) return true
    }
  }

  private createTable(): boolean {
    const { reader } = this
    ifExists(reader)
    const table = reader.table()
    const parts = reader.list()
    if (table === null) return false
    this.ledger.createTable(named(table), { isPartitioned: false })
    return (parts ?? []).map((part) => this.definition(table, part)).every((isRead) => isRead)
  }

  /** A column or a key, as it stands in CREATE TABLE and behind ADD. */
  private definition(table: string, part: TokenReader): boolean {
    const constraint = part.take('constraint') ? (isKeyWord(part) ? null : part.name()) : null
    if (part.take('primary', 'key')) {
      const using = usingFirst(part)
      const keys = keysOf(part.list())
      return (
        keys !== null &&
        this.add(table, 'PRIMARY', typed({ kind: 'primary', type: 'BTree' }, using), keys, part)
      )
    }
    if (part.take('foreign', 'key') || part.take('check')) return true
    const made = newIndex(part)
    const isKey = part.takeOneOf('index', 'key') !== null || made.kind === 'unique' || made.type !== 'BTree'
    if (!isKey) return this.column(table, part)
    ifExists(part)
    const using = usingFirst(part)
    const name = part.name()
    const behind = usingFirst(part)
    const keys = keysOf(part.list())
    if (keys === null) return false
    const given = name ?? constraint ?? keys[0]?.column ?? 'functional_index'
    return this.add(table, given, typed(made, using ?? behind ?? usingIn(part)), keys, part)
  }

  /** `email VARCHAR(191) UNIQUE`, `id INT PRIMARY KEY` */
  private column(table: string, part: TokenReader): boolean {
    const column = part.name()
    if (column === null) return true
    const isPrimary = part.holds('primary', 'key')
    if (!isPrimary && !part.holds('unique')) return true
    const made: NewIndex = { kind: isPrimary ? 'primary' : 'unique', type: 'BTree' }
    return this.add(table, isPrimary ? 'PRIMARY' : column, made, [plainKey(column)], null)
  }

  private alterTable(): boolean {
    const { reader } = this
    ifExists(reader)
    const table = reader.table()
    if (table === null) return false
    let isRead = true
    let now = table
    while (!reader.isAtEnd) {
      const action = reader.upTo(',')
      const renamed = this.alter(now, action)
      if (typeof renamed === 'string') now = renamed
      else isRead &&= renamed
    }
    return isRead
  }

  /** One action of ALTER TABLE; the table's name after it, or whether it was understood. */
  private alter(table: string, action: TokenReader): boolean | string {
    if (action.take('add')) {
      const isColumn = action.take('column')
      ifExists(action)
      const columns = action.take('(') ? null : action
      if (columns === null) return true
      return isColumn ? this.column(table, columns) : this.definition(table, columns)
    }
    if (action.take('drop')) {
      if (action.take('primary', 'key')) {
        this.dropIndex(table, 'PRIMARY')
        return true
      }
      if (action.take('foreign', 'key') || action.take('check') || action.take('partition')) return true
      const isIndex = action.takeOneOf('index', 'key', 'constraint') !== null
      if (!isIndex) action.take('column')
      ifExists(action)
      const name = action.name()
      if (name === null) return false
      if (isIndex) this.dropIndex(table, name)
      else this.ledger.dropColumn(named(table), name)
      return true
    }
    if (action.take('rename')) return this.renamed(table, action)
    if (action.take('alter', 'index')) {
      ifExists(action)
      const name = action.name()
      const isShown = action.take('visible') || action.take('not', 'ignored')
      if (name === null || (!isShown && action.takeOneOf('invisible', 'ignored') === null)) return false
      this.ledger.changeIndex(name, named(table), (index) => ({
        ...index,
        unusable: isShown ? undefined : 'invisible',
      }))
      return true
    }
    if (action.take('change')) {
      action.take('column')
      ifExists(action)
      const [from, to] = [action.name(), action.name()]
      if (from === null || to === null) return false
      this.ledger.renameColumn(named(table), from, to)
      return true
    }
    return true
  }

  private renamed(table: string, action: TokenReader): boolean | string {
    if (action.takeOneOf('index', 'key') !== null) {
      const from = action.name()
      const to = action.take('to') ? action.name() : null
      if (from === null || to === null) return false
      this.ledger.changeIndex(from, named(table), (index) => ({ ...index, name: to }))
      return true
    }
    if (action.take('column')) {
      const from = action.name()
      const to = action.take('to') ? action.name() : null
      if (from === null || to === null) return false
      this.ledger.renameColumn(named(table), from, to)
      return true
    }
    action.takeOneOf('to', 'as')
    const to = action.table()
    if (to === null) return false
    this.ledger.moveTable(named(table), { name: to })
    return to
  }

  private add(
    table: string,
    name: string,
    { kind, type }: NewIndex,
    keys: readonly IndexKey[],
    rest: TokenReader | null,
  ): boolean {
    const isHidden =
      rest?.holds('invisible') === true || (rest?.holds('ignored') === true && !rest.holds('not', 'ignored'))
    const parser = /\bwith\s+parser\s+(\w+)/i.exec(rest?.text() ?? '')?.[1]
    this.ledger.addIndex(named(table), {
      name,
      kind,
      keys,
      include: [],
      predicate: null,
      type,
      ...(isHidden ? { unusable: 'invisible' as const } : {}),
      ...(parser === undefined ? {} : { options: `parser ${parser.toLowerCase()}` }),
      sources: [this.source],
    })
    return true
  }

  private dropIndex(table: string, name: string): void {
    this.ledger.dropIndex(name, named(table))
  }

  private using(): string | undefined {
    return usingFirst(this.reader)
  }
}

function named(name: string): TableName {
  return { schema: null, name }
}

function newIndex(reader: TokenReader): NewIndex {
  if (reader.take('unique')) return { kind: 'unique', type: 'BTree' }
  if (reader.take('fulltext')) return { kind: 'index', type: 'Fulltext' }
  if (reader.take('spatial')) return { kind: 'index', type: 'Spatial' }
  return { kind: 'index', type: 'BTree' }
}

/** InnoDB makes a b-tree whether BTREE or HASH is said. What else is said is not known. */
function typed(made: NewIndex, using: string | undefined): NewIndex {
  return using === undefined || ['btree', 'hash'].includes(using) ? made : { ...made, type: `other:${using}` }
}

function usingFirst(reader: TokenReader): string | undefined {
  return reader.take('using') ? (reader.name() ?? '').toLowerCase() : undefined
}

function usingIn(reader: TokenReader): string | undefined {
  return /\busing\s+(\w+)/i.exec(reader.text())?.[1]?.toLowerCase()
}

function isKeyWord(reader: TokenReader): boolean {
  return reader.text().match(/^(?:primary|unique|foreign|check)\b/i) !== null
}

function ifExists(reader: TokenReader): void {
  if (!reader.take('if', 'exists')) reader.take('if', 'not', 'exists')
}

/** `title(191) DESC, (lower(email))`; null where a key is not understood. */
function keysOf(parts: readonly TokenReader[] | null): IndexKey[] | null {
  if (parts === null || parts.length === 0) return null
  const keys = parts.map((part): IndexKey | null => {
    if (part.take('(')) return { ...plainKey(''), column: null, expression: part.upTo(')').text() }
    const column = part.name()
    if (column === null) return null
    const [length] = part.list() ?? []
    const sort = part.take('desc') ? 'desc' : 'asc'
    return { ...plainKey(column), sort, length: length === undefined ? null : Number(length.text()) }
  })
  return keys.every((key) => key !== null) ? keys : null
}

function plainKey(column: string): IndexKey {
  return { column, expression: null, sort: 'asc', length: null, operatorClass: null }
}
