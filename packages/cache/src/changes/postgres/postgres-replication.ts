import { randomBytes } from 'node:crypto'
import { InvalidOptionsError } from '@prisma-brisk/core'
import type { ChangeSource, OnLost } from '../../change-source.ts'
import { ReconnectingSource } from '../reconnecting-source.ts'
import { checkUrl, resolveSource } from '../source-options.ts'
import { PostgresReplicator } from './postgres-replicator.ts'
import { PUBLICATION } from './replication-sql.ts'

export interface PostgresReplicationOptions {
  /**
   * Milliseconds between two signs of life. Default 1000. The source counts as lost where one has not come back before the next
   * is due.
   */
  readonly heartbeat?: number | undefined
  /** What reads do while the source is not live. Default `'bypass'`. */
  readonly onLost?: OnLost | undefined
  /** The publication that `brisk changes install --replication` was given. Default `brisk_changes`. */
  readonly publication?: string | undefined
  /**
   * The name of a permanent replication slot, `brisk_…`, for this process alone; made where it is not there. By default each
   * connection makes a temporary one, which ends with it. A permanent one is there when the process comes back, so that
   * a start does not wait for transactions that are running; but **it keeps the server's log while nobody reads it, until the disk
   * is full**: set `max_slot_wal_keep_size`, and watch `pg_replication_slots`. Warns at start (`W_CACHE_CHANGES_SLOT`).
   */
  readonly slot?: string | undefined
}

/**
 * Changes that PostgreSQL's logical replication tells: on PostgreSQL from version 14 (tested on 15) with `wal_level = logical`,
 * to a role that may replicate. Nothing is added to the transactions that write. `npx brisk changes install --replication`
 * writes the migration that makes the publication. It keeps two connections of its own, and needs the packages `pg` and
 * `pg-logical-replication`.
 *
 * A write by anybody is seen by cached reads within the lag (`$cache.stats().changes.lag`) after its COMMIT. Where the
 * connection is lost or hangs, that is found out within one heartbeat; until it is back, and everything that may have been
 * missed is invalidated, reads go to the database.
 *
 * @param url of the primary itself: poolers do not replicate (`E_CHANGES_POOLER`)
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`)
 * @example
 * import { postgresReplication } from 'prisma-brisk/postgres-replication'
 * const changes = postgresReplication(process.env.DATABASE_URL)
 * const prisma = new PrismaClient({ adapter }).$extends(brisk({ cache: { changes } }))
 */
export function postgresReplication(url: string, options: PostgresReplicationOptions = {}): ChangeSource {
  const name = 'postgresReplication'
  checkUrl(name, url, /^postgres(ql)?:\/\//, 'a postgresql:// URL')
  const { publication = PUBLICATION, slot, ...more } = options
  checkName(`${name}.publication`, publication, /^[a-z_][a-z0-9_]{0,62}$/, 'a name in small letters')
  if (slot !== undefined)
    checkName(
      `${name}.slot`,
      slot,
      /^brisk_[a-z0-9_]{1,57}$/,
      'a name in small letters that begins with brisk_',
    )
  if (slot !== undefined) warnOfSlot(slot)
  return new ReconnectingSource({ name, ...resolveSource(name, more), tellsTransactions: true }, (hearer) => {
    const own = randomBytes(6).toString('hex')
    return new PostgresReplicator(
      {
        url,
        publication,
        slot: slot ?? `brisk_${own}`,
        isTemporary: slot === undefined,
        prefix: `brisk_${own}`,
      },
      hearer,
    )
  })
}

function checkName(option: string, name: unknown, pattern: RegExp, expected: string): void {
  if (typeof name !== 'string' || !pattern.test(name)) throw new InvalidOptionsError(option, expected, name)
}

function warnOfSlot(slot: string): void {
  process.emitWarning(
    `prisma-brisk: the replication slot ${slot} is permanent: while nobody reads it, PostgreSQL keeps its log until the disk is full. ` +
      'Set max_slot_wal_keep_size, watch pg_replication_slots, and drop the slot when it is no longer used.',
    { type: 'PrismaBriskWarning', code: 'W_CACHE_CHANGES_SLOT' },
  )
}
