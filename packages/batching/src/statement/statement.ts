import type { Args, Field } from '@prisma-brisk/core'
import type { ColumnFact } from '../key/column-facts.ts'
import type { Group } from '../batch-key/group.ts'
import type { KeyType } from '../key/key-type.ts'
import type { Round } from './key-partition.ts'
import type { Question } from '../batch-key/batch-key.ts'
import type { Slot } from './slot.ts'

/** What a merged statement is made of. */
export interface Ask {
  readonly group: Group
  readonly question: Question
  readonly key: Field
  readonly type: KeyType
  readonly fact: ColumnFact | null
  /** What `where` says but for the key. */
  readonly where: Args
  /** The values to ask for, by their fold. */
  readonly slots: Round
}

/** Asks, and sets what each slot found. */
export type Finder = (ask: Ask) => Promise<void>

/** `where` for all values of a statement. */
export function mergedWhere({ where, key, slots, type }: Ask): Args {
  const values: unknown[] = []
  for (const slot of slots.values()) values.push(type.send(slot.value))
  return { ...where, [key.name]: { in: listOf(values) } }
}

/**
 * A list of values as Prisma carries it fastest. Of an array it looks at each element with the whole path that leads
 * there, a microsecond and 300 bytes a value; what `toJSON` gives it takes as it stands, and plain values are the same
 * either way.
 */
export function listOf(values: readonly unknown[]): unknown {
  return values.every((value) => typeof value === 'number' || typeof value === 'string')
    ? { toJSON: () => values }
    : values
}

/** The slot that found a row holding `value`. */
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
