import type { DriverTap, SqlAdapter } from '@prisma-brisk/core'

/** What is used of a connection of `mariadb`. */
export interface MariaDbConnection {
  readonly threadId?: number | null
  query(sql: string): Promise<unknown>
  release(): Promise<void>
}

interface MariaDbPool {
  getConnection(): Promise<MariaDbConnection>
}

/**
 * Sends MariaDB's and MySQL's `KILL QUERY` over a connection apart from the client's pool. Of a pool that the application
 * has made itself neither the settings can be known nor another made, so it takes one of its connections, if one is free
 * in time.
 */
export async function killQuery(
  { threadId }: MariaDbConnection,
  tap: DriverTap,
  abandoned: AbortSignal,
): Promise<void> {
  const sql = `KILL QUERY ${threadId}`
  const apart = await tap.connectOwn()
  if (apart !== null) {
    await apart.executeRaw({ sql, args: [], argTypes: [] }).finally(() => apart.dispose())
    return
  }
  const connection = await (driverOf(tap.adapter) as MariaDbPool).getConnection()
  // Too late: the statement's connection has gone back, and runs another one.
  if (!abandoned.aborted) await connection.query(sql).catch(() => undefined)
  await connection.release()
}

function driverOf(adapter: SqlAdapter | null): unknown {
  return (adapter as { underlyingDriver?(): unknown } | null)?.underlyingDriver?.()
}
