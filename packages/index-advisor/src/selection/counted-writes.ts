import { tableKey } from '../planner/cost-matrix.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import { findTable, type Statistics } from '../statistics/statistics.ts'
import type { TableUpdate, TableWrites } from '../upkeep/table-writes.ts'
import { sourceUpdates } from '../upkeep/source-updates.ts'
import type { Workload } from '../workload/workload.ts'
import { schemaOf, type WeighedQuery } from './judged-workload.ts'

/** Scans of a table from which on its counters tell of use. */
const LEAST_SCANS = 100

/**
 * Rows written while the workload ran: counted in it where it holds all statements, else by the server's counters. Which
 * columns updates set is told by the statements, and by the source where none of them was an update.
 */
export function writesOf(
  statistics: Statistics,
  schema: string | null,
  name: string,
  workload: Workload | null,
  queries: readonly WeighedQuery[],
  shapes: readonly QueryShape[],
): TableWrites {
  const own = schemaOf(statistics, schema)
  const key = tableKey(own, name)
  const observed = observedWrites(statistics, key, queries)
  const ofSource = sourceUpdates(
    shapes.filter(
      (each) => each.sets !== undefined && tableKey(schemaOf(statistics, each.schema), each.table) === key,
    ),
  )
  const updates = observed.updates.length > 0 ? observed.updates : ofSource
  const activity = findTable(statistics, own, name)?.activity
  const hotShare =
    activity === undefined || activity.updated === 0 ? null : activity.hotUpdated / activity.updated
  const isComplete = workload?.source === 'pg_stat_statements' || workload?.source === 'performance_schema'
  const { inserted, updated } = observed
  if (isComplete || activity === undefined) return { inserted, updated, hotShare, updates, isCounted: true }
  // The counters run since the server last reset them, the log only over its own time: scans are in both. Where they
  // cannot be of one time, or the server was filled rather than used, nothing is known of how often it is written.
  const reads = queries
    .filter((each) => each.origin === 'workload' && each.query.tables.has(key))
    .reduce((sum, each) => sum + each.calls, 0)
  if (activity.scans < Math.max(reads, LEAST_SCANS)) {
    if (updated > 0) return { inserted, updated, hotShare, updates, isCounted: true }
    // As often as reads count of which nobody knows either.
    const guessed = ofSource.reduce((sum, each) => sum + each.rows, 0)
    return { inserted, updated: guessed, hotShare, updates, isCounted: guessed === 0 }
  }
  const scale = workload === null ? 1 : reads / activity.scans
  return {
    inserted: activity.inserted * scale,
    updated: activity.updated * scale,
    hotShare,
    updates,
    isCounted: true,
  }
}

function observedWrites(
  statistics: Statistics,
  key: string,
  queries: readonly WeighedQuery[],
): Pick<TableWrites, 'inserted' | 'updated' | 'updates'> {
  const updates: TableUpdate[] = []
  let inserted = 0
  let updated = 0
  for (const { observed, roles, operation, query } of queries) {
    if (observed === null) continue
    const rows = observed.calls * Math.max(1, observed.rows ?? 1)
    for (const { table, kind, assigned } of roles.changes) {
      if (tableKey(schemaOf(statistics, table.schema), table.name) !== key) continue
      // Of an upsert nobody says how often the row was there.
      const share = kind === 'upsert' || kind === 'merge' ? rows / 2 : rows
      if (kind === 'insert' || kind === 'upsert') inserted += share
      if (kind === 'insert' || kind === 'delete' || assigned.length === 0) continue
      updated += share
      const name = [operation ?? query.fingerprint, observed.at].filter((part) => part !== null).join(' at ')
      updates.push({ columns: new Set(assigned), rows: share, name })
    }
  }
  return { inserted, updated, updates }
}
