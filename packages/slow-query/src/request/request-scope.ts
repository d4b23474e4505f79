import { AsyncLocalStorage } from 'node:async_hooks'
import type { Statement } from '@prisma-brisk/core'
import type { OperationTrace } from '../trace/operation-trace.ts'

/** What is said of a request when it begins. */
export interface RequestInfo {
  /** What reports call it: `GET /posts`, a job's name. Read when a report is made. */
  readonly name: string
  /** Trace that its records name, for example from `traceparent`. */
  readonly traceId?: string | undefined
}

/** Looks at the operations of one request, on behalf of one client. */
export interface RequestWatcher {
  /** Whether it looks at the requests too that begin within the one it was made for. */
  readonly follows?: boolean
  started(trace: OperationTrace): void
  settled(trace: OperationTrace): void
  statement?(statement: Statement, trace: OperationTrace): void
  /** The request is over. */
  ended(scope: RequestScope): void
}

/**
 * One request, job or message: what belongs together when loops of queries are looked for. Everything that runs in
 * its asynchronous context belongs to it.
 */
export class RequestScope {
  readonly startedAt = performance.now()
  /** Statements sent so far. */
  statements = 0
  /** Milliseconds they took. */
  databaseMs = 0
  private readonly watchers = new Map<object, RequestWatcher>()
  private pauses = 0
  private over = false

  constructor(readonly info: RequestInfo) {
    for (const [key, watcher] of currentRequest()?.watchers ?? [])
      if (watcher.follows === true) this.watchers.set(key, watcher)
  }

  /** Looks away from loops until {@link RequestScope.resume}: for work that is known to repeat itself. */
  pause(): void {
    this.pauses++
  }

  resume(): void {
    if (this.pauses > 0) this.pauses--
  }

  /** Whether loops are being looked for. */
  get watching(): boolean {
    return this.pauses === 0 && !this.over
  }

  /** The watcher of a client, made the first time it is asked for. */
  watcher<W extends RequestWatcher>(key: object, create: () => W): W {
    const known = this.watchers.get(key) as W | undefined
    if (known !== undefined) return known
    const watcher = create()
    this.watchers.set(key, watcher)
    return watcher
  }

  started(trace: OperationTrace): void {
    for (const watcher of this.watchers.values()) watcher.started(trace)
  }

  settled(trace: OperationTrace): void {
    for (const watcher of this.watchers.values()) watcher.settled(trace)
  }

  addStatement(statement: Statement, trace: OperationTrace): void {
    this.statements++
    this.databaseMs += statement.ms
    for (const watcher of this.watchers.values()) watcher.statement?.(statement, trace)
  }

  /** Reports what was found. Operations that settle later are no longer looked at. */
  end(): void {
    if (this.over) return
    this.over = true
    for (const watcher of this.watchers.values()) watcher.ended(this)
    this.watchers.clear()
  }
}

const scopes = new AsyncLocalStorage<RequestScope>()

/** The request that runs now; undefined outside of any. */
export function currentRequest(): RequestScope | undefined {
  return scopes.getStore()
}

/**
 * Runs a request, job or message as one scope: loops of queries, the request budget and the request's name are
 * told apart by it. Costs nothing but the asynchronous context.
 *
 * @example
 * await runRequest({ name: 'nightly digest' }, () => sendDigests())
 */
export async function runRequest<T>(info: RequestInfo, work: () => T | Promise<T>): Promise<T> {
  const scope = new RequestScope(info)
  try {
    // A Prisma call is lazy: it must be awaited within the context.
    return await scopes.run(scope, async () => await work())
  } finally {
    scope.end()
  }
}

/** Runs `work` in a scope whose end somebody else tells: the middleware of a web framework. */
export function runInScope<T>(scope: RequestScope, work: () => T): T {
  return scopes.run(scope, work)
}
