import { canonicalize, isPlain, type Args, type Call, type Field, type Model } from '@prisma-brisk/core'
import { argumentOrder } from './answer-order.ts'
import { holdsUndefined, isKeyValue } from '../key/argument-value.ts'
import { equalitiesOf, valueAt, type KeyLocation } from './key-equalities.ts'
import { readShapeOf, type ReadShape } from './read-kind.ts'

/**
 * What calls of one shape have in common: everything but the values in which they differ. Two calls with the same shape ask
 * the database for the same thing except for the values of `keys`. A call that cannot be taken apart with certainty has no
 * batch key, and is sent unchanged.
 */
export interface BatchKey extends ReadShape {
  /** Equal text: equal but for the values of `keys`. */
  readonly shape: string
  /** The fields that `where` sets equal to a value, sorted by name. */
  readonly keys: readonly Field[]
  /** `where` without `keys`. */
  readonly rest: Args
  /** Where in `where` the values stand. */
  readonly locations: readonly KeyLocation[]
  /** Whether the calls give something as undefined, which Prisma may refuse; see {@link refusal}. */
  readonly hasUndefined: boolean
  /** Whether something that `where` gives twice stands in the shape once. */
  readonly hasTwice: boolean
}

/** Takes a call apart; null where it is not of a kind that can be merged with calls that have other values. */
export function batchKeyOf(call: Call, model: Model): BatchKey | null {
  const { args, operation } = call
  const isUniqueRead = operation === 'findUnique' || operation === 'findUniqueOrThrow'
  const equalities = equalitiesOf(model, args['where'], isUniqueRead)
  if (equalities === null) return null
  const readShape = readShapeOf(call, model, equalities)
  if (readShape === null) return null
  const { found, rest, hasTwice } = equalities
  const { kind, sort, skip, take } = readShape
  const keys = [...found.keys()].sort()
  // Written out: a spread with names behind it costs V8 ten times as much as all the rest, for each batch.
  return {
    kind,
    sort,
    skip,
    take,
    shape: `${kind} ${keys.join(',')} ${take} ${canonicalize({ ...args, where: rest })}${orderInShape(call)}`,
    keys: keys.map((name) => model.fields.get(name) as Field),
    rest,
    hasUndefined: holdsUndefined(args),
    hasTwice,
    locations: Array.from(found, ([field, { name, form }]) => ({ name, form, key: keys.indexOf(field) })),
  }
}

/**
 * Goes into the arguments of a merged statement whose calls give something as undefined. The statement may be made without
 * the argument in question; where `strictUndefinedChecks` has Prisma refuse the calls, it must refuse the statement too.
 */
export function refusal(name: 'distinct' | 'having', { hasUndefined }: BatchKey): Args {
  return hasUndefined ? { [name]: undefined } : {}
}

/** The values of `keys` in a call of this shape; the value itself where there is one key. */
export function keyValues({ locations, keys }: BatchKey, where: Args): unknown {
  if (keys.length === 1) return valueAt(locations[0] as KeyLocation, where)
  const values: unknown[] = Array.from({ length: keys.length })
  for (const location of locations) values[location.key] = valueAt(location, where)
  return values
}

/** A call of any kind, all of it, as text: calls of the same text are one, but for the order of what they select. */
export function wholeShape(call: Call): string {
  return `= ${call.notes.bound ?? ''} ${canonicalize(call.args)}${orderInShape(call)}`
}

/** Rows can be put into another order once they are read; what counts and adds up is asked for in the order of the call. */
const orderInShape = ({ operation, args }: Call): string =>
  operation.startsWith('find') ? '' : argumentOrder(args)

/**
 * Whether a call is written like another one whose batch key is known, and so has the same batch key. A cheap test that
 * most calls pass; false proves nothing.
 */
export function isSameShape({ locations, hasTwice }: BatchKey, known: Call, call: Call): boolean {
  if (hasTwice) return false
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
    const location = locations.find((each) => each.name === name)
    if (location === undefined) {
      if (!haveEqual(name, knownWhere, where)) return false
    } else if (location.form === 'plain') {
      if (!isKeyValue(value)) return false
    } else if (!isSameCompound(knownWhere[name] as Args, value)) return false
  }
  for (const _ in where) names--
  return names === 0
}

function isSameCompound(known: Args, value: unknown): boolean {
  if (!isPlain(value)) return false
  let names = 0
  for (const name in known) {
    names++
    if (!isKeyValue(value[name])) return false
  }
  for (const _ in value) names--
  return names === 0
}

/** A name given as undefined differs from a name that is absent: names are counted, and another one could take its place. */
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
