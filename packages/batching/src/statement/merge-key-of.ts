import type { Args, Field, Host } from '@prisma-brisk/core'
import type { BatchedCall } from '../batch-key/batched-call.ts'
import type { CallGroup } from '../batch-key/call-group.ts'
import { comparisonsOf } from '../batch-key/own-batch.ts'
import { ColumnCatalog, factOf } from '../key/column-facts.ts'
import { isListable, keyTypeOf, needsFact } from '../key/key-type.ts'
import { CompoundKey, SingleKey, type MergeKey } from './merge-key.ts'

/** The key of these fields; null where values of one of them cannot be told apart with certainty. */
export async function mergeKeyOf(
  host: Host,
  group: CallGroup,
  fields: readonly Field[],
): Promise<MergeKey | null> {
  const members: SingleKey[] = []
  for (const field of fields) {
    const member = await singleKeyOf(host, group, field)
    if (member === null) return null
    members.push(member)
  }
  const [only] = members as [SingleKey]
  if (members.length > 1) return new CompoundKey(members)
  return isListable(only.field) ? only : null
}

/**
 * Whether JavaScript finds the values of a `where` equal exactly where the database does, and whether each is spelled as a
 * row would hold it.
 */
export async function isComparedExactly(group: CallGroup, { call }: BatchedCall): Promise<boolean> {
  for (const [field, value] of comparisonsOf(call.args['where'] as Args, group.model)) {
    if (value === null) continue
    const key = await singleKeyOf(call.host, group, field)
    if (key === null || !key.isExact || key.fold(value) !== value) return false
  }
  return true
}

async function singleKeyOf(host: Host, { model, first }: CallGroup, field: Field): Promise<SingleKey | null> {
  const schema = host.schema()
  const fact =
    schema === null || !needsFact(field, host.provider)
      ? null
      : factOf(await ColumnCatalog.of(host).load(first.call, schema), host, model, field)
  const type = keyTypeOf(field, host.provider, fact)
  return type === null ? null : new SingleKey(field, type, fact)
}
