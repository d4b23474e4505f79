import { runInScope, WatchedScope, type RequestScope, type RequestInfo } from '@prisma-brisk/core'
import type { RequestMetrics } from '../metrics/request-metrics.ts'

/** A request that has ended. */
export interface FinishedRequest {
  readonly scope: RequestScope
  readonly status: number | null
  readonly ms: number
}

/** Begins the requests of a client. */
export interface RequestBeginner {
  /**
   * Begins a request: `run` what serves it, `finish` it once with its status. For middlewares; elsewhere use
   * `runRequest`.
   */
  begin(info: RequestInfo): RunningRequest
}

/** A request from its beginning to its answer. */
export interface RunningRequest {
  run<T>(work: () => T): T
  /** Only the first call counts: a response may both finish and close. */
  finish(status: number | null): void
}

/** Begins requests, and counts those that have ended. */
export class RequestStarter implements RequestBeginner {
  onFinish: (request: FinishedRequest) => void = () => undefined

  constructor(private readonly metrics: RequestMetrics) {}

  begin(info: RequestInfo): RunningRequest {
    return new ScopedRequest(new WatchedScope(info), (request) => {
      const { scope, status, ms } = request
      const { method = null, route = null } = scope.info
      this.metrics.record({ method, route, status, statements: scope.statements, ms })
      this.onFinish(request)
    })
  }
}

class ScopedRequest implements RunningRequest {
  private finished = false

  constructor(
    private readonly scope: WatchedScope,
    private readonly onFinish: (request: FinishedRequest) => void,
  ) {}

  run<T>(work: () => T): T {
    return runInScope(this.scope, work)
  }

  finish(status: number | null): void {
    if (this.finished) return
    this.finished = true
    this.scope.status = status
    this.scope.end()
    this.onFinish({ scope: this.scope, status, ms: performance.now() - this.scope.startedAt })
  }
}
