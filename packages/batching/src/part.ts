import { canonicalize, type Args, type Field } from '@prisma-brisk/core'
import type { KeyType } from './key-type.ts'
import type { Member } from './member.ts'
import type { Question } from './question.ts'
import type { Slot } from './statement.ts'

/** Calls of one shape that differ in one field alone, which becomes the key of their statements. */
export interface Part {
  readonly key: Field
  /** The first of the calls: it speaks for all of them. */
  readonly first: Member
  /** What `where` says but for the key. */
  readonly where: Args
  /** The callers of each spelling of the key. */
  readonly askers: readonly Asker[]
}

/** Those who asked for one and the same value. */
export interface Asker {
  readonly value: unknown
  readonly members: readonly Member[]
}

/**
 * Splits calls of one shape into parts. Where several fields differ (the members of a composite key), the one with the
 * most values becomes the key, and the others split the calls: `tenantId = ? AND id IN (…)`, one statement a tenant.
 */
export function partsOf(members: readonly Member[]): readonly Part[] {
  const { keys } = questionOf(members[0])
  const spellings = members.map((member) => questionOf(member).values.map(canonicalize))
  const keyIndex = mostVaried(spellings, keys.length)
  const parts = new Map<
    string,
    { first: Member; askers: Map<string, { value: unknown; members: Member[] }> }
  >()
  members.forEach((member, index) => {
    const spelling = spellings[index] as string[]
    // Canonical text tells where each value ends, so that joining it mixes nothing up.
    const constants = spelling.filter((_, at) => at !== keyIndex).join('')
    let part = parts.get(constants)
    if (part === undefined) parts.set(constants, (part = { first: member, askers: new Map() }))
    const key = spelling[keyIndex] as string
    const asker = part.askers.get(key)
    if (asker !== undefined) asker.members.push(member)
    else part.askers.set(key, { value: questionOf(member).values[keyIndex], members: [member] })
  })
  return [...parts.values()].map(({ first, askers }) => {
    const { rest, values } = questionOf(first)
    const where: Record<string, unknown> = { ...rest }
    keys.forEach((field, index) => {
      if (index !== keyIndex) where[field.name] = values[index]
    })
    return { key: keys[keyIndex] as Field, first, where, askers: [...askers.values()] }
  })
}

function mostVaried(spellings: readonly (readonly string[])[], keys: number): number {
  let best = 0
  let most = 0
  if (keys === 1) return 0
  for (let index = 0; index < keys; index++) {
    const { size } = new Set(spellings.map((spelling) => spelling[index]))
    if (size > most) [best, most] = [index, size]
  }
  return best
}

function questionOf(member: Member | undefined): Question {
  return member?.question as Question
}

/**
 * Deals askers into rounds, so that no two values of a round can be equal to the database unless they are certainly the
 * same; those whose value is not certain are left over. See {@link KeyType}.
 */
export function roundsOf(
  askers: readonly Asker[],
  type: KeyType,
): { readonly rounds: readonly ReadonlyMap<string, Slot>[]; readonly uncertain: readonly Asker[] } {
  const rounds: Map<string, Slot>[] = []
  const uncertain: Asker[] = []
  for (const asker of askers) {
    const fold = type.fold(asker.value)
    if (fold === null) uncertain.push(asker)
    else deal(rounds, fold, asker, type)
  }
  return { rounds, uncertain }
}

function deal(rounds: Map<string, Slot>[], fold: string, { value, members }: Asker, type: KeyType): void {
  for (const round of rounds) {
    const slot = round.get(fold)
    if (slot === undefined) {
      round.set(fold, { value: type.send(value), members: [...members] })
      return
    }
    if (type.isExact) {
      for (const member of members) slot.members.push(member)
      return
    }
  }
  rounds.push(new Map([[fold, { value: type.send(value), members: [...members] }]]))
}
