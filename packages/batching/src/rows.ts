import type { Args } from '@prisma-brisk/core'
import type { Slot } from './part.ts'
import { mergedWhere, MergeMismatch, slotOf, type Ask, type Finding } from './statement.ts'

type Row = Readonly<Record<string, unknown>>

/** Fields that the client leaves out by itself (`omit` in its constructor), learnt from rows that lack them. */
const hidden = new WeakMap<object, Set<string>>()

/**
 * `findMany` for lists and single rows: one `IN`, the rows dealt out by their key, in the order in which they come.
 */
export async function findRows(ask: Ask): Promise<ReadonlyMap<Slot, Finding>> {
  const { call, question, key, slots } = ask
  const { args: selecting, adds } = withKey(ask)
  const bound = question.kind === 'list' ? question.take : null
  const { where: _, ...rest } = selecting
  const found = (await call.send('findMany', {
    ...rest,
    where: mergedWhere(ask),
    ...(bound === null ? {} : { take: bound * slots.size }),
  })) as readonly Row[]
  if (!Array.isArray(found)) throw new MergeMismatch('the statement gave no list of rows')
  const dealt = new Map<Slot, Row[]>()
  for (const slot of slots.values()) dealt.set(slot, [])
  for (const row of found) {
    if (!(key.name in row)) {
      learnHidden(ask)
      throw new MergeMismatch('rows came without their key')
    }
    const rows = dealt.get(slotOf(ask, row[key.name])) as Row[]
    rows.push(adds ? without(row, key.name) : row)
  }
  if (bound !== null && found.length >= bound * slots.size && slots.size > 1) throw new BoundReached()
  const findings = new Map<Slot, Finding>()
  for (const [slot, rows] of dealt) findings.set(slot, findingOf(ask, rows, bound))
  return findings
}

/** Some caller has more rows than its bound, and may have pushed out those of others. */
export class BoundReached extends Error {}

function findingOf({ question, call }: Ask, rows: Row[], bound: number | null): Finding {
  if (question.kind === 'list') return { answer: bound === null ? rows : rows.slice(0, bound) }
  if (rows.length > 1) throw new MergeMismatch('a unique key found several rows')
  const [row = null] = rows
  return row === null && call.operation.endsWith('OrThrow') ? 'none' : { answer: row }
}

/** The caller's arguments, selecting the key too; `adds`: the caller did not ask for it. */
function withKey({ call, key }: Ask): { readonly args: Args; readonly adds: boolean } {
  const { args } = call
  const select = args['select'] as Args | undefined
  if (select !== undefined) {
    if (select[key.name] === true) return { args, adds: false }
    return { args: { ...args, select: { ...select, [key.name]: true } }, adds: true }
  }
  const omit = args['omit'] as Args | undefined
  const omits = omit?.[key.name] ?? hidden.get(call.host)?.has(`${call.model}.${key.name}`) ?? false
  if (omits === false) return { args, adds: false }
  return { args: { ...args, omit: { ...omit, [key.name]: false } }, adds: true }
}

function learnHidden({ call, key }: Ask): void {
  let names = hidden.get(call.host)
  if (names === undefined) hidden.set(call.host, (names = new Set()))
  names.add(`${call.model}.${key.name}`)
}

function without(row: Row, name: string): Row {
  const { [name]: _, ...rest } = row
  return rest
}
