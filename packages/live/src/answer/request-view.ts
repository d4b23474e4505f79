import type { LiveCall, LiveProblem, LiveStatement } from '@prisma-brisk/slow-query'
import type { History, RequestHistory } from '../history/history.ts'
import { LOG_LACKS, LOG_PROCESS } from '../history/log-file.ts'
import { foldedCalls, type FoldedCalls } from './folded-calls.ts'
import { savedBy, isMerged, type Saved } from './saved.ts'

/** A request as lists show it. */
export interface RequestRow {
  readonly id: string
  /** ISO 8601. */
  readonly time: string
  readonly name: string
  readonly status: number | null
  /** Milliseconds; null while it runs, and where its process ended before. */
  readonly ms: number | null
  /** While at least one of its statements ran; of a log, which does not say when they did, the sum of their times. */
  readonly databaseMs: number
  readonly calls: number
  readonly statements: number
  /** Rows that the database sent. */
  readonly rows: number
  readonly badges: readonly Badge[]
  readonly pid: number
}

/** What is remarkable about a request. */
export type Badge =
  | 'N+1'
  | 'duplicate reads'
  | 'unlimited list'
  | 'rows thrown away'
  | 'sequential scan'
  | 'merged'
  | 'cached'
  | 'limited'
  | 'slow'
  | 'failed'
  | 'aborted'

/** From so many milliseconds on a request is slow. */
const SLOW_MS = 1000

const PROBLEM_BADGES: Readonly<Record<LiveProblem['kind'], Badge>> = {
  'n-plus-one': 'N+1',
  'duplicate-read': 'duplicate reads',
  'unlimited-list': 'unlimited list',
  'thrown-away': 'rows thrown away',
  'sequential-scan': 'sequential scan',
  'failed-call': 'failed',
}

export function requestRow(request: RequestHistory): RequestRow {
  const { id, time, name, status, ms, calls, process } = request
  const statements = calls.flatMap((each) => each.statements)
  return {
    id,
    time,
    name,
    status,
    ms,
    databaseMs: round(process.process === LOG_PROCESS ? sumOf(statements) : unionOf(statements)),
    calls: calls.length + request.callsDropped,
    statements: statements.length,
    rows: calls.reduce((sum, each) => sum + each.rowsRead, 0),
    badges: badgesOf(request),
    pid: process.pid,
  }
}

function sumOf(statements: readonly LiveStatement[]): number {
  return statements.reduce((sum, { ms }) => sum + ms, 0)
}

/** Milliseconds in which at least one ran. */
function unionOf(statements: readonly LiveStatement[]): number {
  let [sum, until] = [0, -Infinity]
  for (const { at, waitMs, ms } of statements.toSorted((a, b) => a.at + a.waitMs - b.at - b.waitMs)) {
    const [from, to] = [at + waitMs, at + waitMs + ms]
    sum += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return sum
}

function badgesOf({ calls, problems, status, isAborted, ms }: RequestHistory): Badge[] {
  const badges = new Set(problems.map(({ kind }) => PROBLEM_BADGES[kind]))
  if (calls.some(isMerged)) badges.add('merged')
  if (calls.some(({ cache }) => cache === 'hit' || cache === 'stale')) badges.add('cached')
  if (calls.some(({ limit }) => limit?.cut === true || limit?.rule === 'clamp')) badges.add('limited')
  if (ms !== null && ms >= SLOW_MS) badges.add('slow')
  if ((status ?? 0) >= 500 || calls.some(({ error }) => error !== undefined)) badges.add('failed')
  if (isAborted) badges.add('aborted')
  return [...badges]
}

/** A request with everything that is known of it. */
export interface RequestView extends RequestRow {
  readonly traceId: string | undefined
  readonly process: {
    readonly pid: number
    readonly name: string
    readonly cwd: string
    /** What the arguments of its calls hold: values, or their kinds alone. */
    readonly args: 'values' | 'kinds'
  }
  /** Worst first. */
  readonly problems: readonly LiveProblem[]
  /** In the order in which they began. */
  readonly timeline: readonly LiveCall[]
  readonly folded: readonly FoldedCalls[]
  /** Batches with the calls they answered. */
  readonly batches: readonly (RequestHistory['batches'][number] & { readonly callers: readonly number[] })[]
  readonly transactions: RequestHistory['transactions']
  readonly cache: RequestHistory['cache']
  readonly saved: Saved
  /** What its source does not say, in words: a log knows less than an application that reports. */
  readonly lacks: readonly string[]
  /** Calls that were too many to be kept. */
  readonly callsDropped: number
}

export function requestView(
  request: RequestHistory,
  history: Pick<History, 'plans' | 'loneMs'>,
): RequestView {
  const timeline = request.calls
    .toSorted((a, b) => a.call - b.call)
    .map((call) => ({
      ...call,
      statements: call.statements.map((statement) => {
        const plan = statement.plan ?? history.plans.get(statement.fingerprint)?.plan
        return plan === undefined ? statement : { ...statement, plan }
      }),
    }))
  const { pid, name, cwd, args } = request.process
  return {
    ...requestRow(request),
    traceId: request.traceId,
    process: { pid, name, cwd, args },
    problems: request.problems.toSorted((a, b) => RANKS.indexOf(a.kind) - RANKS.indexOf(b.kind)),
    timeline,
    folded: foldedCalls(timeline),
    batches: request.batches.map((batch) => ({
      ...batch,
      callers: timeline.filter((call) => call.batch?.id === batch.batch).map(({ call }) => call),
    })),
    transactions: request.transactions,
    cache: request.cache,
    saved: savedBy(timeline, history),
    lacks: request.process.process === LOG_PROCESS ? LOG_LACKS : [],
    callsDropped: request.callsDropped,
  }
}

const RANKS: readonly LiveProblem['kind'][] = [
  'failed-call',
  'n-plus-one',
  'sequential-scan',
  'thrown-away',
  'unlimited-list',
  'duplicate-read',
]

/** The same request without anything that came as a value: for whoever must not read what users have written. */
export function withoutValues(view: RequestView): RequestView {
  return { ...view, timeline: view.timeline.map((call) => bare(call)) }
}

function bare({ args: _args, ...call }: LiveCall): LiveCall {
  return { ...call, statements: call.statements.map(({ params: _params, ...statement }) => statement) }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
