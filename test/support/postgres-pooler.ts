import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** A pooler in front of PostgreSQL, as far as cancelling is concerned. */
export interface PostgresPooler {
  /** The database behind it, as clients reach it through the pooler. */
  url: string
  /** Sessions that are being served. */
  sessions(): number
  close(): Promise<void>
}

/**
 * Starts a pooler that gives its clients process ids and keys of its own, speaks TLS where `tls` says so, and drops the
 * cancellation of a client that ends its side of the stream first, as PgBouncer 1.18 does.
 */
export async function startPooler(database: string, { tls }: { tls: boolean }): Promise<PostgresPooler> {
  const { hostname, port } = new URL(database)
  const sockets = new Set<Socket>()
  const keys = new Map<number, Buffer>()
  let sessions = 0

  const backend = (): Socket => {
    const socket = connect(Number(port || 5432), hostname)
    sockets.add(socket.on('error', () => undefined))
    return socket
  }

  /** Passes a cancellation on, if its sender is still there by then. */
  const cancel = async (client: Duplex, message: Buffer): Promise<void> => {
    let hasEnded = false
    client.on('end', () => (hasEnded = true)).resume()
    const own = keys.get(message.readInt32BE(8))
    if (own !== undefined) {
      const socket = backend()
      await once(socket, 'connect')
      if (!hasEnded) {
        socket.resume().write(Buffer.concat([message.subarray(0, 8), own]))
        await once(socket, 'close')
      } else socket.destroy()
    }
    client.destroy()
  }

  const serve = (client: Duplex, startup: Buffer): void => {
    sessions++
    const socket = backend()
    socket.on('connect', () => socket.write(startup))
    client.pipe(socket)
    let greeting: Buffer | null = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      if (greeting === null) return client.write(chunk)
      greeting = Buffer.concat([greeting, chunk])
      const end = endOfGreeting(greeting, (key) => {
        const id = 1_000_000 + keys.size
        keys.set(id, Buffer.from(key))
        key.writeInt32BE(id, 0)
      })
      if (end === null) return
      client.write(greeting)
      greeting = null
    })
    client.on('close', () => {
      sessions--
      socket.destroy()
    })
    socket.on('close', () => client.destroy())
  }

  const accept = (client: Socket, isEncrypted: boolean): void => {
    client.on('error', () => undefined)
    client.once('data', (message: Buffer) => {
      const code = message.readInt32BE(4)
      if (code === SSL_REQUEST) {
        client.write(tls ? 'S' : 'N')
        if (!tls) return accept(client, false)
        accept(new TLSSocket(client, { isServer: true, key: KEY, cert: CERTIFICATE }), true)
      } else if (tls && !isEncrypted) client.destroy()
      else if (code === CANCEL_REQUEST) void cancel(client, message)
      else serve(client, message)
    })
  }

  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    accept(socket, false)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const url = new URL(database)
  url.hostname = '127.0.0.1'
  url.port = String((listener.address() as { port: number }).port)
  return {
    url: url.href,
    sessions: () => sessions,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

const SSL_REQUEST = 80_877_103
const CANCEL_REQUEST = 80_877_102

/** Where the server's greeting ends, the key of the session handed to `onKey`; null while it has not. */
function endOfGreeting(messages: Buffer, onKey: (key: Buffer) => void): number | null {
  let key: Buffer | null = null
  for (let at = 0; at + 5 <= messages.length;) {
    const type = String.fromCharCode(messages[at] as number)
    const end = at + 1 + messages.readInt32BE(at + 1)
    if (end > messages.length) return null
    if (type === 'K') key = messages.subarray(at + 5, end)
    if (type === 'Z' || type === 'E') {
      if (key !== null) onKey(key)
      return end
    }
    at = end
  }
  return null
}

/** Of nobody: made for these tests, for `localhost`. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4k8gJhldu7xFahBq
XAfx0Gp/J3WfzTjUxXim8b6S8nahRANCAAQR3uKfji8Je7niGSYvQihb8jk9jxsF
4bLqltyqp1/MGfMp5du79I0L1UWOPXXC+VFmBfJCGqAiMpRC1lIjI9Ay
-----END PRIVATE KEY-----`
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBljCCATugAwIBAgIUQt2OanDvB+PUTDZxleQtDe3MMNowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyOTE2NTYxNVoYDzIxMjYxMTA1
MTY1NjE1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQR3uKfji8Je7niGSYvQihb8jk9jxsF4bLqltyqp1/MGfMp5du79I0L
1UWOPXXC+VFmBfJCGqAiMpRC1lIjI9Ayo2kwZzAdBgNVHQ4EFgQUkhi/oxbTQ3gC
2O9opD+SRF/M8GowHwYDVR0jBBgwFoAUkhi/oxbTQ3gC2O9opD+SRF/M8GowDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SQAwRgIhANyFnZmsstRFEtQvdwDoKe20oDizmRsbh9+3+gu6DzNpAiEA6PZzd/yp
YySPJ42MiFQsiSSi0zq0RRG8gR0gT7GMWzc=
-----END CERTIFICATE-----`
