import { allOf, type Args } from '@prisma-brisk/core'
import type { BatchKey } from '../batch-key/batch-key.ts'
import type { CallGroup } from '../batch-key/call-group.ts'
import type { Chunk, KeySlot } from './key-partition.ts'
import type { MergeKey, Row } from './merge-key.ts'

/** A statement that answers several calls. */
export interface MergedRead<Key extends MergeKey = MergeKey> {
  readonly group: CallGroup
  readonly batchKey: BatchKey
  readonly key: Key
  /** `where` without the key. */
  readonly where: Args
  /** The keys to find, by their fold. */
  readonly slots: Chunk
}

/** Runs the statement, and sets what each slot found. */
export type ReadStrategy<Key extends MergeKey = MergeKey> = (read: MergedRead<Key>) => Promise<void>

/** `where` for all keys of a statement. */
export function mergedWhere({ where, key, slots }: MergedRead): Args {
  return allOf(where, key.where(Array.from(slots.values(), (slot) => slot.value)))
}

/** The slot whose key found a row. */
export function slotOf({ key, slots }: MergedRead, row: Row): KeySlot {
  const fold = key.foldRow(row)
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
