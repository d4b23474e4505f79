import { canonicalize } from '../operation/canonical.ts'
import { operationTraits } from '../operation/operation.ts'
import { isPlain } from '../operation/prisma-value.ts'
import type { Args } from '../pipeline/call.ts'
import type { InternalParams } from './redirect.ts'

/** Whether two operations may be one, sent another way: of the same model, with an answer of the same kind. */
export function isAlike(one: InternalParams, other: InternalParams): boolean {
  if (one.model === undefined || one.model !== other.model) return false
  const [a, b] = [operationTraits(one.action ?? ''), operationTraits(other.action ?? '')]
  if (a.isWrite || b.isWrite) return a.isWrite && b.isWrite
  return a.returnsMany === b.returnsMany && a.isAggregate === b.isAggregate
}

/**
 * How much arguments say that a hook has sent them in place of others, as it does where it adds a filter, bounds the rows or
 * unfolds a compound key: nothing of what was asked for is gone, neither an argument nor a value in `where`. `'perhaps'` where
 * nothing was asked for, which any arguments keep.
 */
export function likenessOf(asked: Args, sent: Args): 'yes' | 'perhaps' | 'no' {
  const names = Object.keys(asked).filter((name) => asked[name] !== undefined && !SHAPE.has(name))
  if (!names.every((name) => sent[name] !== undefined)) return 'no'
  const values = new Set(valuesIn(sent['where']))
  for (const value of valuesIn(asked['where'])) if (!values.has(value)) return 'no'
  return names.length === 0 ? 'perhaps' : 'yes'
}

/** What a row is to look like, which hooks change at will. */
const SHAPE = new Set(['select', 'include', 'omit', 'relationLoadStrategy'])

/** The values in a `where`, as text that tells types apart. */
function* valuesIn(where: unknown, depth = 0): Iterable<string> {
  if (where === undefined) return
  if (!isPlain(where) && !Array.isArray(where)) yield canonicalize(where)
  else if (depth < DEEPEST) for (const value of Object.values(where)) yield* valuesIn(value, depth + 1)
}

/** What is deeper is not looked at: arguments may contain themselves. */
const DEEPEST = 64
