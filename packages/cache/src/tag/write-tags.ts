import {
  cascadeTargets,
  writtenModels,
  type Args,
  type Key,
  type Model,
  type ModelSet,
  type SchemaModel,
} from '@prisma-brisk/core'
import type { KeySetTag } from '../entry/stamp.ts'
import { valuesIn, valuesInWhere, type RowValues } from './row-key.ts'
import type { TagNames } from './tag-names.ts'

interface Write {
  readonly model: string | null
  readonly operation: string
  readonly args: Args
  /** Of a fluent call the way from the written row to the answer; else empty. */
  readonly dataPath: readonly string[]
}

/**
 * The tags that a write which has succeeded invalidates: the tables it may have changed, directly, nested or by
 * cascade; and of their rows, the one it wrote where that is known, else all.
 */
export function writeTags(names: TagNames, schema: SchemaModel, write: Write, result: unknown): WrittenTags {
  const models = writtenModels(schema, write.model, write.operation, write.args)
  if (models === '*') return { tags: [names.everything], rows: null }
  const root = write.model === null ? undefined : schema.models.get(write.model)
  const rows = root === undefined ? null : rowChangeOf(schema, root, write)
  const tags = new Set<string>()
  for (const model of modelsOf(schema, models)) {
    tags.add(names.of(model).any)
    // A fluent call answers with another row than the one that it has written.
    if (model === root && rows !== null)
      addRowTags(tags, names, model, rows, write.dataPath.length === 0 ? result : undefined)
    else tags.add(names.of(model).rows.tag)
  }
  return { tags: [...tags], rows: rows === null || root === undefined ? null : names.of(root).rows }
}

/** What a write invalidates. */
export interface WrittenTags {
  readonly tags: readonly string[]
  /** Of a table whose rows are invalidated one by one: to be dropped as well where its signature is another's. */
  readonly rows: KeySetTag | null
}

/** What a write may change, before it is sent: the tables, and all of their rows. */
export function tagsBeforeWrite(names: TagNames, schema: SchemaModel, write: Write): readonly string[] {
  const models = writtenModels(schema, write.model, write.operation, write.args)
  return models === '*' ? [names.everything] : tagsOfModels(names, modelsOf(schema, models))
}

/** Everything that rests on these tables or on any of their rows. */
export function tagsOfModels(names: TagNames, models: Iterable<Model>): string[] {
  const tags: string[] = []
  for (const model of models) tags.push(names.of(model).any, names.of(model).rows.tag)
  return tags
}

function* modelsOf(schema: SchemaModel, models: Exclude<ModelSet, '*'>): Iterable<Model> {
  for (const name of models) {
    const model = schema.models.get(name)
    if (model !== undefined) yield model
  }
}

/** A write that changes one row of its model and no other. */
interface RowChange {
  readonly kind: 'create' | 'update' | 'upsert' | 'delete'
  readonly where: unknown
  /** The fields whose values may be others than before. */
  readonly changed: ReadonlySet<string>
}

function rowChangeOf(schema: SchemaModel, model: Model, { operation, args }: Write): RowChange | null {
  const { where } = args
  if (operation === 'delete') {
    if (cascadeTargets(schema, model.name, 'delete').has(model.name)) return null
    return { kind: operation, where, changed: new Set() }
  }
  if (operation !== 'create' && operation !== 'update' && operation !== 'upsert') return null
  const data = operation === 'upsert' ? [args['create'], args['update']] : [args['data']]
  if (!data.every((each) => touchesOnlyItsRow(schema, model, each))) return null
  const changed = operation === 'create' ? new Set<string>() : changedFields(model, data[data.length - 1])
  if (cascadeTargets(schema, model.name, [...changed]).has(model.name)) return null
  return { kind: operation, where, changed }
}

/** Only columns, and links whose foreign key this row holds; a one-to-one link may part another row of the model. */
function touchesOnlyItsRow(schema: SchemaModel, model: Model, data: unknown): boolean {
  if (data === undefined) return true
  if (typeof data !== 'object' || data === null) return false
  return Object.entries(data).every(([name, value]) => {
    if (model.fields.get(name)?.kind !== 'relation' || value === undefined) return model.fields.has(name)
    const relation = model.relations.find(({ field }) => field === name)
    if (relation === undefined || relation.fields.length === 0 || relation.target === model.name) return false
    const back = schema.models
      .get(relation.target)
      ?.relations.find(({ field }) => field === relation.backField)
    return (
      back?.isList === true &&
      typeof value === 'object' &&
      value !== null &&
      Object.keys(value).every((nested) => nested === 'connect' || nested === 'disconnect')
    )
  })
}

function changedFields(model: Model, data: unknown): Set<string> {
  const changed = new Set<string>()
  for (const name of Object.keys(data ?? {})) {
    changed.add(name)
    for (const field of model.relations.find((each) => each.field === name)?.fields ?? []) changed.add(field)
  }
  return changed
}

function addRowTags(
  tags: Set<string>,
  names: TagNames,
  model: Model,
  change: RowChange,
  result: unknown,
): void {
  const own = names.of(model)
  for (const [key, bulk] of own.bulk) {
    const rows = rowsOf(key, model, change, result)
    if (rows === null) tags.add(bulk)
    else for (const { texts } of rows) tags.add(own.row(key, texts))
  }
}

/** The values that the written row had and has in one key, or null where they are not known. */
function rowsOf(key: Key, model: Model, change: RowChange, result: unknown): readonly RowValues[] | null {
  // What the database returns are the values it holds; what the caller wrote it may have folded or cut.
  const returned = valuesIn(key, model, result)
  const named = exactly(valuesInWhere(key, model, change.where))
  const isChanged = key.fields.some((field) => change.changed.has(field))
  switch (change.kind) {
    case 'create':
      return returned === null ? null : [returned]
    case 'delete':
      return one(returned ?? named)
    default:
      if (!isChanged) return one(returned ?? (change.kind === 'update' ? named : null))
      return named === null || returned === null ? null : [named, returned]
  }
}

function exactly(values: RowValues | null): RowValues | null {
  return values?.exact === true ? values : null
}

function one(values: RowValues | null): readonly RowValues[] | null {
  return values === null ? null : [values]
}
