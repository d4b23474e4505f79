import { PROMETHEUS_CONTENT_TYPE } from '../metrics/prometheus.ts'
import type { QueriesClient } from '../queries.ts'
import { beginWebRequest } from './web-request.ts'

/** What is used of an Express (or Connect) request. */
export interface ExpressRequest {
  readonly method: string
  readonly baseUrl?: string
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
    const running = beginWebRequest(prisma, {
      method: request.method,
      route: () => routeOf(request),
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

function routeOf({ baseUrl = '', route }: ExpressRequest): string | null {
  return typeof route?.path === 'string' ? `${baseUrl}${route.path}` : null
}
