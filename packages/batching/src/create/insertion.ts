import { judgeFailure, type Args, type Call, type Model, type Send } from '@prisma-brisk/core'
import { narrowed, requireField, widened } from '../statement/key-selection.ts'
import type { Row } from '../statement/merge-key.ts'
import type { CreateKey } from './create-key.ts'
import { ExpandedInserts, type Inserted } from './expanded-insert.ts'
import type { Atomicity } from './insert-atomicity.ts'
import { inOrderOf } from './inserted-rows.ts'

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
  atomicity: Atomicity,
): Promise<readonly (Row | null)[]> {
  const given = Object.keys(data[0] as Args).flatMap((name) => model.fields.get(name) ?? [])
  const { args, added } = widened(call, given)
  let inserted: Inserted
  try {
    inserted =
      (await ExpandedInserts.for(call, model, data)?.send(call, model, args, data)) ??
      (await insertWhole(call, { ...args, data }, data.length, atomicity))
  } catch (error) {
    throw error instanceof InsertionError
      ? error
      : new InsertionError(error, wasUndone(error, call, atomicity))
  }
  const rows = inOrderOf(model, data.slice(0, inserted.sent), inserted.rows as readonly Row[])
  return rows.map((row) => row && narrowed(row, added))
}

async function insertWhole(call: Call, args: Args, sent: number, atomicity: Atomicity): Promise<Inserted> {
  const insert = (send: Send) => send('createManyAndReturn', args)
  if (atomicity !== 'transaction')
    return { rows: await insert((operation, given) => call.send(operation, given)), sent }
  return { rows: await inTransaction(call, insert), sent }
}

/**
 * One INSERT, and one SELECT of its rows by a key, in one transaction: what it cannot find again is not stored.
 *
 * @throws InsertionError
 */
export function insertAndFind(call: Call, key: CreateKey, data: readonly Args[]): Promise<readonly Row[]> {
  const { args, added } = widened(call, key.fields)
  const { data: _, ...selection } = args
  const places = new Map(data.map((each, index) => [key.fold(each), index]))
  return inTransaction(call, async (send) => {
    await send('createMany', { data })
    const rows = (await send('findMany', { ...selection, where: key.where(data) })) as readonly Row[]
    for (const field of key.fields) if (rows[0] !== undefined) requireField(call, rows[0], field)
    const ordered: (Row | undefined)[] = Array.from({ length: data.length })
    for (const row of rows) ordered[places.get(key.foldRow(row)) ?? data.length] = narrowed(row, added)
    if (rows.length !== data.length || ordered.length !== data.length || ordered.includes(undefined))
      throw new Error('The rows were not found again by the key they were given.')
    return ordered as Row[]
  })
}

/** What fails before COMMIT is rolled back; after a COMMIT that got no answer nobody knows. */
async function inTransaction<T>(call: Call, run: (send: Send) => Promise<T>): Promise<T> {
  let hasRun = false
  try {
    return await call.transact(async (send) => {
      const result = await run(send)
      hasRun = true
      return result
    })
  } catch (error) {
    throw new InsertionError(error, !hasRun)
  }
}

/** Whether the database has said no, and keeps nothing of the statement. */
function wasUndone(error: unknown, { host }: Call, atomicity: Atomicity): boolean {
  const { outcome, driverCode } = judgeFailure(error)
  if (outcome !== 'open') return true
  // SQLite reports RAISE(ABORT) and RAISE(FAIL) by one code; where nothing fails by FAIL, it was the former.
  return host.provider === 'sqlite' && atomicity === 'statement' && driverCode === RAISED_BY_TRIGGER
}

const RAISED_BY_TRIGGER = '1811'
