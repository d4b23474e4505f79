import { bindingsOf } from '../binding/bind.ts'
import { rolesOf } from '../binding/statement-roles.ts'
import type { Candidate } from '../candidate/candidate.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { CostMatrix, tableKey } from '../planner/cost-matrix.ts'
import { type HypotheticalIndex, type Planner, UnplannableQueryError } from '../planner/planner.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import { qualifiedName } from '../statistics/sql-text.ts'
import { findTable, type Statistics } from '../statistics/statistics.ts'
import { queryOfShape, type ShapeQuery } from '../workload/shape-query.ts'
import { schemaOf } from './judged-workload.ts'
import { hypotheticalIndex } from './provable-index.ts'
import { declaredIndexes } from './standing-indexes.ts'

export interface ShapeCostInput {
  readonly statistics: Statistics
  readonly planner: Planner
  /** What is recommended, and planned with as if it were built. */
  readonly chosen: readonly Candidate[]
}

/** What a shape costs with the indexes that are there, declared or recommended, in the planner's units; null where it cannot be planned. */
export async function costOfShape(
  catalog: Catalog,
  shape: QueryShape,
  { statistics, planner, chosen }: ShapeCostInput,
): Promise<number | null> {
  const table = catalog.tables.find((each) => each.name === shape.table && each.schema === shape.schema)
  const schema = schemaOf(statistics, shape.schema)
  if (table === undefined || findTable(statistics, schema, table.name) === undefined) return null
  const asked =
    shape.evidence.manner?.counts === true ? countOf(shape) : queryOfShape(shape, statistics.values)
  if (asked === null) return null
  const hasColumn = (of: string | null, name: string, column: string) =>
    findTable(statistics, schemaOf(statistics, of), name)?.columns.some((each) => each.name === column) ??
    false
  try {
    const { roles } = await rolesOf(asked.sql, asked.parameters, hasColumn)
    const query = {
      fingerprint: asked.sql,
      ...asked,
      bindings: bindingsOf(roles, { statistics, rows: null, constants: asked.constants }),
      tables: new Set([tableKey(schema, table.name)]),
    }
    const matrix = new CostMatrix(planner)
    matrix.setBase(await declaredIndexes(catalog, statistics, planner))
    return await matrix.cost(query, await plannable(chosen, statistics, planner))
  } catch (error) {
    if (error instanceof UnplannableQueryError) return null
    throw error
  }
}

async function plannable(
  chosen: readonly Candidate[],
  statistics: Statistics,
  planner: Planner,
): Promise<HypotheticalIndex[]> {
  const indexes = chosen.map((each) => hypotheticalIndex(each, statistics))
  const declined = await Promise.all(indexes.map((index) => planner.decline(index)))
  return indexes.filter((_, at) => declined[at] === null)
}

/** `select count(*)` of all rows, or of as many as the limit says. */
function countOf({ conditions, schema, table, limit }: QueryShape): ShapeQuery | null {
  if (conditions.length > 0) return null
  const name = qualifiedName(schema, table)
  const from = typeof limit === 'number' ? `(select 1 from ${name} limit ${limit}) as counted` : name
  return { sql: `select count(*) from ${from}`, parameters: 0, isExact: true }
}
