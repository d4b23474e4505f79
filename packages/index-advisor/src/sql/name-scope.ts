import type { Node } from 'libpg-query'
import { stringOf } from './parse-tree.ts'

export interface ScopedColumn<Table> {
  /** The name that the statement gives the table. */
  readonly alias: string
  readonly table: Table
  readonly column: string
  /** 0: the table stands in this SELECT; more: in one around it. */
  readonly depth: number
}

/** The tables of one level of a statement, by the name it gives them, within those of the levels around it. */
export class NameScope<Table> {
  /** Null: a subquery, or a table that nobody knows. */
  readonly sources = new Map<string, Table | null>()

  /** @param columnNamed the column of a table that a statement means by a name; null where the table has none */
  constructor(
    private readonly outer: NameScope<Table> | null,
    private readonly columnNamed: (table: Table, name: string) => string | null,
  ) {}

  /** Whether the name stands for a subquery rather than a table, here or further out. */
  isSubquery(name: string): boolean {
    return this.sources.get(name) === null || this.outer?.isSubquery(name) === true
  }

  /** The column that a reference means; null where its table is not known, or several could be meant. */
  columnOf(fields: readonly Node[]): ScopedColumn<Table> | null {
    const parts = fields.map(stringOf)
    const column = parts.at(-1) ?? ''
    const qualifier = parts.at(-2)
    return qualifier === undefined ? this.unqualified(column, 0) : this.qualified(qualifier, column, 0)
  }

  private qualified(alias: string, column: string, depth: number): ScopedColumn<Table> | null {
    const table = this.sources.get(alias)
    if (table === undefined) return this.outer?.qualified(alias, column, depth + 1) ?? null
    return table === null ? null : { alias, table, column: this.columnNamed(table, column) ?? column, depth }
  }

  private unqualified(column: string, depth: number): ScopedColumn<Table> | null {
    const holders = [...this.sources].flatMap(([alias, table]) => {
      const found = table === null ? null : this.columnNamed(table, column)
      return table === null || found === null ? [] : [{ alias, table, column: found, depth }]
    })
    const [holder] = holders
    if (holder === undefined) return this.outer?.unqualified(column, depth + 1) ?? null
    return holders.length === 1 ? holder : null
  }
}
