import { randomBytes } from 'node:crypto'
import { InvalidOptionsError, realTimers } from '@prisma-brisk/core'
import type { ChangeSink, ChangeSource, OnLost } from '../../change-source.ts'
import { ChangesError } from '../../errors.ts'
import { PostgresListener } from './postgres-listener.ts'
import { CHANNEL } from './trigger-sql.ts'

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
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//.test(url))
    throw new InvalidOptionsError(
      'postgresTriggers.url',
      'a postgresql:// URL',
      typeof url === 'string' ? 'another text' : url,
    )
  const { heartbeat = 1000, onLost = 'bypass', channel = CHANNEL } = options
  if (!Number.isInteger(heartbeat) || heartbeat < 20 || heartbeat > 60_000)
    throw new InvalidOptionsError('postgresTriggers.heartbeat', 'an integer from 20 to 60000', heartbeat)
  if (onLost !== 'bypass' && onLost !== 'ttl')
    throw new InvalidOptionsError('postgresTriggers.onLost', `'bypass' | 'ttl'`, onLost)
  return new PostgresTriggers(url, heartbeat, onLost, channel)
}

const FIRST_RETRY = 50
const LAST_RETRY = 5000

class PostgresTriggers implements ChangeSource {
  readonly name = 'postgresTriggers'
  readonly tellsTransactions = true
  private sink: ChangeSink | null = null
  private listener: PostgresListener | null = null
  private timer: ReturnType<typeof setTimeout> | null = null
  private retry = FIRST_RETRY
  /** Settles once the latest attempt has come to something. */
  private listening: Promise<void> = Promise.resolve()

  constructor(
    private readonly url: string,
    private readonly heartbeat: number,
    readonly onLost: OnLost,
    private readonly channel: string,
  ) {}

  start(sink: ChangeSink): void {
    this.sink = sink
    this.retry = FIRST_RETRY
    this.listening = this.listen()
  }

  async stop(): Promise<void> {
    const { listener } = this
    this.sink = null
    this.listener = null
    if (this.timer !== null) realTimers.clearTimeout(this.timer)
    this.timer = null
    await listener?.end()
    await this.listening
  }

  private async listen(): Promise<void> {
    const { sink } = this
    if (sink === null) return
    const listener = new PostgresListener(
      this.url,
      this.channel,
      `${this.channel}_${randomBytes(6).toString('hex')}`,
      {
        changed: (change) => this.isCurrent(listener) && sink.changed(change),
        failed: (error) => this.failed(listener, error),
      },
    )
    this.listener = listener
    try {
      const watched = await listener.begin()
      if (!this.isCurrent(listener)) return
      this.retry = FIRST_RETRY
      sink.live(watched.tables)
      this.beatLater(listener, watched.signature)
    } catch (error) {
      this.failed(listener, error)
    }
  }

  private beatLater(listener: PostgresListener, signature: string): void {
    this.after(this.heartbeat / 2, async () => {
      try {
        const { lag, watched } = await listener.beat(this.heartbeat / 2)
        if (!this.isCurrent(listener)) return
        this.sink?.beat(lag)
        // Triggers were made, taken away or switched off: what they would have told meanwhile is not known.
        if (watched.signature !== signature) this.sink?.live(watched.tables)
        this.beatLater(listener, watched.signature)
      } catch (error) {
        this.failed(listener, error)
      }
    })
  }

  private failed(listener: PostgresListener, error: unknown): void {
    if (!this.isCurrent(listener)) return
    this.listener = null
    this.sink?.lost(error instanceof Error ? error : new ChangesError('E_CHANGES_LOST', String(error), ''))
    void listener.end()
    this.after(this.retry * (0.5 + Math.random() / 2), () => (this.listening = this.listen()))
    this.retry = Math.min(LAST_RETRY, this.retry * 2)
  }

  private after(ms: number, run: () => Promise<void>): void {
    if (this.timer !== null) realTimers.clearTimeout(this.timer)
    this.timer = realTimers.setTimeout(() => void run(), ms)
    this.timer.unref()
  }

  private isCurrent(listener: PostgresListener): boolean {
    return this.sink !== null && this.listener === listener
  }
}
