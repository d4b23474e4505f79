import { isPlain, type Args, type Model } from '@prisma-brisk/core'

/**
 * Whether the outermost selection names nothing but fields of the model. Fields that an extension computes may mean
 * something else to another client behind the same pipeline.
 */
export function selectionFits(model: Model, args: Args): boolean {
  for (const clause of ['select', 'include', 'omit'] as const) {
    const names = args[clause]
    if (names === undefined) continue
    if (!isPlain(names)) return false
    // Prisma refuses to select nothing, and would not once the key is selected too.
    let chosen = 0
    for (const name in names) {
      if (name !== '_count' && !model.fields.has(name)) return false
      if (names[name] === true || isPlain(names[name])) chosen++
    }
    if (clause === 'select' && chosen === 0) return false
  }
  return true
}

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
