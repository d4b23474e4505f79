import { relationOf } from '../operation/selection-visit.ts'
import type { Relation } from '../schema/datamodel/relation.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'

/** What happened to a model's rows: they were deleted, or these fields of them were changed. */
export type RowChange = 'delete' | readonly string[]

/**
 * The models whose rows the database, or Prisma where `relationMode` is `prisma`, changes in turn: deletes through
 * `onDelete: Cascade`, nulls and defaults through `SetNull` and `SetDefault`, new keys through `onUpdate`. Chains are
 * followed: User → Post → Comment. Without a `change`, what any of them may touch. Where a model on the way cannot be
 * read, all models.
 *
 * A deleted row leaves its implicit many-to-many relations too; no further model is named for that, because a read of
 * such a relation reads the deleted row's model as well.
 *
 * Cost: for deletions a look-up after the first call for a model, for changed fields one comparison a foreign key.
 */
export function cascadeTargets(schema: SchemaModel, model: string, change?: RowChange): ReadonlySet<string> {
  if (change === 'delete') {
    const memory = memoryOf(schema).deleted
    const known = memory.get(model)
    if (known !== undefined) return known
    const targets = follow(schema, model, change)
    memory.set(model, targets)
    return targets
  }
  if (change !== undefined) return follow(schema, model, change)
  const referenced = (childrenOf(schema, model) ?? []).flatMap(({ references }) => references)
  return new Set([...cascadeTargets(schema, model, 'delete'), ...follow(schema, model, referenced)])
}

/** Breadth first over (model, change): a model can be reached by deletion and by several of its fields. */
function follow(schema: SchemaModel, start: string, change: RowChange): ReadonlySet<string> {
  const touched = new Set<string>()
  const seen = new Set<string>()
  const queue: { model: string; change: RowChange }[] = [{ model: start, change }]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const children = childrenOf(schema, next.model)
    if (children === null) return new Set(schema.models.keys())
    for (const child of children) {
      if (next.change !== 'delete' && !referencesAny(child, next.change)) continue
      const action = next.change === 'delete' ? child.onDelete : child.onUpdate
      if (action === 'Restrict' || action === 'NoAction') continue
      touched.add(child.model)
      const onward: RowChange = next.change === 'delete' && action === 'Cascade' ? 'delete' : child.fields
      const key = `${child.model} ${typeof onward === 'string' ? onward : onward.join(' ')}`
      if (seen.has(key)) continue
      seen.add(key)
      queue.push({ model: child.model, change: onward })
    }
  }
  return touched
}

/** The foreign keys that reference a model, seen from their holders; null where one of them cannot be read. */
function childrenOf(schema: SchemaModel, name: string): readonly Relation[] | null {
  const memory = memoryOf(schema).children
  const known = memory.get(name)
  if (known !== undefined) return known
  const model = schema.models.get(name)
  // Every relation has a field on both sides, so those of the model itself lead to all its children.
  const ends = model?.relations.filter(({ fields, manyToMany }) => fields.length === 0 && manyToMany === null)
  const children = ends?.flatMap(({ target, backField }) => relationOf(schema, target, backField ?? '') ?? [])
  const complete = children !== undefined && children.length === ends?.length ? children : null
  memory.set(name, complete)
  return complete
}

function referencesAny(relation: Relation, fields: readonly string[]): boolean {
  return relation.references.some((field) => fields.includes(field))
}

interface CascadeMemory {
  readonly children: Map<string, readonly Relation[] | null>
  readonly deleted: Map<string, ReadonlySet<string>>
}

const memories = new WeakMap<SchemaModel, CascadeMemory>()

function memoryOf(schema: SchemaModel): CascadeMemory {
  let memory = memories.get(schema)
  if (memory === undefined) memories.set(schema, (memory = { children: new Map(), deleted: new Map() }))
  return memory
}
