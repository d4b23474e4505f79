import type { Model } from './model.ts'
import type { Relation } from './relation.ts'
import type { SchemaModel } from './schema-model.ts'

/** What happened to a model's rows: they were deleted, or these fields of them were changed. */
export type RowChange = 'delete' | readonly string[]

/**
 * The models whose rows the database, or Prisma where `relationMode` is `prisma`, changes in turn: deletes through
 * `onDelete: Cascade`, nulls and defaults through `SetNull` and `SetDefault`, new keys through `onUpdate`. Chains are
 * followed: User → Post → Comment. Without a `change`, what any of them may touch.
 *
 * A deleted row leaves its implicit many-to-many relations too; no further model is named for that, because whoever reads
 * such a relation reads the deleted row's model as well.
 *
 * Cost: a look-up after the first call for a model.
 */
export function cascadeTargets(schema: SchemaModel, model: string, change?: RowChange): ReadonlySet<string> {
  const graph = graphOf(schema)
  if (change === undefined) {
    return remembered(graph.any, model, () => {
      const fields = (graph.children.get(model) ?? []).flatMap(({ references }) => references)
      return new Set([...cascadeTargets(schema, model, 'delete'), ...cascadeTargets(schema, model, fields)])
    })
  }
  if (change === 'delete') return remembered(graph.deleted, model, () => follow(graph, model, 'delete'))
  const children = graph.children.get(model)
  if (children === undefined || !children.some((child) => referencesAny(child, change))) return NONE
  return follow(graph, model, change)
}

interface CascadeGraph {
  /** By the model that is referenced: the foreign keys that reference it, seen from their holders. */
  readonly children: ReadonlyMap<string, readonly Relation[]>
  readonly deleted: Map<string, ReadonlySet<string>>
  readonly any: Map<string, ReadonlySet<string>>
}

const NONE: ReadonlySet<string> = new Set()
const graphs = new WeakMap<SchemaModel, CascadeGraph>()

function graphOf(schema: SchemaModel): CascadeGraph {
  const known = graphs.get(schema)
  if (known !== undefined) return known
  const children = new Map<string, Relation[]>()
  for (const relation of foreignKeys(schema.models.values())) {
    const siblings = children.get(relation.target)
    if (siblings === undefined) children.set(relation.target, [relation])
    else siblings.push(relation)
  }
  const graph = { children, deleted: new Map(), any: new Map() }
  graphs.set(schema, graph)
  return graph
}

function* foreignKeys(models: Iterable<Model>): Iterable<Relation> {
  for (const model of models)
    for (const relation of model.relations) if (relation.fields.length > 0) yield relation
}

function remembered(
  memory: Map<string, ReadonlySet<string>>,
  model: string,
  compute: () => ReadonlySet<string>,
): ReadonlySet<string> {
  const known = memory.get(model)
  if (known !== undefined) return known
  const computed = compute()
  memory.set(model, computed)
  return computed
}

/** Breadth first over (model, change); a model can be reached by deletion and by several of its fields. */
function follow({ children }: CascadeGraph, start: string, change: RowChange): ReadonlySet<string> {
  const touched = new Set<string>()
  const seen = new Set<string>()
  const queue: { model: string; change: RowChange }[] = [{ model: start, change }]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const child of children.get(next.model) ?? []) {
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

function referencesAny(relation: Relation, fields: readonly string[]): boolean {
  return relation.references.some((field) => fields.includes(field))
}
