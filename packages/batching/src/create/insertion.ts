import type { Args, Call, Model } from '@prisma-brisk/core'
import type { CreateKey } from './create-key.ts'
import { RowsNotToldApartError } from '../errors.ts'
import { ExpandedInserts, type Inserted } from './expanded-insert.ts'
import { narrowed, requireField, widened, type Row } from '../statement/key-selection.ts'

/** Rows were not stored together, or it is not known whether they were. */
export class InsertionError extends Error {
  constructor(
    override readonly cause: unknown,
    /** Whether it is certain that nothing was stored. */
    readonly storedNothing: boolean,
  ) {
    super('The rows could not be stored together.')
  }
}

/**
 * One INSERT … RETURNING; the rows in the order of `data`, null for those that a trigger left out. Where there are fewer, the
 * rest of `data` has not been sent.
 *
 * @throws InsertionError
 */
export async function insertReturning(
  call: Call,
  model: Model,
  data: readonly Args[],
): Promise<readonly (Row | null)[]> {
  const given = Object.keys(data[0] as Args).flatMap((name) => model.fields.get(name) ?? [])
  const { args, added } = widened(call, given)
  let inserted: Inserted
  try {
    inserted = (await ExpandedInserts.for(call, model, data)?.send(call, model, args, data)) ?? {
      rows: await call.send('createManyAndReturn', { ...args, data }),
      sent: data.length,
    }
  } catch (error) {
    throw new InsertionError(error, wasRefused(error))
  }
  const sent = data.slice(0, inserted.sent)
  return inOrderOf(model, sent, inserted.rows as readonly Row[]).map((row) => row && narrowed(row, added))
}

/**
 * One INSERT, and one SELECT of its rows by a key, in one transaction: what it cannot find again is not stored.
 *
 * @throws InsertionError
 */
export async function insertAndFind(
  call: Call,
  key: CreateKey,
  data: readonly Args[],
): Promise<readonly Row[]> {
  const { args, added } = widened(call, key.fields)
  const { data: _, ...selection } = args
  const places = new Map(data.map((each, index) => [key.fold(each), index]))
  let hasRun = false
  try {
    return await call.transact(async (send) => {
      await send('createMany', { data })
      const rows = (await send('findMany', { ...selection, where: key.where(data) })) as readonly Row[]
      for (const field of key.fields) if (rows[0] !== undefined) requireField(call, rows[0], field)
      const ordered: (Row | undefined)[] = Array.from({ length: data.length })
      for (const row of rows) ordered[places.get(key.foldRow(row)) ?? data.length] = narrowed(row, added)
      if (rows.length !== data.length || ordered.length !== data.length || ordered.includes(undefined))
        throw new Error('The rows were not found again by the key they were given.')
      hasRun = true
      return ordered as Row[]
    })
  } catch (error) {
    // What fails before COMMIT is rolled back; after a COMMIT that got no answer nobody knows.
    throw new InsertionError(error, !hasRun)
  }
}

/** Constraint violations, values that do not fit, deadlocks, and what Prisma refuses before it sends. */
const refusals = new Set<unknown>([
  'P2000',
  'P2002',
  'P2003',
  'P2004',
  'P2005',
  'P2006',
  'P2007',
  'P2011',
  'P2012',
  'P2020',
  'P2029',
  'P2033',
  'P2034',
])

/** Classes of SQLSTATE after which a statement may have been stored all the same: the connection, the server, the machine. */
const uncertain = /^(08|57|58|XX|40003)/

/** Whether the database has said no: a statement is stored whole or not at all. */
function wasRefused(error: unknown): boolean {
  const { name, code, meta } = error as { name?: unknown; code?: unknown; meta?: unknown }
  if (name === 'PrismaClientValidationError' || refusals.has(code)) return true
  const { cause } =
    (meta as { driverAdapterError?: { cause?: object } } | undefined)?.driverAdapterError ?? {}
  const { kind, originalCode } = (cause ?? {}) as { kind?: unknown; originalCode?: unknown }
  return kind === 'postgres' && typeof originalCode === 'string' && !uncertain.test(originalCode)
}

/**
 * Databases return inserted rows in the order of VALUES, though none promises it: rows that hold other values than were
 * given in their place are put where theirs were given. A trigger may have kept the database from storing some.
 *
 * @throws InsertionError where rows are missing, and it cannot be told which
 */
function inOrderOf(model: Model, data: readonly Args[], rows: readonly Row[]): readonly (Row | null)[] {
  const isWhole = rows.length === data.length
  if (isWhole && rows.every((row, index) => holds(row, data[index] as Args))) return rows
  const left = new Set(rows)
  const ordered = data.map((given) => {
    for (const row of left) {
      if (!holds(row, given)) continue
      left.delete(row)
      return row
    }
    return null
  })
  if (left.size === 0) return ordered
  if (isWhole) return rows
  throw new InsertionError(new RowsNotToldApartError(model.name, data.length, rows.length), false)
}

/** Whether the row can be what came of these values; what a database rounds or pads is not compared. */
function holds(row: Row, given: Args): boolean {
  for (const name in given) {
    const value = given[name]
    const stored = row[name]
    const isText = typeof value === 'string' && typeof stored === 'string'
    if (
      isText ? value.trimEnd() !== stored.trimEnd() : isNumber(value) && isNumber(stored) && value !== stored
    )
      return false
  }
  return true
}

const isNumber = (value: unknown): boolean => typeof value === 'number' || typeof value === 'bigint'
