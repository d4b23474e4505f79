import type { ChangeSource, OnLost } from '../../change-source.ts'
import { ReconnectingSource } from '../reconnecting-source.ts'
import { checkUrl, resolveSource } from '../source-options.ts'
import { BinlogReader } from './binlog-reader.ts'

export interface MysqlBinlogOptions {
  /**
   * Milliseconds between two signs of life. Default 1000. The source counts as lost where one has not come back before the next
   * is due.
   */
  readonly heartbeat?: number | undefined
  /** What reads do while the source is not live. Default `'bypass'`. */
  readonly onLost?: OnLost | undefined
}

/**
 * Changes that the binary log tells: of MariaDB (tested on 10.11), and of MySQL from 8.0 with `gtid_mode = ON` (not tested).
 * The server needs `binlog_format = ROW`, the user REPLICATION SLAVE, REPLICATION CLIENT and SELECT. It keeps two connections
 * of its own, and needs the package `@vlasky/zongji`.
 *
 * A write by anybody is seen by cached reads within the lag (`$cache.stats().changes.lag`) after its COMMIT, what foreign keys
 * do to other tables included. Where the connection is lost or hangs, that is found out within one heartbeat; until it
 * is back, and everything that may have been missed is invalidated, reads go to the database. What comes back of this
 * process's own writes is not recognised, and invalidates a second time.
 *
 * @param url of the server that is written to, with the database: `mysql://user:password@host:3306/database`
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`)
 * @example
 * import { mysqlBinlog } from 'prisma-brisk/mysql-binlog'
 * const changes = mysqlBinlog(process.env.DATABASE_URL)
 * const prisma = new PrismaClient({ adapter }).$extends(brisk({ cache: { changes } }))
 */
export function mysqlBinlog(url: string, options: MysqlBinlogOptions = {}): ChangeSource {
  const name = 'mysqlBinlog'
  checkUrl(name, url, /^(mysql|mariadb):\/\/[^/]+\/[^?]/, 'a mysql:// URL that names a database')
  const settings = resolveSource(name, options)
  return new ReconnectingSource(
    { name, ...settings, tellsTransactions: false },
    (hearer) => new BinlogReader(url, Math.max(10, Math.floor(settings.heartbeat / 8)), hearer),
  )
}
