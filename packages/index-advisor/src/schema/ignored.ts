import type { IgnoreComment, SchemaBlock } from './schema-blocks.ts'

/**
 * The `/// brisk-ignore authorId: reason` that silences an index: one on exactly these fields first, or `*`.
 * @param fields of the index, in its order
 */
export function ignoreFor(
  block: SchemaBlock | undefined,
  fields: readonly string[],
): IgnoreComment | undefined {
  return block?.ignores.find((ignore) => {
    if (ignore.fields.includes('*')) return true
    const first = fields.slice(0, ignore.fields.length)
    return first.length === ignore.fields.length && first.every((field) => ignore.fields.includes(field))
  })
}

/** The comment that silences a finding about the index of that name. */
export function ignoreForIndex(block: SchemaBlock | undefined, index: string): IgnoreComment | undefined {
  return block?.ignores.find((ignore) => ignore.fields.includes(index) || ignore.fields.includes('*'))
}
