import type { LiveReach } from '@prisma-brisk/slow-query'
import type { History } from '../history/history.ts'
import { nameOf } from './folded-calls.ts'
import { timeSeries, type TimeSeries } from './time-series.ts'

/** Requests of one name together; times in milliseconds. */
export interface RouteView {
  readonly route: string
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  /** Statements a request, on average. */
  readonly statements: number
  readonly problems: number
  /** Requests that sent more, or took longer at the database, than the application's `requestBudget` allows. */
  readonly overBudget: number
}

export function routesView(history: History): RouteView[] {
  const routes = new Map<string, { times: number[]; statements: number; count: number; problems: number }>()
  for (const { name, ms, calls, problems } of history.all()) {
    const route = routes.get(name) ?? { times: [], statements: 0, count: 0, problems: 0 }
    routes.set(name, route)
    route.count++
    route.statements += calls.reduce((sum, each) => sum + each.statements.length, 0)
    route.problems += problems.length
    if (ms !== null) route.times.push(ms)
  }
  const overBudget = new Map<string, number>()
  for (const record of history.records)
    if (record.type === 'request-budget')
      overBudget.set(record.request, (overBudget.get(record.request) ?? 0) + 1)
  return [...routes]
    .map(([route, { times, statements, count, problems }]) => {
      times.sort((a, b) => a - b)
      const quantile = (q: number): number => times[Math.max(0, Math.ceil(q * times.length) - 1)] ?? 0
      return {
        route,
        count,
        p50: quantile(0.5),
        p95: quantile(0.95),
        p99: quantile(0.99),
        statements: Math.round((10 * statements) / count) / 10,
        problems,
        overBudget: overBudget.get(route) ?? 0,
      }
    })
    .sort((a, b) => b.p95 * b.count - a.p95 * a.count)
}

/** Statements of one shape together. */
export interface QueryView {
  readonly fingerprint: string
  readonly sql: string
  readonly count: number
  readonly totalMs: number
  readonly rows: number
  /** Where the calls are made, the first twenty. */
  readonly places: readonly string[]
  readonly hasPlan: boolean
  /** The youngest request that sent it. */
  readonly latest: string
}

export function queriesView(history: History): QueryView[] {
  const shapes = new Map<
    string,
    { sql: string; count: number; totalMs: number; rows: number; places: Set<string>; latest: string }
  >()
  for (const { id, calls } of history.all())
    for (const call of calls)
      for (const { fingerprint, sql, ms, rows } of call.statements) {
        const shape = shapes.get(fingerprint) ?? {
          sql,
          count: 0,
          totalMs: 0,
          rows: 0,
          places: new Set<string>(),
          latest: id,
        }
        shapes.set(fingerprint, shape)
        shape.count++
        shape.latest = id
        shape.totalMs += ms
        shape.rows += rows
        if (shape.places.size < 20) shape.places.add(call.callSite ?? nameOf(call))
      }
  return [...shapes]
    .map(([fingerprint, { places, totalMs, ...shape }]) => ({
      fingerprint,
      ...shape,
      totalMs: Math.round(totalMs * 1000) / 1000,
      places: [...places],
      hasPlan: history.plans.has(fingerprint),
    }))
    .sort((a, b) => b.totalMs - a.totalMs)
}

/** What the cache did for the requests that are held. */
export interface CacheView {
  readonly reads: Readonly<Record<string, number>>
  /** Of cached reads, those answered from the cache, 0…1; null without any. */
  readonly hitRate: number | null
  /** `hits`, `misses` and `bypasses`. */
  readonly series: TimeSeries
  readonly models: readonly {
    readonly model: string
    readonly hits: number
    readonly misses: number
    readonly bypasses: number
  }[]
  /** Why reads were bypassed, and how often. */
  readonly bypasses: Readonly<Record<string, number>>
  /** Youngest first, at most 200: which write, where, and how many tags. */
  readonly invalidations: readonly {
    readonly time: string
    readonly by: string
    readonly callSite: string | null
    readonly tags: number
    readonly reach: LiveReach | null
    readonly request: string | null
  }[]
}

export function cacheView({ cacheEvents }: Pick<History, 'cacheEvents'>): CacheView {
  const reads: Record<string, number> = {}
  const bypasses: Record<string, number> = {}
  const models = new Map<string, { model: string; hits: number; misses: number; bypasses: number }>()
  for (const { event, status = '', reason, model } of cacheEvents) {
    if (event !== 'read') continue
    reads[status] = (reads[status] ?? 0) + 1
    if (reason !== undefined) bypasses[reason] = (bypasses[reason] ?? 0) + 1
    const name = model ?? 'raw'
    const counts = models.get(name) ?? { model: name, hits: 0, misses: 0, bypasses: 0 }
    models.set(name, counts)
    if (status === 'hit' || status === 'stale') counts.hits++
    else if (status === 'miss') counts.misses++
    else counts.bypasses++
  }
  const hits = (reads['hit'] ?? 0) + (reads['stale'] ?? 0)
  const asked = hits + (reads['miss'] ?? 0)
  return {
    reads,
    hitRate: asked === 0 ? null : Math.round((1000 * hits) / asked) / 1000,
    series: timeSeries(
      cacheEvents
        .filter(({ event }) => event === 'read')
        .map(({ time, status = '' }) => ({ at: Date.parse(time), name: seriesOf(status), value: 1 })),
      ['hits', 'misses', 'bypasses'],
    ),
    models: [...models.values()].sort((a, b) => b.hits + b.misses - a.hits - a.misses),
    bypasses,
    invalidations: cacheEvents
      .filter(({ event }) => event === 'invalidate')
      .slice(-200)
      .reverse()
      .map(({ time, model, operation, callSite, tags = 0, reach = null, request }) => ({
        time,
        by: nameOf({ model, operation }),
        callSite,
        tags,
        reach,
        request,
      })),
  }
}

function seriesOf(status: string): string {
  if (status === 'hit' || status === 'stale') return 'hits'
  return status === 'miss' ? 'misses' : 'bypasses'
}
