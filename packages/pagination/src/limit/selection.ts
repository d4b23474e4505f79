import type { Args, Model, Relation, SchemaModel } from '@prisma-brisk/core'
import { CostExceededError } from '../errors.ts'
import type { ListCuts } from '../pushdown/list-limits.ts'
import { boundOf, checkSkip, isAbsent, type ListBound, type ListName } from '../list-bound.ts'
import type { ResolvedLimits } from '../options.ts'

/** A relation that a selection follows, with what follows within it. */
export interface SelectedRelation {
  readonly relation: Relation
  /** The bound of a list; null for a relation to one row. */
  readonly bound: ListBound | null
  /** Rows passed over before the first one that is handed out. */
  readonly skip: number
  readonly name: ListName
  readonly children: readonly SelectedRelation[]
}

export interface LimitedSelection {
  /** The same object where nothing had to change. */
  readonly args: Args
  readonly children: readonly SelectedRelation[]
}

/** What the walk needs to know of the whole call. */
export interface SelectionContext {
  readonly schema: SchemaModel
  limitsOf(model: string): ResolvedLimits
  /** `User.findMany`. */
  readonly name: ListName
  /** Limits of the model the call is on: depth and cost are counted from there. */
  readonly root: ResolvedLimits
  /** The relation fields of a fluent call: the list at its end counts as one of the top level. */
  readonly fluent: readonly string[]
  /** Makes the cuts of the lists; null where no statement can be seen. */
  readonly cuts: ListCuts | null
}

/** Whether a selection names a relation at all; most do not. */
export function reachesRows(model: Model, args: Args): boolean {
  const relations = relationsOf(model)
  for (const part of ['select', 'include'] as const) {
    const selection = args[part]
    if (typeof selection !== 'object' || selection === null) continue
    for (const field in selection) if (relations.has(field)) return true
  }
  return false
}

interface Place {
  readonly depth: number
  /** Product of the limits from the root to here. */
  readonly rows: number
  readonly path: readonly string[]
}

const none: readonly SelectedRelation[] = Object.freeze([])

/** Bounds every list that `select` and `include` reach, however deep; never changes the arguments it is given. */
export function limitSelection(
  model: Model,
  args: Args,
  context: SelectionContext,
  rows: number,
): LimitedSelection {
  return limitAt(model, args, context, { depth: 0, rows, path: [] })
}

function limitAt(model: Model, args: Args, context: SelectionContext, place: Place): LimitedSelection {
  let parts: Record<string, unknown> | null = null
  let children: SelectedRelation[] | null = null
  for (const part of ['select', 'include'] as const) {
    const selection = args[part]
    if (typeof selection !== 'object' || selection === null) continue
    let changed: Record<string, unknown> | null = null
    for (const [field, value] of Object.entries(selection)) {
      if (value === false || value === null || isAbsent(value)) continue
      const relation = relationsOf(model).get(field)
      const target = relation === undefined ? undefined : context.schema.models.get(relation.target)
      if (relation === undefined || target === undefined) continue
      const own = value === true ? EMPTY : (value as Args)
      const selected = limitRelation(relation, target, own, context, place)
      children ??= []
      children.push(selected.relation)
      if (selected.args === own) continue
      changed ??= { ...selection }
      changed[field] = selected.args
    }
    if (changed !== null) (parts ??= {})[part] = changed
  }
  return { args: parts === null ? args : { ...args, ...parts }, children: children ?? none }
}

const EMPTY: Args = Object.freeze({})

function limitRelation(
  relation: Relation,
  target: Model,
  args: Args,
  context: SelectionContext,
  place: Place,
): { relation: SelectedRelation; args: Args } {
  const path = [...place.path, relation.field]
  const name: ListName = {
    name: () => `${context.name.name()} → ${path.join('.')}`,
    callSite: () => context.name.callSite(),
  }
  if (!relation.isList) {
    const inner = limitAt(target, args, context, { ...place, path })
    return { relation: { relation, bound: null, skip: 0, name, children: inner.children }, args: inner.args }
  }
  const limits = context.limitsOf(target.name)
  const isFluentEnd =
    path.length === context.fluent.length && path.every((field, index) => field === context.fluent[index])
  const bound = boundOf(args['take'], isFluentEnd ? limits : limits.nested, name)
  const skip = checkSkip(args['skip'], limits.maxOffset, name)
  const bounded = bound.take === undefined ? args : { ...args, take: bound.take }
  const here: Place = {
    depth: place.depth + (isFluentEnd ? 0 : 1),
    rows: place.rows * bound.limit,
    path,
  }
  checkCost(here, context.root, name)
  const inner = limitAt(target, bounded, context, here)
  const selected: SelectedRelation = { relation, bound, skip, name, children: inner.children }
  return { relation: selected, args: context.cuts?.nested(selected, inner.args) ?? inner.args }
}

function checkCost(place: Place, { nested }: ResolvedLimits, list: ListName): void {
  if (place.depth > nested.maxDepth)
    throw new CostExceededError(list.name(), place.depth, nested.maxDepth, 'depth')
  if (place.rows > nested.maxRows)
    throw new CostExceededError(list.name(), place.rows, nested.maxRows, 'rows')
}

const relations = new WeakMap<Model, ReadonlyMap<string, Relation>>()

/** A model's relations by their field. */
export function relationsOf(model: Model): ReadonlyMap<string, Relation> {
  let known = relations.get(model)
  if (known === undefined) {
    known = new Map(model.relations.map((relation) => [relation.field, relation]))
    relations.set(model, known)
  }
  return known
}
