import type { Args, Call, Field } from '@prisma-brisk/core'
import type { Row } from './merge-key.ts'
import { MergeMismatch } from './statement.ts'

/** A selection widened by the fields that a merge needs, and those of them that rows have not without it. */
export interface WidenedSelection {
  readonly args: Args
  readonly added: readonly string[]
}

/** Fields that the client leaves out by itself (`omit` in its constructor), learnt from rows that lack them. */
const hidden = new WeakMap<object, Set<string>>()

/** The arguments of a call, selecting `fields` too. */
export function widened(call: Call, fields: readonly Field[]): WidenedSelection {
  const { args, host, model } = call
  const select = args['select'] as Args | undefined
  const omit = args['omit'] as Args | undefined
  const lacks =
    select !== undefined
      ? (name: string) => select[name] !== true
      : (name: string) => (omit?.[name] ?? hidden.get(host)?.has(`${model}.${name}`) ?? false) !== false
  const lacking = fields.map((field) => field.name).filter(lacks)
  if (lacking.length === 0) return { args, added: [] }
  const clause = select === undefined ? 'omit' : 'select'
  const wanted = Object.fromEntries(lacking.map((name) => [name, select !== undefined]))
  // What a computed field needs stays: Prisma computes it from the row that it is handed, and hides it then.
  const { neededColumns } = call
  return {
    args: { ...args, [clause]: { ...(args[clause] as Args | undefined), ...wanted } },
    added: lacking.filter((name) => !neededColumns.has(name)),
  }
}

/** Fails where rows came without a field all the same, and remembers that the client hides it. */
export function requireField({ host, model }: Call, row: Row, { name }: Field): void {
  if (name in row) return
  let names = hidden.get(host)
  if (names === undefined) hidden.set(host, (names = new Set()))
  names.add(`${model}.${name}`)
  throw new MergeMismatch(`rows came without ${name}`, true)
}

/** The row as the caller selected it. */
export function narrowed(row: Row, added: readonly string[]): Row {
  if (added.length === 0) return row
  const own: Record<string, unknown> = { ...row }
  for (const name of added) delete own[name]
  return own
}
