import type { Args, Call, Field, Model } from '@prisma-brisk/core'
import type { CallGroup } from '../batch-key/call-group.ts'
import { comparisonsOf } from '../batch-key/own-batch.ts'
import { ColumnCatalog, factOf } from '../key/column-facts.ts'
import { isListable, keyTypeOf, needsFact } from '../key/key-type.ts'
import { CompoundKey, SingleKey, type MergeKey } from './merge-key.ts'

/** The key of these fields; null where values of one of them cannot be told apart with certainty. */
export async function mergeKeyOf(
  { model, first }: CallGroup,
  fields: readonly Field[],
): Promise<MergeKey | null> {
  const members: SingleKey[] = []
  for (const field of fields) {
    const member = await singleKeyOf(model, first.call, field)
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
export async function isComparedExactly(model: Model, call: Call): Promise<boolean> {
  for (const [field, value] of comparisonsOf(call.args['where'] as Args, model)) {
    if (value === null) continue
    const key = await singleKeyOf(model, call, field)
    if (key === null || !key.isExact) return false
    if (!(key.type.isAsStored?.(value) ?? key.fold(value) === value)) return false
  }
  return true
}

/** @param call one that may ask the database for what it says of the column */
async function singleKeyOf(model: Model, call: Call, field: Field): Promise<SingleKey | null> {
  const { host } = call
  const schema = host.schema()
  const fact =
    schema === null || !needsFact(field, host.provider)
      ? null
      : factOf(await ColumnCatalog.of(host).load(call, schema), host, model, field)
  const type = keyTypeOf(field, host.provider, fact)
  return type === null ? null : new SingleKey(field, type, fact)
}
