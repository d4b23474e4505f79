import { isArgumentObject } from './prisma-value.ts'
import type { Relation } from '../schema/datamodel/relation.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'

/** A relation that the caller asked for in `select` or `include`. */
export interface Selection {
  readonly relation: Relation
  /** A to-many relation: only such take `take`, `skip`, `orderBy`. */
  readonly isList: boolean
  /** `true`, or the nested arguments as they stand. */
  readonly args: true | Readonly<Record<string, unknown>>
  /** Where it stands in the arguments: `['include', 'posts', 'select', 'comments']`. */
  readonly path: readonly string[]
  /** The selections around it, outermost first. */
  readonly parents: readonly Selection[]
}

/**
 * Sees a selection before those inside it. What it returns takes the place of the nested arguments, and is what the walk
 * goes on into; nothing keeps them. It must not change `args`.
 */
export type SelectionVisitor = (
  selection: Selection,
) => true | Readonly<Record<string, unknown>> | undefined | void

/**
 * Shows every relation in `select` and `include`, at any depth, to `visitor`, and gives the arguments with what it put in
 * place: a copy along the changed paths, or `args` itself where nothing changed. `_count`, fields that are no
 * relations, and what is not selected (`false`, `undefined`, `Prisma.skip`) are not shown.
 *
 * Cost: one look-up a selected field.
 */
export function visitSelections<Args extends Readonly<Record<string, unknown>>>(
  schema: SchemaModel,
  model: string,
  args: Args,
  visitor: SelectionVisitor,
): Args {
  return visitLevel(schema, model, args, visitor, [], []) as Args
}

function visitLevel(
  schema: SchemaModel,
  model: string,
  args: Readonly<Record<string, unknown>>,
  visitor: SelectionVisitor,
  path: readonly string[],
  parents: readonly Selection[],
): Readonly<Record<string, unknown>> {
  let changed: Record<string, unknown> | undefined
  for (const clause of ['select', 'include'] as const) {
    const fields = args[clause]
    if (!isArgumentObject(fields)) continue
    const visited = visitFields(schema, model, fields, visitor, [...path, clause], parents)
    if (visited !== fields) (changed ??= { ...args })[clause] = visited
  }
  return changed ?? args
}

function visitFields(
  schema: SchemaModel,
  model: string,
  fields: Readonly<Record<string, unknown>>,
  visitor: SelectionVisitor,
  path: readonly string[],
  parents: readonly Selection[],
): Readonly<Record<string, unknown>> {
  let changed: Record<string, unknown> | undefined
  for (const name in fields) {
    const args = fields[name]
    if (args !== true && !isArgumentObject(args)) continue
    const relation = relationOf(schema, model, name)
    if (relation === undefined) continue
    const selection: Selection = { relation, isList: relation.isList, args, path: [...path, name], parents }
    let replaced = visitor(selection) ?? args
    if (replaced !== true) {
      replaced = visitLevel(schema, relation.target, replaced, visitor, selection.path, [
        ...parents,
        selection,
      ])
    }
    if (replaced !== args) (changed ??= { ...fields })[name] = replaced
  }
  return changed ?? fields
}

/** The relation behind a field, or undefined where the field is none. */
export function relationOf(schema: SchemaModel, model: string, field: string): Relation | undefined {
  const owner = schema.models.get(model)
  if (owner?.fields.get(field)?.kind !== 'relation') return undefined
  return owner.relations.find((relation) => relation.field === field)
}
