import type { Args, Model } from '@prisma-brisk/core'
import type { HeavyType } from '../options.ts'

/** The columns of a model whose type makes them heavy: documents and blobs that a list rarely shows. */
export function heavyFieldsOf(model: Model, types: ReadonlySet<HeavyType>): readonly string[] {
  let known = fieldsOf.get(types)
  if (known === undefined) fieldsOf.set(types, (known = new WeakMap()))
  let fields = known.get(model)
  if (fields === undefined) {
    fields = [...model.fields.values()]
      .filter(({ kind, type, isIgnored }) => kind === 'scalar' && !isIgnored && types.has(type as HeavyType))
      .map(({ name }) => name)
    known.set(model, fields)
  }
  return fields
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

const fieldsOf = new WeakMap<ReadonlySet<HeavyType>, WeakMap<Model, readonly string[]>>()
