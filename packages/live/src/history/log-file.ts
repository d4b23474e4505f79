import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import {
  LIVE_PROTOCOL,
  type LiveCall,
  type LiveMessage,
  type LiveProcess,
  type NPlusOneReport,
  type SinkRecord,
  type SlowQueryRecord,
} from '@prisma-brisk/slow-query'
import { LiveArgumentError } from '../errors.ts'
import type { History } from './history.ts'

/** What stands for the process of what a log holds. */
export const LOG_PROCESS = 'log'

/** What a log of slow queries does not say of its requests. */
export const LOG_LACKS = [
  'calls below the threshold, and requests without a slow one',
  'when within its request a call began, and the order of calls',
  'cache hits, batches and transactions',
  'how long a request took, and how it ended',
]

/**
 * Reads what `jsonLinesSink` has written: each request with its slow calls, those of one trace together. What the log lacks
 * (see {@link LOG_LACKS}) is left out.
 *
 * @returns how many lines were records
 * @throws LiveArgumentError where the file cannot be read or holds none
 */
export async function readLog(path: string, history: History): Promise<number> {
  const about: LiveProcess = {
    type: 'process',
    protocol: LIVE_PROTOCOL,
    process: LOG_PROCESS,
    pid: 0,
    name: path,
    cwd: '',
    dropped: 0,
    args: 'kinds',
  }
  let records = 0
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      const record = recordOf(line)
      if (record === null) continue
      records++
      const lines = [about, ...messagesOf(record, records)].map((each) => JSON.stringify(each))
      history.take(lines.join('\n'))
    }
  } catch (error) {
    throw new LiveArgumentError(
      '--file',
      'a file that can be read',
      `${path}: ${(error as NodeJS.ErrnoException).code}`,
    )
  }
  history.lacks = LOG_LACKS
  if (records === 0) throw new LiveArgumentError('--file', 'a log that jsonLinesSink has written', path)
  return records
}

function recordOf(line: string): SinkRecord | null {
  try {
    const record = JSON.parse(line) as SinkRecord
    return typeof record.type === 'string' && typeof record.time === 'string' ? record : null
  } catch {
    return null
  }
}

function messagesOf(record: SinkRecord, number: number): LiveMessage[] {
  if (record.type !== 'slow-query' && record.type !== 'n-plus-one') return [{ type: 'record', record }]
  const { time, traceId, request: name = '(request not in the log)' } = record
  const id = traceId === undefined ? `log-${number}` : `log-${traceId.slice(0, 16)}`
  return [
    { type: 'request', id, name, time, ...(traceId === undefined ? {} : { traceId }) },
    record.type === 'slow-query' ? callOf(record, id, number) : problemOf(record, id),
  ]
}

function callOf(record: SlowQueryRecord, request: string, call: number): LiveCall {
  const { model, operation, ms, waitMs, transactionMs, statements, rowsRead, rowsReturned, callSite, error } =
    record
  return {
    type: 'call',
    request,
    call,
    model,
    operation,
    at: 0,
    ms,
    waitMs,
    transactionMs,
    statements: statements.map((each, index) => ({
      ...each,
      at: 0,
      waitMs: 0,
      ...(index === 0 && record.plan !== undefined ? { plan: record.plan } : {}),
    })),
    rowsRead,
    rowsReturned,
    callSite,
    ...(error === undefined ? {} : { error }),
  }
}

function problemOf(report: NPlusOneReport, request: string): LiveMessage {
  const { model, operation, count, callSite, advice, parent, statements } = report
  return {
    type: 'problem',
    request,
    kind: 'n-plus-one',
    model,
    operation,
    count,
    callSite,
    title: `N+1: ${model}.${operation} ${count} times, ${statements} statements`,
    mend: advice,
    ...(parent === undefined ? {} : { from: parent }),
  }
}
