import type { Args, Call, Next } from '@prisma-brisk/core'
import { InvalidCursorError } from '../errors.ts'
import { conditionBehind, rangesBehind, type Boundary, type Where } from './keyset.ts'
import type { PageRequest } from '../page/page-request.ts'
import { enumOrdersOf } from './enum-order.ts'
import { orderByOf, reversed, type SortKey } from './sort-key.ts'

export interface CursorRequestOptions {
  /** In reading order: reversed for a page from the end. */
  readonly keys: readonly SortKey[]
  /** Sort values of the row the page is behind; null: from the start. */
  readonly from: readonly unknown[] | null
  /** Sort values of the row the page ends before; null: no such row. */
  readonly to: readonly unknown[] | null
  readonly limit: number
}

export interface CursorOutcome {
  /** Sort values of the rows, in reading order. */
  readonly values: readonly (readonly unknown[])[]
  /** There are rows behind the last one. */
  readonly hasMore: boolean
  /** There are rows before the first one. */
  readonly hasBehind: boolean
}

type Row = Record<string, unknown>

/**
 * Reads a keyset page inside the pipeline. It asks for one row more than the page has, which tells whether there is a next page, and
 * includes the row of the cursor, which tells, while that row exists, that there is a previous one: one statement for both. Only where
 * the cursor's row is gone does another one look for a single row on the other side.
 */
export class CursorRequest implements PageRequest {
  readonly lookahead = 2
  readonly keys: readonly SortKey[]
  outcome: CursorOutcome | null = null

  constructor(private readonly options: CursorRequestOptions) {
    this.keys = options.keys
  }

  async read(call: Call, next: Next): Promise<unknown> {
    const { keys, limit, from, to } = this.options
    const enumOrders = await enumOrdersOf(call, keys)
    const place = (values: readonly unknown[], inclusive: boolean): Boundary => {
      checkEnumValues(keys, values, enumOrders)
      return { keys, values, enumOrders, inclusive }
    }
    const turned = (boundary: Boundary): Boundary => ({ ...boundary, keys: reversed(keys) })

    const ranges = from === null ? [{}] : rangesBehind(place(from, true))
    const end = to === null ? null : conditionBehind(turned(place(to, false)))
    const wanted = limit + 1 + (from === null ? 0 : 1)
    const { rows, added } = await this.rows(call, next, ranges, end, wanted)

    const atCursor = from !== null && rows[0] !== undefined && this.stands(rows[0], from)
    if (atCursor) rows.shift()
    const hasMore = rows.length > limit
    if (hasMore) rows.length = limit
    const values = rows.map((row) => keys.map(({ field }) => row[field]))
    stripColumns(rows, added)
    this.outcome = {
      values,
      hasMore: hasMore || (to !== null && (await this.any(call, next, rangesBehind(place(to, true)), keys))),
      hasBehind:
        atCursor ||
        (from !== null &&
          (await this.any(call, next, rangesBehind(turned(place(from, false))), reversed(keys)))),
    }
    return rows
  }

  /** Reads the ranges one after another until there are enough rows. */
  private async rows(
    call: Call,
    next: Next,
    ranges: readonly Where[],
    end: Where | null,
    wanted: number,
  ): Promise<{ rows: Row[]; added: readonly string[] }> {
    const fields = this.keys.map(({ field }) => field)
    const hidden = hiddenFields(call)
    let columns: KeyColumns = columnsWith(call.args, fields, hidden)
    const rows: Row[] = []
    for (const range of ranges) {
      const read = () =>
        next(
          call.withArgs({
            ...columns.args,
            where: allOf(call.args['where'], range, end),
            take: wanted - rows.length,
          }),
        ) as Promise<Row[]>
      let found = await read()
      const missing = found[0] === undefined ? [] : fields.filter((field) => found[0]?.[field] === undefined)
      if (missing.length > 0) {
        // The client's own `omit` option hides them, which shows only now.
        for (const field of missing) hidden.add(field)
        columns = columnsWith(call.args, fields, hidden)
        found = await read()
      }
      rows.push(...found)
      if (rows.length >= wanted) break
    }
    return { rows, added: columns.added }
  }

  private async any(
    call: Call,
    next: Next,
    ranges: readonly Where[],
    keys: readonly SortKey[],
  ): Promise<boolean> {
    const select = Object.fromEntries(keys.map(({ field }) => [field, true]))
    const { cacheStrategy } = call.args
    for (const range of ranges) {
      const args: Args = {
        ...(cacheStrategy === undefined ? {} : { cacheStrategy }),
        where: allOf(call.args['where'], range, null),
        orderBy: orderByOf(keys, call.host.provider),
        select,
        take: 1,
      }
      const found = (await next(call.withArgs(args))) as Row[]
      if (found.length > 0) return true
    }
    return false
  }

  /** Whether a row is the one that the values are of. */
  private stands(row: Row, values: readonly unknown[]): boolean {
    return this.keys.every(({ field, type }, index) => {
      const [here, there] = [row[field], values[index]]
      if (here === null || there === null) return here === there
      const carried = type.decode(type.encode(here))
      return carried instanceof Date ? carried.getTime() === (there as Date).getTime() : carried === there
    })
  }
}

function allOf(...conditions: readonly unknown[]): Where {
  const kept = conditions.filter(
    (condition): condition is Where =>
      typeof condition === 'object' && condition !== null && Object.keys(condition).length > 0,
  )
  return kept.length === 1 ? (kept[0] as Where) : kept.length === 0 ? {} : { AND: kept }
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

const state = Symbol('prisma-brisk.pagination.hidden')

/** Fields that turned out to be left out by the client's `omit` option, by model. */
function hiddenFields(call: Call): Set<string> {
  const models = call.host.state(state, () => new Map<string, Set<string>>())
  const model = call.model as string
  let fields = models.get(model)
  if (fields === undefined) models.set(model, (fields = new Set()))
  return fields
}

/** Columns that a page needs and the caller did not ask for: they are read, used and taken out again. */
interface KeyColumns {
  readonly args: Args
  /** Fields that the caller must not get to see. */
  readonly added: readonly string[]
}

/** `hidden`: fields of the model that the client's own `omit` option leaves out. */
function columnsWith(args: Args, fields: readonly string[], hidden: ReadonlySet<string>): KeyColumns {
  const { select, omit = {} } = args as { select?: Args; omit?: Args }
  if (select !== undefined) {
    const added = fields.filter((field) => select[field] !== true)
    if (added.length === 0) return { args, added }
    return { args: { ...args, select: { ...select, ...valued(added, true) } }, added }
  }
  const added = fields.filter((field) => omit[field] === true || (hidden.has(field) && omit[field] !== false))
  if (added.length === 0) return { args, added }
  return { args: { ...args, omit: { ...omit, ...valued(added, false) } }, added }
}

function valued(fields: readonly string[], value: boolean): Record<string, boolean> {
  return Object.fromEntries(fields.map((field) => [field, value]))
}

function stripColumns(rows: readonly Record<string, unknown>[], fields: readonly string[]): void {
  for (const row of rows) for (const field of fields) delete row[field]
}
