import type { Catalog, CatalogIndex, CatalogTable } from '../catalog/catalog.ts'
import type { LedgerTable } from './index-ledger.ts'
import type { MigrationIndexes } from './migration-indexes.ts'

/**
 * The catalog with what the migrations say: an index that only they know is added; of one that both know, the
 * migration is believed (a predicate or a type put in by hand is what the database has), and both are its sources.
 */
export function withMigrations(catalog: Catalog, migrations: MigrationIndexes): Catalog {
  return {
    ...catalog,
    tables: catalog.tables.map((table) => {
      const made = madeFor(table, catalog, migrations.tables)
      if (made === undefined) return table
      return {
        ...table,
        indexes: merged(table, made.indexes),
        ...(made.isPartitioned ? { isPartitioned: true } : {}),
        ...(made.rowSecurity === null ? {} : { rowSecurity: made.rowSecurity }),
      }
    }),
    warnings: [...catalog.warnings, ...migrations.warnings],
  }
}

/** By schema and name; where only the migrations name a schema, the one table of that name. */
function madeFor(
  table: CatalogTable,
  { tables }: Catalog,
  made: readonly LedgerTable[],
): LedgerTable | undefined {
  const named = made.filter((each) => each.name === table.name)
  const schema = table.schema === 'public' ? null : table.schema
  const own = named.find((each) => each.schema === schema)
  if (own !== undefined) return own
  const isOnly = named.length === 1 && tables.filter((each) => each.name === table.name).length === 1
  return isOnly && (schema === null || named[0]?.schema === null) ? named[0] : undefined
}

function merged(table: CatalogTable, made: readonly CatalogIndex[]): CatalogIndex[] {
  const known = table.indexes.map((index) => {
    const twin = made.find((each) => isTwin(each, index))
    if (twin === undefined) return index
    const { keys, include, predicate, type, unusable, options, nullsNotDistinct } = twin
    const built = {
      keys,
      include,
      predicate,
      type,
      ...(unusable === undefined ? {} : { unusable }),
      ...(options === undefined ? {} : { options }),
      ...(nullsNotDistinct === undefined ? {} : { nullsNotDistinct }),
    }
    return {
      ...index,
      // Prisma and the database agree in the columns, or the schema has changes that are not migrated yet.
      ...(sameColumns(index, twin) ? built : {}),
      sources: [...index.sources, ...twin.sources] as CatalogIndex['sources'],
    }
  })
  // The id is the same index under whatever name.
  const others = made.filter(
    (each) => each.kind !== 'primary' && !table.indexes.some((index) => isTwin(each, index)),
  )
  return [...known, ...others]
}

function isTwin(made: CatalogIndex, index: CatalogIndex): boolean {
  return made.name === index.name || (made.kind === 'primary' && index.kind === 'primary')
}

/** An expression put in by hand, `lower("email")` for `email`, is what the database has. */
function sameColumns({ keys }: CatalogIndex, made: CatalogIndex): boolean {
  return (
    keys.length === made.keys.length &&
    keys.every((key, at) => key.column === made.keys[at]?.column || made.keys[at]?.column === null)
  )
}
