import { allOf, canonicalize, type Args, type Field } from '@prisma-brisk/core'
import { isUniqueRead } from '../batch-key/own-batch.ts'
import type { CallGroup } from '../batch-key/call-group.ts'
import type { Fold } from '../key/key-type.ts'
import type { MergeKey } from './merge-key.ts'
import type { BatchedCall } from '../batch-key/batched-call.ts'
import type { BatchKey } from '../batch-key/batch-key.ts'

/** Calls of one shape, and the fields in which they differ, which become the key of their statements. */
export interface KeyPartition {
  /** One, or all in which the calls of a partition of pairs differ. */
  readonly fields: readonly Field[]
  /** `where` without the key. */
  readonly where: Args
  readonly members: readonly BatchedCall[]
  /** The value of the key in a call of this partition; one for each of several fields. */
  valueOf(member: BatchedCall): unknown
}

/** Statements with constants of their own that are sent rather than one with all pairs. */
const FEW = 4

/** Pairs of values in one statement, whose text grows with each of them. */
export const PAIRS = 500

/**
 * Splits calls of one shape into partitions. Where several fields differ (the members of a composite key), the one with the
 * most values becomes the key, and the others partition the calls: `tenantId = ? AND id IN (…)`, one statement a tenant.
 *
 * @param mayPair whether a statement may ask for pairs of values, `(tenantId = ? AND id = ?) OR …`: it does where there would
 * be many partitions, or partitions of one value; for `findUnique`, which Prisma itself asks for by pairs, where that takes
 * fewer statements
 */
export function partitionsOf(group: CallGroup, mayPair: boolean): readonly KeyPartition[] {
  const { members } = group
  const { keys, rest } = group.batchKey as BatchKey
  const valueOf = ({ value }: BatchedCall) => value
  if (keys.length === 1) return [{ fields: keys, where: rest, members, valueOf }]
  const partitions = byConstants(group)
  if (!mayPair || partitions.length === 1) return partitions
  const pairsOf = (paired: readonly BatchedCall[]): KeyPartition => ({
    fields: keys,
    where: rest,
    members: paired,
    valueOf,
  })
  const [several, single] = [
    partitions.filter((each) => !isOfOneValue(each)),
    partitions.filter(isOfOneValue),
  ]
  const statements = several.length + Math.min(1, single.length)
  const isUnique = isUniqueRead(group.first.call.operation)
  if (several.length > FEW || (isUnique && statements > Math.ceil(members.length / PAIRS)))
    return [pairsOf(members)]
  return single.length < 2 ? partitions : [...several, pairsOf(single.flatMap((each) => each.members))]
}

function byConstants({ members, batchKey }: CallGroup): readonly KeyPartition[] {
  const { keys, rest } = batchKey as BatchKey
  const spellings = members.map(({ value }) => (value as readonly unknown[]).map(canonicalize))
  const keyIndex = mostVaried(spellings, keys.length)
  const partitions = new Map<string, BatchedCall[]>()
  members.forEach((member, index) => {
    // Canonical text marks the end of each value, so joined texts are equal only where all values are.
    const constants = (spellings[index] as string[]).filter((_, at) => at !== keyIndex).join('')
    const partition = partitions.get(constants)
    if (partition === undefined) partitions.set(constants, [member])
    else partition.push(member)
  })
  const valueOf = ({ value }: BatchedCall) => (value as readonly unknown[])[keyIndex]
  return Array.from(partitions.values(), (same) => {
    const values = (same[0] as BatchedCall).value as readonly unknown[]
    const constants = keys.flatMap(({ name }, index) => (index === keyIndex ? [] : [[name, values[index]]]))
    const where = allOf(rest, Object.fromEntries(constants) as Args)
    return { fields: [keys[keyIndex] as Field], where, members: same, valueOf }
  })
}

function mostVaried(spellings: readonly (readonly string[])[], keys: number): number {
  let best = 0
  let most = 0
  for (let index = 0; index < keys; index++) {
    const { size } = new Set(spellings.map((spelling) => spelling[index]))
    if (size > most) [best, most] = [index, size]
  }
  return best
}

/** Whether all calls of a partition give the same value, in the same spelling. */
export function isOfOneValue({ members, valueOf }: KeyPartition): boolean {
  const first = valueOf(members[0] as BatchedCall)
  return members.every((member) => isSpelledAlike(first, valueOf(member)))
}

/** Calls by the spelling of their value. */
export function bySpelling(
  members: readonly BatchedCall[],
  { valueOf }: KeyPartition,
): readonly (readonly BatchedCall[])[] {
  const spellings = new Map<string, BatchedCall[]>()
  for (const member of members) {
    const spelling = canonicalize(valueOf(member))
    const same = spellings.get(spelling)
    if (same === undefined) spellings.set(spelling, [member])
    else same.push(member)
  }
  return [...spellings.values()]
}

/** Keys of one statement, none of which the database may hold equal to another, by their fold. */
export type Chunk = ReadonlyMap<Fold, KeySlot>

/**
 * Deals calls into chunks, so that no two values of a chunk can be equal to the database unless they are certainly the
 * same; calls whose value is not certain are left over. See `KeyType`.
 */
export function chunksOf(
  { members, valueOf }: KeyPartition,
  key: MergeKey,
): { readonly chunks: readonly Chunk[]; readonly uncertain: readonly BatchedCall[] } {
  const chunks: Map<Fold, KeySlot>[] = [new Map()]
  const uncertain: BatchedCall[] = []
  for (const member of members) {
    const value = valueOf(member)
    const fold = key.fold(value)
    if (fold === null) uncertain.push(member)
    else deal(chunks, fold, value, member, key)
  }
  return { chunks, uncertain }
}

function deal(
  chunks: Map<Fold, KeySlot>[],
  fold: Fold,
  value: unknown,
  member: BatchedCall,
  key: MergeKey,
): void {
  for (const chunk of chunks) {
    const slot = chunk.get(fold)
    if (slot === undefined) {
      chunk.set(fold, new KeySlot(value, member))
      return
    }
    if (key.isExact || isSpelledAlike(slot.value, value)) {
      slot.add(member)
      return
    }
  }
  chunks.push(new Map([[fold, new KeySlot(value, member)]]))
}

function isSpelledAlike(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object') return Object.is(one, other)
  return typeof other === 'object' && canonicalize(one) === canonicalize(other)
}

/** One key of a statement, the calls that gave it, and the rows found for it. */
export class KeySlot {
  /** Further calls with the same key; nearly always none. */
  others: BatchedCall[] | null = null
  /** Where it stays unset, the statement has no answer for the calls, and they are sent alone. */
  found: unknown = nothing

  constructor(
    /** As the first call spelled it. */
    readonly value: unknown,
    readonly first: BatchedCall,
  ) {}

  get isAnswered(): boolean {
    return this.found !== nothing
  }

  add(member: BatchedCall): void {
    if (this.others === null) this.others = [member]
    else this.others.push(member)
  }

  get members(): readonly BatchedCall[] {
    return this.others === null ? [this.first] : [this.first, ...this.others]
  }
}

const nothing = Symbol('nothing')
