import { realTimers } from '@prisma-brisk/core'
import { ChangesError } from '../../errors.ts'
import { lost, PATIENCE, within } from '../change-connection.ts'

/** What is used of a client of `pg`. */
export interface PgClient {
  connect(): Promise<void>
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
  end(): Promise<void>
  unref(): void
  on(event: 'notification', listener: (told: { channel: string; payload?: string }) => void): void
  on(event: 'error' | 'end', listener: (error?: Error) => void): void
  readonly connection?: {
    readonly stream?: { destroy(): void }
    on(event: 'copyData', listener: (message: { chunk: Buffer }) => void): void
    sendCopyFromChunk(chunk: Buffer): void
  }
}

/** One connection of a source to PostgreSQL. */
export class PgSession {
  private isConnected = false
  private hasEnded = false
  private latest: Promise<unknown> = Promise.resolve()

  private constructor(
    readonly client: PgClient,
    onEnd: (error: ChangesError) => void,
  ) {
    const ended = (error?: Error) => {
      if (!this.hasEnded) onEnd(error === undefined ? lost() : asChangesError(error))
    }
    client.on('error', ended)
    client.on('end', () => ended())
  }

  /**
   * A session that is not connected yet.
   *
   * @param onEnd called when the connection ends otherwise than by {@link close}; several times, perhaps
   * @throws ChangesError E_CHANGES_DRIVER
   */
  static async to(
    url: string,
    onEnd: (error: ChangesError) => void,
    settings: Record<string, unknown> = {},
  ): Promise<PgSession> {
    const pg = await import('pg').catch((error: unknown) => {
      throw new ChangesError('E_CHANGES_DRIVER', 'The package pg is not installed.', 'Install it.', {
        cause: error,
      })
    })
    const client = new pg.default.Client({
      connectionString: url,
      application_name: 'prisma-brisk changes',
      connectionTimeoutMillis: PATIENCE,
      keepAlive: true,
      ...settings,
    })
    return new PgSession(client as unknown as PgClient, onEnd)
  }

  /** @throws ChangesError E_CHANGES_LOST, E_CHANGES_REFUSED */
  async connect(): Promise<void> {
    await this.answer(this.client.connect())
    this.isConnected = true
    this.client.unref()
  }

  /**
   * Sends one statement after the other.
   *
   * @throws ChangesError E_CHANGES_LOST, E_CHANGES_REFUSED
   */
  query(text: string, values?: unknown[]): Promise<readonly unknown[]> {
    const answered = this.latest.then(async () => {
      if (this.hasEnded) throw lost()
      const answer = await this.answer(this.client.query(text, values))
      return (Array.isArray(answer) ? answer[0] : answer).rows
    })
    this.latest = answered.catch(() => undefined)
    return answered
  }

  /** @throws ChangesError where the server refuses, or does not answer */
  private async answer<T>(asked: Promise<T>): Promise<T> {
    try {
      return await within(asked, PATIENCE, () => lost('it does not answer'))
    } catch (error) {
      throw asChangesError(error)
    }
  }

  /** A server that does not answer does not say goodbye either. */
  async close(): Promise<void> {
    if (this.hasEnded) return
    this.hasEnded = true
    const destroy = () => this.client.connection?.stream?.destroy()
    if (!this.isConnected) return destroy()
    const timer = realTimers.setTimeout(destroy, 200)
    timer.unref()
    await this.client.end().catch(() => undefined)
    realTimers.clearTimeout(timer)
  }
}

export function asChangesError(error: unknown): ChangesError {
  if (error instanceof ChangesError) return error
  const { code, message } = error as { code?: unknown; message?: unknown }
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(08|57P)/.test(code))
    return new ChangesError('E_CHANGES_REFUSED', `PostgreSQL answered ${code}: ${String(message)}.`, '', {
      cause: error,
    })
  return new ChangesError('E_CHANGES_LOST', `The database cannot be reached: ${String(message)}.`, '', {
    cause: error,
  })
}
