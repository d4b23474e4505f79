import { StoreUnusableError } from '../../errors.ts'
import type { RedisCommand, RedisPort } from './redis-port.ts'

/**
 * A server that takes writes. Whether it does is found out with the first command, and again after each reconnect: a
 * replica would answer reads, and know of no invalidation.
 */
export class RedisConnection {
  private proven = false

  /** @param reconnected called back when the server may be another one than before */
  constructor(
    readonly port: RedisPort,
    reconnected: () => void,
  ) {
    port.onReconnect(() => {
      this.proven = false
      reconnected()
    })
  }

  /** Whether this connection has been seen to take writes. */
  get isProven(): boolean {
    return this.proven
  }

  /** Sends commands together and gives their answers in order. */
  async send(commands: readonly RedisCommand[]): Promise<unknown[]> {
    try {
      if (this.proven) return await this.port.send(commands)
      const [answers] = await Promise.all([this.port.send(commands), this.prove()])
      return answers
    } catch (error) {
      throw unusable(error)
    }
  }

  private async prove(): Promise<void> {
    try {
      await this.port.send([['SET', 'brisk:probe', '1', 'PX', '1000']])
    } catch (error) {
      // A full server still takes invalidations.
      if (!messageOf(error).startsWith('OOM')) throw error
    }
    this.proven = true
  }
}

/** Answers of a server that reads but does not write, or does not know its data. */
export function unusable(error: unknown): unknown {
  const message = messageOf(error)
  const [word = ''] = message.split(' ')
  return /^(READONLY|MASTERDOWN|LOADING|NOAUTH|WRONGPASS|NOPERM|MISCONF)$/.test(word)
    ? new StoreUnusableError(`Redis answered ${word}`, { cause: error })
    : error
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
