import { isPlain, type Args, type Call } from '@prisma-brisk/core'
import { isKeyValue } from '../key/argument-value.ts'
import type { Question } from './batch-key.ts'

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
