import type { Args, Call, Field } from '@prisma-brisk/core'
import type { Row } from './merge-key.ts'
import { MergeMismatch } from './statement.ts'

/** A selection widened by the fields that a merge needs, and the fields that the callers did not ask for. */
export interface WidenedSelection {
  readonly args: Args
  readonly added: readonly string[]
}

/** Fields that the client leaves out by itself (`omit` in its constructor), learnt from rows that lack them. */
const hidden = new WeakMap<object, Set<string>>()

/** The arguments of a call, selecting `fields` too. */
export function widened({ args, host, model }: Call, fields: readonly Field[]): WidenedSelection {
  const select = args['select'] as Args | undefined
  const omit = args['omit'] as Args | undefined
  const lacks =
    select !== undefined
      ? (name: string) => select[name] !== true
      : (name: string) => (omit?.[name] ?? hidden.get(host)?.has(`${model}.${name}`) ?? false) !== false
  const added = fields.map((field) => field.name).filter(lacks)
  if (added.length === 0) return { args, added }
  const clause = select === undefined ? 'omit' : 'select'
  const wanted = Object.fromEntries(added.map((name) => [name, select !== undefined]))
  return { args: { ...args, [clause]: { ...(args[clause] as Args | undefined), ...wanted } }, added }
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
