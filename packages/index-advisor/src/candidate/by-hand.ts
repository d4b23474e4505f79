import type { Catalog, CatalogTable } from '../catalog/catalog.ts'
import type { CandidateKey } from './candidate.ts'
import { IndexNames } from './index-statement.ts'

/**
 * An index whose form the schema cannot say in full, for a person to write: the statement for a migration, and the line
 * for the schema. Prisma's engine reads back of such an index what the line says, so the two agree; without the line it
 * drops the index.
 */
export function byHand(catalog: Catalog, table: CatalogTable, keys: readonly CandidateKey[]): string {
  const form = { table, keys, predicate: null, prismaWhere: null, type: 'BTree' } as const
  const { sql, prisma } = new IndexNames(catalog).statement(form)
  return `${sql} in a migration by hand, and ${prisma} in the schema, which cannot say the rest: without the line the next prisma migrate dev drops the index`
}
