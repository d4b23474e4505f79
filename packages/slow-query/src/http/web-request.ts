import type { QueriesClient } from '../queries.ts'
import { Recorder } from '../recorder/recorder.ts'
import type { RunningRequest } from '../request/running-request.ts'

/** What a framework knows of a request when it begins. */
export interface WebRequest {
  readonly method: string
  /** The route's pattern (`/posts/:id`), never the path itself: paths hold values. Null while it is not known. */
  route(): string | null
  readonly traceparent: unknown
}

/** Begins a request on behalf of a client; the middlewares of all frameworks end up here. */
export function beginWebRequest(prisma: QueriesClient, request: WebRequest): RunningRequest {
  return Recorder.behind(prisma.$queries).starter.begin({
    get name() {
      return `${request.method} ${request.route() ?? '(no route)'}`
    },
    method: request.method,
    get route() {
      return request.route()
    },
    traceId: traceIdOf(request.traceparent),
  })
}

/** The trace id of a W3C `traceparent` header: `00-<trace id>-<span id>-<flags>`. */
export function traceIdOf(traceparent: unknown): string | undefined {
  if (typeof traceparent !== 'string') return undefined
  const id = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(traceparent)?.[1]
  return id === undefined || /^0+$/.test(id) ? undefined : id
}
