import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'

/** A Redis behind HTTP, as Upstash speaks it. */
export interface UpstashServer {
  readonly url: string
  readonly token: string
  /** What it has been sent, as paths and commands. */
  readonly requests: readonly { readonly path: string; readonly commands: readonly (readonly string[])[] }[]
  /** What it does instead of answering, until it is set to null. */
  trouble: UpstashTrouble | null
  close(): Promise<void>
}

/** An answer with this status and text, or none at all. */
export type UpstashTrouble =
  'hangs' | { readonly status: number; readonly body: string; readonly type?: string }

type Command = readonly string[]

/**
 * Starts one in front of a real Redis: a command at `/`, several at `/pipeline`, and as one transaction at `/multi-exec`, with
 * errors of their own for each, texts in base64 where `Upstash-Encoding` asks for it, and a bearer token.
 */
export async function startUpstash(redisUrl: string): Promise<UpstashServer> {
  const redis = new Redis(redisUrl)
  const requests: { path: string; commands: readonly Command[] }[] = []
  const token = 'the-token'
  const server = createServer(async (incoming, outgoing) => {
    const body = JSON.parse(await bodyOf(incoming)) as unknown[]
    const path = incoming.url ?? '/'
    const isOne = path === '/'
    const commands = (isOne ? [body] : body).map((command) => (command as unknown[]).map(String))
    requests.push({ path, commands })
    const answer = (status: number, content: unknown, type = 'application/json'): void => {
      outgoing.writeHead(status, { 'content-type': type })
      outgoing.end(typeof content === 'string' ? content : JSON.stringify(content))
    }
    const { trouble } = state
    if (trouble === 'hangs') return
    if (trouble !== null) return answer(trouble.status, trouble.body, trouble.type)
    if (incoming.headers.authorization !== `Bearer ${token}`) {
      return answer(401, { error: 'WRONGPASS invalid or missing auth token' })
    }
    if (!isOne && path !== '/pipeline' && path !== '/multi-exec') return answer(404, { error: 'Not found' })
    const isEncoded = incoming.headers['upstash-encoding'] === 'base64'
    const answers = await (path === '/multi-exec' ? transaction(redis, commands) : pipeline(redis, commands))
    const encoded = answers.map((each) =>
      'error' in each || !isEncoded ? each : { result: inBase64(each.result) },
    )
    const [first] = encoded
    if (!isOne) return answer(200, encoded)
    answer(first !== undefined && 'error' in first ? 400 : 200, first)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const state: UpstashServer = {
    url: `http://127.0.0.1:${port}`,
    token,
    requests,
    trouble: null,
    close: async () => {
      redis.disconnect()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return state
}

type Answer = { readonly result: unknown } | { readonly error: string }

async function pipeline(redis: Redis, commands: readonly Command[]): Promise<Answer[]> {
  const answers = await redis.pipeline(commands.map((command) => [...command])).exec()
  return (answers ?? []).map(([error, result]) => (error === null ? { result } : { error: error.message }))
}

async function transaction(redis: Redis, commands: readonly Command[]): Promise<Answer[]> {
  const answers = await redis.multi(commands.map((command) => [...command])).exec()
  return (answers ?? []).map(([error, result]) => (error === null ? { result } : { error: error.message }))
}

/** Texts, also those in lists; that of a status stays as it is. */
function inBase64(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inBase64)
  return typeof value === 'string' && value !== 'OK' ? Buffer.from(value).toString('base64') : value
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
