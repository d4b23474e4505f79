import type { Host, Key } from '@prisma-brisk/core'
import { UnsupportedOrderError } from '../errors.ts'
import { sortKeysOf, uniqueKeyOf, type SortKey } from './sort-key.ts'

/**
 * The order of a keyset walk, with a unique key among its own.
 *
 * @throws UnsupportedOrderError
 */
export function pageOrderOf(host: Host, modelName: string, orderBy: unknown, name: string): PageOrder {
  const schema = host.schema()
  const model = schema?.models.get(modelName)
  if (schema === null || model === undefined)
    throw new UnsupportedOrderError(
      name,
      modelName,
      'is not in a schema model that could be read, so its unique keys are not known',
    )
  const keys = sortKeysOf(schema, model, orderBy, host.provider, name)
  // An order without a unique key is refused.
  return { keys, key: uniqueKeyOf(model, keys) as Key }
}

export interface PageOrder {
  readonly keys: readonly SortKey[]
  /** The unique key among them. */
  readonly key: Key
}
