import { randomBytes } from 'node:crypto'
import type { ChangeSource, OnLost } from '../../change-source.ts'
import { ReconnectingSource } from '../reconnecting-source.ts'
import { checkUrl, resolveSource } from '../source-options.ts'
import { PostgresListener } from './postgres-listener.ts'
import { CHANNEL, checkChannel } from './trigger-sql.ts'

export interface PostgresTriggersOptions {
  /**
   * Milliseconds between two signs of life. Default 1000. The source counts as lost where one has not come back before the next
   * is due.
   */
  readonly heartbeat?: number | undefined
  /** What reads do while the source is not live. Default `'bypass'`. */
  readonly onLost?: OnLost | undefined
  /** The channel that `brisk changes install` was given. Default `brisk_changes`. */
  readonly channel?: string | undefined
}

/**
 * Changes that triggers tell with `NOTIFY`: on PostgreSQL from version 12 (tested on 15), without rights of replication.
 * `npx brisk changes install` writes the migration that makes the triggers. It keeps one connection of its own to listen on,
 * and needs the package `pg`.
 *
 * A write by anybody, psql and cron jobs included, is seen by cached reads within the lag (`$cache.stats().changes.lag`) after
 * its COMMIT. Where the connection is lost or hangs, that is found out within one heartbeat; until it is back, and everything
 * that may have been missed is invalidated, reads go to the database.
 *
 * @param url of the database itself: a pooler in transaction mode drops notifications, and is refused (`E_CHANGES_POOLER`)
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`)
 * @example
 * import { postgresTriggers } from 'prisma-brisk/postgres-triggers'
 * const changes = postgresTriggers(process.env.DATABASE_URL)
 * const prisma = new PrismaClient({ adapter }).$extends(brisk({ cache: { changes } }))
 */
export function postgresTriggers(url: string, options: PostgresTriggersOptions = {}): ChangeSource {
  checkUrl('postgresTriggers', url, /^postgres(ql)?:\/\//, 'a postgresql:// URL')
  const { channel = CHANNEL, ...more } = options
  checkChannel('postgresTriggers', channel)
  return new ReconnectingSource(
    { name: 'postgresTriggers', ...resolveSource('postgresTriggers', more), tellsTransactions: true },
    (hearer) => new PostgresListener(url, channel, `${channel}_${randomBytes(6).toString('hex')}`, hearer),
  )
}
