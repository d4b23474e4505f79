import type { FillLocks } from '../../cache-store.ts'
import type { RedisConnection } from './redis-connection.ts'

/** Locks by `SET … NX`: good enough where two holders at once cost one read more. */
export class RedisLocks implements FillLocks {
  constructor(private readonly connection: RedisConnection) {}

  async take(key: string, token: string, lease: number): Promise<boolean> {
    const [answer] = await this.connection.send([['set', `${key}:lock`, token, 'NX', 'PX', String(lease)]])
    return answer !== null
  }

  async release(key: string, token: string): Promise<void> {
    // Between the two another may have got the lock after ours ended: then two read, which is harmless.
    const [holder] = await this.connection.send([['get', `${key}:lock`]])
    if (holder === token) await this.connection.send([['del', `${key}:lock`]])
  }
}
