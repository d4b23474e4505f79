import { InvalidOptionsError } from '@prisma-brisk/core'
import { answered, runIdIn, type RedisCommand, type RedisPort } from './redis-port.ts'

/** A client of `ioredis` 5 or 6: `new Redis(…)`, with Sentinel too, or `new Cluster(…)`. */
export interface IoredisClient {
  readonly status: string
  call(command: string, ...args: string[]): Promise<unknown>
  pipeline(...args: never[]): unknown
}

export function ioredisPort(given: IoredisClient): RedisPort {
  const client = given as unknown as IoredisShape
  const { scaleReads, role } = (client.options ?? {}) as { scaleReads?: unknown; role?: unknown }
  if ((scaleReads !== undefined && scaleReads !== 'master') || role === 'slave') {
    throw new InvalidOptionsError(
      'redisStore.client',
      `a client that reads from masters`,
      scaleReads ?? role,
      REPLICAS,
    )
  }
  const isCluster = client.isCluster === true
  let hasBeenReady = client.status === 'ready'
  client.on('ready', () => (hasBeenReady = true))
  const call = ([name, ...args]: RedisCommand): Promise<unknown> => client.call(name, ...args)
  return {
    isCluster,
    isOrdered: !isCluster,
    async send(commands) {
      if (commands.length === 1 || isCluster) return Promise.all(commands.map(call))
      const answers = await client.pipeline(commands.map((command) => [...command])).exec()
      return (answers ?? []).map(([error, answer]) => {
        if (error !== null) throw error
        return answer
      })
    },
    texts: isCluster
      ? (names) => Promise.all(names.map((name) => client.call('get', name)))
      : (names) => client.call('mget', ...names) as Promise<readonly unknown[]>,
    async runIds() {
      const servers = isCluster && client.nodes !== undefined ? client.nodes('master') : [client]
      return (await answered(servers.map((server) => server.call('info', 'server')))).flatMap(runIdIn)
    },
    isDown() {
      return hasBeenReady && RETURNING.has(client.status)
    },
    sendApart: isCluster
      ? null
      : async (commands) => {
          const apart = client.duplicate({
            lazyConnect: true,
            maxRetriesPerRequest: 0,
            retryStrategy: () => null,
          }) as IoredisShape
          apart.on('error', ignore)
          try {
            await apart.connect()
            await Promise.all(commands.map(([name, ...args]) => apart.call(name, ...args)))
          } finally {
            apart.disconnect()
          }
        },
    onReconnect(listener) {
      // The first connection is none that came back.
      let connected = client.status === 'ready'
      client.on('ready', () => {
        if (connected) listener()
        connected = true
      })
      if (isCluster) for (const event of ['+node', '-node']) client.on(event, () => connected && listener())
    },
    publish: (channel, message) => client.call('publish', channel, message),
    async subscribe(channel, listener, state) {
      const subscriber = client.duplicate() as IoredisSubscriber
      subscriber.on('error', () => undefined)
      subscriber.on('message', (_: string, message: string) => listener(message))
      subscriber.on('close', () => state(false))
      subscriber.on('end', () => state(false))
      // ioredis subscribes again by itself, and is ready only then.
      subscriber.on('ready', () => void subscriber.subscribe(channel).then(() => state(true), ignore))
      await subscriber.subscribe(channel)
      state(true)
      return async () => subscriber.disconnect()
    },
  }
}

interface IoredisShape {
  readonly status: string
  readonly isCluster?: boolean
  readonly options?: object
  call(command: string, ...args: string[]): Promise<unknown>
  pipeline(commands: string[][]): { exec(): Promise<[Error | null, unknown][] | null> }
  duplicate(options?: object): unknown
  connect(): Promise<unknown>
  disconnect(): void
  /** Of a cluster. */
  nodes?(role: string): readonly IoredisShape[]
  on(event: string, listener: () => void): unknown
}

interface IoredisSubscriber {
  on(event: string, listener: (...args: string[]) => void): unknown
  subscribe(channel: string): Promise<unknown>
  disconnect(): void
}

/** What a client is that has lost its connection, and has not been told to end. */
const RETURNING = new Set(['close', 'reconnecting', 'connecting', 'connect'])

const ignore = (): void => undefined

const REPLICAS =
  'A replica may not have heard of an invalidation yet, so its answers may be old. Give the store a client of its own with the default scaleReads.'
