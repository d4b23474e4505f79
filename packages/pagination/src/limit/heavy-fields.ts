import { InvalidOptionsError, type Args, type Host, type Model } from '@prisma-brisk/core'
import type { HeavyType, ResolvedHeavyColumns } from '../options.ts'

/** The columns of a model that a list leaves out: by their type, or because they are named. */
export function heavyFieldsOf(model: Model, heavy: ResolvedHeavyColumns): readonly string[] {
  let known = fieldsOf.get(heavy)
  if (known === undefined) fieldsOf.set(heavy, (known = new WeakMap()))
  let fields = known.get(model)
  if (fields === undefined) {
    const named = heavy.fields.get(model.name) ?? []
    fields = [...model.fields.values()]
      .filter(
        ({ name, kind, type, isIgnored }) =>
          named.includes(name) || (kind === 'scalar' && !isIgnored && heavy.types.has(type as HeavyType)),
      )
      .map(({ name }) => name)
    known.set(model, fields)
  }
  return fields
}

/** A name that the schema does not have would silently leave nothing out. */
export function checkHeavyFields(
  { models }: NonNullable<ReturnType<Host['schema']>>,
  heavy: ResolvedHeavyColumns,
): void {
  for (const [name, fields] of heavy.fields) {
    const path = `pagination.omitHeavy.fields.${name}`
    const model = models.get(name)
    if (model === undefined)
      throw new InvalidOptionsError(path, `one of ${[...models.keys()].join(', ')}`, name)
    const columns = [...model.fields.values()]
      .filter(({ kind, isIgnored }) => (kind === 'scalar' || kind === 'enum') && !isIgnored)
      .map((field) => field.name)
    for (const field of fields)
      if (!columns.includes(field))
        throw new InvalidOptionsError(path, `fields among ${columns.join(', ')}`, field)
  }
}

/** Arguments that leave the fields out, but for those of which the caller says otherwise. */
export function omitting(args: Args, fields: readonly string[]): Args {
  if (fields.length === 0) return args
  const omit = {
    ...Object.fromEntries(fields.map((field) => [field, true])),
    ...(args['omit'] as object | undefined),
  }
  return { ...args, omit }
}

const fieldsOf = new WeakMap<ResolvedHeavyColumns, WeakMap<Model, readonly string[]>>()
