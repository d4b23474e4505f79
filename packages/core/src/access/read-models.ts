import type { Model } from '../schema/datamodel/model.ts'
import { ModelWalk, type ModelSet } from './model-walk.ts'
import { operationTraits } from '../operation/operation.ts'
import { isAbsent, isArgumentObject } from '../operation/prisma-value.ts'
import type { Relation } from '../schema/datamodel/relation.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'
import { relationOf } from '../operation/selection-visit.ts'

/**
 * The models whose rows the answer depends on: the model itself, the relations it selects, counts, filters and orders by, at
 * any depth. A write to any other model leaves the answer as it is. Raw operations, operations and arguments that are
 * not known, and views, whose tables Prisma does not know, depend on `'*'`.
 *
 * For a write: what its answer, not its effect, is made of.
 *
 * Cost: 0.5–2 µs for ordinary arguments.
 */
export function readModels(
  schema: SchemaModel,
  model: string | null,
  operation: string,
  args: Readonly<Record<string, unknown>> | undefined,
): ModelSet {
  const traits = operationTraits(operation)
  if (model === null || traits.isRaw || !traits.isKnown) return '*'
  const walk = new ReadWalk(schema)
  const root = walk.enter(model)
  if (root === null) return '*'
  // The rows that aggregates select are their own columns, not relations.
  if (args !== undefined) walk.query(root, args, !traits.isAggregate)
  return walk.found()
}

/** Arguments that name no relation, or only the model's own columns. */
const COLUMN_ARGUMENTS = new Set([
  'omit',
  'cursor',
  'distinct',
  'take',
  'skip',
  'by',
  'having',
  'data',
  'create',
  'update',
  'limit',
  'skipDuplicates',
  'relationLoadStrategy',
  '_count',
  '_sum',
  '_avg',
  '_min',
  '_max',
  // The suite's own.
  'cacheStrategy',
  'unbounded',
])

class ReadWalk extends ModelWalk {
  query(model: Model, args: Readonly<Record<string, unknown>>, selects: boolean): void {
    for (const name in args) {
      const value = args[name]
      if (isAbsent(value)) continue
      if (name === 'where') this.where(model, value)
      else if (name === 'orderBy') this.each(value, (order) => this.orderBy(model, order))
      else if (name === 'select' || name === 'include') {
        if (selects) this.selection(model, value)
      } else if (!COLUMN_ARGUMENTS.has(name)) this.everything = true
    }
  }

  private selection(model: Model, fields: unknown): void {
    if (!isArgumentObject(fields)) {
      if (fields !== null) this.everything = true
      return
    }
    for (const name in fields) {
      const value = fields[name]
      if (value === false || isAbsent(value)) continue
      const relation = relationOf(this.schema, model.name, name)
      if (relation !== undefined) {
        const target = this.enter(relation.target)
        if (value === true || target === null) continue
        if (isArgumentObject(value)) this.query(target, value, true)
        else this.everything = true
      } else if (name === '_count') this.count(model, value)
      // A field that is not in the schema is computed by an extension, from columns.
      else if (value !== true) this.everything = true
    }
  }

  /** `_count: true` counts every list; `_count: { select: { posts: true | { where } } }` those named. */
  private count(model: Model, value: unknown): void {
    if (value === true) {
      for (const relation of model.relations) if (relation.isList) this.enter(relation.target)
      return
    }
    if (!isArgumentObject(value)) {
      this.everything = true
      return
    }
    for (const name in value) {
      if (name === 'select') this.selection(model, value[name])
      else if (!isAbsent(value[name])) this.everything = true
    }
  }

  private where(model: Model, where: unknown): void {
    if (!isArgumentObject(where)) {
      this.everything = true
      return
    }
    for (const name in where) {
      const value = where[name]
      if (isAbsent(value)) continue
      if (name === 'AND' || name === 'OR' || name === 'NOT') {
        this.each(value, (condition) => this.where(model, condition))
        continue
      }
      const field = model.fields.get(name)
      if (field === undefined) {
        if (!isKeyName(model, name)) this.everything = true
      } else if (field.kind === 'relation') {
        this.relationFilter(relationOf(this.schema, model.name, name), value)
      }
    }
  }

  /** `{ some, every, none }`, `{ is, isNot }`, or the target's conditions themselves. */
  private relationFilter(relation: Relation | undefined, filter: unknown): void {
    const target = relation === undefined ? null : this.enter(relation.target)
    if (target === null || filter === null) return
    if (!isArgumentObject(filter)) {
      this.everything = true
      return
    }
    for (const name in filter) {
      const value = filter[name]
      if (isAbsent(value)) continue
      const isOperator = relation?.isList === true ? LIST_OPERATORS.has(name) : ROW_OPERATORS.has(name)
      if (!isOperator) this.where(target, { [name]: value })
      else if (value !== null) this.where(target, value)
    }
  }

  private orderBy(model: Model, order: unknown): void {
    if (!isArgumentObject(order)) {
      this.everything = true
      return
    }
    for (const name in order) {
      const value = order[name]
      if (isAbsent(value)) continue
      const field = model.fields.get(name)
      if (field?.kind === 'relation') {
        const relation = relationOf(this.schema, model.name, name)
        const target = relation === undefined ? null : this.enter(relation.target)
        if (target === null) continue
        // A list can only be ordered by its `_count`.
        if (relation?.isList === true) continue
        this.orderBy(target, value)
      } else if (field === undefined && !ORDER_AGGREGATES.has(name)) this.everything = true
    }
  }
}

const LIST_OPERATORS = new Set(['some', 'every', 'none'])
const ROW_OPERATORS = new Set(['is', 'isNot'])
const ORDER_AGGREGATES = new Set(['_count', '_sum', '_avg', '_min', '_max', '_relevance'])

/** The name of a compound key, or of a partial unique, in `where`. */
function isKeyName(model: Model, name: string): boolean {
  return (
    model.id?.name === name ||
    model.uniques.some((key) => key.name === name) ||
    model.indexes.some((index) => index.name === name)
  )
}
