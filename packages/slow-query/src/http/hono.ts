import { PROMETHEUS_CONTENT_TYPE } from '../metrics/prometheus.ts'
import type { QueriesClient } from '../queries.ts'
import { beginWebRequest } from './web-request.ts'

/** What is used of a Hono context. */
export interface HonoContextLike {
  readonly req: {
    readonly method: string
    /** The pattern of the route that handles the request. */
    readonly routePath?: string
    header(name: string): string | undefined
  }
  readonly res: { readonly status: number }
  body(text: string, status: 200, headers: Record<string, string>): Response
}

/**
 * Makes each request a scope of its own: its statements are counted, its loops found, its time taken. Mount it before
 * the routes.
 *
 * @example
 * app.use(honoRequests(prisma))
 * app.get('/metrics', honoMetrics(prisma))
 */
export function honoRequests(
  prisma: QueriesClient,
): (context: HonoContextLike, next: () => Promise<void>) => Promise<void> {
  return async (context, next) => {
    let route: string | null = null
    const running = beginWebRequest(prisma, {
      method: context.req.method,
      // While the request is served it is that of the handler which runs; a middleware has a pattern of its own.
      route: () => route ?? handled(context.req.routePath),
      traceparent: context.req.header('traceparent'),
    })
    let status: number | null = null
    try {
      await running.run(next)
      status = context.res.status
    } finally {
      route = context.req.routePath ?? null
      running.finish(status ?? 500)
    }
  }
}

const handled = (path: string | undefined): string | null =>
  path === undefined || path.endsWith('*') ? null : path

/** Answers with all metrics as Prometheus text. */
export function honoMetrics(prisma: QueriesClient): (context: HonoContextLike) => Response {
  return (context) =>
    context.body(prisma.$queries.metrics(), 200, { 'Content-Type': PROMETHEUS_CONTENT_TYPE })
}
