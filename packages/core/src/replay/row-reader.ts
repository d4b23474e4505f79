import type { SqlAnswer } from '../driver/driver-listener.ts'
import type { Model } from '../schema/datamodel/model.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'
import { columnReader, DOUBT, type ColumnReader, type DecimalClass } from './column-reader.ts'

/**
 * Makes objects of the rows of one statement, as Prisma does: the same keys in the same order, values of the same types.
 *
 * @throws DOUBT for a value that is not as its column's values are, so that Prisma judges it
 */
export class RowReader {
  /** Columns of which Prisma has not yet been seen to read a value. */
  private readonly unproven = new Set<number>()
  private read: (rows: readonly unknown[][]) => unknown[]
  private decimal: DecimalClass | null = null
  private untilCode = ROWS_WORTH_CODE
  private isCompiled = false

  private constructor(
    private readonly columns: readonly Column[],
    private readonly names: readonly string[],
    private readonly types: readonly unknown[],
  ) {
    for (const [index] of columns.entries()) this.unproven.add(index)
    this.read = interpreted(columns, null)
  }

  /** The reader of rows of which Prisma made objects like `sample`; null where a key of it is no column of the statement. */
  static of(
    schema: SchemaModel,
    model: Model,
    answer: SqlAnswer,
    sample: Readonly<Record<string, unknown>>,
  ): RowReader | null {
    const { columnNames: names = [], columnTypes: types = [] } = answer
    const columns: Column[] = []
    for (const key of Object.keys(sample)) {
      const field = model.fields.get(key)
      if (field === undefined || key === '__proto__') return null
      const at = names.indexOf(field.column)
      const reader = columnReader(schema, field)
      if (at < 0 || names.includes(field.column, at + 1) || reader === null) return null
      columns.push({ key, at, reader })
    }
    return new RowReader(columns, names, types)
  }

  /** Whether the statement still answers with the columns that the reader was made for. */
  fits({ columnNames, columnTypes }: SqlAnswer): boolean {
    return isSameList(columnNames, this.names) && isSameList(columnTypes, this.types)
  }

  rows({ rows }: SqlAnswer): unknown[] {
    // Code is worth its making where many rows are read.
    this.untilCode -= rows.length + 1
    if (this.untilCode <= 0 && !this.isCompiled) {
      this.isCompiled = true
      this.read = this.compile()
    }
    return this.read(rows)
  }

  /** Whether a row has a value in a column of which Prisma has not been seen to read one. */
  hasUnproven({ rows }: SqlAnswer): boolean {
    if (this.unproven.size === 0) return false
    for (const index of this.unproven) {
      const { at, reader } = this.columns[index]!
      for (const row of rows) if (reader.isValue(row[at])) return true
    }
    return false
  }

  /** Learns from objects that Prisma has made of the same rows what cannot be known before. */
  learn(objects: readonly unknown[]): void {
    if (this.decimal !== null) return
    for (const { key, reader } of this.columns) {
      if (!reader.isDecimal) continue
      for (const object of objects) {
        const value = (object as Record<string, unknown>)[key]
        const one: unknown = Array.isArray(value) ? value[0] : value
        if (typeof one !== 'object' || one === null) continue
        this.decimal = one.constructor as DecimalClass
        this.read = this.isCompiled ? this.compile() : interpreted(this.columns, this.decimal)
        return
      }
    }
  }

  /** Prisma has made the same objects of these rows. */
  prove({ rows }: SqlAnswer): void {
    for (const index of this.unproven) {
      const { at, reader } = this.columns[index]!
      if (rows.some((row) => reader.isValue(row[at]))) this.unproven.delete(index)
    }
  }

  private compile(): (rows: readonly unknown[][]) => unknown[] {
    const { columns, decimal } = this
    try {
      return compiled(columns, decimal)
    } catch {
      // Where code must not be made at run time (Workers, a Content Security Policy).
      return interpreted(columns, decimal)
    }
  }
}

const ROWS_WORTH_CODE = 200

interface Column {
  readonly key: string
  /** Its place in the row. */
  readonly at: number
  readonly reader: ColumnReader
}

function compiled(columns: readonly Column[], decimal: DecimalClass | null) {
  const reads = columns.map(({ at, reader }, index) => {
    const value = `row[${at}]`
    return reader.code === null
      ? `read${index}(${value}, decimal)`
      : reader.code.replaceAll('$', () => `value${index}`)
  })
  const values = columns.map(({ at }, index) => `const value${index} = row[${at}]`)
  const keys = columns.map(({ key }, index) => `${JSON.stringify(key)}: ${reads[index]}`)
  const names = columns.map((_, index) => `read${index}`)
  // eslint-disable-next-line typescript/no-implied-eval -- of nothing but names of the schema, quoted, and places in a row
  const make = new Function(
    'DOUBT',
    'decimal',
    ...names,
    `const doubt = () => { throw DOUBT }
return (rows) => {
  const objects = new Array(rows.length)
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index]
    ${values.join('\n    ')}
    objects[index] = { ${keys.join(', ')} }
  }
  return objects
}`,
  ) as (...parts: unknown[]) => (rows: readonly unknown[][]) => unknown[]
  return make(DOUBT, decimal, ...columns.map(({ reader }) => reader.read))
}

function interpreted(columns: readonly Column[], decimal: DecimalClass | null) {
  return (rows: readonly unknown[][]): unknown[] =>
    rows.map((row) => {
      const object: Record<string, unknown> = {}
      for (const { key, at, reader } of columns) object[key] = reader.read(row[at], decimal)
      return object
    })
}

function isSameList(one: readonly unknown[] | undefined, other: readonly unknown[]): boolean {
  if (one === undefined || one.length !== other.length) return false
  for (let index = 0; index < other.length; index++) if (one[index] !== other[index]) return false
  return true
}
