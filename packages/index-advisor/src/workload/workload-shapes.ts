import type { Catalog, CatalogForeignKey, CatalogTable } from '../catalog/catalog.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import { shapesOfSql } from '../sql/sql-shapes.ts'
import type { Workload, WorkloadQuery } from './workload.ts'

/** What the workload asks of each table, for the rules that make candidates. */
export async function workloadShapes(workload: Workload, catalog: Catalog): Promise<readonly QueryShape[]> {
  // The statements are in PostgreSQL's spelling already, whatever the database.
  const spelled: Catalog = { ...catalog, provider: 'postgresql' }
  const shapes: QueryShape[] = []
  for (const query of workload.queries) {
    const operation = describeQuery(query, catalog)
    const reading = await shapesOfSql(query.sql, spelled, {
      kind: 'workload',
      fingerprint: query.fingerprint,
      ...(query.at === null ? {} : { at: query.at }),
      calls: query.calls,
      totalMs: query.totalMs,
      ...(operation === null ? {} : { operation }),
    })
    shapes.push(...reading.shapes)
  }
  return shapes
}

/** `Post.findMany`; of a statement the server sent itself, the foreign key it keeps. */
export function describeQuery(query: WorkloadQuery, catalog: Catalog): string | null {
  if (!query.isReferential) return query.operation
  const found = foreignKeyOf(query, catalog)
  if (found === null) return 'referential integrity'
  const { table, key } = found
  const action =
    key.onDelete === 'Cascade' || key.onDelete === 'SetNull' ? ` (onDelete: ${key.onDelete})` : ''
  return `foreign key ${table.model}.${key.relationField} → ${key.referencedModel}${action}`
}

/**
 * The foreign key whose child a referential-integrity statement looks through. A look into the parent, by its key, is
 * a check of an insert into the child and needs no index that is not there.
 */
export function foreignKeyOf(
  query: WorkloadQuery,
  catalog: Catalog,
): { readonly table: CatalogTable; readonly key: CatalogForeignKey } | null {
  const named = /\b(?:FROM|UPDATE) ONLY (?:"((?:[^"]|"")+)"\.)?"((?:[^"]|"")+)"/i.exec(query.sql)
  const where = query.sql.slice(query.sql.search(/\bWHERE\b/i))
  // The column stands behind the operator in the child's statement, before it in the parent's.
  const columns = [...where.matchAll(/OPERATOR\s*\(pg_catalog\.=\)\s*"((?:[^"]|"")+)"/gi)].map((found) =>
    unquote(found[1]),
  )
  if (named === null || columns.length === 0) return null
  const name = unquote(named[2])
  const table = catalog.tables.find((each) => each.name === name && (each.schema ?? named[1]) === named[1])
  const key = table?.foreignKeys.find(
    (each) =>
      each.columns.length === columns.length && each.columns.every((column) => columns.includes(column)),
  )
  return table === undefined || key === undefined ? null : { table, key }
}

function unquote(name: string | undefined): string {
  return (name ?? '').replace(/""/g, '"')
}
