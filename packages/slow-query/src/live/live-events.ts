import { channels, runningCall, currentScope } from '@prisma-brisk/core'
import type { LiveReach } from '../record/live-records.ts'
import { traceKey, type OperationTrace } from '../trace/operation-trace.ts'
import type { LiveReporter } from './live-reporter.ts'

/** What the cache publishes; its package stands further up. */
interface CacheMessage {
  readonly type: string
  readonly model?: string | null
  readonly operation?: string
  readonly status?: string
  readonly reason?: string
  readonly age?: number
  readonly tags?: number
  readonly reach?: LiveReach
}

/** What batching publishes. */
interface BatchMessage {
  readonly id: number
  readonly model: string | null
  readonly operation: string
  readonly calls: number
  readonly statements: number
  readonly ms: number
  readonly fallbacks: number
}

/** Listens to the channels of the suite: what they publish is told with the request and the call it belongs to. */
export function listenToChannels(reporter: LiveReporter): void {
  channels.cache.subscribe((message) => cacheEvent(reporter, message as CacheMessage))
  channels.batch.subscribe((message) => batchEvent(reporter, message as BatchMessage))
}

function cacheEvent(reporter: LiveReporter, message: CacheMessage): void {
  const { type: event, model = null, operation = event, status, reason, age, tags, reach } = message
  // A source of changes speaks for no request.
  const isOfRequest = event !== 'changes' && operation !== 'change'
  const scope = isOfRequest ? (currentScope() ?? reporter.outside()) : undefined
  const request = scope === undefined ? null : reporter.requestOf(scope)
  const trace =
    (event === 'invalidate' ? request?.writingCall(model, operation) : request?.openCall(model, operation)) ??
    traceOf(isOfRequest)
  const time = new Date().toISOString()
  reporter.add(() => ({
    type: 'cache',
    request: request?.id ?? null,
    call: trace === undefined ? null : reporter.numberOf(trace),
    callSite: trace === undefined || request === null ? null : request.siteOf(trace),
    time,
    event,
    model,
    operation,
    ...(status === undefined ? {} : { status }),
    ...(reason === undefined ? {} : { reason }),
    ...(age === undefined ? {} : { age }),
    ...(tags === undefined ? {} : { tags }),
    ...(reach === undefined ? {} : { reach }),
  }))
}

function traceOf(isOfRequest: boolean): OperationTrace | undefined {
  return isOfRequest ? runningCall()?.notes[traceKey] : undefined
}

function batchEvent(reporter: LiveReporter, message: BatchMessage): void {
  const { id: batch, model, operation, calls, statements, ms, fallbacks } = message
  // It runs in the context of its first caller.
  const scope = currentScope()
  const request = scope === undefined ? null : reporter.requestOf(scope).id
  reporter.add(() => ({
    type: 'batch',
    request,
    batch,
    model,
    operation,
    calls,
    statements,
    ms: Math.round(ms * 1000) / 1000,
    fallbacks,
  }))
}
