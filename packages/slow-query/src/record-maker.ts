import type { Host, Statement } from '@prisma-brisk/core'
import { callSiteOf } from './call-site.ts'
import { errorRecordOf } from './error-record.ts'
import type { ResolvedSlowQueryOptions } from './options.ts'
import type { SlowQueryRecord, StatementRecord } from './record.ts'
import type { PendingRecord } from './recorder.ts'
import { rowsIn, rowsWithin } from './result-rows.ts'
import { redactSql, type SqlDialect } from './sql-scanner.ts'

/** Makes the record of a slow operation; everything costly is done here, off the caller's path. */
export function recordOf(
  { trace, ms, threshold, error, result }: PendingRecord,
  host: Host,
  options: ResolvedSlowQueryOptions,
): SlowQueryRecord {
  const { call, rowsRead } = trace
  const dialect = dialectOf(host.provider)
  const shared = call.transaction.kind === 'array' || trace.followers > 0
  const statements = (trace.statements ?? []).map((statement) =>
    statementRecord(statement, dialect, shared, options),
  )
  const rowsReturned = rowsRead > rowsIn(result) ? rowsWithin(result) : rowsIn(result)
  const hints = hintsOf(rowsRead, rowsReturned)
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
      statements[0]?.fingerprint ?? redactSql(`${call.model} ${call.operation}`, 'postgresql').fingerprint,
    callSite: callSiteOf(call.callSiteStack()),
    ...(error === undefined ? {} : { error: errorRecordOf(error, trace.statements) }),
    ...(trace.followers > 0 ? { shared: trace.followers + 1 } : {}),
    notes: { ...call.notes },
    ...(hints.length === 0 ? {} : { hints }),
  }
}

function statementRecord(
  statement: Statement,
  dialect: SqlDialect,
  shared: boolean,
  { params }: ResolvedSlowQueryOptions,
): StatementRecord {
  const { sql, fingerprint } = redactSql(statement.sql, dialect)
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

/** S9: what the database sent and the result does not hold was thrown away in memory. */
function hintsOf(rowsRead: number, rowsReturned: number): string[] {
  if (rowsRead <= 1000 || rowsRead <= 10 * rowsReturned) return []
  return [
    `paginated in memory: ${rowsRead} rows read to return ${rowsReturned}; see the pagination guide for shapes that Prisma does not limit in SQL`,
  ]
}

function dialectOf(provider: Host['provider']): SqlDialect {
  if (provider === 'mysql' || provider === 'sqlite' || provider === 'sqlserver') return provider
  return 'postgresql'
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
