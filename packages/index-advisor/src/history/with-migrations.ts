import type { Catalog, CatalogIndex, CatalogTable } from '../catalog/catalog.ts'
import type { MigrationIndexes } from './migration-indexes.ts'

/**
 * The catalog with what the migrations say: an index that only they know is added; of one that both know, the
 * migration is believed (a predicate or a type put in by hand is what the database has), and both are its sources.
 */
export function withMigrations(catalog: Catalog, migrations: MigrationIndexes): Catalog {
  return {
    ...catalog,
    tables: catalog.tables.map((table) => {
      const made = migrations.tables.get(table.name)
      return made === undefined ? table : { ...table, indexes: merged(table, made) }
    }),
    warnings: [...catalog.warnings, ...migrations.warnings],
  }
}

function merged(table: CatalogTable, made: readonly CatalogIndex[]): CatalogIndex[] {
  const known = table.indexes.map((index) => {
    const twin = made.find((each) => each.name === index.name)
    if (twin === undefined) return index
    const { keys, include, predicate, type } = twin
    return {
      ...index,
      // Prisma and the database agree in the columns, or the schema has changes that are not migrated yet.
      ...(sameColumns(index, twin) ? { keys, include, predicate, type } : {}),
      sources: [...index.sources, ...twin.sources] as CatalogIndex['sources'],
    }
  })
  // The id is the same index under whatever name.
  const others = made.filter(
    (each) => each.kind !== 'primary' && !table.indexes.some((index) => index.name === each.name),
  )
  return [...known, ...others]
}

function sameColumns(a: CatalogIndex, b: CatalogIndex): boolean {
  return a.keys.length === b.keys.length && a.keys.every((key, at) => key.column === b.keys[at]?.column)
}
