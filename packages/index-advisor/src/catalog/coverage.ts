import type { CatalogForeignKey, CatalogIndex, CatalogTable, IndexKey } from './catalog.ts'

/**
 * What an index can do, asked in one place. Only what is known counts: an access method, an operator class or a
 * collation that is not known serves nothing, covers nothing and makes nothing redundant.
 */

/** A b-tree over all rows that queries may use. */
export function isWholeBTree(index: CatalogIndex): boolean {
  return index.type === 'BTree' && index.predicate === null && index.unusable === undefined
}

/** Can the index find the rows that hold given values in all of `columns`, and only reads those? */
export function findsByEquality(index: CatalogIndex, columns: readonly string[]): boolean {
  if (index.predicate !== null || index.unusable !== undefined || columns.length === 0) return false
  if (index.type === 'Hash') return columns.length === 1 && hashes(index, columns[0] as string)
  if (index.type !== 'BTree' || index.keys.length < columns.length) return false
  // The columns may stand in any order, so long as nothing else stands among them.
  const prefix = index.keys.slice(0, columns.length)
  return prefix.every((key) => key.column !== null && columns.includes(key.column) && findsEqual(key))
}

/** A hash index on the one column. */
export function hashes({ keys }: CatalogIndex, column: string): boolean {
  const [key] = keys
  return keys.length === 1 && key?.column === column && key.operatorClass === null && !isCollated(key)
}

/** The index that makes a lookup by the foreign key cheap; a partial one never does. */
export function indexBehind(table: CatalogTable, foreignKey: CatalogForeignKey): CatalogIndex | undefined {
  return table.indexes.find((index) => findsByEquality(index, foreignKey.columns))
}

/** A whole column in its type's order: what an equality, a range and a sort can use. */
export function isPlain(key: IndexKey): boolean {
  return key.column !== null && key.length === null && key.operatorClass === null && !isCollated(key)
}

/** A whole column that an equality can use: PostgreSQL's classes for patterns compare byte by byte, and find it too. */
export function findsEqual(key: IndexKey): boolean {
  const isOfPatterns = /^(text|varchar|bpchar)_pattern_ops$/.test(key.operatorClass ?? '')
  return isPlain(isOfPatterns ? { ...key, operatorClass: null } : key)
}

/** The key is in an order that no comparison of the column asks for. */
export function isCollated(key: IndexKey): boolean {
  return key.collation !== undefined
}

/** May InnoDB use it for the foreign key: a b-tree that begins with exactly its columns, in its order. */
export function backsForeignKey(index: CatalogIndex, columns: readonly string[]): boolean {
  return (
    index.type === 'BTree' &&
    columns.every((column, at) => index.keys[at]?.column === column && index.keys[at]?.length === null)
  )
}

/** At most one row for each combination of values, of those that are looked up by `columns`. */
export function isUniqueFor(
  index: CatalogIndex,
  table: CatalogTable,
  columns: readonly string[],
  isNullAskedFor: (column: string) => boolean,
): boolean {
  return (
    index.kind !== 'index' &&
    index.type === 'BTree' &&
    index.unusable === undefined &&
    index.keys.every(
      (key) =>
        key.column !== null &&
        columns.includes(key.column) &&
        (index.nullsNotDistinct === true || !isNullAskedFor(key.column) || !isNullable(table, key.column)),
    )
  )
}

export function isNullable(table: CatalogTable, column: string): boolean {
  return table.columns.find((each) => each.name === column)?.isNullable === true
}

/** A plain index that an index on `keys` would make redundant, being its beginning. */
export function begins(index: CatalogIndex, keys: readonly IndexKey[]): boolean {
  return isReplaceable(index) && index.keys.length < keys.length && isBeginningOf(index.keys, keys)
}

/** An index that nothing but its lookups needs: no constraint, none of the server's own, all of its keys understood. */
export function isReplaceable(index: CatalogIndex): boolean {
  return (
    index.kind === 'index' &&
    isWholeBTree(index) &&
    index.include.length === 0 &&
    index.options === undefined &&
    index.sources[0].kind !== 'server'
  )
}

/** The same keys first, in the same order, class and collation. */
export function isBeginningOf(short: readonly IndexKey[], long: readonly IndexKey[]): boolean {
  return short.every((key, at) => {
    const other = long[at]
    return other !== undefined && isSameKey(key, other)
  })
}

export function isSameKey(a: IndexKey, b: IndexKey): boolean {
  return (
    a.column === b.column &&
    a.expression === b.expression &&
    a.sort === b.sort &&
    a.nulls === b.nulls &&
    a.length === b.length &&
    a.operatorClass === b.operatorClass &&
    a.collation === b.collation
  )
}
