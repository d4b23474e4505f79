import type { Args, Call, Field } from '@prisma-brisk/core'
import type { KeyType } from './key-type.ts'
import type { Slot } from './part.ts'
import type { Question } from './question.ts'

/** What a merged statement is made of. */
export interface Ask {
  /** One of the calls: it speaks for all of them. */
  readonly call: Call
  readonly question: Question
  readonly key: Field
  readonly type: KeyType
  /** What `where` says but for the key. */
  readonly where: Args
  /** The values to ask for, by their fold. */
  readonly slots: ReadonlyMap<string, Slot>
}

/** What a statement found for a value; `none` where an `OrThrow` has nothing to give. */
export type Finding = { readonly answer: unknown } | 'none'

/** `where` for all values of a statement. */
export function mergedWhere({ where, key, slots }: Ask): Args {
  return { ...where, [key.name]: { in: Array.from(slots.values(), (slot) => slot.value) } }
}

/** A row came back that fits no caller, or not as many as there can be: the merge itself is wrong, and is undone. */
export class MergeMismatch extends Error {
  constructor(readonly reason: string) {
    super(reason)
  }
}

/** The value of `slots` that found a row holding `value`. */
export function slotOf({ type, slots }: Ask, value: unknown): Slot {
  const fold = type.foldRow(value)
  const slot = fold === null ? undefined : slots.get(fold)
  if (slot === undefined) throw new MergeMismatch('a row fits none of the keys that were asked for')
  return slot
}
