import { dialectOf, redactSql, type Host, type RequestInfo } from '@prisma-brisk/core'
import type { NPlusOneReport } from '../record/records.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { adviseLoop } from './loop-advice.ts'
import { isWriteLoop } from './loop-detector.ts'
import type { RepeatedCalls } from './repeated-calls.ts'

export function reportOf(
  loop: RepeatedCalls,
  earlier: readonly OperationTrace[],
  host: Host,
  request: RequestInfo | null,
): NPlusOneReport {
  const { call, statements } = loop.first
  const { field, parent, advice } = adviseLoop(loop, earlier, host)
  const statement = statements?.[0]
  const redacted = statement === undefined ? null : redactSql(statement.sql, dialectOf(host))
  return {
    type: 'n-plus-one',
    time: new Date().toISOString(),
    kind: isWriteLoop(loop) ? 'write' : 'read',
    model: call.model,
    operation: call.operation,
    field,
    count: loop.count,
    statements: loop.sending,
    ...(loop.kept === 0 ? {} : { mended: loop.kept }),
    totalMs: Math.round(loop.totalMs * 1000) / 1000,
    callSite: loop.callSite,
    ...(parent === null ? {} : { parent: nameOf(parent) }),
    advice,
    ...(redacted === null ? {} : redacted),
    ...(request === null ? {} : { request: request.name }),
    ...(request?.traceId === undefined ? {} : { traceId: request.traceId }),
  }
}

function nameOf(trace: OperationTrace): string {
  const site = trace.call.callSite()
  const name = `${trace.call.model ?? 'raw'}.${trace.call.operation}`
  return site === null ? name : `${name} (${site})`
}
