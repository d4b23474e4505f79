import { canonicalize, type Args, type Call, type Field, type Model } from '@prisma-brisk/core'
import { sortOf, type Sort } from './sort.ts'

/**
 * What calls of one shape ask: all of it but the values in which they differ. Two calls of one shape ask the same of the
 * database but for the values of `keys`; a call that cannot be taken apart with certainty has no question, and is sent
 * as it is.
 */
export interface Question {
  readonly kind: 'one' | 'list' | 'first' | 'count' | 'aggregate'
  /** Equal text: equal but for the values of `keys`. */
  readonly shape: string
  /** The fields that `where` sets equal to a value, sorted by name. */
  readonly keys: readonly Field[]
  /** `where` without `keys`. */
  readonly rest: Args
  /** Where in `where` the values stand. */
  readonly places: readonly Place[]
  /** The order of the rows, for kinds that return rows; empty where none is asked for. */
  readonly sort: readonly Sort[]
  /** Rows to skip and to take for each key (kind `first`), or the bound that a middleware put on a list. */
  readonly skip: number
  readonly take: number | null
}

/** `{ id: 5 }`, `{ id: { equals: 5 } }`, or one member of `{ userId_day: { userId: 5, day: 7 } }`. */
interface Place {
  /** Its index in `keys`. */
  readonly key: number
  readonly name: string
  readonly form: 'plain' | 'equals' | { readonly member: string }
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
  const { found, rest } = equalities
  const keys = [...found.keys()].sort()
  return {
    ...asked,
    shape: `${asked.kind} ${keys.join(',')} ${asked.take} ${canonicalize({ ...args, where: rest })}${selectionOrder(args)}`,
    keys: keys.map((name) => model.fields.get(name) as Field),
    rest,
    places: Array.from(found, ([field, place]) => ({ ...place, key: keys.indexOf(field) })),
  }
}

/** The values of `keys` in a call of this question's shape; the value itself where there is one key. */
export function keyValues({ places, keys }: Question, where: Args): unknown {
  if (keys.length === 1) return valueAt(places[0] as Place, where)
  const values: unknown[] = Array.from({ length: keys.length })
  for (const place of places) values[place.key] = valueAt(place, where)
  return values
}

function valueAt({ name, form }: Place, where: Args): unknown {
  const value = where[name]
  if (form === 'plain') return value
  return (value as Args)[form === 'equals' ? 'equals' : form.member]
}

/**
 * Whether a call is built as another one whose question is known, and so has the same. Cheap and often right: false says
 * nothing.
 */
export function isBuiltAlike({ places }: Question, known: Call, call: Call): boolean {
  const { args } = call
  let names = 0
  for (const name in known.args) {
    names++
    if (name !== 'where' && !haveEqual(name, known.args, args)) return false
  }
  for (const _ in args) names--
  if (names !== 0 || known.notes.bound !== call.notes.bound) return false
  const { where } = args
  const knownWhere = known.args['where'] as Args
  if (!isPlain(where)) return false
  for (const name in knownWhere) {
    names++
    const value = where[name]
    const place = places.find((each) => each.name === name)
    if (place === undefined) {
      if (!haveEqual(name, knownWhere, where)) return false
    } else if (place.form === 'plain') {
      if (!isKeyValue(value)) return false
    } else if (!isBuiltOfValues(knownWhere[name] as Args, value)) return false
  }
  for (const _ in where) names--
  return names === 0
}

function isBuiltOfValues(known: Args, value: unknown): boolean {
  if (!isPlain(value)) return false
  let names = 0
  for (const name in known) {
    names++
    if (!isKeyValue(value[name])) return false
  }
  for (const _ in value) names--
  return names === 0
}

/** What is given as undefined is not what is not given: names are counted, and another one may stand in its place. */
function haveEqual(name: string, one: Args, other: Args): boolean {
  const value = other[name]
  return areEqual(one[name], value) && (value !== undefined || name in other)
}

/** Deep equality of plain data, order of keys included; of other objects only identity and time. */
function areEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Date) return other instanceof Date && Object.is(one.getTime(), other.getTime())
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((each, index) => areEqual(each, other[index]))
    )
  }
  if (!isPlain(one) || !isPlain(other)) return false
  const names = Object.keys(one)
  const otherNames = Object.keys(other)
  return (
    names.length === otherNames.length &&
    names.every((name, index) => name === otherNames[index] && areEqual(one[name], other[name]))
  )
}

type Asked = Pick<Question, 'kind' | 'sort' | 'skip' | 'take'>

interface Equalities {
  /** Fields that are set equal to a value, and where. */
  readonly found: ReadonlyMap<string, Omit<Place, 'key'>>
  readonly rest: Args
}

function equalitiesOf(model: Model, where: unknown, isUniqueRead: boolean): Equalities | null {
  if (!isPlain(where)) return null
  const found = new Map<string, Omit<Place, 'key'>>()
  const rest: Record<string, unknown> = {}
  for (const name in where) {
    const value = where[name]
    const field = model.fields.get(name)
    if (field === undefined) {
      const members = isUniqueRead ? compoundMembers(model, name, value) : null
      if (members === null) rest[name] = value
      for (const member of members ?? []) {
        if (found.has(member)) return null
        found.set(member, { name, form: { member } })
      }
      continue
    }
    const form = isKeyField(field) ? equalityForm(value, isUniqueRead) : null
    if (form !== null) {
      if (found.has(name)) return null
      found.set(name, { name, form })
      continue
    }
    // Of the fields of a unique key, findUnique takes plain values alone; findMany would take more.
    if (isUniqueRead && (field.isId || field.isUnique)) return null
    rest[name] = value
  }
  return found.size === 0 ? null : { found, rest }
}

function compoundMembers(model: Model, name: string, value: unknown): readonly string[] | null {
  const key = [model.id, ...model.uniques].find((each) => each?.isCompound === true && each.name === name)
  if (key === undefined || key === null || !isPlain(value)) return null
  const fits =
    Object.keys(value).length === key.fields.length && key.fields.every((field) => isKeyValue(value[field]))
  return fits ? key.fields : null
}

/** `5` and `{ equals: 5 }`; null for every other condition. */
function equalityForm(value: unknown, isUniqueRead: boolean): 'plain' | 'equals' | null {
  if (isKeyValue(value)) return 'plain'
  if (isUniqueRead || !isPlain(value)) return null
  const names = Object.keys(value)
  return names.length === 1 && names[0] === 'equals' && isKeyValue(value['equals']) ? 'equals' : null
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

function hasUniqueKey(model: Model, { found }: Equalities): boolean {
  return [model.id, ...model.uniques].some((key) => key?.fields.every((field) => found.has(field)) === true)
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
    // Prisma refuses to select nothing, and would not once the key is selected too.
    let chosen = 0
    for (const name in names) {
      if (name !== '_count' && !model.fields.has(name)) return false
      if (names[name] === true || isPlain(names[name])) chosen++
    }
    if (clause === 'select' && chosen === 0) return false
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

/** An object literal: arguments, not one of Prisma's own values. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A Decimal of decimal.js, whatever copy made it. */
export function isDecimal(value: object): value is { toFixed(): string } {
  const decimal = value as { s?: unknown; e?: unknown; d?: unknown; toFixed?: unknown }
  return typeof decimal.toFixed === 'function' && Array.isArray(decimal.d) && typeof decimal.e === 'number'
}
