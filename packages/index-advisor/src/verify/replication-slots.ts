import { countOrNull, text, textOrNull, type SqlClient } from '../statistics/sql-client.ts'

/** A permanent replication slot of `postgresReplication()`: while nobody reads it, the server keeps its log. */
export interface ReplicationSlot {
  readonly name: string
  readonly isRead: boolean
  /** Bytes of log that are kept for it; null where it has lost them. */
  readonly bytes: number | null
  /** `reserved`, `extended`, `unreserved` or `lost`; `unknown` where the server does not tell it. */
  readonly state: string
}

/** Those of the database that the connection is to; their state is told since PostgreSQL 13. */
export async function readReplicationSlots(connection: SqlClient): Promise<readonly ReplicationSlot[]> {
  const rows = await connection.query(SLOTS)
  return rows.map((row) => ({
    name: text(row, 'name'),
    isRead: row['is_read'] === true,
    bytes: countOrNull(row, 'bytes'),
    state: textOrNull(row, 'state') ?? 'unknown',
  }))
}

const SLOTS = `SELECT slot_name AS name, active AS is_read, to_jsonb(slot)->>'wal_status' AS state,
  CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END AS bytes
FROM pg_replication_slots slot
WHERE slot_name LIKE 'brisk\\_%' AND plugin = 'pgoutput' AND NOT temporary AND database = current_database() ORDER BY 1`

/** A line a slot; empty where there is none. */
export function slotsText(slots: readonly ReplicationSlot[]): string {
  return slots
    .map(({ name, isRead, bytes, state }) => {
      const kept =
        bytes === null ? 'its log is gone' : `the server keeps ${Math.ceil(bytes / 1024)} kB of log for it`
      const advice = isRead
        ? ''
        : `\n      Where no process uses it: SELECT pg_drop_replication_slot('${name}');`
      return `  ${isRead ? '✓' : '✗'} slot ${name}  ${isRead ? 'read' : 'read by nobody'}: ${kept} (${state})${advice}\n`
    })
    .join('')
}
