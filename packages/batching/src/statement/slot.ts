import type { Member } from '../batch-key/batched-call.ts'

/** One value of a statement, all who asked for it, and what it found. */
export class Slot {
  /** Those who asked for the same; nearly always nobody. */
  others: Member[] | null = null
  /** Unless it is set, the calls are sent alone: the statement has no answer for them. */
  found: unknown = nothing

  constructor(
    /** As the first of them spelled it. */
    readonly value: unknown,
    readonly first: Member,
  ) {}

  get isAnswered(): boolean {
    return this.found !== nothing
  }

  add(member: Member): void {
    if (this.others === null) this.others = [member]
    else this.others.push(member)
  }

  get members(): readonly Member[] {
    return this.others === null ? [this.first] : [this.first, ...this.others]
  }
}

const nothing = Symbol('nothing')
