import { PROMETHEUS_CONTENT_TYPE } from '../metrics/prometheus.ts'
import type { QueriesClient } from '../queries.ts'
import type { RunningRequest } from '../request/running-request.ts'
import { beginWebRequest } from './web-request.ts'

/** What is used of a Fastify request. */
export interface FastifyRequestLike {
  readonly method: string
  readonly routeOptions?: { readonly url?: string | undefined }
  readonly headers: Readonly<Record<string, unknown>>
}

/** What is used of a Fastify reply. */
export interface FastifyReplyLike {
  readonly statusCode: number
  readonly raw: { once(event: 'close', listener: () => void): unknown; readonly writableFinished: boolean }
  type(contentType: string): FastifyReplyLike
  send(body: string): unknown
}

type Hook = (request: FastifyRequestLike, reply: FastifyReplyLike, done: () => void) => void

/** What is used of a Fastify instance. */
export interface FastifyLike {
  addHook(name: 'onRequest' | 'preValidation' | 'onResponse', hook: Hook): unknown
}

/**
 * A plugin that makes each request a scope of its own: its statements are counted, its loops found, its time taken.
 * Register it before the routes; it applies to all of them.
 *
 * @example
 * await app.register(fastifyRequests(prisma))
 * app.get('/metrics', fastifyMetrics(prisma))
 */
export function fastifyRequests(
  prisma: QueriesClient,
): (fastify: FastifyLike, options: unknown, done: () => void) => void {
  const running = new WeakMap<FastifyRequestLike, RunningRequest>()
  const plugin = (fastify: FastifyLike, _: unknown, done: () => void): void => {
    fastify.addHook('onRequest', (request, reply, next) => {
      const begun = beginWebRequest(prisma, {
        method: request.method,
        route: () => request.routeOptions?.url ?? null,
        traceparent: request.headers['traceparent'],
      })
      running.set(request, begun)
      // The caller hung up before the answer was whole.
      reply.raw.once('close', () => begun.finish(reply.raw.writableFinished ? reply.statusCode : null))
      begun.run(next)
    })
    // Reading a body leaves the asynchronous context of the first hook.
    fastify.addHook('preValidation', (request, _reply, next) => {
      const begun = running.get(request)
      if (begun === undefined) next()
      else begun.run(next)
    })
    fastify.addHook('onResponse', (request, reply, next) => {
      running.get(request)?.finish(reply.statusCode)
      next()
    })
    done()
  }
  // As `fastify-plugin` does: the hooks belong to the instance it is registered on, not to a child of it.
  return Object.assign(plugin, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: 'prisma-brisk-requests',
  })
}

/** Answers with all metrics as Prometheus text. */
export function fastifyMetrics(
  prisma: QueriesClient,
): (request: unknown, reply: FastifyReplyLike) => unknown {
  return (_, reply) => reply.type(PROMETHEUS_CONTENT_TYPE).send(prisma.$queries.metrics())
}
