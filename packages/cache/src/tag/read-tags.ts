import {
  isAbsent,
  operationTraits,
  readModels,
  type Args,
  type Model,
  type SchemaModel,
} from '@prisma-brisk/core'
import { isSignedBy, type KeySetTag } from '../entry/stamp.ts'
import { InvalidCacheStrategyError } from '../errors.ts'
import { fewestValues } from './list-column.ts'
import { keyInWhere } from './row-key.ts'
import { type TagNames, uniqueKeys } from './tag-names.ts'

/** The tags a read may rest on, before its result is known. */
export interface ReadTags {
  /** What to ask the store for. */
  readonly asked: readonly string[]
  /** The models it touches, for the user's information. */
  readonly models: readonly string[]
  /** The one of them that is signed by the keys and columns that entries are told apart by; null where this one is not. */
  readonly keySet: KeySetTag | null
  /** Whether the entry rests on its table where another deployment has signed, rather than end that one's entries. */
  readonly yields: boolean
  /**
   * The tags of the entry, a part of those asked in the same order, once the result is known.
   *
   * @param stamps those of the tags asked
   */
  restingOn(result: unknown, stamps: readonly string[]): readonly string[]
}

/**
 * The tags of a read. A list, or a row with relations, rests on the tables it touches; a list of rows that have one of a few
 * values in one column, on the changes of such rows instead of on its own table. `findUnique` rests on its own row
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
  // A hook behind may ask for anything.
  if (models === '*' || call.hasForeignBehind)
    return fixed([...common, ...names.ofAll(schema)], [...schema.models.keys()])
  const row = rowTags(names, schema, call)
  if (row === null) {
    const list = listTags(names, schema, call)
    for (const name of models) {
      const model = schema.models.get(name)
      if (model === undefined || (list !== null && name === call.model)) continue
      common.push(names.of(schema, model).any)
    }
    common.push(...linksBetween(names, schema, models))
    return list === null ? fixed(common, [...models]) : byValue(common, list, [...models])
  }
  const { matches, keySet } = row
  const byRow = [...common, row.bulk, row.row, keySet.tag]
  if (matches === null) return { ...fixed(byRow, [...models]), keySet }
  const byTable = [...common, row.any]
  return {
    asked: [...byRow, row.any],
    models: [...models],
    keySet,
    yields: false,
    restingOn: (result) => (matches(result) ? byRow : byTable),
  }
}

/** The tables that join rows of two of these models. */
function linksBetween(names: TagNames, schema: SchemaModel, models: ReadonlySet<string>): string[] {
  const ofBoth = [...models].flatMap((name) => schema.models.get(name) ?? [])
  const tables = ofBoth.flatMap(({ relations }) =>
    relations.flatMap(({ manyToMany, target }) =>
      manyToMany !== null && models.has(target) ? names.ofTable(names.tableOf(manyToMany)) : [],
    ),
  )
  return [...new Set(tables)].sort()
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
    else tags.push(names.of(schema, model).any)
  })
  return fixed([...new Set(tags)], models)
}

/** In one order, whatever the caller's: readers of one key must compare the same tags in the same places. */
function ownTags(names: TagNames, own: readonly string[]): string[] {
  return own.map((tag) => names.own(tag)).sort()
}

function fixed(tags: readonly string[], models: readonly string[]): ReadTags {
  return { asked: tags, models, keySet: null, yields: false, restingOn: () => tags }
}

interface ReadCall {
  readonly model: string | null
  readonly operation: string
  readonly args: Args
  readonly dataPath: readonly string[]
  /** Whether a hook behind may ask for something else. */
  readonly hasForeignBehind: boolean
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
  const tags = names.of(schema, model)
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

interface ListTags {
  readonly any: string
  readonly keySet: KeySetTag
  /** Of the column, and of its values. */
  readonly values: readonly string[]
}

function byValue(common: readonly string[], { any, keySet, values }: ListTags, models: string[]): ReadTags {
  const byValues = [...common, keySet.tag, ...values]
  const asked = [...byValues, any]
  const byTable = [...common, any]
  const at = common.length
  return {
    asked,
    models,
    keySet,
    yields: true,
    restingOn: (_, stamps) => (isSignedBy(stamps[at] as string, keySet.signature) ? byValues : byTable),
  }
}

/** Of a list that only rows with certain values in one column can change; null of any other. */
function listTags(names: TagNames, schema: SchemaModel, call: ReadCall): ListTags | null {
  if (!LISTS.has(call.operation) || call.model === null) return null
  if (call.dataPath.length > 0 || call.hasForeignBehind) return null
  const model = schema.models.get(call.model)
  if (model === undefined) return null
  const tags = names.of(schema, model)
  const found = fewestValues([...tags.columns.keys()], call.args['where'])
  if (found === null || !readsNoOtherRows(schema, model, call.operation, call.args)) return null
  const { field, texts } = found
  return {
    any: tags.any,
    keySet: tags.rows,
    values: [tags.columns.get(field) as string, ...texts.map((text) => tags.value(field, text))],
  }
}

const LISTS = new Set(['findMany', 'findFirst', 'findFirstOrThrow', 'count', 'aggregate', 'groupBy'])

/** Whether no row of the model counts but those that its `where` finds: none that a relation leads to, no cursor. */
function readsNoOtherRows(schema: SchemaModel, model: Model, operation: string, args: Args): boolean {
  const { isAggregate } = operationTraits(operation)
  return Object.entries(args).every(([name, value]) => {
    if (isAbsent(value)) return true
    if (name === 'where') return filtersByColumns(model, value)
    if (name === 'orderBy')
      return (Array.isArray(value) ? value : [value]).every((each) => sorts(model, each))
    if (name === 'select' || name === 'include') {
      return isAggregate || selectsNoneOf(schema, model, value)
    }
    return LIST_ARGUMENTS.has(name) || ROW_ARGUMENTS.has(name)
  })
}

const LIST_ARGUMENTS = new Set([
  'take',
  'skip',
  'distinct',
  'by',
  'having',
  '_count',
  '_sum',
  '_avg',
  '_min',
  '_max',
])

function sorts(model: Model, order: unknown): boolean {
  return (
    typeof order === 'object' &&
    order !== null &&
    Object.keys(order).every((name) => model.fields.get(name)?.kind !== 'relation')
  )
}

/** Whether relations are selected that lead to other models, and do not come back. */
function selectsNoneOf(schema: SchemaModel, model: Model, fields: unknown): boolean {
  if (typeof fields !== 'object' || fields === null) return false
  return Object.entries(fields).every(([name, value]) => {
    if (value === false || isAbsent(value)) return true
    const field = model.fields.get(name)
    if (name === '_count') return false
    if (field?.kind !== 'relation') return value === true
    const reached = readModels(schema, field.type, 'findMany', value === true ? {} : (value as Args))
    return reached !== '*' && !reached.has(model.name)
  })
}
