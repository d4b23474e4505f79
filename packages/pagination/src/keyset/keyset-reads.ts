import { allOf, type Args, type Call, type Key, type Next } from '@prisma-brisk/core'
import { InvalidCursorError, UnsupportedOrderError } from '../errors.ts'
import { columnsWith, hiddenFields } from './key-columns.ts'
import { conditionBehind, rangesBehind, type Boundary, type Where } from './keyset.ts'
import { orderByOf, reversed, type SortKey } from './sort-key.ts'

/** Which rows of a list a page has. */
export interface KeysetPage {
  /** In reading order: reversed for a page from the end. */
  readonly keys: readonly SortKey[]
  /** The unique key among them. */
  readonly key: Key
  /** Sort values of the row the page is behind; null: from the start. */
  readonly from: readonly unknown[] | null
  /** Sort values of the row the page ends before; null: no such row. */
  readonly to: readonly unknown[] | null
  readonly limit: number
  /** Whether it is asked for rows before the first one, where the row of the cursor does not tell. */
  readonly looksBehind: boolean
  /** The list as errors name it. */
  readonly name: string
}

export type Row = Record<string, unknown>

/** The statements that one page may need. A member of an array transaction may send one, and so it does. */
export class KeysetReads {
  private readonly isSingle: boolean
  private readonly keys: readonly SortKey[]
  private readonly hidden: Set<string>

  constructor(
    private readonly call: Call,
    private readonly next: Next,
    private readonly options: KeysetPage,
    private readonly enumOrders: ReadonlyMap<string, readonly unknown[]>,
  ) {
    this.keys = options.keys
    this.isSingle = sendsOnce(call)
    this.hidden = hiddenFields(call)
  }

  /** The rows from the cursor's own on. */
  rows(): Promise<{ rows: Row[]; added: readonly string[] }> {
    const { from, to, limit } = this.options
    const ranges =
      from === null
        ? [{}]
        : this.isSingle
          ? [conditionBehind(this.place(from, true))]
          : rangesBehind(this.place(from, true))
    const end = to === null ? null : conditionBehind(this.turned(this.place(to, false)))
    return this.read(ranges, end, limit + 1 + (from === null ? 0 : 1))
  }

  /**
   * Whether the row of a cursor is in the list, with the values that the cursor carries, though it has not come where they
   * say: what the driver reads is not what is stored.
   */
  async isMisplaced(values: readonly unknown[]): Promise<boolean> {
    const inexact = this.keys.find(({ type }) => !type.isExact)
    if (this.isSingle) {
      if (inexact === undefined) return false
      throw this.unsupported(
        inexact.field,
        'holds values that may not be read as they are stored, which takes a second statement to find out, and this call may send one',
      )
    }
    const [row] = await this.select([this.whereKey(values)], this.keys)
    return row !== undefined && this.stands(row, values)
  }

  /** The rows behind the cursor's, found by that row itself. */
  async rowsBehindItself(values: readonly unknown[]): Promise<Row[]> {
    const { key, limit, to } = this.options
    // MySQL sorts enums by their number, and compares them with one another by their text.
    const isEnum = this.call.host.provider === 'mysql' && this.keys.some(({ type }) => type.kind === 'enum')
    if (to !== null || isEnum)
      throw this.unsupported(
        this.fields().join(', '),
        'hold values that are not read as they are stored, which a page with two ends, or by an enum of MySQL, cannot make up for',
      )
    const { args } = columnsWith(this.call.args, this.fields(), this.hidden)
    const where = this.whereKey(values)
    const cursor = key.isCompound ? { [key.name]: where } : where
    const rows = (await this.next(this.call.withArgs({ ...args, cursor, take: limit + 2 }))) as Row[]
    const first = rows.shift()
    // Its key itself is not read as it is stored.
    if (first === undefined || !this.stands(first, values))
      throw this.unsupported(key.fields.join(', '), 'holds values that are not read as they are stored')
    return rows
  }

  /** Whether there are rows from those values on: the row of the other end, or rows behind it. */
  async hasRowsFrom(values: readonly unknown[]): Promise<boolean> {
    return this.isSingle || this.any(rangesBehind(this.place(values, true)), this.keys)
  }

