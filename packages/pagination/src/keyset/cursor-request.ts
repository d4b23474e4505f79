import type { Call, Next } from '@prisma-brisk/core'
import { UnsupportedOrderError } from '../errors.ts'
import type { PageRequest } from '../page/page-request.ts'
import { enumOrdersOf } from './enum-order.ts'
import { stripColumns } from './key-columns.ts'
import { KeysetReads, sendsOnce, type KeysetPage } from './keyset-reads.ts'
import { hasLevels, mysqlColumnOf } from './mysql-column.ts'
import type { SortKey } from './sort-key.ts'

export interface CursorOutcome {
  /** Sort values of the rows, in reading order. */
  readonly values: readonly (readonly unknown[])[]
  /** There are rows behind the last one. */
  readonly hasMore: boolean
  /** There are rows before the first one. */
  readonly hasBehind: boolean
}

/**
 * Reads a keyset page inside the pipeline. It asks for one row more than the page has, which tells whether there is a next
 * page, and includes the row of the cursor, which tells, while that row exists, that there is a previous one: one statement
 * for both.
 *
 * The row of the cursor also proves the cursor. A value that a driver reads may not be the value that is stored: times
 * finer than a millisecond, SQLite's several forms of one time, a session's time zone. In the order of such values the
 * carried one stands elsewhere, and rows would repeat or be lost. Where the row of the cursor is in the list with the very
 * values that the cursor carries, and yet does not come first, the page is read behind the row itself, as Prisma's own
 * `cursor` does: the database compares with what it has stored. Only where that row is gone are the carried values all
 * there is.
 */
export class CursorRequest implements PageRequest {
  readonly lookahead = 2
  readonly keys: readonly SortKey[]
  outcome: CursorOutcome | null = null

  constructor(private readonly options: KeysetPage) {
    this.keys = options.keys
  }

  async read(call: Call, next: Next): Promise<unknown> {
    const { from, to, limit, looksBehind } = this.options
    // What a computed field needs stays in the row: Prisma computes the field from it, and takes the column off then.
    const { neededColumns } = call
    if (neededColumns.size > 0) call.notes.keepsSelection = true
    const page = new KeysetReads(call, next, this.options, await this.enumOrders(call))
    const found = await page.rows()
    let { rows } = found
    let isAtCursor = from !== null && rows[0] !== undefined && page.stands(rows[0], from)
    if (isAtCursor) rows.shift()
    else if (from !== null && (await page.isMisplaced(from))) {
      rows = await page.rowsBehindItself(from)
      isAtCursor = true
    }
    const hasMore = rows.length > limit
    if (hasMore) rows.length = limit
    const values = rows.map((row) => this.keys.map(({ field }) => row[field]))
    stripColumns(
      rows,
      found.added.filter((field) => !neededColumns.has(field)),
    )
    this.outcome = {
      values,
      hasMore: hasMore || (to !== null && (await page.hasRowsFrom(to))),
      hasBehind: isAtCursor || (looksBehind && from !== null && (await page.hasRowsBefore(from))),
    }
    return rows
  }

  /** The order of enums, which the database decides. @throws UnsupportedOrderError for texts that it sorts in an order of its own */
  private async enumOrders(call: Call): Promise<ReadonlyMap<string, readonly unknown[]>> {
    const { name } = this.options
    const beforeAsking = (field: string): void => {
      if (sendsOnce(call))
        throw new UnsupportedOrderError(
          name,
          field,
          'takes a statement of its own the first time, which tells how the database sorts it, and this call may send one. Read one page outside the array transaction first',
        )
    }
    for (const { field, type } of call.host.provider === 'mysql' ? this.keys : []) {
      if (type.kind !== 'string') continue
      const column = await mysqlColumnOf(call, field, beforeAsking)
      if (column?.collation != null && hasLevels(column.collation))
        throw new UnsupportedOrderError(
          name,
          field,
          `has the collation ${column.collation}, which compares by several levels: MariaDB may sort it in another order than it compares it`,
        )
    }
    return enumOrdersOf(call, this.keys, beforeAsking)
  }
}
