import type { Catalog, CatalogIndex, CatalogTable } from './catalog.ts'
import { isBeginningOf, isReplaceable, isSameKey, isWholeBTree } from './coverage.ts'
import { isDroppedByPrisma } from './undeclared.ts'

/** An index that can go, and the one that stays and finds all it finds. */
export interface IndexRemoval {
  readonly index: CatalogIndex
  readonly kind: 'duplicate-index' | 'redundant-index'
  readonly because: CatalogIndex
}

/**
 * The indexes of a table that can go, taken one at a time: what stays behind is what each is measured against, so no
 * index goes because of one that goes too, or of one that Prisma will drop because nothing declares it.
 */
export function removalsOf(catalog: Catalog, table: CatalogTable): readonly IndexRemoval[] {
  let left = table.indexes.filter((index) => !isDroppedByPrisma(catalog, index))
  const removals: IndexRemoval[] = []
  const remove = (kind: IndexRemoval['kind'], find: (index: CatalogIndex) => CatalogIndex | undefined) => {
    for (const index of table.indexes) {
      const because = left.includes(index) ? find(index) : undefined
      if (because === undefined) continue
      removals.push({ index, kind, because })
      left = left.filter((each) => each !== index)
    }
  }
  const twins = (index: CatalogIndex) =>
    left.filter((other) => other !== index && isDuplicateOf(index, other, table))
  // Constraints stay in any case, and the longest index does when those between go too; of plain twins one is left.
  remove('duplicate-index', (index) => twins(index).find((other) => other.kind !== 'index'))
  remove('redundant-index', (index) =>
    left
      .filter((other) => other.keys.length > index.keys.length && isBeginning(index, other))
      .sort((a, b) => b.keys.length - a.keys.length)
      .at(0),
  )
  remove('duplicate-index', (index) => twins(index)[0])
  return removals
}

/** Of twins that are both plain indexes, the first stays. */
function isDuplicateOf(index: CatalogIndex, other: CatalogIndex, { indexes }: CatalogTable): boolean {
  return (
    index.kind === 'index' &&
    index.include.length === 0 &&
    !isUnknown(index) &&
    other.unusable === undefined &&
    index.unusable === undefined &&
    index.sources[0].kind !== 'server' &&
    other.sources[0].kind !== 'server' &&
    (other.kind !== 'index' || indexes.indexOf(other) < indexes.indexOf(index)) &&
    other.type === index.type &&
    other.predicate === index.predicate &&
    other.options === index.options &&
    other.keys.length === index.keys.length &&
    index.keys.every((key, at) => isSameKey(key, other.keys[at] as typeof key))
  )
}

function isUnknown({ type }: CatalogIndex): boolean {
  return type.startsWith('other:')
}

function isBeginning(index: CatalogIndex, other: CatalogIndex): boolean {
  return isReplaceable(index) && isWholeBTree(other) && isBeginningOf(index.keys, other.keys)
}
