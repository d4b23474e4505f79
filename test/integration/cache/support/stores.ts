import { memoryStore, redisStore, tieredStore, type CacheStore } from '@prisma-brisk/cache'
import { Redis } from 'ioredis'
import { redisUrl } from '../../../support/servers.ts'
import { ownNamespace } from './cached-client.ts'

export type StoreKind = 'memory' | 'redis' | 'tiered'
export const storeKinds: readonly StoreKind[] = ['memory', 'redis', 'tiered']

/** Stores of a kind; what it opens, `close` ends. */
export class Stores {
  private readonly clients: Redis[] = []
  private readonly opened: CacheStore[] = []

  redis(url = redisUrl()): Redis {
    const redis = new Redis(url)
    redis.on('error', () => undefined)
    this.clients.push(redis)
    return redis
  }

  make(kind: StoreKind): CacheStore {
    return this.closing(this.build(kind))
  }

  /** A store that is closed with the others. */
  closing(store: CacheStore): CacheStore {
    this.opened.push(store)
    return store
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.splice(0).map(async (store) => store.close?.()))
    for (const client of this.clients.splice(0)) client.disconnect()
  }

  private build(kind: StoreKind): CacheStore {
    if (kind === 'memory') return memoryStore()
    const far = redisStore(this.redis())
    return kind === 'redis' ? far : tieredStore({ near: memoryStore(), far, channel: ownNamespace() })
  }
}
