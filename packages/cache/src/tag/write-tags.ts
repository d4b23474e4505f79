import {
  cascadeTargets,
  isAbsent,
  writtenModels,
  type Args,
  type Field,
  type Host,
  type Key,
  type Model,
  type ModelSet,
  type SchemaModel,
} from '@prisma-brisk/core'
import type { KeySetTag } from '../entry/stamp.ts'
import { textOfValue, valuesAsked } from './list-column.ts'
import { valuesIn, valuesInWhere, type RowValues } from './row-key.ts'
import type { ModelTags, TagNames } from './tag-names.ts'

interface Write {
  readonly model: string | null
  readonly operation: string
  readonly args: Args
  /** Of a fluent call the way from the written row to the answer; else empty. */
  readonly dataPath: readonly string[]
  readonly host: Pick<Host, 'provider'>
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
    const own = names.of(schema, model)
    tags.add(own.any)
    if (model === root && rows !== null) addRowTags(tags, own, model, rows, returnedBy(write, rows, result))
    else tags.add(own.rows.tag)
  }
  for (const tag of names.ofLinks(modelsOf(schema, models))) tags.add(tag)
  return { tags: [...tags], rows: rows === null || root === undefined ? null : names.of(schema, root).rows }
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
  return models === '*' ? [names.everything] : tagsOfModels(names, schema, modelsOf(schema, models))
}

/** Everything that rests on these tables or on any of their rows. */
export function tagsOfModels(names: TagNames, schema: SchemaModel, models: Iterable<Model>): string[] {
  const all = [...models]
  const tags = all.flatMap((model) => {
    const { any, rows } = names.of(schema, model)
    return [any, rows.tag]
  })
  return [...tags, ...names.ofLinks(all)]
}

function* modelsOf(schema: SchemaModel, models: Exclude<ModelSet, '*'>): Iterable<Model> {
  for (const name of models) {
    const model = schema.models.get(name)
    if (model !== undefined) yield model
  }
}

/** A write that changes rows of its model that it names, and no others. */
interface RowChange {
  readonly kind: 'create' | 'update' | 'upsert' | 'delete'
  /** Whether it may write several, of which the answer tells nothing but their number, or each. */
  readonly isMany: boolean
  readonly where: unknown
  /** The fields whose values may be others than before. */
  readonly changed: ReadonlySet<string>
  /** Whether each row that was written was one that `where` finds, and is what it was then: one statement saw both. */
  readonly isAtomic: boolean
}

const KINDS: ReadonlyMap<string, RowChange['kind']> = new Map([
  ['create', 'create'],
  ['createMany', 'create'],
  ['createManyAndReturn', 'create'],
  ['update', 'update'],
  ['updateMany', 'update'],
  ['updateManyAndReturn', 'update'],
  ['upsert', 'upsert'],
  ['delete', 'delete'],
  ['deleteMany', 'delete'],
])

function rowChangeOf(schema: SchemaModel, model: Model, write: Write): RowChange | null {
  const { operation, args } = write
  const kind = KINDS.get(operation)
  if (kind === undefined) return null
  const change = { kind, where: args['where'], isMany: operation.includes('Many') }
  if (kind === 'delete') {
    if (cascadeTargets(schema, model.name, 'delete').has(model.name)) return null
    return { ...change, changed: new Set(), isAtomic: deletesAtOnce(model, write) }
  }
  const data = kind === 'upsert' ? [args['create'], args['update']] : [args['data']].flat()
  if (!data.every((each) => touchesOnlyItsRow(schema, model, each))) return null
  const last = data[data.length - 1]
  const changed = kind === 'create' ? new Set<string>() : changedFields(model, last)
  if (cascadeTargets(schema, model.name, [...changed]).has(model.name)) return null
  return {
    ...change,
    changed,
    isAtomic: kind === 'update' && isAbsent(args['limit']) && hasColumnsAlone(model, last),
  }
}

/** A link is looked for by a statement of its own, before. */
function hasColumnsAlone(model: Model, fields: unknown): boolean {
  return Object.keys(fields ?? {}).every((name) => model.fields.get(name)?.kind !== 'relation')
}

/** Where the row is read first, another writer may change it before it is gone. */
function deletesAtOnce(model: Model, { operation, args, host }: Write): boolean {
  if (!isAbsent(args['limit'])) return false
  if (operation === 'deleteMany') return true
  const isReturned = RETURNING.has(host.provider)
  const asksForColumns = [args['select'], args['include']].every(
    (fields) =>
      hasColumnsAlone(model, fields) && (fields as Args | null | undefined)?.['_count'] === undefined,
  )
  return isReturned && asksForColumns
}

const RETURNING: ReadonlySet<string> = new Set(['postgresql', 'sqlite'])

/** The rows of its model that a write has answered with; null where it tells none, or too many to name each. */
function returnedBy({ dataPath }: Write, { isMany }: RowChange, result: unknown): readonly unknown[] | null {
  // A fluent call answers with another row than the one that it has written.
  if (dataPath.length > 0) return null
  if (!isMany) return [result]
  return Array.isArray(result) && result.length <= MANY ? result : null
}

const MANY = 20

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
  own: ModelTags,
  model: Model,
  change: RowChange,
  returned: readonly unknown[] | null,
): void {
  for (const [key, bulk] of own.bulk) {
    const rows = rowsOf(key, model, change, returned)
    if (rows === null) tags.add(bulk)
    else for (const { texts } of rows) tags.add(own.row(key, texts))
  }
  for (const [field, bulk] of own.columns) {
    const values = columnValues(field, change, returned)
    if (values === null) tags.add(bulk)
    else for (const value of values) tags.add(own.value(field, value))
  }
}

/** The values that the written rows had and have in one key, or null where they are not known. */
function rowsOf(
  key: Key,
  model: Model,
  change: RowChange,
  results: readonly unknown[] | null,
): readonly RowValues[] | null {
  const isChanged = key.fields.some((field) => change.changed.has(field))
  if (change.isMany) {
    return isChanged || results === null
      ? null
      : all(results.map((result) => valuesIn(key, model, result) ?? undefined))
  }
  // What the database returns are the values it holds; what the caller wrote it may have folded or cut.
  const returned = results === null ? null : valuesIn(key, model, results[0])
  const named = exactly(valuesInWhere(key, model, change.where))
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

/** The values that the written rows had and have in one column, or null where one of them is not known. */
function columnValues(
  field: Field,
  change: RowChange,
  results: readonly unknown[] | null,
): readonly (string | null)[] | null {
  const isChanged = change.changed.has(field.name)
  const named = change.isAtomic ? valuesAsked(field, change.where) : null
  const returned = results === null ? null : all(results.map((row) => textIn(field, row)))
  switch (change.kind) {
    case 'create':
      return returned
    case 'delete':
      return change.isAtomic ? (returned ?? named) : null
    default:
      if (!isChanged) return returned ?? named
      return named === null || returned === null ? null : [...named, ...returned]
  }
}

/** Undefined where the row does not tell it. */
function textIn(field: Field, row: unknown): string | null | undefined {
  if (typeof row !== 'object' || row === null) return undefined
  return textOfValue(field, (row as Args)[field.name])
}

function exactly(values: RowValues | null): RowValues | null {
  return values?.exact === true ? values : null
}

function one(values: RowValues | null): readonly RowValues[] | null {
  return values === null ? null : [values]
}

/** Null where one of them is not known. */
function all<T>(values: readonly (T | undefined)[]): readonly T[] | null {
  return values.includes(undefined) ? null : (values as readonly T[])
}
