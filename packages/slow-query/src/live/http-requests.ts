import { channel } from 'node:diagnostics_channel'
import { enterScope, WatchedScope } from '@prisma-brisk/core'
import type { LiveReporter } from './live-reporter.ts'
import { addPill, type Pill, type PillResponse } from './pill.ts'

/** What Node's server says of a request when it begins. */
interface ServedRequest {
  readonly request: ServedMessage
  readonly response: ServedResponse
}
/** Of which frameworks say more than Node does. */
export interface ServedMessage {
  readonly method?: string
  readonly url?: string
  readonly baseUrl?: unknown
  readonly route?: { readonly path?: unknown }
}
interface ServedResponse extends PillResponse {
  readonly writableFinished: boolean
  once(event: 'close', listener: () => void): unknown
}

/**
 * Makes each request that a server of this process gets a scope of its own, so that no middleware has to be mounted to see what it
 * does; where one is, its scope counts. The response says in `Server-Timing` what the database did for it.
 */
export function followHttpRequests(reporter: LiveReporter): void {
  reporters.add(reporter)
  if (reporters.size === 1) channel('http.server.request.start').subscribe(begin)
}

/** All that follow the requests of this process: each request has one scope, whoever is told of it. */
const reporters = new Set<LiveReporter>()

function begin(message: unknown): void {
  const { request, response } = message as ServedRequest
  const scope = new WatchedScope({
    get name() {
      return `${request.method ?? 'GET'} ${routeOf(request)}`
    },
  })
  // Nothing can be run within it: Node tells of the request, then hands it to the server.
  enterScope(scope)
  tellTiming(response, scope)
  if (request.method === 'GET' && [...reporters].some(({ showsPill }) => showsPill))
    addPill(response, () => pillOf(scope))
  response.once('close', () => {
    const { writableFinished: isWhole, statusCode } = response
    // Of what never left, or broke off, the status says nothing: it is 200 until somebody sets it.
    scope.status = isWhole ? statusCode : null
    for (let each: WatchedScope | null = scope; each !== null; each = each.inner) each.isAborted = !isWhole
    scope.end()
  })
}

/** The route's pattern where the framework shows it on the request, else the path with what looks like a value left out. */
export function routeOf({ url = '/', baseUrl, route }: ServedMessage): string {
  if (typeof route?.path === 'string')
    return `${typeof baseUrl === 'string' ? withoutValues(baseUrl) : ''}${route.path}`
  return withoutValues(url.split('?', 1)[0] as string)
}

function withoutValues(path: string): string {
  return path
    .split('/')
    .map((part) => (isWord(part) ? part : ':value'))
    .join('/')
}

/** Whether a part of a path is spelled as a programmer spells names; tokens, keys, addresses and sentences are not. */
function isWord(part: string): boolean {
  return (
    part.length <= 30 &&
    /^[-_.]?(?:[a-z]+(?:[A-Z][a-z]+)*|(?:[A-Z][a-z]+)+|)(?:[-_.][a-z]+(?:[A-Z][a-z]+)*){0,2}$/.test(part)
  )
}

function tellTiming(response: ServedResponse, outer: WatchedScope): void {
  const writeHead = response.writeHead.bind(response)
  response.writeHead = (...args: unknown[]) => {
    const scope = scopeWithCalls(outer)
    if (scope.statements > 0 && !response.headersSent)
      response.appendHeader?.('Server-Timing', timingOf(scope))
    return writeHead(...args)
  }
}

/** A middleware's scope has the calls where there is one. */
function scopeWithCalls(outer: WatchedScope): WatchedScope {
  return outer.statements > 0 ? outer : (outer.inner ?? outer)
}

function timingOf(scope: WatchedScope): string {
  return `db;dur=${millisecondsOf(scope)};desc="${saidOf(scope)}"`
}

/** Null where the request made no call that a hub was told of. */
function pillOf(outer: WatchedScope): Pill | null {
  const scope = scopeWithCalls(outer)
  for (const reporter of reporters) {
    const address = reporter.showsPill ? reporter.addressOf(scope) : null
    if (address !== null) return { address, text: `${saidOf(scope)}, ${millisecondsOf(scope)} ms` }
  }
  return null
}

function saidOf(scope: WatchedScope): string {
  const { statements } = scope
  const loop = [...reporters].some((each) => each.hasLoop(scope)) ? ', N+1' : ''
  return `${statements} statement${statements === 1 ? '' : 's'}${loop}`
}

function millisecondsOf({ databaseMs }: WatchedScope): number {
  return Math.round(databaseMs * 10) / 10
}
