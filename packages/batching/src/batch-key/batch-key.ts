import { canonicalize, type Args, type Call, type Field, type Model } from '@prisma-brisk/core'
import { equalitiesOf, valueAt, type Place } from './key-equalities.ts'
import { askedOf } from './read-kind.ts'
import { selectionOrder } from './selection.ts'
import type { Sort } from './sort.ts'

export { isDecimal } from '../key/argument-value.ts'
export { isBuiltAlike } from './built-alike.ts'

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

/** Takes a call apart; null where it is not of a kind that can be merged with calls that have other values. */
export function questionOf(call: Call, model: Model): Question | null {
  const { args, operation } = call
  const isUniqueRead = operation === 'findUnique' || operation === 'findUniqueOrThrow'
  const equalities = equalitiesOf(model, args['where'], isUniqueRead)
  if (equalities === null) return null
  const asked = askedOf(call, model, equalities)
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

/** A call of any kind, all of it, as text: calls of the same text are one. */
export function wholeShape({ args, notes }: Call): string {
  return `= ${notes.bound ?? ''} ${canonicalize(args)}${selectionOrder(args)}`
}
