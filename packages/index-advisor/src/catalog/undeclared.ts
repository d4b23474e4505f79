import type { Catalog, CatalogIndex } from './catalog.ts'

/**
 * Would `prisma migrate dev` drop the index, because it stands in a migration and not in the schema? Prisma's engine
 * does not see indexes with an expression, nor partial ones while the preview feature is off: it leaves them alone. A
 * test asks the engine the same for each kind of index.
 */
export function isDroppedByPrisma(
  { previewFeatures }: Pick<Catalog, 'previewFeatures'>,
  { sources, keys, predicate }: Pick<CatalogIndex, 'sources' | 'keys' | 'predicate'>,
): boolean {
  return (
    sources[0].kind === 'migration' &&
    keys.every((key) => key.expression === null) &&
    (predicate === null || previewFeatures.includes('partialIndexes'))
  )
}
