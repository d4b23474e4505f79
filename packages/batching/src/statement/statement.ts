import type { Args, Field } from '@prisma-brisk/core'
import type { ColumnFact } from '../key/column-facts.ts'
import type { CallGroup } from '../batch-key/call-group.ts'
import type { KeyType } from '../key/key-type.ts'
import type { Chunk } from './key-partition.ts'
import type { BatchKey } from '../batch-key/batch-key.ts'
import type { KeySlot } from './key-partition.ts'

/** A statement that answers several calls. */
export interface MergedRead {
  readonly group: CallGroup
  readonly batchKey: BatchKey
  readonly key: Field
  readonly type: KeyType
  readonly fact: ColumnFact | null
  /** `where` without the key. */
  readonly where: Args
  /** The keys to find, by their fold. */
  readonly slots: Chunk
}

/** Runs the statement, and sets what each slot found. */
export type ReadStrategy = (read: MergedRead) => Promise<void>

/** `where` for all values of a statement. */
export function mergedWhere({ where, key, slots, type }: MergedRead): Args {
  const values: unknown[] = []
  for (const slot of slots.values()) values.push(type.send(slot.value))
  return { ...where, [key.name]: { in: listOf(values) } }
}

/**
 * A list of values in the form that Prisma serialises fastest. It visits each element of an array with the whole path to
 * it, a microsecond and 300 bytes a value; the result of `toJSON` it takes unchanged, and plain values are the same either
 * way.
 */
export function listOf(values: readonly unknown[]): unknown {
  return values.every((value) => typeof value === 'number' || typeof value === 'string')
    ? { toJSON: () => values }
    : values
}

/** The slot that found a row holding `value`. */
export function slotOf({ type, slots }: MergedRead, value: unknown): KeySlot {
  const fold = type.foldRow(value)
  if (fold === null) throw new MergeMismatch('a row holds a key that only the database can compare', true)
  const slot = slots.get(fold)
  if (slot === undefined) throw new MergeMismatch('a row has a key that was not asked for')
  return slot
}

/** The rows do not fit the keys that were asked for: the merge is wrong, and its calls are sent alone. */
export class MergeMismatch extends Error {
  constructor(
    readonly reason: string,
    /** Whether it is an expected limitation rather than a bug. */
    readonly isExpected = false,
  ) {
    super(reason)
  }
}
