import type { Host } from '@prisma-brisk/core'
import { adviseLoop } from './loop-advice.ts'
import { isWriteLoop } from './loop-detector.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { siteOf, type RepeatedCalls } from './repeated-calls.ts'
import { dialectOf, redactSql } from '../sql/redact-sql.ts'

/** One loop of queries, or of writes, in one request. */
export interface NPlusOneReport {
  readonly type: 'n-plus-one'
  /** ISO 8601. */
  readonly time: string
  readonly kind: 'read' | 'write'
  readonly model: string | null
  readonly operation: string
  /** The relation of the parent that is loaded row by row, else the field that is filtered by. */
  readonly field: string | null
  /** Calls in the loop. */
  readonly count: number
  /** Statements they sent. */
  readonly statements: number
  /** Milliseconds all of them took together. */
  readonly totalMs: number
  readonly callSite: string | null
  /** The query whose rows the loop goes through: `Conversation.findMany (src/list.ts:12:30)`. */
  readonly parent?: string
  /** The change to make; begins with what it is: `include`, `in`, `createMany`, `batched already`, `sequential`, … */
  readonly advice: string
  /** Of the statement that repeats. */
  readonly fingerprint?: string
  readonly sql?: string
  readonly request?: string
  readonly traceId?: string
}

export function reportOf(
  loop: RepeatedCalls,
  earlier: readonly OperationTrace[],
  host: Host,
  request: { readonly name: string; readonly traceId?: string | undefined } | null,
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
  const site = siteOf(trace)
  const name = `${trace.call.model ?? 'raw'}.${trace.call.operation}`
  return site === null ? name : `${name} (${site})`
}
