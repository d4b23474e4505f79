import { createConnection, createServer, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { startRedis, type RedisServer } from '../../../support/redis.ts'
import { freePort } from '../../../support/server-process.ts'

const ends: (() => unknown)[] = []

/** Redis servers of a test's own, and clients of them; all end with the test. */
export function useRedisServers(): void {
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })
}

/** Ends with the test. */
export function atEnd(end: () => unknown): void {
  ends.push(end)
}

/** A client as an application would make it: it queues while it is not connected, and tries again. */
export function connect(url: string): Redis {
  const redis = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  redis.on('error', () => undefined)
  ends.push(() => redis.disconnect())
  return redis
}

/** A server of the test's own. */
export async function server(settings: Record<string, string> = {}, port?: number): Promise<RedisServer> {
  const redis = await startRedis(settings, port === undefined ? {} : { port })
  ends.push(() => redis.kill('SIGKILL').catch(() => undefined))
  return redis
}

/** An address behind which another server can come to stand. */
export async function movableAddress(port: number): Promise<{ url: string; moveTo(port: number): void }> {
  let target = port
  const sockets = new Set<Socket>()
  const relay = createServer((client) => {
    const upstream = createConnection(target, '127.0.0.1')
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
  })
  const own = await freePort()
  await new Promise<void>((resolve) => relay.listen(own, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  ends.push(() => {
    cut()
    relay.close()
  })
  return {
    url: `redis://127.0.0.1:${own}`,
    moveTo: (next) => {
      target = next
      cut()
    },
  }
}
