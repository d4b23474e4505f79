import { request as httpRequest } from 'node:http'
import type { LiveTarget } from '../live-target.ts'

/** Milliseconds until a hub that does not answer has lost what it was given. */
const PATIENCE_MS = 2000

/**
 * The hub that `BRISK_LIVE` names, `http://127.0.0.1:4983/?token=…`. Null where the text names none on this machine: nothing is
 * ever sent elsewhere.
 */
export function hubTarget(address: string): LiveTarget | null {
  const url = URL.canParse(address) ? new URL(address) : null
  const token = url?.searchParams.get('token')
  if (url === null || !token || url.protocol !== 'http:' || !LOCAL.has(url.hostname)) return null
  return { send: (lines) => post(url, token, lines) }
}

const LOCAL = new Set(['127.0.0.1', 'localhost', '[::1]'])

async function post({ hostname, port }: URL, token: string, lines: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const body = Buffer.from(lines)
    const request = httpRequest(
      {
        hostname: hostname === '[::1]' ? '::1' : hostname,
        port,
        path: '/v1/report',
        method: 'POST',
        timeout: PATIENCE_MS,
        headers: {
          'Content-Type': 'application/x-ndjson',
          'Content-Length': body.length,
          Authorization: `Bearer ${token}`,
        },
      },
      (response) => {
        response.resume()
        if (response.statusCode === 204) response.once('end', resolve)
        else reject(new Error(`the hub answered ${response.statusCode}`))
      },
    )
    // Nobody waits for a hub: the process may end meanwhile.
    request.once('socket', (socket) => socket.unref())
    request.once('timeout', () => request.destroy(new Error('the hub does not answer')))
    request.once('error', reject)
    request.end(body)
  })
}
