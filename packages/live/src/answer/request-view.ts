import type { LiveCall, LiveProblem } from '@prisma-brisk/slow-query'
import type { History, RequestHistory } from '../history/history.ts'

/** A request as lists show it. */
export interface RequestRow {
  readonly id: string
  /** ISO 8601. */
  readonly time: string
  readonly name: string
  readonly status: number | null
  /** Milliseconds; null while it runs, and where its process ended before. */
  readonly ms: number | null
  /** Of its statements together. */
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
  'N+1' | 'duplicate reads' | 'unlimited list' | 'sequential scan' | 'merged' | 'cached' | 'slow' | 'failed'

/** From so many milliseconds on a request is slow. */
const SLOW_MS = 1000

const PROBLEM_BADGES: Readonly<Record<LiveProblem['kind'], Badge>> = {
  'n-plus-one': 'N+1',
  'duplicate-read': 'duplicate reads',
  'unlimited-list': 'unlimited list',
  'sequential-scan': 'sequential scan',
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
    databaseMs: round(statements.reduce((sum, each) => sum + each.ms, 0)),
    calls: calls.length + request.callsDropped,
    statements: statements.length,
    rows: calls.reduce((sum, each) => sum + each.rowsRead, 0),
    badges: badgesOf(request),
    pid: process.pid,
  }
}

function badgesOf({ calls, problems, status, ms }: RequestHistory): Badge[] {
  const badges = new Set(problems.map(({ kind }) => PROBLEM_BADGES[kind]))
  if (calls.some(({ batch }) => batch !== undefined && batch.calls > 1)) badges.add('merged')
  if (calls.some(({ cache }) => cache === 'hit' || cache === 'stale')) badges.add('cached')
  if (ms !== null && ms >= SLOW_MS) badges.add('slow')
  if ((status ?? 0) >= 500 || calls.some(({ error }) => error !== undefined)) badges.add('failed')
  return [...badges]
}

/** Calls of one operation and place that follow each other, shown as one. */
export interface FoldedCalls {
  readonly name: string
  readonly callSite: string | null
  readonly count: number
  /** When the first began and the last had ended, in milliseconds of the request. */
  readonly from: number
  readonly to: number
  readonly statements: number
  /** Numbers of the calls. */
  readonly calls: readonly number[]
}

/** A request with everything that is known of it. */
export interface RequestView extends RequestRow {
  readonly traceId: string | undefined
  readonly process: { readonly pid: number; readonly name: string; readonly cwd: string }
  /** Worst first. */
  readonly problems: readonly LiveProblem[]
  /** In the order in which they began. */
  readonly timeline: readonly LiveCall[]
  readonly folded: readonly FoldedCalls[]
  /** Batches with the calls they answered. */
  readonly batches: readonly (RequestHistory['batches'][number] & { readonly callers: readonly number[] })[]
  readonly transactions: RequestHistory['transactions']
  readonly cache: RequestHistory['cache']
  /** Calls that were too many to be kept. */
  readonly callsDropped: number
}

export function requestView(request: RequestHistory, { plans }: Pick<History, 'plans'>): RequestView {
  const timeline = request.calls
    .toSorted((a, b) => a.call - b.call)
    .map((call) => ({
      ...call,
      statements: call.statements.map((statement) => {
        const plan = statement.plan ?? plans.get(statement.fingerprint)?.plan
        return plan === undefined ? statement : { ...statement, plan }
      }),
    }))
  const { pid, name, cwd } = request.process
  return {
    ...requestRow(request),
    traceId: request.traceId,
    process: { pid, name, cwd },
    problems: request.problems.toSorted((a, b) => RANKS.indexOf(a.kind) - RANKS.indexOf(b.kind)),
    timeline,
    folded: folded(timeline),
    batches: request.batches.map((batch) => ({
      ...batch,
      callers: timeline.filter((call) => call.batch?.id === batch.batch).map(({ call }) => call),
    })),
    transactions: request.transactions,
    cache: request.cache,
    callsDropped: request.callsDropped,
  }
}

const RANKS: readonly LiveProblem['kind'][] = [
  'n-plus-one',
  'sequential-scan',
  'unlimited-list',
  'duplicate-read',
]

function folded(timeline: readonly LiveCall[]): FoldedCalls[] {
  const groups: LiveCall[][] = []
  for (const call of timeline) {
    const last = groups.at(-1)
    const before = last?.at(-1)
    const isSame =
      before !== undefined &&
      before.model === call.model &&
      before.operation === call.operation &&
      before.callSite === call.callSite
    if (isSame) last?.push(call)
    else groups.push([call])
  }
  return groups.map((group) => {
    const first = group[0] as LiveCall
    return {
      name: nameOf(first),
      callSite: first.callSite,
      count: group.length,
      from: first.at,
      to: round(Math.max(...group.map((call) => call.at + call.ms + call.waitMs))),
      statements: group.reduce((sum, call) => sum + call.statements.length, 0),
      calls: group.map(({ call }) => call),
    }
  })
}

/** `User.findMany`; for raw SQL the operation. */
export function nameOf({ model, operation }: Pick<LiveCall, 'model' | 'operation'>): string {
  return model === null ? operation : `${model}.${operation}`
}

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
