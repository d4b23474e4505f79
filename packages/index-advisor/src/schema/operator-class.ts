import type { IndexType } from '../catalog/catalog.ts'

/**
 * Operator classes as Prisma's schema and as the database spell them, and which of them Prisma's engine reads back from
 * the database: of a b-tree and of a hash index none, of the others those it has a name for under that name, and the rest
 * as `raw("…")`. What it does not read back in the same words is dropped and made again by each `prisma migrate dev`.
 */

/** Types whose classes the engine does not read. */
const UNREAD: readonly IndexType[] = ['BTree', 'Hash']
/** Classes that Prisma has a name for. */
const NAMED =
  /^(?:jsonb_ops|jsonb_path_ops|array_ops|inet_ops|\w+_(?:bloom|minmax|minmax_multi|inclusion)_ops)$/

/** The `ops:` of a key, as the schema must say it to agree with the database; null where it must say nothing. */
export function opsOf(type: IndexType, operatorClass: string | null): string | null {
  if (operatorClass === null || UNREAD.includes(type)) return null
  return isNamed(type, operatorClass) ? schemaName(operatorClass) : `raw(${JSON.stringify(operatorClass)})`
}

/** `JsonbPathOps` → `jsonb_path_ops`; null for those that are a type's default, as if nothing were said. */
export function databaseClass(ops: string | undefined): string | null {
  if (ops === undefined || ['JsonbOps', 'ArrayOps', 'TsVectorOps'].includes(ops)) return null
  return ops
    .replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`)
    .toLowerCase()
    .replace('min_max', 'minmax')
}

function isNamed(type: IndexType, operatorClass: string): boolean {
  return NAMED.test(operatorClass) || (type === 'SpGist' && operatorClass === 'text_ops')
}

/** `jsonb_path_ops` → `JsonbPathOps`. */
function schemaName(operatorClass: string): string {
  return operatorClass
    .replace('minmax', 'min_max')
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}
