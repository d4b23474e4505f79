import type { Candidate } from '../candidate/candidate.ts'
import { candidateId } from '../candidate/candidate.ts'
import { tableKey } from '../planner/cost-matrix.ts'
import { keptShare } from '../planner/kept-share.ts'
import type { HypotheticalIndex, Planner } from '../planner/planner.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { schemaOf } from './judged-workload.ts'
import type { SelectionItem } from './knapsack/knapsack.ts'
import type { CatalogTable } from '../catalog/catalog.ts'
import type { TableStatistics } from '../statistics/statistics.ts'
import { compareText } from '../text-order.ts'
import type { TableUpdate, TableWrites } from '../upkeep/table-writes.ts'
import { indexedColumns, type Upkeep, upkeepOf } from '../upkeep/upkeep.ts'
import { isBeginning, withVariants } from './variants.ts'

/** One that could be chosen, with what it takes. */
export interface ProvableIndex {
  readonly candidate: Candidate
  readonly index: HypotheticalIndex
  readonly item: SelectionItem
  readonly upkeep: Upkeep
}

/** What the planner shall imagine for a candidate. */
export function hypotheticalIndex(candidate: Candidate, statistics: Statistics): HypotheticalIndex {
  return {
    id: candidateId(candidate),
    schema: schemaOf(statistics, candidate.table.schema),
    table: candidate.table.name,
    keys: candidate.keys.map((key) => ({
      column: key.column,
      expression: null,
      sort: key.sort,
      operatorClass: key.operatorClass,
    })),
    predicate: candidate.predicate,
    ...(candidate.kept === undefined ? {} : { kept: candidate.kept }),
    method: candidate.type.toLowerCase(),
  }
}

/** The candidates and their variants, as far as the planner takes them, each with its size, upkeep and rivals. */
export async function provableIndexes(
  open: readonly Candidate[],
  statistics: Statistics,
  planner: Planner,
  writes: (index: HypotheticalIndex) => TableWrites,
  writeWeight: number,
): Promise<readonly ProvableIndex[]> {
  const indexes: ProvableIndex[] = []
  const candidates = withVariants(open, (candidate, column) =>
    writes(hypotheticalIndex(candidate, statistics)).updates.some((each) => each.columns.has(column)),
  )
  for (const candidate of candidates) {
    const index = hypotheticalIndex(candidate, statistics)
    const table = findTable(statistics, index.schema, index.table)
    if (table === undefined || (await planner.decline(index)) !== null) continue
    const bytes = await planner.indexBytes(index)
    const upkeep = upkeepOf(
      statistics,
      table,
      index,
      bytes,
      index.kept ?? keptShare(table, index.predicate),
      writes(index),
      settledColumns(candidate.table, table),
    )
    const rivals = candidates.filter((other) => other !== candidate && sameKind(candidate, other))
    const ids = (found: readonly Candidate[]) => new Set(found.map(candidateId))
    indexes.push({
      candidate,
      index,
      upkeep,
      item: {
        id: index.id,
        table: tableKey(index.schema, index.table),
        bytes,
        upkeep: upkeep.base * writeWeight,
        unsettles: {
          rows: new Map(upkeep.lost.map(({ update, rows }) => [updateKey(update), rows])),
          entry: upkeep.entry * writeWeight,
          others: upkeep.others * writeWeight,
        },
        excludes: ids(
          rivals.filter(
            (other) => isBeginning(candidate.keys, other.keys) || isBeginning(other.keys, candidate.keys),
          ),
        ),
        extends: ids(rivals.filter((other) => isBeginning(other.keys, candidate.keys))),
      },
    })
  }
  return indexes
}

function updateKey({ name, columns }: TableUpdate): string {
  return `${name} ${[...columns].sort(compareText).join()}`
}

/** Of what is built, and of what is only declared. */
export function settledColumns(table: CatalogTable, known: TableStatistics): ReadonlySet<string> {
  const declared = table.indexes.flatMap((index) => index.keys.flatMap((key) => key.column ?? []))
  return new Set([...indexedColumns(known), ...declared])
}

function sameKind(a: Candidate, b: Candidate): boolean {
  return a.table === b.table && a.type === 'BTree' && b.type === 'BTree' && a.predicate === b.predicate
}
