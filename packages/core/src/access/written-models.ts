import { cascadeTargets, type RowChange } from './cascade.ts'
import type { Model } from '../schema/datamodel/model.ts'
import { ModelWalk, type ModelSet } from './model-walk.ts'
import { operationTraits } from '../operation/operation.ts'
import { isAbsent, isArgumentObject } from '../operation/prisma-value.ts'
import type { Relation } from '../schema/datamodel/relation.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'
import { relationOf } from '../operation/selection-visit.ts'

/**
 * The models whose rows a write may change: its own, those of nested writes at any depth, and what the database changes in
 * turn (see {@link cascadeTargets}). Where a nested write links two rows, that is the model that holds the foreign key, and for
 * an implicit many-to-many relation both. A read changes nothing; raw operations, and operations and arguments that are
 * not known, may change `'*'`.
 *
 * Together with `readModels` this is exact enough to invalidate by: when no model of a read is written, its answer stands.
 * Triggers and writes from elsewhere are beyond it.
 *
 * Cost: about 1 µs a nested write.
 */
export function writtenModels(
  schema: SchemaModel,
  model: string | null,
  operation: string,
  args: Readonly<Record<string, unknown>> | undefined,
): ModelSet {
  const traits = operationTraits(operation)
  if (traits.isRead && !traits.isRaw) return NOTHING
  if (model === null || traits.isRaw || !traits.isKnown) return '*'
  const walk = new WriteWalk(schema)
  const root = walk.enter(model)
  if (root === null) return '*'
  walk.root(root, operation, args ?? {})
  return walk.found()
}

const NOTHING: ReadonlySet<string> = new Set()

class WriteWalk extends ModelWalk {
  root(model: Model, operation: string, args: Readonly<Record<string, unknown>>): void {
    if (operation === 'delete' || operation === 'deleteMany') return this.changed(model.name, 'delete')
    if (operation === 'upsert') {
      this.rows(model, args['create'], 'create')
      this.rows(model, args['update'], 'update')
    } else this.rows(model, args['data'], operation.startsWith('update') ? 'update' : 'create')
  }

  /** Fields of rows are set: one object, or a list of them for `createMany`. */
  private rows(model: Model, data: unknown, mode: 'create' | 'update'): void {
    this.each(data, (row) => {
      if (!isArgumentObject(row)) {
        if (!isAbsent(row)) this.everything = true
        return
      }
      const changed: string[] = []
      for (const name in row) {
        const value = row[name]
        if (isAbsent(value)) continue
        const field = model.fields.get(name)
        if (field === undefined) this.everything = true
        else if (field.kind === 'relation') this.nested(relationOf(this.schema, model.name, name), value)
        else changed.push(name)
      }
      // Nothing can reference a row that did not exist.
      if (mode === 'update' && changed.length > 0) this.changed(model.name, changed)
    })
  }

  private nested(relation: Relation | undefined, writes: unknown): void {
    if (relation === undefined || !isArgumentObject(writes)) {
      this.everything = true
      return
    }
    for (const name in writes) {
      const value = writes[name]
      if (!isAbsent(value)) this.nestedWrite(relation, name, value)
    }
  }

  private nestedWrite(relation: Relation, name: string, value: unknown): void {
    if (name === 'connect' || name === 'disconnect' || name === 'set') return this.link(relation)
    const target = this.enter(relation.target)
    if (target === null) return
    switch (name) {
      case 'create':
        this.link(relation)
        this.rows(target, value, 'create')
        break
      case 'createMany':
        this.link(relation)
        this.member(value, 'data', (data) => this.rows(target, data, 'create'))
        break
      case 'connectOrCreate':
        this.link(relation)
        this.each(value, (each) => this.member(each, 'create', (data) => this.rows(target, data, 'create')))
        break
      case 'upsert':
        this.link(relation)
        this.each(value, (each) => {
          this.member(each, 'create', (data) => this.rows(target, data, 'create'))
          this.member(each, 'update', (data) => this.rows(target, data, 'update'))
        })
        break
      case 'update':
        this.each(value, (each) => this.nestedUpdate(relation, target, each))
        break
      case 'updateMany':
        this.each(value, (each) => this.member(each, 'data', (data) => this.rows(target, data, 'update')))
        break
      case 'delete':
      case 'deleteMany':
        this.link(relation)
        this.changed(target.name, 'delete')
        break
      default:
        this.everything = true
    }
  }

  /** `{ where?, data }`, or in a to-one relation the data itself; and the target may have a field named `data`. */
  private nestedUpdate(relation: Relation, target: Model, update: unknown): void {
    if (!isArgumentObject(update)) {
      this.everything = true
      return
    }
    const data = update['data']
    if (isAbsent(data) && !relation.isList) return this.rows(target, update, 'update')
    if (relation.isList || !target.fields.has('data')) return this.rows(target, data, 'update')
    const readings = [data, update].filter((reading) => isDataOf(target, reading))
    if (readings.length === 0) this.everything = true
    for (const reading of readings) this.rows(target, reading, 'update')
  }

  /** Two rows are linked or parted. */
  private link(relation: Relation): void {
    if (relation.manyToMany !== null) {
      this.models.add(relation.model)
      this.models.add(relation.target)
    } else if (relation.fields.length > 0) {
      this.models.add(relation.model)
      this.changed(relation.model, relation.fields)
    } else {
      const holder = relationOf(this.schema, relation.target, relation.backField ?? '')
      if (holder === undefined) {
        this.everything = true
        return
      }
      this.models.add(holder.model)
      this.changed(holder.model, holder.fields)
    }
  }

  private changed(model: string, change: RowChange): void {
    for (const target of cascadeTargets(this.schema, model, change)) this.models.add(target)
  }

  private member(value: unknown, name: string, visit: (value: unknown) => void): void {
    if (isArgumentObject(value)) visit(value[name])
    else this.everything = true
  }
}

function isDataOf(model: Model, data: unknown): boolean {
  return isArgumentObject(data) && Object.keys(data).every((name) => model.fields.has(name))
}
