import type { Args, Call, Model } from '@prisma-brisk/core'
import type { BatchedCall } from './batched-call.ts'
import { answerOrder } from './answer-order.ts'
import { ownBatchOf } from './own-batch.ts'
import { isSameShape, keyValues, batchKeyOf, wholeShape, type BatchKey } from './batch-key.ts'

/** Calls of one shape, which may share a statement. */
export class CallGroup {
  readonly members: BatchedCall[] = []

  constructor(
    readonly model: Model,
    readonly shape: string,
    /** Null: the calls are equal as they stand, values and all, or Prisma's to merge. */
    readonly batchKey: BatchKey | null,
    /** Whether Prisma itself makes one statement of the calls, see {@link ownBatchOf}. */
    readonly isOwnBatch = false,
  ) {}

  /** The first of the calls; merged statements are made from its arguments. */
  get first(): BatchedCall {
    return this.members[0] as BatchedCall
  }
}

/** Sorts calls by their shapes, in the order in which those first came. */
export function groupsOf(members: readonly BatchedCall[], model: Model): readonly CallGroup[] {
  const groups = new Map<string, CallGroup>()
  let group: CallGroup | null = null
  let batchKey: BatchKey | null = null
  let call: Call | null = null
  let order = ''
  for (const member of members) {
    // Calls mostly come from one line of code, one after another.
    if (group === null || batchKey === null || call === null || !isSameShape(batchKey, call, member.call)) {
      call = member.call
      batchKey = batchKeyOf(call, model)
      order = answerOrder(call.args)
      const own = batchKey === null ? ownBatchOf(call, model) : null
      const shape = batchKey?.shape ?? own ?? wholeShape(call)
      group = groups.get(shape) ?? new CallGroup(model, shape, batchKey, own !== null)
      groups.set(shape, group)
    }
    // Read at the locations of its own batch key: a shape does not say in which form a value is given.
    if (batchKey !== null) member.value = keyValues(batchKey, member.call.args['where'] as Args)
    member.order = order
    group.members.push(member)
  }
  return [...groups.values()]
}

/** Calls by what they ask for, equal ones side by side. */
export function equalOnes(members: readonly BatchedCall[]): readonly (readonly BatchedCall[])[] {
  const equal = new Map<string, BatchedCall[]>()
  for (const member of members) {
    const shape = wholeShape(member.call)
    const same = equal.get(shape)
    if (same === undefined) equal.set(shape, [member])
    else same.push(member)
  }
  return [...equal.values()]
}
