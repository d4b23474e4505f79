import type { Catalog, CatalogIndex } from '../catalog/catalog.ts'
import { isCollated } from '../catalog/coverage.ts'
import { isSamePredicate } from '../sql/predicate.ts'
import { CostMatrix, tableKey } from '../planner/cost-matrix.ts'
import { keptShare } from '../planner/kept-share.ts'
import type { HypotheticalIndex, Planner } from '../planner/planner.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics, TableStatistics } from '../statistics/statistics.ts'
import { schemaOf, type WeighedQuery } from './judged-workload.ts'
import type { ProvableIndex } from './provable-index.ts'
import type { TableWrites } from '../upkeep/table-writes.ts'
import { upkeepOf } from '../upkeep/upkeep.ts'
import { totalUpkeep } from './knapsack/knapsack.ts'
import { isBeginning } from './variants.ts'

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
      .filter((index) => index.kind !== 'primary' && isUnderstood(index) && !isKnown(index, known))
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

/**
 * Candidates that begin with a declared index compete with it, as they did when it was recommended: they are left out
 * unless the one in place of the other pays. Reasons by id.
 *
 * @param matrix one that plans without the declared indexes
 */
export async function notInPlaceOf(
  declared: readonly HypotheticalIndex[],
  indexes: readonly ProvableIndex[],
  queries: readonly WeighedQuery[],
  writes: (index: HypotheticalIndex) => TableWrites,
  {
    matrix,
    statistics,
    planner,
    writeWeight,
  }: {
    readonly matrix: CostMatrix
    readonly statistics: Statistics
    readonly planner: Planner
    readonly writeWeight: number
  },
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>()
  const cost = async (key: string, set: readonly HypotheticalIndex[]): Promise<number> => {
    let total = 0
    for (const { query, calls } of queries)
      if (query.tables.has(key)) total += (await matrix.cost(query, set)) * calls
    return total
  }
  for (const short of declared) {
    const table = findTable(statistics, short.schema, short.table)
    const longer = indexes.filter(({ index }) => isLonger(index, short))
    if (table === undefined || longer.length === 0) continue
    const key = tableKey(short.schema, short.table)
    const bytes = await planner.indexBytes(short)
    const share = keptShare(table, short.predicate)
    const upkeep = upkeepOf(statistics, table, short, bytes, share, writes(short)).total * writeWeight
    const present = (await cost(key, declared)) + upkeep
    const others = declared.filter((each) => each !== short)
    for (const { index, item } of longer) {
      const swapped = (await cost(key, [...others, index])) + totalUpkeep([item])
      if (swapped < present) continue
      const columns = short.keys.map((each) => each.column).join(', ')
      reasons.set(
        item.id,
        `In place of ${short.table}(${columns}), which is declared, it would save nothing.`,
      )
    }
  }
  return reasons
}

function isLonger(index: HypotheticalIndex, short: HypotheticalIndex): boolean {
  return (
    index.table === short.table &&
    index.schema === short.schema &&
    index.method === 'btree' &&
    short.method === 'btree' &&
    isSamePredicate(index.predicate, short.predicate) &&
    isBeginning(short.keys, index.keys)
  )
}

export interface InPlaceInput {
  readonly statistics: Statistics
  readonly planner: Planner
  readonly queries: readonly WeighedQuery[]
  /** With what is declared and not built yet. */
  readonly matrix: CostMatrix
  readonly declared: readonly HypotheticalIndex[]
  readonly writes: (index: HypotheticalIndex) => TableWrites
  readonly writeWeight: number
}

/**
 * Chosen indexes that make an existing one redundant, and would save nothing in its place: who takes the advice drops the
 * shorter one, so the longer is weighed against it as both were when neither was there. Reasons by id.
 */
export async function notInPlaceOfExisting(
  chosen: readonly ProvableIndex[],
  input: InPlaceInput,
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>()
  const { planner, statistics } = input
  if (planner.hiding === undefined) return reasons
  const set = chosen.map((each) => each.index)
  for (const own of chosen) {
    const { table } = own.candidate
    const schema = schemaOf(statistics, table.schema)
    for (const name of own.candidate.replaces) {
      const short = table.indexes.find((each) => each.name === name)
      const known = findTable(statistics, schema, table.name)?.indexes.find((each) => each.name === name)
      if (short === undefined || known === undefined) continue
      const others = set.filter((index) => index !== own.index)
      const present =
        (await costOf(own, others, input.matrix, input)) + (await upkeepOfExisting(short, own, input))
      const swapped = await planner.hiding({ schema, name }, () => {
        const matrix = new CostMatrix(planner)
        matrix.setBase(input.declared)
        return costOf(own, set, matrix, input)
      })
      if (swapped + totalUpkeep([own.item]) < present) continue
      reasons.set(own.item.id, `In place of ${name}, which it makes redundant, it would save nothing.`)
    }
  }
  return reasons
}

async function costOf(
  { item }: ProvableIndex,
  set: readonly HypotheticalIndex[],
  matrix: CostMatrix,
  { queries }: InPlaceInput,
): Promise<number> {
  let total = 0
  for (const { query, calls } of queries)
    if (query.tables.has(item.table)) total += (await matrix.cost(query, set)) * calls
  return total
}

/** As it was reckoned before the index was built. */
async function upkeepOfExisting(
  { name, keys, predicate, type }: CatalogIndex,
  { index }: ProvableIndex,
  { statistics, planner, writes, writeWeight }: InPlaceInput,
): Promise<number> {
  const table = findTable(statistics, index.schema, index.table)
  if (table === undefined) return 0
  const foreseen: HypotheticalIndex = {
    id: `existing ${name}`,
    schema: index.schema,
    table: index.table,
    keys: keys.map(({ column, expression, sort, operatorClass }) => ({
      column,
      expression,
      sort,
      operatorClass,
    })),
    predicate,
    method: type.toLowerCase(),
  }
  const bytes = await planner.indexBytes(foreseen)
  const share = keptShare(table, predicate)
  return upkeepOf(statistics, table, foreseen, bytes, share, writes(foreseen)).total * writeWeight
}

/** A planner can be told of all that is known of it. */
function isUnderstood(index: CatalogIndex): boolean {
  return (
    index.unusable === undefined &&
    !index.type.startsWith('other:') &&
    !index.keys.some((key) => isCollated(key) || key.nulls !== undefined)
  )
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
