import type { Args, Call, Model } from '@prisma-brisk/core'
import type { Member } from './batched-call.ts'
import { isBuiltAlike, keyValues, questionOf, wholeShape, type Question } from './batch-key.ts'

/** Calls of one shape, which may share a statement. */
export class Group {
  readonly members: Member[] = []

  constructor(
    readonly model: Model,
    readonly shape: string,
    /** Null: the calls are equal as they stand, values and all. */
    readonly question: Question | null,
  ) {}

  /** The first of the calls: it speaks for all of them. */
  get first(): Member {
    return this.members[0] as Member
  }
}

/** Sorts calls by their shapes, in the order in which those first came. */
export function groupsOf(members: readonly Member[], model: Model): readonly Group[] {
  const groups = new Map<string, Group>()
  let group: Group | null = null
  let question: Question | null = null
  let call: Call | null = null
  for (const member of members) {
    // Calls mostly come from one line of code, one after another.
    if (group === null || question === null || call === null || !isBuiltAlike(question, call, member.call)) {
      call = member.call
      question = questionOf(call, model)
      const shape = question?.shape ?? wholeShape(call)
      group = groups.get(shape) ?? new Group(model, shape, question)
      groups.set(shape, group)
    }
    // Read by the places of its own question: a shape does not say in which form a value is given.
    if (question !== null) member.value = keyValues(question, member.call.args['where'] as Args)
    group.members.push(member)
  }
  return [...groups.values()]
}
