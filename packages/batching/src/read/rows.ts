import { refusal } from '../batch-key/batch-key.ts'
import { SingleKey, type Row } from '../statement/merge-key.ts'
import { narrowed, requireField, widened } from '../statement/key-selection.ts'
import {
  mergedWhere,
  MergeMismatch,
  slotOf,
  type MergedRead,
  type ReadStrategy,
} from '../statement/statement.ts'
import { firstRowsCapacity } from './first-ids.ts'
import { findFirstRows } from './first-rows.ts'

/**
 * Lists and single rows: one `findMany` for all keys, its rows dealt out by their key in the order in which they come.
 *
 * Under a bound, the statement may read as many rows as all callers together may get. Where it reads that many, some
 * caller may have pushed out the rows of another: the first rows are then found for each key by itself.
 */
export const findRows: ReadStrategy = async (read) => {
  const { batchKey, key, slots } = read
  const { call } = read.group.first
  const { args, added } = widened(call, key.fields)
  const bound = batchKey.kind === 'list' ? batchKey.take : null
  const { take: _, skip: __, ...rest } = args
  const rows = (await call.send('findMany', {
    ...rest,
    ...refusal('distinct', batchKey),
    where: mergedWhere(read),
    ...(bound === null ? {} : { take: bound * slots.size }),
  })) as readonly Row[]
  if (!Array.isArray(rows)) throw new MergeMismatch('the statement gave no list of rows')
  if (bound !== null && rows.length >= bound * slots.size) return findBounded(read)
  if (rows[0] !== undefined) for (const field of key.fields) requireField(call, rows[0], field)
  if (batchKey.kind === 'one') dealSingles(read, rows, added)
  else dealLists(read, rows, added)
}

function dealSingles(read: MergedRead, rows: readonly Row[], added: readonly string[]): void {
  for (const row of rows) {
    const slot = slotOf(read, row)
    if (slot.isAnswered) throw new MergeMismatch('a unique key found several rows')
    slot.found = narrowed(row, added)
  }
  if (read.group.first.call.operation.endsWith('OrThrow')) return
  for (const slot of read.slots.values()) if (!slot.isAnswered) slot.found = null
}

function dealLists(read: MergedRead, rows: readonly Row[], added: readonly string[]): void {
  const { skip, take } = read.batchKey
  for (const slot of read.slots.values()) slot.found = []
  for (const row of rows) (slotOf(read, row).found as Row[]).push(narrowed(row, added))
  if (take === null) return
  for (const slot of read.slots.values()) slot.found = (slot.found as Row[]).slice(skip, skip + take)
}

/** In as many statements as their keys need; keys that cannot be asked for in this way are left without an answer. */
async function findBounded({ key, ...read }: MergedRead): Promise<void> {
  if (!(key instanceof SingleKey)) return
  const capacity = firstRowsCapacity({ ...read, key })
  const entries = capacity === 0 ? [] : [...read.slots]
  for (let start = 0; start < entries.length; start += capacity) {
    await findFirstRows({ ...read, key, slots: new Map(entries.slice(start, start + capacity)) })
  }
}
