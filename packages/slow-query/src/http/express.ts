import { PROMETHEUS_CONTENT_TYPE } from '../metrics/prometheus.ts'
import type { QueriesClient } from '../queries.ts'
import { ExpressMounts } from './express-mounts.ts'
import { beginWebRequest } from './web-request.ts'

/** What is used of an Express (or Connect) request. */
export interface ExpressRequest {
  readonly method: string
  readonly baseUrl?: string | undefined
  readonly params?: unknown
  readonly route?: { readonly path?: unknown }
  readonly headers: Readonly<Record<string, unknown>>
}

/** What is used of an Express (or Connect) response. */
export interface ExpressResponse {
  readonly statusCode: number
  readonly writableFinished: boolean
  once(event: 'finish' | 'close', listener: () => void): unknown
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

/**
 * Makes each request a scope of its own: its statements are counted, its loops found, its time taken. Mount it before
 * the routes.
 *
 * @example
 * app.use(expressRequests(prisma))
 * app.get('/metrics', expressMetrics(prisma))
 */
export function expressRequests(
  prisma: QueriesClient,
): (request: ExpressRequest, response: ExpressResponse, next: () => void) => void {
  return (request, response, next) => {
    const mounts = ExpressMounts.of(request)
    const running = beginWebRequest(prisma, {
      method: request.method,
      route: () => routeOf(request, mounts),
      traceparent: request.headers['traceparent'],
    })
    response.once('finish', () => running.finish(response.statusCode))
    // The caller hung up before the answer was whole.
    response.once('close', () => running.finish(response.writableFinished ? response.statusCode : null))
    running.run(next)
  }
}

/** Answers with all metrics as Prometheus text. */
export function expressMetrics(prisma: QueriesClient): (request: unknown, response: ExpressResponse) => void {
  return (_, response) => {
    response.setHeader('Content-Type', PROMETHEUS_CONTENT_TYPE)
    response.end(prisma.$queries.metrics())
  }
}

/** Null where no route took the request, or one by a regular expression, which shows no names. */
function routeOf({ route }: ExpressRequest, mounts: ExpressMounts): string | null {
  const mounted = mounts.pattern()
  return typeof route?.path === 'string' && mounted !== null ? `${mounted}${route.path}` : null
}
