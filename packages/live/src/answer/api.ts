import type { LiveProblem } from '@prisma-brisk/slow-query'
import type { History, RequestHistory } from '../history/history.ts'
import { batchingView } from './batching-view.ts'
import { cacheView, queriesView, routesView } from './summaries.ts'
import { requestRow, requestView, type RequestRow } from './request-view.ts'

/** What a list of requests is asked for. */
export interface RequestFilter {
  /** Part of the name. */
  readonly route?: string | undefined
  /** Only those with problems. */
  readonly issues?: boolean | undefined
  /** At most so many, the youngest. Default 100. */
  readonly limit?: number | undefined
}

/** What a hub says of itself, and of the processes that report to it. */
export interface HubStatus {
  readonly requests: number
  readonly bytes: number
  readonly maxBytes: number
  /** Requests that were dropped because memory was full. */
  readonly dropped: number
  readonly refused: number
  /** What cannot be known, where the requests were read from a log of slow queries; empty elsewhere. */
  readonly lacks: readonly string[]
  readonly processes: readonly object[]
}

/** Youngest first. */
export function requestRows(history: History, { route, issues, limit = 100 }: RequestFilter): RequestRow[] {
  return history
    .all()
    .reverse()
    .filter(
      ({ name, problems }) =>
        (route === undefined || name.includes(route)) && (issues !== true || problems.length > 0),
    )
    .slice(0, limit)
    .map(requestRow)
}

/** A problem with the requests that have it. */
export interface ProblemView extends Omit<LiveProblem, 'type' | 'request'> {
  /** Requests seen with it, and the youngest of them. */
  readonly requests: number
  readonly latest: string
  readonly route: string
  /** Requests of that route which have ended without it since: from 1 on it may be mended. */
  readonly requestsSince: number
}

/** Problems of all requests, one a place: first those that the youngest requests have too, the most often seen first. */
export function problemViews(history: History, { route }: RequestFilter): ProblemView[] {
  const found = new Map<string, ProblemView>()
  const ended = new Map<string, number>()
  const endedBefore = new Map<ProblemView, number>()
  for (const { id, name, ms, problems } of history.all()) {
    if (ms !== null) ended.set(name, (ended.get(name) ?? 0) + 1)
    if (route !== undefined && !name.includes(route)) continue
    for (const { type: _, request: _request, ...problem } of problems) {
      const key = JSON.stringify([problem.kind, problem.model, problem.operation, problem.callSite])
      const requests = (found.get(key)?.requests ?? 0) + 1
      const view = { ...problem, requests, latest: id, route: name, requestsSince: 0 }
      found.set(key, view)
      endedBefore.set(view, ended.get(name) ?? 0)
    }
  }
  return [...found.values()]
    .map((view) => ({
      ...view,
      requestsSince: (ended.get(view.route) ?? 0) - (endedBefore.get(view) ?? 0),
    }))
    .sort((a, b) => Math.sign(a.requestsSince) - Math.sign(b.requestsSince) || b.requests - a.requests)
}

/** `latest` is the youngest that has ended, else the youngest that has a call. */
export function findRequest(history: History, id: string): RequestHistory | undefined {
  if (id !== 'latest') return history.get(id)
  const all = history.all()
  return (
    all.findLast(({ ms, calls }) => ms !== null && calls.length > 0) ??
    all.findLast(({ calls }) => calls.length > 0) ??
    all.at(-1)
  )
}

export function hubStatus(history: History): HubStatus {
  const { bytes, maxBytes, dropped, refused, lacks, processes } = history
  return {
    requests: history.all().length,
    bytes,
    maxBytes,
    dropped,
    refused,
    lacks,
    processes: [...processes.values()],
  }
}

/** What a `GET` is answered with; null where the address leads nowhere. */
export function apiAnswer({ pathname, searchParams }: URL, history: History): unknown {
  const filter: RequestFilter = {
    route: searchParams.get('route') ?? undefined,
    issues: searchParams.has('issues') && searchParams.get('issues') !== '0',
    limit: limitOf(searchParams.get('limit')),
  }
  switch (pathname) {
    case '/':
    case '/api':
      return {
        ...hubStatus(history),
        read: ['brisk requests', 'brisk request latest', 'brisk mcp'],
        addresses: ADDRESSES,
      }
    case '/api/requests':
      return { ...hubStatus(history), rows: requestRows(history, filter) }
    case '/api/problems':
      return problemViews(history, filter)
    case '/api/routes':
      return routesView(history)
    case '/api/queries':
      return queriesView(history)
    case '/api/cache':
      return cacheView(history)
    case '/api/batching':
      return batchingView(history)
    case '/api/records':
      return history.records
    default: {
      const id = /^\/api\/requests\/([\w-]+)$/.exec(pathname)?.[1]
      const request = id === undefined ? undefined : findRequest(history, id)
      return request === undefined ? null : requestView(request, history)
    }
  }
}

const ADDRESSES = [
  '/api/requests?route=&issues=1&limit=',
  '/api/requests/:id',
  '/api/problems',
  '/api/routes',
  '/api/queries',
  '/api/cache',
  '/api/batching',
  '/api/records',
  '/api/events',
  '/api/advice',
  'POST /api/explain',
  'POST /api/migration',
]

function limitOf(text: string | null): number | undefined {
  const limit = Number(text)
  return text !== null && Number.isInteger(limit) && limit > 0 ? limit : undefined
}
