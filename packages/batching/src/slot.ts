import type { Member } from './member.ts'

/** One value of a statement, all who asked for it, and what it found. */
export class Slot {
  readonly members: Member[]
  /** Unless it is set, the calls are sent alone: the statement has no answer for them. */
  found: unknown = nothing

  constructor(
    /** As the first of them spelled it. */
    readonly value: unknown,
    member: Member,
  ) {
    this.members = [member]
  }

  get isAnswered(): boolean {
    return this.found !== nothing
  }
}

const nothing = Symbol('nothing')
