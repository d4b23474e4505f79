import { request as httpRequest } from 'node:http'
import type { LiveTarget } from '../live-target.ts'
import { LIVE_FORGOTTEN, type LiveQuestion } from '../record/live-records.ts'

/** Milliseconds until a hub that does not answer has lost what it was given. */
const PATIENCE_MS = 2000
/** A hub answers for itself before that, with nothing where it has no question. */
const QUESTION_MS = 60_000

/**
 * The hub that `BRISK_LIVE` names, `http://127.0.0.1:4983/?token=…`. Null where the text names none on this machine: nothing is
 * ever sent elsewhere.
 */
export function hubTarget(address: string): LiveTarget | null {
  const url = URL.canParse(address) ? new URL(address) : null
  const token = url?.searchParams.get('token')
  if (url === null || !token || url.protocol !== 'http:' || !LOCAL.has(url.hostname)) return null
  const hub = { hostname: url.hostname === '[::1]' ? '::1' : url.hostname, port: url.port, token }
  return {
    origin: () => url.origin,
    send: async (lines) => void (await ask(hub, 'POST', '/v1/report', PATIENCE_MS, lines)),
    questions: async (process) => {
      const text = await ask(hub, 'GET', `/v1/questions?process=${process}`, QUESTION_MS)
      return text === '' ? [] : (JSON.parse(text) as LiveQuestion[])
    },
  }
}

const LOCAL = new Set(['127.0.0.1', 'localhost', '[::1]'])
/** Characters of a hub's answer. */
const MAX_ANSWER = 1_000_000

interface HubAddress {
  readonly hostname: string
  readonly port: string
  readonly token: string
}

/** Rejects where the hub does not answer with success in time. */
async function ask(
  { hostname, port, token }: HubAddress,
  method: 'GET' | 'POST',
  path: string,
  patience: number,
  lines = '',
): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const body = Buffer.from(lines)
    const request = httpRequest(
      {
        hostname,
        port,
        path,
        method,
        timeout: patience,
        headers: {
          'Content-Type': 'application/x-ndjson',
          'Content-Length': body.length,
          Authorization: `Bearer ${token}`,
        },
      },
      (response) => {
        const { statusCode = 0 } = response
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (piece: string) => {
          text += piece
          if (text.length > MAX_ANSWER) request.destroy(new Error('the hub says too much'))
        })
        response.once('error', reject)
        response.once('end', () => {
          if (statusCode >= 200 && statusCode < 300) resolve(text)
          else {
            const code = statusCode === 409 ? LIVE_FORGOTTEN : 'E_LIVE_HUB'
            reject(Object.assign(new Error(`the hub answered ${statusCode}`), { code }))
          }
        })
      },
    )
    // Nobody waits for a hub: the process may end meanwhile.
    request.once('socket', (socket) => socket.unref())
    request.once('timeout', () => request.destroy(new Error('the hub does not answer')))
    request.once('error', reject)
    request.end(body)
  })
}
