import { cache, redisStore, type CacheOptions } from '@prisma-brisk/cache'
import type { Redis } from 'ioredis'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** How long each kind of row is worth keeping; writes make it fresh before that. */
export function extended(plain: PrismaClient, redis: Redis, options: CacheOptions = {}) {
  return plain.$extends(
    cache({
      store: redisStore(redis),
      namespace: 'tutor-chat',
      models: { Profile: { ttl: 300 }, Exercise: { ttl: 3600, swr: 600 } },
      ...options,
    }),
  )
}

export type Database = ReturnType<typeof extended>
