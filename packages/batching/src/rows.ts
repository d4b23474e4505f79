import { narrowed, requireField, widened, type Row } from './key-selection.ts'
import { findFirstRows, firstRowsCapacity } from './first-rows.ts'
import { mergedWhere, MergeMismatch, slotOf, type Ask, type Findings, type Slot } from './statement.ts'

/**
 * Lists and single rows: one `findMany` with an `IN`, its rows dealt out by their key in the order in which they come.
 *
 * Under a bound, the statement may read as many rows as all callers together may get. Where it reads that many, some
 * caller may have pushed out the rows of another: the first rows are then found for each key by itself.
 */
export async function findRows(ask: Ask): Promise<Findings> {
  const { speaker, question, key, slots } = ask
  const { args, added } = widened(speaker.call, [key])
  const bound = question.kind === 'list' ? question.take : null
  const { take: _, skip: __, ...rest } = args
  const found = (await speaker.call.send('findMany', {
    ...rest,
    where: mergedWhere(ask),
    ...(bound === null ? {} : { take: bound * slots.size }),
  })) as readonly Row[]
  if (!Array.isArray(found)) throw new MergeMismatch('the statement gave no list of rows')
  if (bound !== null && found.length >= bound * slots.size) return findBounded(ask)
  const dealt = new Map<Slot, Row[]>()
  for (const slot of slots.values()) dealt.set(slot, [])
  for (const row of found) {
    requireField(speaker.call, row, key)
    const rows = dealt.get(slotOf(ask, row[key.name])) as Row[]
    rows.push(narrowed(row, added))
  }
  return question.kind === 'one' ? single(ask, dealt) : question.take === null ? dealt : cut(ask, dealt)
}

/** In as many statements as their keys need; keys that cannot be asked for in this way are left without a finding. */
async function findBounded(ask: Ask): Promise<Findings> {
  const capacity = firstRowsCapacity(ask)
  const entries = capacity === 0 ? [] : [...ask.slots]
  const findings = new Map<Slot, unknown>()
  for (let start = 0; start < entries.length; start += capacity) {
    const slots = new Map(entries.slice(start, start + capacity))
    for (const [slot, rows] of await findFirstRows({ ...ask, slots })) findings.set(slot, rows)
  }
  return findings
}

function single({ speaker }: Ask, dealt: ReadonlyMap<Slot, Row[]>): Findings {
  const findings = new Map<Slot, unknown>()
  for (const [slot, rows] of dealt) {
    if (rows.length > 1) throw new MergeMismatch('a unique key found several rows')
    if (rows.length === 1 || !speaker.call.operation.endsWith('OrThrow')) findings.set(slot, rows[0] ?? null)
  }
  return findings
}

function cut({ question: { skip, take } }: Ask, dealt: ReadonlyMap<Slot, Row[]>): Findings {
  const findings = new Map<Slot, unknown>()
  for (const [slot, rows] of dealt) findings.set(slot, rows.slice(skip, skip + (take as number)))
  return findings
}
