import type { DriverTap } from '@prisma-brisk/core'
import { killQuery, type MariaDbConnection } from './kill-query.ts'
import { sendCancelRequest, type PgClient } from './cancel-request.ts'

/** Milliseconds a server may take to accept a cancellation before the attempt is given up. */
const PATIENCE_MS = 2000

/**
 * Stops the statement that a connection runs, as far as that is possible; it never fails. The connection must stay ours
 * until this is done: whatever it ran next would be stopped in its place.
 */
export function cancelOn(client: object, tap: DriverTap): Promise<void> {
  const abandoned = new AbortController()
  const attempt = isPgClient(client)
    ? sendCancelRequest(client, abandoned.signal)
    : killQuery(client as MariaDbConnection, tap, abandoned.signal)
  return new Promise((resolve) => {
    const patience = setTimeout(() => abandoned.abort(), PATIENCE_MS)
    abandoned.signal.addEventListener('abort', () => resolve(), { once: true })
    const over = (): void => {
      clearTimeout(patience)
      resolve()
    }
    // A failure means that it had ended already, or that no connection is left; the caller gets its error all the same.
    attempt.then(over, over)
  })
}

/** Whether what runs on this connection can be stopped at all. */
export function isCancellable(client: unknown): client is object {
  return isPgClient(client) || typeof (client as MariaDbConnection | null)?.threadId === 'number'
}

function isPgClient(client: unknown): client is PgClient {
  const { processID, secretKey, connection } = (client ?? {}) as Partial<PgClient>
  return typeof processID === 'number' && secretKey != null && typeof connection?.cancel === 'function'
}
