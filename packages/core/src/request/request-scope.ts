import { AsyncLocalStorage } from 'node:async_hooks'
import type { Statement } from '../driver/driver-listener.ts'

/** What is said of a request when it begins. */
export interface RequestInfo {
  /** What reports call it: `GET /posts`, a job's name. Read when a report is made. */
  readonly name: string
  /** Of an HTTP request. */
  readonly method?: string | undefined
  /** The pattern of its route (`/posts/:id`), never the path itself; null where none took it. Read when the request ends. */
  readonly route?: string | null | undefined
  /** Trace that its records name, for example from `traceparent`. */
  readonly traceId?: string | undefined
}

/**
 * Looks at one request, on behalf of one client. An operation is whatever the package that times operations makes of a call.
 */
export interface RequestWatcher {
  /** Whether it looks at the requests too that begin within the one it was made for. */
  readonly follows?: boolean
  started?(operation: object): void
  settled?(operation: object): void
  statement?(statement: Statement, operation: object): void
  /** The request is over. */
  ended(scope: WatchedScope): void
}

/**
 * One request, job or message: what belongs together when loops of queries are looked for. Everything that runs in
 * its asynchronous context belongs to it.
 */
export interface RequestScope {
  readonly info: RequestInfo
  /** When it began, as `performance.now()` tells it. */
  readonly startedAt: number
  /** Statements sent so far. */
  readonly statements: number
  /** Milliseconds they took. */
  readonly databaseMs: number
  /** Whether loops are being looked for. */
  readonly watching: boolean
  /** Suspends the detection of loops until {@link RequestScope.resume}: for work that is known to repeat itself. */
  pause(): void
  /** Resumes the detection of loops. */
  resume(): void
}

/** A scope with the watchers of the clients that take part in it. */
export class WatchedScope implements RequestScope {
  readonly startedAt = performance.now()
  statements = 0
  databaseMs = 0
  /** Of the response, once it is known. */
  status: number | null = null
  /** Whether its caller hung up before the response was whole. */
  isAborted = false
  /** The scope that a middleware began within this one: it has the calls. */
  inner: WatchedScope | null = null
  private readonly watchers = new Map<object, RequestWatcher>()
  private pauses = 0
  private over = false

  constructor(readonly info: RequestInfo) {
    const outer = currentScope()
    if (outer === undefined) return
    outer.inner = this
    for (const [key, watcher] of outer.watchers) if (watcher.follows === true) this.watchers.set(key, watcher)
  }

  pause(): void {
    this.pauses++
  }

  resume(): void {
    if (this.pauses > 0) this.pauses--
  }

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

  started(operation: object): void {
    for (const watcher of this.watchers.values()) watcher.started?.(operation)
  }

  settled(operation: object): void {
    for (const watcher of this.watchers.values()) watcher.settled?.(operation)
  }

  addStatement(statement: Statement, operation: object): void {
    this.statements++
    this.databaseMs += statement.ms
    for (const watcher of this.watchers.values()) watcher.statement?.(statement, operation)
  }

  /** Reports what was found. Operations that settle later are no longer looked at. */
  end(): void {
    if (this.over) return
    this.over = true
    for (const watcher of this.watchers.values()) watcher.ended(this)
    this.watchers.clear()
  }
}

const scopes = new AsyncLocalStorage<WatchedScope>()

/** The request that runs now; undefined outside of any. */
export function currentRequest(): RequestScope | undefined {
  return currentScope()
}

export function currentScope(): WatchedScope | undefined {
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
  const scope = new WatchedScope(info)
  try {
    // A Prisma call is lazy: it must be awaited within the context.
    return await scopes.run(scope, async () => await work())
  } finally {
    scope.end()
  }
}

/** Makes a scope current for what follows in this asynchronous context, where nothing can be run within it. */
export function enterScope(scope: WatchedScope): void {
  scopes.enterWith(scope)
}

/** Runs `work` in a scope that the caller ends: the middleware of a web framework. */
export function runInScope<T>(scope: WatchedScope, work: () => T): T {
  return scopes.run(scope, work)
}
