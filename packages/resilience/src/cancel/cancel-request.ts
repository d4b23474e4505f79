import { isIP } from 'node:net'

/** What is used of a client of `pg`. */
export interface PgClient {
  readonly processID: number
  readonly secretKey: unknown
  readonly host: string
  readonly port: number
  readonly ssl?: unknown
  readonly sslNegotiation?: unknown
  readonly connection: PgConnection
}

/** What is used of a connection of `pg`: the protocol alone, neither logged in nor of a pool. */
interface PgConnection {
  readonly stream: { readonly remoteAddress?: string; readonly remotePort?: number; destroy(): void }
  connect(portOrPath: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: unknown): void
  on(event: 'error' | 'end', listener: () => void): void
  once(event: 'connect' | 'sslconnect', listener: () => void): void
}

/**
 * Sends PostgreSQL's CancelRequest, over TLS where the session uses it. It needs no place in a pool, no privilege, and
 * passes through poolers. The connection is made by the driver's own class with the session's own settings; the other end
 * closes it once the request is passed on. Ours stays open until then: a pooler that reads the end of the stream first
 * drops the request (PgBouncer 1.18 does, and may end by it).
 */
export function sendCancelRequest(client: PgClient, abandoned: AbortSignal): Promise<void> {
  const { processID, secretKey, connection: session } = client
  const Connection = session.constructor as new (settings: object) => PgConnection
  const ssl = tlsOf(client)
  const connection = new Connection({ ssl, sslNegotiation: client.sslNegotiation })
  return new Promise((resolve) => {
    const over = (): void => {
      connection.stream.destroy()
      resolve()
    }
    connection.on('error', over)
    connection.on('end', over)
    abandoned.addEventListener('abort', over, { once: true })
    const send = (): void => connection.cancel(processID, secretKey)
    if (ssl === false) connection.once('connect', send)
    else {
      if (client.sslNegotiation !== 'direct') connection.once('connect', () => connection.requestSsl())
      connection.once('sslconnect', send)
    }
    connect(connection, client)
  })
}

/** To the very server of the session: its name may stand for several. */
function connect(connection: PgConnection, { host, port, connection: { stream } }: PgClient): void {
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
  else connection.connect(stream.remotePort ?? port, stream.remoteAddress ?? host)
}

/** The session's TLS settings. The certificate is that of the name, though the address is connected to. */
function tlsOf({ ssl, host }: PgClient): object | false {
  if (ssl === undefined || ssl === false) return false
  const settings: { readonly key?: unknown } = ssl === true ? {} : (ssl as object)
  // Not enumerable.
  const { key } = settings
  return {
    ...settings,
    ...(key === undefined ? {} : { key }),
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  }
}
