import type { TableChange } from '../change-source.ts'

/** A table as the database names it. */
export interface NamedTable {
  /** Null where the database has none. */
  readonly schema: string | null
  readonly table: string
}

type Row = Readonly<Record<string, string | null | undefined>>

/** Rows of one table whose values are told; of more the table alone. */
const ROWS = 100
/** Characters of a value that may be part of a key: an index of PostgreSQL takes some 2,700 bytes. */
const LONGEST = 8000

interface Told {
  readonly home: NamedTable
  readonly columns: readonly string[]
  /** By their text: a row that kept its values is told once. */
  readonly rows: Map<string, readonly (string | null)[]>
}

/** Collects what one transaction changes: a change a table, and a kind of columns. */
export class TransactionRows {
  /** Of each table, by the columns that are told. */
  private readonly told = new Map<string, Map<string, Told>>()
  /** Tables of which nothing more than that they have changed is known. */
  private readonly whole = new Map<string, NamedTable>()
  private isUnknown = false

  /** Rows before and after, of which the columns are told that all of them have. */
  add(home: NamedTable, columns: readonly string[], rows: readonly Row[]): void {
    const name = nameOf(home)
    if (this.whole.has(name)) return
    const known = columns.filter((column) => rows.every((row) => isTold(row[column])))
    if (known.length === 0) return this.addWhole(home)
    let ofTable = this.told.get(name)
    if (ofTable === undefined) this.told.set(name, (ofTable = new Map()))
    const key = JSON.stringify(known)
    let told = ofTable.get(key)
    if (told === undefined) ofTable.set(key, (told = { home, columns: known, rows: new Map() }))
    for (const row of rows) {
      const values = known.map((column) => row[column] ?? null)
      told.rows.set(JSON.stringify(values), values)
    }
    if (told.rows.size > ROWS) this.addWhole(home)
  }

  addWhole(home: NamedTable): void {
    const name = nameOf(home)
    this.whole.set(name, home)
    this.told.delete(name)
  }

  /** Something has changed of which nothing is known. */
  addUnknown(): void {
    this.isUnknown = true
  }

  changes(transaction?: string): readonly (TableChange | null)[] {
    if (this.isUnknown) return [null]
    return [
      ...[...this.whole.values()].map((home) => ({ ...home, transaction, columns: [], rows: null })),
      ...[...this.told.values()]
        .flatMap((ofTable) => [...ofTable.values()])
        .map(({ home, columns, rows }) => ({
          ...home,
          transaction,
          columns,
          rows: [...rows.values()],
          // Where a column of a row before is not told, it is none of `columns`.
          isWhole: true,
        })),
    ]
  }
}

const nameOf = ({ schema, table }: NamedTable): string => JSON.stringify([schema, table])

const isTold = (value: string | null | undefined): boolean =>
  value === null || (value !== undefined && value.length <= LONGEST)
