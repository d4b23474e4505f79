import { connect } from 'node:net'
import type { DriverTap, SqlAdapter } from '@prisma-brisk/core'

/** Milliseconds a server may take to hear of a cancellation before its connection is given up. */
const PATIENCE_MS = 2000

/**
 * Stops what a connection runs. PostgreSQL is asked by its own cancellation message, which needs no connection slot,
 * no privilege, and finds its way through poolers; where the connection is encrypted by `pg_cancel_backend` over
 * another connection. MariaDB and MySQL are asked by `KILL QUERY`. The connection must stay ours until this is done:
 * whatever it ran next would be stopped in its place.
 */
export async function cancelOn(client: object, tap: DriverTap): Promise<void> {
  const { processID, secretKey, threadId } = client as PgClient & MariaDbConnection
  if (typeof processID === 'number') {
    const { host, port } = client as PgClient
    if (typeof secretKey === 'number' && !isEncrypted(client))
      return sendCancelRequest({ host, port, processID, secretKey })
    return askApart(tap, `SELECT pg_cancel_backend(${processID})`)
  }
  if (typeof threadId === 'number') return askApart(tap, `KILL QUERY ${threadId}`)
}

/** Whether what runs on this connection can be stopped at all. */
export function isCancellable(client: unknown): client is object {
  const { processID, threadId } = (client ?? {}) as PgClient & MariaDbConnection
  return typeof processID === 'number' || typeof threadId === 'number'
}

interface PgClient {
  readonly processID?: number
  readonly secretKey?: unknown
  readonly host?: string
  readonly port?: number
  readonly connection?: { readonly ssl?: unknown; readonly stream?: { readonly encrypted?: boolean } }
}

interface MariaDbConnection {
  readonly threadId?: number | null
}

function isEncrypted({ connection }: PgClient): boolean {
  return connection?.stream?.encrypted === true
}

interface Backend {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly processID: number
  readonly secretKey: number
}

/** PostgreSQL's CancelRequest; the server closes the connection once it has passed it on. */
function sendCancelRequest({
  host = 'localhost',
  port = 5432,
  processID,
  secretKey,
}: Backend): Promise<void> {
  return new Promise((resolve) => {
    const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
    const message = Buffer.alloc(16)
    message.writeInt32BE(16, 0)
    message.writeInt32BE(80_877_102, 4)
    message.writeInt32BE(processID, 8)
    message.writeInt32BE(secretKey, 12)
    socket.setTimeout(PATIENCE_MS, () => socket.destroy())
    socket.on('error', () => undefined)
    socket.once('close', () => resolve())
    socket.resume()
    socket.end(message)
  })
}

async function askApart(tap: DriverTap, sql: string): Promise<void> {
  let adapter: SqlAdapter | undefined
  try {
    adapter = await tap.connectApart()
    await adapter.executeRaw({ sql, args: [], argTypes: [] })
  } catch {
    // It had ended already, or no connection is left; the caller is told of the timeout all the same.
  } finally {
    await adapter?.dispose()
  }
}
