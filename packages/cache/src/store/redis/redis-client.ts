import { InvalidOptionsError } from '@prisma-brisk/core'
import { ioredisPort, type IoredisClient } from './ioredis-port.ts'
import { nodeRedisPort, type NodeRedisClient } from './node-redis-port.ts'
import type { RedisPort } from './redis-port.ts'
import { upstashPort, type UpstashClient } from './upstash-port.ts'

export type RedisClient = IoredisClient | NodeRedisClient | UpstashClient

/**
 * Recognises the client by what it can do.
 *
 * @throws InvalidOptionsError for what is no Redis client, or one that reads from replicas: they lag behind invalidations
 */
export function redisPort(client: RedisClient): RedisPort {
  const known = typeof client === 'object' ? ports.get(client) : undefined
  if (known !== undefined) return known
  const port = portOf(client)
  const listeners: (() => void)[] = []
  const shared: RedisPort = {
    ...port,
    onReconnect(listener) {
      if (listeners.push(listener) > 1) return
      port.onReconnect(() => {
        for (const each of listeners) each()
      })
    },
  }
  ports.set(client, shared)
  return shared
}

/** One for each client: however many stores share it, it is listened to once. */
const ports = new WeakMap<RedisClient, RedisPort>()

function portOf(client: RedisClient): RedisPort {
  const candidate = client as unknown as Partial<Record<string, unknown>> | null
  if (typeof candidate === 'object' && candidate !== null) {
    if (typeof candidate['call'] === 'function' && typeof candidate['pipeline'] === 'function') {
      return ioredisPort(client as IoredisClient)
    }
    if (typeof candidate['sendCommand'] === 'function') return nodeRedisPort(client as NodeRedisClient)
    if (typeof candidate['exec'] === 'function' && typeof candidate['multi'] === 'function') {
      const port = upstashPort(client as UpstashClient)
      if (port !== null) return port
    }
  }
  throw new InvalidOptionsError(
    'redisStore.client',
    'a client of ioredis, redis (node-redis) or @upstash/redis',
    client,
  )
}
