import type { Field } from '@prisma-brisk/core'
import type { CallGroup } from '../batch-key/call-group.ts'
import type { Fold } from '../key/key-type.ts'
import { KeyIndexes } from '../statement/key-index.ts'
import { PAIRS, type Chunk, type KeySlot } from '../statement/key-partition.ts'
import { SingleKey } from '../statement/merge-key.ts'
import type { MergedRead, ReadStrategy } from '../statement/statement.ts'
import { findAggregates } from './aggregates.ts'
import { firstRowsCapacity, firstSort } from './first-ids.ts'
import { findFirstRows } from './first-rows.ts'
import { findRows } from './rows.ts'

type Read = Omit<MergedRead, 'slots'>

/** What a statement may bind beside keys and values of `where`: LIMIT, OFFSET, and a reserve. */
const RESERVED_BINDS = 4

/** By which statement, and for how many keys at a time: one where the calls are better sent alone. */
export function strategyFor(read: Read, maxBatchSize: number): { size: number; strategy: ReadStrategy } {
  const { batchKey, key } = read
  const sized = (keys: number, strategy: ReadStrategy) => ({
    size: Math.max(1, Math.min(maxBatchSize, keys)),
    strategy,
  })
  if (batchKey.kind === 'count' || batchKey.kind === 'aggregate')
    return sized(capacityOf(read), findAggregates)
  if (batchKey.kind !== 'first' || !(key instanceof SingleKey) || key.field.isId || key.field.isUnique)
    return sized(capacityOf(read), findRows)
  const first = { ...read, key }
  return sized(firstRowsCapacity(first), ({ slots }) => findFirstRows({ ...first, slots }))
}

/**
 * Whether calls are known to be faster each by itself before anything is planned: first rows of which no two have one key.
 */
export function areBetterAlone({ batchKey, model, members, first }: CallGroup): boolean {
  if (batchKey?.kind !== 'first') return false
  const { keys } = batchKey
  let varying: Field | undefined
  for (const [index, field] of keys.entries()) {
    const { size } = new Set(
      members.map(({ value }) => (keys.length === 1 ? value : (value as unknown[])[index])),
    )
    if (size === 1) continue
    if (size < members.length || varying !== undefined) return false
    varying = field
  }
  if (varying === undefined) return false
  return KeyIndexes.of(first.call.host).areFirstRowsBetterAlone(model, varying, firstSort(batchKey))
}

/** Keys that a statement can bind beside all the rest. */
function capacityOf({ group, where, key: { fields } }: Read): number {
  const { host, args } = group.first.call
  const others = valuesIn(where) + valuesIn(args) + RESERVED_BINDS
  const keys = Math.floor((host.maxBindValues - others) / fields.length)
  return fields.length === 1 ? keys : Math.min(keys, PAIRS)
}

/** An upper bound of the values that these arguments bind. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date)
    return 1
  let values = 0
  for (const each of Object.values(value)) values += valuesIn(each)
  return values
}

/** The keys of a chunk, so many at a time. */
export function piecesOf(chunk: Chunk, size: number): readonly Chunk[] {
  if (chunk.size <= size) return [chunk]
  const pieces: Map<Fold, KeySlot>[] = []
  let piece: Map<Fold, KeySlot> | null = null
  for (const [fold, slot] of chunk) {
    if (piece === null || piece.size >= size) pieces.push((piece = new Map()))
    piece.set(fold, slot)
  }
  return pieces
}
