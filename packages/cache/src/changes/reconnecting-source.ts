import { realTimers } from '@prisma-brisk/core'
import type { ChangeSink, ChangeSource, OnLost } from '../change-source.ts'
import { ChangesError } from '../errors.ts'
import type { ChangeConnection, ChangeHearer } from './change-connection.ts'

const FIRST_RETRY = 50
const LAST_RETRY = 5000

/** How a source works, beside what it connects to. */
export interface SourceSettings {
  readonly name: string
  /** Milliseconds between two signs of life. */
  readonly heartbeat: number
  readonly onLost: OnLost
  readonly tellsTransactions: boolean
  /** See {@link ChangeSource.heardWithin}. Default: the heartbeat. */
  readonly heardWithin?: number
}

/** Holds one connection that hears of changes, asks it for signs of life, and makes another where it fails. */
export class ReconnectingSource implements ChangeSource {
  readonly name: string
  readonly onLost: OnLost
  readonly tellsTransactions: boolean
  readonly heardWithin: number
  private readonly heartbeat: number
  private sink: ChangeSink | null = null
  private connection: ChangeConnection | null = null
  private timer: ReturnType<typeof setTimeout> | null = null
  private retry = FIRST_RETRY
  /** Settles once the latest attempt has come to something. */
  private listening: Promise<void> = Promise.resolve()

  constructor(
    { name, heartbeat, onLost, tellsTransactions, heardWithin = heartbeat }: SourceSettings,
    private readonly connect: (hearer: ChangeHearer) => ChangeConnection,
  ) {
    this.name = name
    this.heartbeat = heartbeat
    this.heardWithin = heardWithin
    this.onLost = onLost
    this.tellsTransactions = tellsTransactions
  }

  start(sink: ChangeSink): void {
    this.sink = sink
    this.retry = FIRST_RETRY
    this.listening = this.listen()
  }

  async stop(): Promise<void> {
    const { connection } = this
    this.sink = null
    this.connection = null
    if (this.timer !== null) realTimers.clearTimeout(this.timer)
    this.timer = null
    await connection?.end()
    await this.listening
  }

  private async listen(): Promise<void> {
    const { sink } = this
    if (sink === null) return
    const connection = this.connect({
      changed: (change) => this.isCurrent(connection) && sink.changed(change),
      delayed: (error) => this.isCurrent(connection) && sink.lost(error),
      failed: (error) => this.failed(connection, error),
    })
    this.connection = connection
    try {
      const watched = await connection.begin()
      if (!this.isCurrent(connection)) return
      this.retry = FIRST_RETRY
      sink.live(watched.tables)
      this.beatLater(connection, watched.signature)
    } catch (error) {
      this.failed(connection, error)
    }
  }

  private beatLater(connection: ChangeConnection, signature: string): void {
    this.after(this.heartbeat / 2, async () => {
      try {
        const { lag, watched } = await connection.beat(this.heartbeat / 2)
        if (!this.isCurrent(connection)) return
        this.sink?.beat(lag)
        // What is watched is other by now: what would have been told meanwhile is not known.
        if (watched.signature !== signature) this.sink?.live(watched.tables)
        this.beatLater(connection, watched.signature)
      } catch (error) {
        this.failed(connection, error)
      }
    })
  }

  private failed(connection: ChangeConnection, error: unknown): void {
    if (!this.isCurrent(connection)) return
    this.connection = null
    this.sink?.lost(error instanceof Error ? error : new ChangesError('E_CHANGES_LOST', String(error), ''))
    const ended = connection.end()
    this.after(this.retry * (0.5 + Math.random() / 2), async () => {
      this.listening = ended.then(() => this.listen())
      await this.listening
    })
    this.retry = Math.min(LAST_RETRY, this.retry * 2)
  }

  private after(ms: number, run: () => Promise<void>): void {
    if (this.timer !== null) realTimers.clearTimeout(this.timer)
    this.timer = realTimers.setTimeout(() => void run(), ms)
    this.timer.unref()
  }

  private isCurrent(connection: ChangeConnection): boolean {
    return this.sink !== null && this.connection === connection
  }
}