  /** Whether there are rows before those values. A page that may send one statement takes it that there are. */
  async hasRowsBefore(values: readonly unknown[]): Promise<boolean> {
    return (
      this.isSingle || this.any(rangesBehind(this.turned(this.place(values, false))), reversed(this.keys))
    )
  }

  /** Whether a row is the one that the values are of. */
  stands(row: Row, values: readonly unknown[]): boolean {
    return this.keys.every(({ field, type }, index) => {
      const [here, there] = [row[field], values[index]]
      if (here === null || there === null) return here === there
      const carried = type.decode(type.encode(here))
      return carried instanceof Date ? carried.getTime() === (there as Date).getTime() : carried === there
    })
  }

  private whereKey(values: readonly unknown[]): Where {
    const { keys } = this
    return Object.fromEntries(
      this.options.key.fields.map((field) => [field, values[keys.findIndex((key) => key.field === field)]]),
    )
  }

  private place(values: readonly unknown[], inclusive: boolean): Boundary {
    checkEnumValues(this.keys, values, this.enumOrders)
    return { keys: this.keys, values, enumOrders: this.enumOrders, inclusive }
  }

  private turned(boundary: Boundary): Boundary {
    return { ...boundary, keys: reversed(this.keys) }
  }

  private fields(): string[] {
    return this.keys.map(({ field }) => field)
  }

  private unsupported(field: string, why: string): UnsupportedOrderError {
    return new UnsupportedOrderError(this.options.name, field, why)
  }

  /** Reads the ranges one after another until there are enough rows. */
  private async read(
    ranges: readonly Where[],
    end: Where | null,
    wanted: number,
  ): Promise<{ rows: Row[]; added: readonly string[] }> {
    const { call, hidden } = this
    const fields = this.fields()
    let columns = columnsWith(call.args, fields, hidden)
    const rows: Row[] = []
    for (const range of ranges) {
      const read = () =>
        this.next(
          call.withArgs({
            ...columns.args,
            where: within(call.args['where'], range, end),
            take: wanted - rows.length,
          }),
        ) as Promise<Row[]>
      let found = await read()
      const missing = found[0] === undefined ? [] : fields.filter((field) => found[0]?.[field] === undefined)
      if (missing.length > 0) {
        // An extension behind leaves them out, which shows only now.
        for (const field of missing) hidden.add(field)
        if (this.isSingle)
          throw this.unsupported(missing.join(', '), 'is left out by an extension; select it')
        columns = columnsWith(call.args, fields, hidden)
        found = await read()
      }
      rows.push(...found)
      if (rows.length >= wanted) break
    }
    return { rows, added: columns.added }
  }

  private async any(ranges: readonly Where[], keys: readonly SortKey[]): Promise<boolean> {
    return (await this.select(ranges, keys)).length > 0
  }

  /** The first row of the list in these ranges, its keys alone. */
  private async select(ranges: readonly Where[], keys: readonly SortKey[]): Promise<Row[]> {
    const { call } = this
    const { cacheStrategy } = call.args
    for (const range of ranges) {
      const args: Args = {
        ...(cacheStrategy === undefined ? {} : { cacheStrategy }),
        where: within(call.args['where'], range),
        orderBy: orderByOf(keys, call.host.provider),
        select: Object.fromEntries(keys.map(({ field }) => [field, true])),
        take: 1,
      }
      const found = (await this.next(call.withArgs(args))) as Row[]
      if (found.length > 0) return found
    }
    return []
  }
}

/** Whether a second statement of the call would run outside its transaction, or not at all. */
export function sendsOnce({ transaction: { kind } }: Call): boolean {
  return kind === 'array' || kind === 'unrecognised'
}

/** The caller's filter, and what a page adds to it. */
function within(where: unknown, ...added: readonly (Where | null)[]): Where {
  return added.reduce<Where>(
    (whole, each) => (each === null ? whole : allOf(whole, each)),
    (where ?? {}) as Where,
  )
}

/** An enum value that the database does not have any more has no place in its order. */
function checkEnumValues(
  keys: readonly SortKey[],
  values: readonly unknown[],
  enumOrders: ReadonlyMap<string, readonly unknown[]>,
): void {
  keys.forEach(({ field }, index) => {
    const value = values[index]
    const order = enumOrders.get(field)
    if (order !== undefined && value !== null && !order.includes(value))
      throw new InvalidCursorError('cursor', value)
  })
}
