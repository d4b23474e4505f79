import type { Catalog, CatalogIndex } from '../catalog/catalog.ts'
import type { HypotheticalIndex, Planner } from '../planner/planner.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics, TableStatistics } from '../statistics/statistics.ts'
import { schemaOf } from './judged-workload.ts'

/**
 * Indexes that the schema or its migrations declare and the statistics do not know: written since they were exported,
 * and not deployed. Every plan is made as if they were built, so that advice which was taken is not given again on the
 * same statistics, nor its neighbour in its place.
 */
export async function declaredIndexes(
  catalog: Catalog,
  statistics: Statistics,
  planner: Planner,
): Promise<readonly HypotheticalIndex[]> {
  const declared = catalog.tables.flatMap((table) => {
    const schema = schemaOf(statistics, table.schema)
    const known = findTable(statistics, schema, table.name)
    if (known === undefined) return []
    return table.indexes
      .filter((index) => index.kind !== 'primary' && !isKnown(index, known))
      .map((index): HypotheticalIndex => ({
        id: `declared ${table.model} ${index.name}`,
        schema,
        table: table.name,
        keys: index.keys.map(({ column, expression, sort, operatorClass }) => ({
          column,
          expression,
          sort,
          operatorClass,
        })),
        predicate: index.predicate,
        method: index.type.toLowerCase(),
      }))
  })
  const declined = await Promise.all(declared.map((index) => planner.decline(index)))
  return declared.filter((_, at) => declined[at] === null)
}

/** By what it holds: a database may call it something else. */
function isKnown(index: CatalogIndex, table: TableStatistics): boolean {
  return table.indexes.some(
    ({ name, keys, predicate, method }) =>
      name === index.name ||
      ((predicate === null) === (index.predicate === null) &&
        method === index.type.toLowerCase() &&
        keys.length === index.keys.length &&
        keys.every((column, at) => column === (index.keys[at]?.column ?? null))),
  )
}
