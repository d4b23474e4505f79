import type { Args, Call } from '@prisma-brisk/core'

/** Fields that turned out to be left out, by the hooks that a client's calls pass. */
const found = new WeakMap<object, Set<string>>()

/** Fields of a call's model that its client leaves out: by its option `omit`, or as an earlier page has shown. */
export function hiddenFields({ host, hooks, model }: Call): Set<string> {
  const known = hooks === null ? undefined : found.get(hooks)
  if (known !== undefined) return known
  const hidden = new Set(host.omittedFields(model as string))
  if (hooks !== null) found.set(hooks, hidden)
  return hidden
}

/** Columns that a page needs and the caller did not ask for: they are read, used and taken out again. */
export interface KeyColumns {
  readonly args: Args
  /** Fields that the caller must not get to see. */
  readonly added: readonly string[]
}

/** `hidden`: fields of the model that the client's own `omit` option leaves out. */
export function columnsWith(args: Args, fields: readonly string[], hidden: ReadonlySet<string>): KeyColumns {
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

export function stripColumns(rows: readonly Record<string, unknown>[], fields: readonly string[]): void {
  for (const row of rows) for (const field of fields) delete row[field]
}
