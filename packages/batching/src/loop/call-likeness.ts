import { isPlain, type Call } from '@prisma-brisk/core'
import { isKeyValue } from '../key/argument-value.ts'
import { areSame } from './row-list.ts'

/** A field, and its values in two calls. */
export interface Change {
  readonly name: string
  readonly from: unknown
  readonly to: unknown
}

/** The first field that two conditions of one form compare with different values; null where they differ in none. */
export function changeIn(before: unknown, where: unknown): Change | null {
  if (!isPlain(before) || !isPlain(where)) return null
  for (const name in where) {
    const [from, to] = [before[name], where[name]]
    if (from === to) continue
    if (isKeyValue(to)) {
      if (!areSame(from, to)) return { name, from, to }
    } else {
      const within = changeIn(from, to)
      if (within !== null) return within.name === 'equals' ? { ...within, name } : within
    }
  }
  return null
}

/** A look at what most calls of other shapes differ in. */
export function looksAlike({ args: one }: Call, { args: other }: Call): boolean {
  return haveSameNames(one, other) && haveSameNames(one['where'], other['where'])
}

function haveSameNames(one: unknown, other: unknown): boolean {
  if (!isPlain(one) || !isPlain(other)) return one === other
  let names = 0
  for (const name in one) {
    if (!(name in other)) return false
    names++
  }
  for (const _ in other) names--
  return names === 0
}
