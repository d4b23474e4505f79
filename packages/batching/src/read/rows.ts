import { firstRowsCapacity } from './first-ids.ts'
import { findFirstRows } from './first-rows.ts'
import { narrowed, requireField, widened, type Row } from '../statement/key-selection.ts'
import { mergedWhere, MergeMismatch, slotOf, type Ask, type Finder } from '../statement/statement.ts'

/**
 * Lists and single rows: one `findMany` with an `IN`, its rows dealt out by their key in the order in which they come.
 *
 * Under a bound, the statement may read as many rows as all callers together may get. Where it reads that many, some
 * caller may have pushed out the rows of another: the first rows are then found for each key by itself.
 */
export const findRows: Finder = async (ask) => {
  const { question, key, slots } = ask
  const { call } = ask.group.first
  const { args, added } = widened(call, [key])
  const bound = question.kind === 'list' ? question.take : null
  const { take: _, skip: __, ...rest } = args
  const rows = (await call.send('findMany', {
    ...rest,
    where: mergedWhere(ask),
    ...(bound === null ? {} : { take: bound * slots.size }),
  })) as readonly Row[]
  if (!Array.isArray(rows)) throw new MergeMismatch('the statement gave no list of rows')
  if (bound !== null && rows.length >= bound * slots.size) return findBounded(ask)
  if (rows[0] !== undefined) requireField(call, rows[0], key)
  if (question.kind === 'one') dealSingles(ask, rows, added)
  else dealLists(ask, rows, added)
}

function dealSingles(ask: Ask, rows: readonly Row[], added: readonly string[]): void {
  for (const row of rows) {
    const slot = slotOf(ask, row[ask.key.name])
    if (slot.isAnswered) throw new MergeMismatch('a unique key found several rows')
    slot.found = narrowed(row, added)
  }
  if (ask.group.first.call.operation.endsWith('OrThrow')) return
  for (const slot of ask.slots.values()) if (!slot.isAnswered) slot.found = null
}

function dealLists(ask: Ask, rows: readonly Row[], added: readonly string[]): void {
  const { skip, take } = ask.question
  for (const slot of ask.slots.values()) slot.found = []
  for (const row of rows) {
    ;(slotOf(ask, row[ask.key.name]).found as Row[]).push(narrowed(row, added))
  }
  if (take === null) return
  for (const slot of ask.slots.values()) slot.found = (slot.found as Row[]).slice(skip, skip + take)
}

/** In as many statements as their keys need; keys that cannot be asked for in this way are left without an answer. */
async function findBounded(ask: Ask): Promise<void> {
  const capacity = firstRowsCapacity(ask)
  const entries = capacity === 0 ? [] : [...ask.slots]
  for (let start = 0; start < entries.length; start += capacity) {
    await findFirstRows({ ...ask, slots: new Map(entries.slice(start, start + capacity)) })
  }
}
