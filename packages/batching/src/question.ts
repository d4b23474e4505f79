import { canonicalize, type Args, type Call, type Field, type Model } from '@prisma-brisk/core'
import { sortOf, type Sort } from './sort.ts'

/**
 * What one call asks, taken apart into what calls of a kind share and the values in which they differ.
 *
 * Two calls of one shape ask the same of the database but for the values of `keys`; whatever cannot be taken apart with
 * certainty has no question, and is sent as it is.
 */
export interface Question {
  readonly kind: 'one' | 'list' | 'first' | 'count' | 'aggregate'
  /** Equal text: equal but for the values of `keys`. */
  readonly shape: string
  /** The fields that `where` sets equal to a value, sorted by name. */
  readonly keys: readonly Field[]
  /** Those values, in the order of `keys`. */
  readonly values: readonly unknown[]
  /** `where` without `keys`. */
  readonly rest: Args
  /** The order of the rows, for kinds that return rows; empty where none is asked for. */
  readonly sort: readonly Sort[]
  /** Rows to skip and to take for each key (kind `first`), or the bound that a middleware put on a list. */
  readonly skip: number
  readonly take: number | null
}

/** Takes a call apart; null where it is not of a kind that can be merged with calls that have other values. */
export function questionOf(call: Call, model: Model): Question | null {
  const { args, operation } = call
  const isUniqueRead = operation === 'findUnique' || operation === 'findUniqueOrThrow'
  const equalities = equalitiesOf(model, args['where'], isUniqueRead)
  if (equalities === null) return null
  const asked = isUniqueRead
    ? single(model, args, equalities)
    : operation === 'findFirst' || operation === 'findFirstOrThrow'
      ? first(model, args, equalities)
      : operation === 'findMany'
        ? list(model, call)
        : operation === 'count'
          ? counted(args)
          : operation === 'aggregate'
            ? aggregated(model, args)
            : null
  if (asked === null) return null
  const keys = [...equalities.values.keys()].sort()
  return {
    ...asked,
    shape: `${asked.kind} ${keys.join(',')} ${asked.take} ${canonicalize({ ...args, where: equalities.rest })}${selectionOrder(args)}`,
    keys: keys.map((name) => model.fields.get(name) as Field),
    values: keys.map((name) => equalities.values.get(name)),
    rest: equalities.rest,
  }
}

type Asked = Pick<Question, 'kind' | 'sort' | 'skip' | 'take'>

interface Equalities {
  readonly values: ReadonlyMap<string, unknown>
  readonly rest: Args
}

function equalitiesOf(model: Model, where: unknown, isUniqueRead: boolean): Equalities | null {
  if (!isPlain(where)) return null
  const values = new Map<string, unknown>()
  const rest: Record<string, unknown> = {}
  for (const name of Object.keys(where)) {
    const value = where[name]
    const field = model.fields.get(name)
    if (field === undefined) {
      const members = isUniqueRead ? compoundMembers(model, name, value) : null
      if (members === null) rest[name] = value
      else {
        for (const [member, part] of members) {
          if (values.has(member)) return null
          values.set(member, part)
        }
      }
      continue
    }
    const equal = isKeyField(field) ? equalValue(value, isUniqueRead) : undefined
    if (equal !== undefined) {
      if (values.has(name)) return null
      values.set(name, equal)
      continue
    }
    // Of the fields of a unique key, findUnique takes plain values alone; findMany would take more.
    if (isUniqueRead && (field.isId || field.isUnique)) return null
    rest[name] = value
  }
  return values.size === 0 ? null : { values, rest }
}

function compoundMembers(model: Model, name: string, value: unknown): [string, unknown][] | null {
  const key = [model.id, ...model.uniques].find((each) => each?.isCompound === true && each.name === name)
  if (key === undefined || key === null || !isPlain(value)) return null
  const names = Object.keys(value)
  if (names.length !== key.fields.length || !key.fields.every((field) => isKeyValue(value[field])))
    return null
  return key.fields.map((field) => [field, value[field]])
}

/** `5` and `{ equals: 5 }`; undefined for every other condition. */
function equalValue(value: unknown, isUniqueRead: boolean): unknown {
  if (isKeyValue(value)) return value
  if (isUniqueRead || !isPlain(value)) return undefined
  const names = Object.keys(value)
  return names.length === 1 && names[0] === 'equals' && isKeyValue(value['equals'])
    ? value['equals']
    : undefined
}

function isKeyField(field: Field): boolean {
  return (
    !field.isList &&
    !field.isIgnored &&
    (field.kind === 'enum' || (field.kind === 'scalar' && field.type !== 'Json'))
  )
}

/** A value that a column can equal, whatever its type; not null, not a filter. */
function isKeyValue(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return true
    case 'object':
      return value !== null && (value instanceof Date || ArrayBuffer.isView(value) || isDecimal(value))
    default:
      return false
  }
}

function single(model: Model, args: Args, equalities: Equalities): Asked | null {
  if (!onlyHas(args, uniqueReadArguments) || !hasUniqueKey(model, equalities) || !selectionFits(model, args))
    return null
  return pagesWithin(args) ? null : { kind: 'one', sort: [], skip: 0, take: null }
}

