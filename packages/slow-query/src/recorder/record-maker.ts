import {
  dialectOf,
  redactSql,
  sqlFingerprint,
  type Call,
  type Host,
  type Statement,
} from '@prisma-brisk/core'
import { errorRecordOf } from '../record/error-record.ts'
import { isKnownName } from '../record/known-name.ts'
import type { ResolvedSlowQueryOptions } from '../options.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import type { SlowQueryRecord, StatementRecord } from '../record/records.ts'
import { rowsWithin } from './result-rows.ts'

/** A slow operation, before its record is made. */
export interface SlowOperation {
  readonly trace: OperationTrace
  readonly ms: number
  readonly threshold: number
  readonly error: unknown
  readonly result: unknown
  /** Made when it settled, where its stack may be the only one that knows the call site. */
  readonly settled: Error
}

/** Makes the record of a slow operation; everything costly is done here, off the caller's path. */
export function recordOf(
  { trace, ms, threshold, error, result, settled }: SlowOperation,
  host: Host,
  options: ResolvedSlowQueryOptions,
): SlowQueryRecord {
  const { call, rowsRead, scope } = trace
  const shared = sharersOf(trace)
  const statements = (trace.statements ?? []).map((statement) =>
    statementRecord(statement, call, host, shared > 1, options),
  )
  const rowsReturned =
    rowsRead > trace.rowsReturned ? rowsWithin(result, call.model, host.schema()) : trace.rowsReturned
  const hints = hintsOf(rowsRead, rowsReturned)
  const traceId = call.notes.traceId ?? scope?.info.traceId
  return {
    type: 'slow-query',
    time: new Date(performance.timeOrigin + trace.endedAt).toISOString(),
    model: call.model,
    operation: call.operation,
    ms: round(ms),
    threshold,
    statements,
    rowsRead,
    rowsReturned,
    waitMs: round(trace.waitMs),
    transactionMs: round(trace.transactionMs),
    fingerprint:
      statements[0]?.fingerprint ?? sqlFingerprint(`${call.model} ${call.operation}`, 'postgresql'),
    callSite: call.callSite(settled),
    ...(error === undefined ? {} : { error: errorRecordOf(error, trace.statements) }),
    ...(traceId === undefined ? {} : { traceId }),
    ...(scope === undefined ? {} : { request: scope.info.name }),
    ...(shared > 1 && call.transaction.kind !== 'array' ? { shared } : {}),
    // What packages keep on a call under symbols is nobody's to see.
    notes: Object.fromEntries(Object.entries(call.notes)),
    ...(hints.length === 0 ? {} : { hints }),
  }
}

/** How many operations the statements of this one answer. */
function sharersOf({ call, sharedBy }: OperationTrace): number {
  return call.notes.batch?.calls ?? (call.transaction.kind === 'array' ? 2 : sharedBy + 1)
}

function statementRecord(
  statement: Statement,
  call: Call,
  host: Host,
  shared: boolean,
  { params }: ResolvedSlowQueryOptions,
): StatementRecord {
  const { sql, fingerprint } = redactSql(statement.sql, dialectOf(host), {
    knows: (name) => isKnownName(host, name),
  })
  return {
    sql,
    ms: round(statement.ms),
    rows: statement.rows,
    fingerprint,
    ...(statement.error === undefined ? {} : { error: errorRecordOf(statement.error, null) }),
    ...(shared ? { shared: true as const } : {}),
    ...(params === 'omit'
      ? {}
      : { params: statement.args.map(params === 'types' ? kindOf : (each) => each) }),
  }
}

/** What the database sent and the result does not hold was thrown away in memory. */
function hintsOf(rowsRead: number, rowsReturned: number): string[] {
  if (rowsRead <= 1000 || rowsRead <= 10 * rowsReturned) return []
  return [
    `paginated in memory: ${rowsRead} rows read to return ${rowsReturned}; see the pagination guide for the shapes that Prisma does not limit in SQL`,
  ]
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (value instanceof Date) return 'date'
  if (ArrayBuffer.isView(value)) return 'bytes'
  return Array.isArray(value) ? 'array' : typeof value
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
