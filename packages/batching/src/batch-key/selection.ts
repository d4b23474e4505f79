import { isPlain, type Args, type Host, type Model } from '@prisma-brisk/core'

/**
 * Whether the outermost selection names nothing but fields of the model. Fields that an extension computes may mean
 * something else to another client behind the same pipeline.
 */
export function selectionFits(host: Host, model: Model, args: Args): boolean {
  for (const clause of ['select', 'include', 'omit'] as const) {
    const names = args[clause]
    if (names === undefined) continue
    if (!isPlain(names)) return false
    for (const name in names) if (name !== '_count' && !model.fields.has(name)) return false
  }
  return !selectsNothing(host, model, args)
}

/**
 * Whether nothing is left of a row: an empty selection, or all columns left out, by the call or by the client. Prisma refuses
 * such a call, but not once a merge, or a batch of Prisma's own, selects the key too.
 */
export function selectsNothing(host: Host, model: Model, { select, include, omit }: Args): boolean {
  if (isPlain(select)) return !hasChosen(select)
  if (!isPlain(omit) || hasChosen(include)) return false
  const hidden = host.omittedFields(model.name)
  for (const { name, kind, isIgnored } of model.fields.values()) {
    const isColumn = (kind === 'scalar' || kind === 'enum') && !isIgnored
    if (isColumn && (omit[name] ?? hidden.includes(name)) === false) return false
  }
  return true
}

const hasChosen = (fields: unknown): boolean =>
  isPlain(fields) && Object.values(fields).some((field) => field === true || isPlain(field))

/**
 * Whether a nested list is cut. Alone the database cuts it; under several parents Prisma reads it whole and cuts it
 * afterwards, which can cost far more than merging saves.
 */
export function pagesWithin(args: Args): boolean {
  for (const clause of ['select', 'include'] as const) {
    const fields = args[clause]
    if (!isPlain(fields)) continue
    for (const name in fields) {
      const nested = fields[name]
      if (!isPlain(nested)) continue
      if (cuts.some((cut) => nested[cut] !== undefined) || pagesWithin(nested)) return true
    }
  }
  return false
}

const cuts = ['take', 'skip', 'cursor', 'distinct'] as const
