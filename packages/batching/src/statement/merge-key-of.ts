import type { Field, Host } from '@prisma-brisk/core'
import type { CallGroup } from '../batch-key/call-group.ts'
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

async function singleKeyOf(host: Host, { model, first }: CallGroup, field: Field): Promise<SingleKey | null> {
  const schema = host.schema()
  const fact =
    schema === null || !needsFact(field, host.provider)
      ? null
      : factOf(await ColumnCatalog.of(host).load(first.call, schema), host, model, field)
  const type = keyTypeOf(field, host.provider, fact)
  return type === null ? null : new SingleKey(field, type, fact)
}
