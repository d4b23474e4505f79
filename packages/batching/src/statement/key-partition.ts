import { canonicalize, type Args, type Field } from '@prisma-brisk/core'
import type { Group } from '../batch-key/group.ts'
import type { Fold, KeyType } from '../key/key-type.ts'
import type { Member } from '../batch-key/batched-call.ts'
import type { Question } from '../batch-key/batch-key.ts'
import { Slot } from './slot.ts'

/** Calls of one shape that differ in one field alone, which becomes the key of their statements. */
export interface Part {
  readonly key: Field
  /** What `where` says but for the key. */
  readonly where: Args
  readonly members: readonly Member[]
  /** The value of the key in a call of this part. */
  valueOf(member: Member): unknown
}

/**
 * Splits calls of one shape into parts. Where several fields differ (the members of a composite key), the one with the
 * most values becomes the key, and the others split the calls: `tenantId = ? AND id IN (…)`, one statement a tenant.
 */
export function partsOf({ members, question }: Group): readonly Part[] {
  const { keys, rest } = question as Question
  if (keys.length === 1) {
    return [{ key: keys[0] as Field, where: rest, members, valueOf: (member) => member.value }]
  }
  const spellings = members.map(({ value }) => (value as readonly unknown[]).map(canonicalize))
  const keyIndex = mostVaried(spellings, keys.length)
  const parts = new Map<string, Member[]>()
  members.forEach((member, index) => {
    // Canonical text tells where each value ends, so that joining it mixes nothing up.
    const constants = (spellings[index] as string[]).filter((_, at) => at !== keyIndex).join('')
    const part = parts.get(constants)
    if (part === undefined) parts.set(constants, [member])
    else part.push(member)
  })
  const valueOf = ({ value }: Member) => (value as readonly unknown[])[keyIndex]
  return Array.from(parts.values(), (same) => {
    const where: Record<string, unknown> = { ...rest }
    keys.forEach((field, index) => {
      if (index !== keyIndex) where[field.name] = ((same[0] as Member).value as readonly unknown[])[index]
    })
    return { key: keys[keyIndex] as Field, where, members: same, valueOf }
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

/** Whether all calls of a part ask for the same value, in the same spelling. */
export function isOfOneValue({ members, valueOf }: Part): boolean {
  const first = valueOf(members[0] as Member)
  return members.every((member) => isSpelledAlike(first, valueOf(member)))
}

/** Calls by the spelling of their value. */
export function bySpelling(members: readonly Member[], { valueOf }: Part): readonly (readonly Member[])[] {
  const spellings = new Map<string, Member[]>()
  for (const member of members) {
    const spelling = canonicalize(valueOf(member))
    const same = spellings.get(spelling)
    if (same === undefined) spellings.set(spelling, [member])
    else same.push(member)
  }
  return [...spellings.values()]
}

export type Round = ReadonlyMap<Fold, Slot>

/**
 * Deals calls into rounds, so that no two values of a round can be equal to the database unless they are certainly the
 * same; those whose value is not certain are left over. See {@link KeyType}.
 */
export function roundsOf(
  { members, valueOf }: Part,
  type: KeyType,
): { readonly rounds: readonly Round[]; readonly uncertain: readonly Member[] } {
  const rounds: Map<Fold, Slot>[] = [new Map()]
  const uncertain: Member[] = []
  for (const member of members) {
    const value = valueOf(member)
    const fold = type.fold(value)
    if (fold === null) uncertain.push(member)
    else deal(rounds, fold, value, member, type)
  }
  return { rounds, uncertain }
}

function deal(rounds: Map<Fold, Slot>[], fold: Fold, value: unknown, member: Member, type: KeyType): void {
  for (const round of rounds) {
    const slot = round.get(fold)
    if (slot === undefined) {
      round.set(fold, new Slot(value, member))
      return
    }
    if (type.isExact || isSpelledAlike(slot.value, value)) {
      slot.add(member)
      return
    }
  }
  rounds.push(new Map([[fold, new Slot(value, member)]]))
}

function isSpelledAlike(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object') return Object.is(one, other)
  return typeof other === 'object' && canonicalize(one) === canonicalize(other)
}
