import { ask, type MysqlConnection } from './binlog-client.ts'

export type ServerKind = 'mariadb' | 'mysql'

/** A place in the binary log. */
export interface BinlogPosition {
  readonly filename: string
  readonly position: number
}

/** Whether a place is not before another one. Files are numbered: `binlog.000009`, `binlog.1000000`. */
export function isReached(at: BinlogPosition, place: BinlogPosition): boolean {
  if (at.filename === place.filename) return at.position >= place.position
  return numberOf(at) > numberOf(place)
}

const numberOf = ({ filename }: BinlogPosition): number => Number(/\d+$/.exec(filename)?.[0] ?? -1)

/**
 * Up to where the log is visible to reads, on MariaDB; on MySQL, up to where it is written.
 *
 * @throws ChangesError
 */
export async function positionNow(
  connection: MysqlConnection | null,
  kind: ServerKind,
): Promise<BinlogPosition> {
  if (kind === 'mariadb') {
    // Kept under the lock in which engines commit, in the order of the log.
    const rows = await ask<{ Variable_name: string; Value: string }>(
      connection,
      `SHOW STATUS LIKE 'binlog_snapshot_%'`,
    )
    const value = (name: string) => rows.find((row) => row.Variable_name.toLowerCase() === name)?.Value ?? ''
    return { filename: value('binlog_snapshot_file'), position: Number(value('binlog_snapshot_position')) }
  }
  const [row] = await masterStatus(connection)
  return { filename: row?.File ?? '', position: row?.Position ?? 0 }
}

interface MasterStatus {
  readonly File: string
  readonly Position: number
  readonly Binlog_Do_DB: string
  readonly Binlog_Ignore_DB: string
}

/** @throws ChangesError E_CHANGES_RIGHTS without REPLICATION CLIENT */
export async function masterStatus(connection: MysqlConnection | null): Promise<readonly MasterStatus[]> {
  try {
    return await ask<MasterStatus>(connection, 'SHOW MASTER STATUS')
  } catch (error) {
    // MySQL 8.4 has another word for it.
    if ((error as { cause?: { code?: unknown } }).cause?.code !== 'ER_PARSE_ERROR') throw error
    return ask<MasterStatus>(connection, 'SHOW BINARY LOG STATUS')
  }
}
