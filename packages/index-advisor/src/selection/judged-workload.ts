import { sqlFingerprint } from '@prisma-brisk/core'

import { bindingsOf } from '../binding/bind.ts'
import { rolesOf, type StatementRoles } from '../binding/statement-roles.ts'
import type { Candidate } from '../candidate/candidate.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { type JudgedQuery, tableKey } from '../planner/cost-matrix.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import { tableOf } from '../rule.ts'
import { rowsOf } from '../statistics/match-schema.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { describeQuery } from '../workload/workload-shapes.ts'
import { queryOfForeignKey, queryOfShape, type ShapeQuery } from '../workload/shape-query.ts'
import type { Workload, WorkloadQuery } from '../workload/workload.ts'

/** One query the choice is made for. */
export interface WeighedQuery {
  readonly query: JudgedQuery
  /** How often it counts. */
  readonly calls: number
  /** ms of one call; null where none was measured. */
  readonly meanMs: number | null
  /** `Post.findMany`, `foreign key …`, `src/post.ts:12:20`. */
  readonly operation: string | null
  readonly origin: 'workload' | 'source' | 'foreign-key'
  /** It reads what the statement reads that is really sent. */
  readonly isExact: boolean
  readonly roles: StatementRoles
  readonly observed: WorkloadQuery | null
}

export interface JudgedWorkload {
  readonly queries: readonly WeighedQuery[]
  /** Statements of the workload that ran once and count for nothing. */
  readonly oneOff: readonly WorkloadQuery[]
}

/** A foreign key's parent rows of which some are likely to go in the time of the workload, though none went so far. */
const LIKELY_DELETED = 0.01

export async function judgedWorkload(
  catalog: Catalog,
  shapes: readonly QueryShape[],
  candidates: readonly Candidate[],
  statistics: Statistics,
  workload: Workload | null,
  minCalls: number,
): Promise<JudgedWorkload> {
  const hasColumn = (schema: string | null, table: string, column: string): boolean =>
    findTable(statistics, schemaOf(statistics, schema), table)?.columns.some(
      (each) => each.name === column,
    ) ?? false
  const queries: WeighedQuery[] = []
  const oneOff: WorkloadQuery[] = []
  const judge = async (
    fingerprint: string,
    { sql, parameters, constants }: Omit<ShapeQuery, 'isExact'>,
    rows: number | null,
  ) => {
    const roles = await rolesOf(sql, parameters, hasColumn)
    const query: JudgedQuery = {
      fingerprint,
      sql,
      parameters,
      bindings: bindingsOf(roles.roles, { statistics, rows, constants }),
      tables: new Set(
        roles.tables.flatMap((table) =>
          withParents(statistics, schemaOf(statistics, table.schema), table.name),
        ),
      ),
    }
    return { query, roles }
  }

  for (const observed of workload?.queries ?? []) {
    // What ran once is a report or an accident. Of a file of SQL nobody says how often each runs.
    if (workload?.source !== 'sql-file' && observed.calls < minCalls) {
      oneOff.push(observed)
      continue
    }
    const asked = withPolicies(observed, catalog, shapes, statistics.values)
    const judged = await judge(observed.fingerprint, asked, observed.rows)
    queries.push({
      ...judged,
      calls: observed.calls,
      meanMs: observed.totalMs > 0 ? observed.totalMs / observed.calls : null,
      operation: describeQuery(observed, catalog),
      origin: 'workload',
      // Row level security adds conditions that the plan lacks.
      isExact: !catalog.tables.some(
        ({ name, schema, rowSecurity }) =>
          rowSecurity !== undefined && judged.query.tables.has(tableKey(schemaOf(statistics, schema), name)),
      ),
      observed,
    })
  }
  const known = new Set(queries.map((each) => each.query.fingerprint))
  const bySource = new Map<string, { readonly shape: QueryShape; weight: number }>()
  for (const shape of shapes) {
    const weight = shape.evidence.weight ?? 1
    if (shape.evidence.kind !== 'source' || weight <= 0) continue
    const asked = queryOfShape(shape, statistics.values)
    if (asked === null) continue
    const entry = bySource.get(asked.sql)
    if (entry === undefined) bySource.set(asked.sql, { shape, weight })
    else
      bySource.set(asked.sql, { shape: asked.isExact ? shape : entry.shape, weight: entry.weight + weight })
  }
  for (const [sql, { shape, weight }] of bySource) {
    const asked = queryOfShape(shape, statistics.values)
    const fingerprint = sqlFingerprint(sql, 'postgresql')
    if (asked === null || known.has(fingerprint)) continue
    queries.push({
      ...(await judge(fingerprint, asked, null)),
      calls: weight,
      meanMs: null,
      operation:
        [shape.evidence.operation, shape.evidence.at].filter((part) => part !== undefined).join(' at ') ||
        null,
      origin: 'source',
      isExact: asked.isExact,
      observed: null,
    })
  }
  for (const candidate of candidates) {
    for (const key of candidate.table.foreignKeys) {
      const leading = candidate.keys.slice(0, key.columns.length).map((each) => each.column)
      if (candidate.predicate !== null || !key.columns.every((column) => leading.includes(column))) continue
      const asked = queryOfForeignKey(candidate.table, key)
      const fingerprint = sqlFingerprint(asked.sql, 'postgresql')
      if (queries.some((each) => each.query.fingerprint === fingerprint)) continue
      const parent = findTable(statistics, candidate.table.schema, key.referencedTable)
      const deleted = parent?.activity.deleted ?? 0
      const likely = parent === undefined ? 0 : (rowsOf(statistics, parent) ?? 0) * LIKELY_DELETED
      queries.push({
        ...(await judge(fingerprint, asked, null)),
        calls: Math.max(1, deleted, likely),
        meanMs: null,
        operation: `deleting rows of ${key.referencedModel} (foreign key ${candidate.table.model}.${key.relationField})`,
        origin: 'foreign-key',
        isExact: true,
        observed: null,
      })
    }
  }
  return { queries, oneOff }
}

/** The server adds what policies ask to each query, and does not say so: as far as they are known, it is planned with them. */
function withPolicies(
  observed: WorkloadQuery,
  catalog: Catalog,
  shapes: readonly QueryShape[],
  hasValues: boolean,
): Omit<ShapeQuery, 'isExact'> {
  const own = shapes.filter((each) => each.evidence.fingerprint === observed.fingerprint)
  const [only, ...others] = own
  if (observed.kind !== 'select' || only === undefined || others.length > 0) return observed
  const secured = tableOf(catalog, only)?.rowSecurity?.equal ?? []
  return (secured.length === 0 ? null : queryOfShape(only, hasValues)) ?? observed
}

/** Planner and statistics know a table by its schema; the catalog names one only where Prisma does. */
export function schemaOf(statistics: Statistics, schema: string | null): string | null {
  if (statistics.provider !== 'postgresql') return null
  return schema ?? statistics.defaultSchema
}

/** A partition's queries are served by indexes of the table it is a part of. */
function withParents(statistics: Statistics, schema: string | null, name: string): string[] {
  const parent = findTable(statistics, schema, name)?.partitioning?.parent
  const own = tableKey(schema, name)
  return parent ? [own, ...withParents(statistics, parent.schema, parent.name)] : [own]
}
