import { ChangesError } from '../../errors.ts'
import { ask, type MysqlConnection } from './binlog-client.ts'
import { masterStatus, type ServerKind } from './binlog-position.ts'

interface Server {
  readonly version: string
  readonly logs: number
  readonly format: string
}

/**
 * Whether the server writes what is needed, and which kind it is.
 *
 * @throws ChangesError E_CHANGES_BINLOG, E_CHANGES_RIGHTS
 */
export async function checkServer(connection: MysqlConnection | null, database: string): Promise<ServerKind> {
  const [server] = await ask<Server>(
    connection,
    'SELECT VERSION() AS version, @@GLOBAL.log_bin AS `logs`, @@GLOBAL.binlog_format AS `format`',
  )
  const kind: ServerKind = /mariadb/i.test(server?.version ?? '') ? 'mariadb' : 'mysql'
  if (Number(server?.logs) !== 1)
    throw refused(
      'log_bin is off: the server writes no binary log.',
      'Start it with `--log-bin --binlog-format=ROW`.',
    )
  if (server?.format !== 'ROW')
    throw refused(
      `binlog_format is ${server?.format}; rows are told with ROW alone.`,
      'Set `binlog_format = ROW` for the server, and let its applications connect anew.',
    )
  if (kind === 'mysql') {
    const [row] = await ask<{ mode: string }>(connection, 'SELECT @@GLOBAL.gtid_mode AS mode')
    if (row?.mode !== 'ON')
      throw refused(
        `gtid_mode is ${row?.mode}: without it nothing says when a change can be read.`,
        'Set `gtid_mode = ON` and `enforce_gtid_consistency = ON`.',
      )
  }
  const [status] = await masterStatus(connection)
  const named = (list: string | undefined) => (list ?? '').split(',').filter((name) => name !== '')
  const only = named(status?.Binlog_Do_DB)
  if ((only.length > 0 && !only.includes(database)) || named(status?.Binlog_Ignore_DB).includes(database))
    throw refused(
      `The binary log leaves out the database ${database}.`,
      'Take it out of binlog_ignore_db, or into binlog_do_db.',
    )
  return kind
}

const refused = (reason: string, advice: string): ChangesError =>
  new ChangesError('E_CHANGES_BINLOG', reason, advice)
