import {
  isAbsent,
  operationTraits,
  readModels,
  type Args,
  type Model,
  type SchemaModel,
} from '@prisma-brisk/core'
import type { KeySetTag } from '../entry/stamp.ts'
import { InvalidCacheStrategyError } from '../errors.ts'
import { keyInWhere } from './row-key.ts'
import { type TagNames, uniqueKeys } from './tag-names.ts'

/** The tags a read may rest on, before its result is known. */
export interface ReadTags {
  /** What to ask the store for. */
  readonly asked: readonly string[]
  /** The models it touches, for the user's information. */
  readonly models: readonly string[]
  /** The one of them that is signed by the keys rows are cached by; null where no row is. */
  readonly keySet: KeySetTag | null
  /** The tags of the entry, a part of those asked in the same order, once the result is known. */
  restingOn(result: unknown): readonly string[]
}

/**
 * The tags of a read. A list, or a row with relations, rests on the tables it touches. `findUnique` rests on its own row
 * alone where it neither selects, counts nor filters by a relation, so that writes to other rows leave it cached.
 */
export function readTags(
  names: TagNames,
  schema: SchemaModel,
  call: ReadCall,
  own: readonly string[],
): ReadTags {
  const common = [names.everything, ...ownTags(names, own)]
  const models = readModels(schema, call.model, call.operation, call.args)
  if (models === '*') return fixed([...common, ...names.ofAll(schema)], [...schema.models.keys()])
  const row = rowTags(names, schema, call)
  if (row === null) {
    for (const name of models) {
      const model = schema.models.get(name)
      if (model !== undefined) common.push(names.of(model).any)
    }
    return fixed(common, [...models])
  }
  const { matches, keySet } = row
  const byRow = [...common, row.bulk, row.row, keySet.tag]
  if (matches === null) return { ...fixed(byRow, [...models]), keySet }
  const byTable = [...common, row.any]
  return {
    asked: [...byRow, row.any],
    models: [...models],
    keySet,
    restingOn: (result) => (matches(result) ? byRow : byTable),
  }
}

/** The tags of a raw read: what its caller says it rests on. */
export function tagsOfRawRead(
  names: TagNames,
  schema: SchemaModel,
  models: readonly string[],
  own: readonly string[],
): ReadTags {
  const tags = [names.everything, ...ownTags(names, own)]
  models.forEach((name, index) => {
    const model = schema.models.get(name)
    if (model === undefined) {
      throw new InvalidCacheStrategyError(`$cache.queryRaw.models[${index}]`, 'the name of a model', name)
    }
    if (model.isView) tags.push(...names.ofAll(schema))
    else tags.push(names.of(model).any)
  })
  return fixed([...new Set(tags)], models)
}

/** In one order, whatever the caller's: readers of one key must compare the same tags in the same places. */
function ownTags(names: TagNames, own: readonly string[]): string[] {
  return own.map((tag) => names.own(tag)).sort()
}

function fixed(tags: readonly string[], models: readonly string[]): ReadTags {
  return { asked: tags, models, keySet: null, restingOn: () => tags }
}

interface ReadCall {
  readonly model: string | null
  readonly operation: string
  readonly args: Args
  readonly dataPath: readonly string[]
}

/**
 * Whether the answer is made of one row's columns. The number of models does not say so: a table may have relations with
 * itself. What is not known to be a column is taken for more.
 */
function asksForColumnsAlone(model: Model, args: Args): boolean {
  return Object.entries(args).every(([name, value]) => {
    if (isAbsent(value)) return true
    if (name === 'where') return filtersByColumns(model, value)
    if (name === 'select' || name === 'include') return selectsColumns(model, value)
    return ROW_ARGUMENTS.has(name)
  })
}

const ROW_ARGUMENTS = new Set(['omit', 'cacheStrategy', 'unbounded', 'relationLoadStrategy'])

function selectsColumns(model: Model, fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null) return false
  return Object.entries(fields).every(([name, value]) => {
    if (value === false || isAbsent(value)) return true
    // A field that is not in the schema is computed by an extension, from columns.
    return value === true && name !== '_count' && model.fields.get(name)?.kind !== 'relation'
  })
}

function filtersByColumns(model: Model, where: unknown): boolean {
  if (Array.isArray(where)) return where.every((each) => filtersByColumns(model, each))
  if (typeof where !== 'object' || where === null) return false
  return Object.entries(where).every(([name, value]) => {
    if (name === 'AND' || name === 'OR' || name === 'NOT') return filtersByColumns(model, value)
    return model.fields.get(name)?.kind !== 'relation'
  })
}

interface RowTags {
  readonly any: string
  readonly bulk: string
  readonly row: string
  readonly keySet: KeySetTag
  /** Whether the row that was found is the one that was named, to the letter; null where it always is. */
  readonly matches: ((result: unknown) => boolean) | null
}

function rowTags(
  names: TagNames,
  schema: SchemaModel,
  { model: name, operation, args, dataPath }: ReadCall,
): RowTags | null {
  if (!operationTraits(operation).isUniqueRead || name === null || dataPath.length > 0) return null
  const model = schema.models.get(name)
  if (model === undefined || !asksForColumnsAlone(model, args)) return null
  const where = args['where']
  const found = keyInWhere(uniqueKeys(model), model, where)
  if (found === null) return null
  const { key, values } = found
  const tags = names.of(model)
  const given = (key.isCompound ? (where as Args)[key.name] : where) as Args
  return {
    any: tags.any,
    bulk: tags.bulk.get(key) as string,
    row: tags.row(key, values.texts),
    keySet: tags.rows,
    matches: values.exact
      ? null
      : (result) =>
          typeof result === 'object' &&
          result !== null &&
          key.fields.every((field) => (result as Args)[field] === given[field]),
  }
}
