import type { CatalogForeignKey, CatalogIndex, CatalogTable, IndexKey } from './catalog.ts'

/** Can the index find the rows that hold given values in all of `columns`, and only reads those? */
export function findsByEquality(index: CatalogIndex, columns: readonly string[]): boolean {
  if (index.predicate !== null || columns.length === 0) return false
  if (index.type === 'Hash')
    return columns.length === 1 && index.keys.length === 1 && index.keys[0]?.column === columns[0]
  if (index.type !== 'BTree' || index.keys.length < columns.length) return false
  // The columns may stand in any order, so long as nothing else stands among them.
  const prefix = index.keys.slice(0, columns.length)
  return prefix.every((key) => key.column !== null && columns.includes(key.column) && isPlain(key))
}

/** The index that makes a lookup by the foreign key cheap; a partial one never does. */
export function indexBehind(table: CatalogTable, foreignKey: CatalogForeignKey): CatalogIndex | undefined {
  return table.indexes.find((index) => findsByEquality(index, foreignKey.columns))
}

/** A whole column in its default operator class: what an equality can use. */
export function isPlain(key: CatalogIndex['keys'][number]): boolean {
  return key.column !== null && key.length === null && key.operatorClass === null
}

/** May InnoDB use it for the foreign key: a b-tree that begins with exactly its columns, in its order. */
export function backsForeignKey(index: CatalogIndex, columns: readonly string[]): boolean {
  return (
    index.type === 'BTree' &&
    columns.every((column, at) => index.keys[at]?.column === column && index.keys[at]?.length === null)
  )
}

/** A plain index that an index on `keys` would make redundant, being its beginning. */
export function begins(index: CatalogIndex, keys: readonly IndexKey[]): boolean {
  return (
    index.kind === 'index' &&
    index.type === 'BTree' &&
    index.predicate === null &&
    index.include.length === 0 &&
    index.sources[0].kind !== 'server' &&
    index.keys.length < keys.length &&
    index.keys.every(
      (each, at) =>
        each.column !== null &&
        each.column === keys[at]?.column &&
        each.sort === keys[at]?.sort &&
        each.length === keys[at]?.length &&
        each.operatorClass === keys[at]?.operatorClass,
    )
  )
}
