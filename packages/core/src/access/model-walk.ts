import type { Model } from '../schema/datamodel/model.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'

/** The names of models, or `'*'`: any model, because something in the arguments is not understood. */
export type ModelSet = ReadonlySet<string> | '*'

/** Collects models on a walk through arguments. What it does not understand may name any model. */
export abstract class ModelWalk {
  protected readonly models = new Set<string>()
  protected everything = false

  constructor(protected readonly schema: SchemaModel) {}

  found(): ModelSet {
    return this.everything ? '*' : this.models
  }

  /** The model, noted; null where it is not known or a view, whose tables are not known. */
  enter(name: string): Model | null {
    const model = this.schema.models.get(name)
    if (model === undefined || model.isView) {
      this.everything = true
      return null
    }
    this.models.add(name)
    return model
  }

  protected each(value: unknown, visit: (value: unknown) => void): void {
    if (Array.isArray(value)) for (const item of value) visit(item)
    else visit(value)
  }
}
