import type { Args, Field } from '@prisma-brisk/core'
import type { ColumnFact } from './column-facts.ts'
import type { KeyType } from './key-type.ts'
import type { Question } from './question.ts'
import type { Member } from './member.ts'

/** What a merged statement is made of. */
export interface Ask {
  /** One of the calls: it speaks for all of them. */
  readonly speaker: Member
  readonly question: Question
  readonly key: Field
  readonly type: KeyType
  readonly fact: ColumnFact | null
  /** What `where` says but for the key. */
  readonly where: Args
  /** The values to ask for, by their fold. */
  readonly slots: ReadonlyMap<string, Slot>
}

/** One value of a statement, and all who share what it finds. */
export interface Slot {
  readonly value: unknown
  readonly members: Member[]
}

/** What a statement found for each value; a value without a finding is asked for again, alone. */
export type Findings = ReadonlyMap<Slot, unknown>

/** `where` for all values of a statement. */
export function mergedWhere({ where, key, slots }: Ask): Args {
  return { ...where, [key.name]: { in: Array.from(slots.values(), (slot) => slot.value) } }
}

/** The value of `slots` that found a row holding `value`. */
export function slotOf({ type, slots }: Ask, value: unknown): Slot {
  const fold = type.foldRow(value)
  if (fold === null) throw new MergeMismatch('a row holds a key that only the database can compare', true)
  const slot = slots.get(fold)
  if (slot === undefined) throw new MergeMismatch('a row fits none of the keys that were asked for')
  return slot
}

/** A row came back that fits no caller, or not as many as there can be: the merge itself is wrong, and is undone. */
export class MergeMismatch extends Error {
  constructor(
    readonly reason: string,
    /** Whether it was to be reckoned with, and is no mistake of ours. */
    readonly isExpected = false,
  ) {
    super(reason)
  }
}
