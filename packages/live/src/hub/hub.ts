import type { LiveQuestion } from '@prisma-brisk/slow-query'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { apiAnswer } from '../answer/api.ts'
import { LiveForgottenError, LiveInProductionError, PortError } from '../errors.ts'
import { Access } from './access.ts'
import { Actions } from './actions.ts'
import { EventStreams } from './event-streams.ts'
import { send } from './json-answer.ts'
import { PageFiles } from './page-files.ts'
import { Questions } from './questions.ts'
import { History } from '../history/history.ts'

/** Where a hub listens first; the next free port is taken where this one is not. */
export const DEFAULT_PORT = 4983
const FREE_PORTS = Array.from({ length: 50 }, (_, index) => DEFAULT_PORT + index)
/** Characters of one delivery. */
const MAX_BODY = 16 * 1024 * 1024

/** Options of {@link startHub}. */
export interface HubOptions {
  /** Port on 127.0.0.1; `0` takes any. Default: {@link HubOptions.formerPort}, 4983, or the next free one. */
  readonly port?: number | undefined
  /** Where a hub before listened: taken again where it is free and no other one is asked for. */
  readonly formerPort?: number | null | undefined
  /** Bytes that requests may take in memory; the oldest are dropped. Default 64 MB. */
  readonly maxBytes?: number | undefined
  /** Where the project is that advice is for. Default: `process.cwd()`, else where its processes run. */
  readonly cwd?: string | undefined
  /** The token of a hub before, whose processes go on reporting. Default: a random one. */
  readonly token?: string | undefined
}

/** A running hub. */
export interface Hub {
  readonly port: number
  /** With the token: what is put into a browser, and into `BRISK_LIVE`. */
  readonly address: string
  readonly history: History
  /** Takes lines of JSON from a process, as `POST /v1/report` does. */
  take(lines: string): void
  /** What is asked of a process of that name, as `GET /v1/questions` answers: once there is something, else after a while. */
  questions(process: string): Promise<readonly LiveQuestion[]>
  /** Lets the process end although the hub still listens. */
  unref(): void
  close(): Promise<void>
}

/**
 * Starts a hub on 127.0.0.1: processes report to it, `/api` answers what they did. It holds everything in memory alone.
 *
 * @throws LiveInProductionError under `NODE_ENV=production`
 * @throws PortError where the port is taken
 * @example
 * const hub = await startHub()
 * process.env.BRISK_LIVE = hub.address
 */
export async function startHub(options: HubOptions = {}): Promise<Hub> {
  if (process.env['NODE_ENV'] === 'production') throw new LiveInProductionError()
  const history = new History(options.maxBytes ?? 64 * 1024 * 1024)
  let port = 0
  const access = new Access(() => port, options.token)
  const streams = new EventStreams(history)
  const questions = new Questions()
  history.onAnswer = (message) => questions.answered(message)
  const actions = new Actions(history, questions, options.cwd ?? process.cwd())
  const room: Room = { access, history, streams, questions, actions, page: PageFiles.find() }
  const server = createServer((request, response) => {
    answer(request, response, room).catch(() => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  })
  port = await listen(server, options)
  return {
    port,
    address: `http://127.0.0.1:${port}/?token=${access.token}`,
    history,
    take: (lines) => history.take(lines),
    questions: (process) => questions.next(process),
    unref: () => void server.unref(),
    close: async () => {
      streams.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

interface Room {
  readonly access: Access
  readonly history: History
  readonly streams: EventStreams
  readonly questions: Questions
  readonly actions: Actions
  readonly page: PageFiles | null
}

async function answer(request: IncomingMessage, response: ServerResponse, room: Room): Promise<void> {
  const { access, history, streams, questions, actions, page } = room
  for (const [name, value] of Object.entries(SAFE)) response.setHeader(name, value)
  const url = addressOf(request)
  if (url === null) return send(response, 400, { error: 'Expected a path; see /api.' })
  const isShell = request.method === 'GET' && page?.has(url.pathname) === true && !url.search
  const refusal = access.check(request, url, isShell)
  if (refusal !== null) return send(response, refusal.status, { error: refusal.reason })
  if (request.method === 'POST' && url.pathname === '/v1/report') {
    const body = await bodyOf(request)
    if (body === null) return send(response, 413, { error: 'A delivery of at most 16 MB is expected.' })
    try {
      history.take(body)
    } catch (error) {
      if (!(error instanceof LiveForgottenError)) throw error
      return send(response, 409, { code: error.code, error: error.message })
    }
    response.writeHead(204).end()
    return
  }
  if (request.method === 'GET' && url.pathname === '/v1/questions') {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const asked = await questions.next(url.searchParams.get('process') ?? '', gone.signal)
    if (!gone.signal.aborted) send(response, 200, asked)
    return
  }
  if (/^\/v\d+\/report$/.test(url.pathname))
    return send(response, 404, {
      error: 'This hub speaks version 1: install prisma-brisk and @prisma-brisk/live in one version.',
    })
  if (access.isInAddress(url)) {
    // The token leaves the address, so that no history and no Referer keeps it.
    response.setHeader('Set-Cookie', access.cookie())
    if (url.pathname === '/' && request.method === 'GET') {
      response.writeHead(303, { Location: '/' }).end()
      return
    }
  }
  if (request.method === 'GET' && url.pathname === '/api/events') return streams.open(request, response)
  if (request.method === 'DELETE' && url.pathname === '/api/requests') {
    history.clear()
    response.writeHead(204).end()
    return
  }
  const body = request.method === 'POST' ? jsonOf(await bodyOf(request)) : {}
  const done = await actions.answer(request.method, url.pathname, body)
  if (done !== null) return send(response, done.status, done.value)
  if (request.method !== 'GET') return send(response, 405, { error: 'Expected GET.' })
  if (page?.answer(url.pathname, response) === true) return
  const found = apiAnswer(url, history)
  send(response, found === null ? 404 : 200, found ?? { error: 'No such address; see /api.' })
}

/** Null where it asks for no path of this server: that of another, `*`, or what is no address. */
function addressOf({ url = '/' }: IncomingMessage): URL | null {
  const address = `http://hub${url}`
  return url.startsWith('/') && URL.canParse(address) ? new URL(address) : null
}

/** What is shown comes from an application's rows: nothing in it may run, and nothing else may be loaded. */
const SAFE = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

function jsonOf(body: string | null): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(body ?? '') as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    length += piece.length
    if (length > MAX_BODY) return null
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

async function listen(server: Server, { port: asked, formerPort }: HubOptions): Promise<number> {
  const ports = asked === undefined ? [...(formerPort == null ? [] : [formerPort]), ...FREE_PORTS] : [asked]
  for (const [index, port] of ports.entries()) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject)
          resolve()
        })
      })
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : port
    } catch (error) {
      const { code = 'error' } = error as NodeJS.ErrnoException
      if (code !== 'EADDRINUSE' || index === ports.length - 1) throw new PortError(port, code)
      await wait(1)
    }
  }
  throw new PortError(DEFAULT_PORT, 'none tried')
}
