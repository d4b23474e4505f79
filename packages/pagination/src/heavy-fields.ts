import type { Model } from '@prisma-brisk/core'
import type { HeavyType } from './options.ts'

/** The columns of a model whose type makes them heavy: documents and blobs that a list rarely shows. */
export function heavyFieldsOf(model: Model, types: ReadonlySet<HeavyType>): readonly string[] {
  let known = heavy.get(types)
  if (known === undefined) heavy.set(types, (known = new WeakMap()))
  let fields = known.get(model)
  if (fields === undefined) {
    fields = [...model.fields.values()]
      .filter(({ kind, type, isIgnored }) => kind === 'scalar' && !isIgnored && types.has(type as HeavyType))
      .map(({ name }) => name)
    known.set(model, fields)
  }
  return fields
}

const heavy = new WeakMap<ReadonlySet<HeavyType>, WeakMap<Model, readonly string[]>>()