function first(model: Model, args: Args, equalities: Equalities): Asked | null {
  const sort = sortOf(model, args['orderBy'])
  if (sort === null || !onlyHas(args, firstArguments) || !selectionFits(model, args) || pagesWithin(args))
    return null
  const skip = args['skip'] ?? 0
  if (!isCount(skip)) return null
  if (hasUniqueKey(model, equalities)) return skip === 0 ? { kind: 'one', sort, skip: 0, take: null } : null
  return sort.length === 0 ? null : { kind: 'first', sort, skip, take: 1 }
}

function list(model: Model, call: Call): Asked | null {
  const { args, notes } = call
  const sort = sortOf(model, args['orderBy'])
  if (sort === null || !onlyHas(args, listArguments) || !selectionFits(model, args)) return null
  const { skip = 0, take } = args
  if (!isCount(skip)) return null
  if (take === undefined) {
    if (skip !== 0) return null
    return { kind: 'list', sort, skip: 0, take: notes.bound ?? null }
  }
  return isCount(take) && take > 0 ? { kind: 'first', sort, skip, take } : null
}

function counted(args: Args): Asked | null {
  const { select } = args
  if (!onlyHas(args, countArguments) || (select !== undefined && !isChoice(select))) return null
  return { kind: 'count', sort: [], skip: 0, take: null }
}

function aggregated(model: Model, args: Args): Asked | null {
  if (!onlyHas(args, aggregateArguments)) return null
  let asks = false
  for (const name of aggregates) {
    const choice = args[name]
    if (choice === undefined) continue
    if (!(isChoice(choice) || (name === '_count' && choice === true))) return null
    // The sum of floating-point numbers depends on the order in which the database adds them.
    const adds = name === '_sum' || name === '_avg'
    if (adds && Object.keys(choice).some((field) => model.fields.get(field)?.type === 'Float')) return null
    asks = true
  }
  return asks ? { kind: 'aggregate', sort: [], skip: 0, take: null } : null
}

const aggregates = ['_count', '_sum', '_avg', '_min', '_max'] as const
const selectionArguments = ['where', 'select', 'include', 'omit', 'relationLoadStrategy']
const uniqueReadArguments = new Set(selectionArguments)
const firstArguments = new Set([...selectionArguments, 'orderBy', 'skip'])
const listArguments = new Set([...selectionArguments, 'orderBy', 'skip', 'take'])
const countArguments = new Set(['where', 'select'])
const aggregateArguments = new Set(['where', ...aggregates])

/** Whether every argument that is given is one of these. */
function onlyHas(args: Args, names: ReadonlySet<string>): boolean {
  for (const name in args) if (args[name] !== undefined && !names.has(name)) return false
  return true
}

function hasUniqueKey(model: Model, { values }: Equalities): boolean {
  return [model.id, ...model.uniques].some((key) => key?.fields.every((field) => values.has(field)) === true)
}

/** `{ a: true, b: true }`, with at least one field. */
function isChoice(value: unknown): value is Readonly<Record<string, true>> {
  if (!isPlain(value)) return false
  const chosen = Object.values(value)
  return chosen.length > 0 && chosen.every((each) => each === true)
}

/**
 * Whether the outermost selection names nothing but fields of the model. Fields that an extension computes may mean
 * something else to another client behind the same pipeline.
 */
function selectionFits(model: Model, args: Args): boolean {
  for (const clause of ['select', 'include', 'omit'] as const) {
    const names = args[clause]
    if (names === undefined) continue
    if (!isPlain(names)) return false
    for (const name in names) if (name !== '_count' && !model.fields.has(name)) return false
  }
  return true
}

/**
 * Whether a nested list is cut. Alone the database cuts it; under several parents Prisma reads it whole and cuts it
 * afterwards, which can cost far more than merging saves.
 */
function pagesWithin(args: Args): boolean {
  for (const clause of ['select', 'include'] as const) {
    const fields = args[clause]
    if (!isPlain(fields)) continue
    for (const name in fields) {
      const nested = fields[name]
      if (!isPlain(nested)) continue
      if (cuts.some((cut) => nested[cut] !== undefined) || pagesWithin(nested)) return true
    }
  }
  return false
}

const cuts = ['take', 'skip', 'cursor', 'distinct'] as const

/** Prisma gives fields in the order in which they were selected, which canonical text does not tell. */
function selectionOrder(args: Args): string {
  let order = ''
  for (const clause of ['select', 'include'] as const) {
    const fields = args[clause]
    if (!isPlain(fields)) continue
    order += ` ${Object.keys(fields).join(',')}`
    for (const name in fields) {
      const nested = fields[name]
      if (isPlain(nested)) order += `(${selectionOrder(nested)})`
    }
  }
  return order
}

/** A call of any kind, all of it, as text: calls of the same text are one. */
export function wholeShape({ args, notes }: Call): string {
  return `= ${notes.bound ?? ''} ${canonicalize(args)}${selectionOrder(args)}`
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0x7fffffff

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A Decimal of decimal.js, whatever copy made it. */
export function isDecimal(value: object): value is { toFixed(): string } {
  const decimal = value as { s?: unknown; e?: unknown; d?: unknown; toFixed?: unknown }
  return typeof decimal.toFixed === 'function' && Array.isArray(decimal.d) && typeof decimal.e === 'number'
}
