import { InvalidOptionsError } from '@prisma-brisk/core'

/** A Redis command with its arguments; the first argument is its key. */
export type RedisCommand = readonly [name: string, ...args: string[]]

/** What the store needs of a Redis client, whichever it is. */
export interface RedisPort {
  /** Keys lie on several servers: commands name one key each, and order holds for one key only. */
  readonly isCluster: boolean
  /** Commands that are sent together take effect in their order, whatever their keys: they share one connection. */
  readonly isOrdered: boolean
  /** Sends commands together and gives their answers in order; the first error of any rejects. */
  send(commands: readonly RedisCommand[]): Promise<unknown[]>
  /** The texts under these names, in one round trip and with one promise. */
  texts(names: readonly string[]): Promise<readonly unknown[]>
  /** Calls back when a connection came back, or servers came or went. */
  onReconnect(listener: () => void): void
  publish(channel: string, message: string): Promise<unknown>
  /** Listens on a connection of its own; `state` tells whether it is up. The returned function ends it. */
  subscribe(
    channel: string,
    listener: (message: string) => void,
    state: (isUp: boolean) => void,
  ): Promise<() => Promise<void>>
}

/** A client of `ioredis` 5 or 6: `new Redis(…)`, with Sentinel too, or `new Cluster(…)`. */
export interface IoredisClient {
  readonly status: string
  call(command: string, ...args: string[]): Promise<unknown>
  pipeline(...args: never[]): unknown
}

/** A client of `redis` (node-redis) 5 or 6: `createClient`, `createClientPool`, `createCluster` or `createSentinel`. */
export interface NodeRedisClient {
  sendCommand(...args: never[]): Promise<unknown>
}

export type RedisClient = IoredisClient | NodeRedisClient

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
      return ioredisPort(client as unknown as IoredisShape)
    }
    if (typeof candidate['sendCommand'] === 'function')
      return nodeRedisPort(client as unknown as NodeRedisShape)
  }
  throw new InvalidOptionsError('redisStore.client', 'a client of ioredis or redis (node-redis)', client)
}

interface IoredisShape {
  readonly status: string
  readonly isCluster?: boolean
  readonly options?: object
  call(command: string, ...args: string[]): Promise<unknown>
  pipeline(commands: string[][]): { exec(): Promise<[Error | null, unknown][] | null> }
  duplicate(): unknown
  on(event: string, listener: () => void): unknown
}

function ioredisPort(client: IoredisShape): RedisPort {
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
  const call = ([name, ...args]: RedisCommand): Promise<unknown> => client.call(name, ...args)
  return {
    isCluster,
    isOrdered: !isCluster,
    async send(commands) {
      if (commands.length === 1 || isCluster) return Promise.all(commands.map(call))
      const answers = await client
        .pipeline(commands.map(([name, ...args]) => [name.toLowerCase(), ...args]))
        .exec()
      return (answers ?? []).map(([error, answer]) => {
        if (error !== null) throw error
        return answer
      })
    },
    texts: isCluster
      ? (names) => Promise.all(names.map((name) => client.call('GET', name)))
      : (names) => client.call('MGET', ...names) as Promise<readonly unknown[]>,
    onReconnect(listener) {
      // The first connection is none that came back.
      let connected = client.status === 'ready'
      client.on('ready', () => {
        if (connected) listener()
        connected = true
      })
      if (isCluster) for (const event of ['+node', '-node']) client.on(event, () => connected && listener())
    },
    publish: (channel, message) => client.call('PUBLISH', channel, message),
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

interface IoredisSubscriber {
  on(event: string, listener: (...args: string[]) => void): unknown
  subscribe(channel: string): Promise<unknown>
  disconnect(): void
}

function nodeRedisPort(shape: NodeRedisShape): RedisPort {
  const isCluster = typeof shape.nodeClient === 'function' || Array.isArray(shape.masters)
  const isSentinel = typeof shape.getMasterNode === 'function'
  const call = (command: RedisCommand): Promise<unknown> => {
    const args = [...command]
    if (isCluster) return shape.sendCommand(command[1], false, args)
    return isSentinel ? shape.sendCommand(false, args) : shape.sendCommand(args)
  }
  return {
    isCluster,
    // A pool has several connections, and no `isReady`; a Sentinel client has a pool.
    isOrdered: !isCluster && !isSentinel && typeof shape.isReady === 'boolean',
    // Commands of one turn of the event loop travel together.
    send: (commands) => Promise.all(commands.map(call)),
    texts: isCluster
      ? (names) => Promise.all(names.map((name) => call(['GET', name])))
      : (names) => call(['MGET', ...names]) as Promise<readonly unknown[]>,
    onReconnect(listener) {
      let connected = shape.isReady === true || (isCluster && shape.isOpen === true)
      for (const event of isCluster ? ['node-ready', 'node-disconnect'] : ['ready', 'topology-change']) {
        shape.on?.(event, () => {
          if (connected) listener()
          else if (!isCluster) connected = true
        })
      }
      // A cluster's nodes become ready one after the other.
      if (isCluster && !connected) shape.on?.('connect', () => (connected = true))
    },
    publish: (channel, message) => call(['PUBLISH', channel, message]),
    async subscribe(channel, listener, state) {
      const subscriber = shape.duplicate()
      subscriber.on?.('error', () => state(false))
      subscriber.on?.('reconnecting', () => state(false))
      subscriber.on?.('end', () => state(false))
      await subscriber.connect()
      await subscriber.subscribe(channel, listener)
      subscriber.on?.('ready', () => state(true))
      state(true)
      return async () => {
        await subscriber.close().catch(ignore)
      }
    },
  }
}

interface NodeRedisShape {
  sendCommand(...args: unknown[]): Promise<unknown>
  on?(event: string, listener: () => void): unknown
  readonly isReady?: boolean
  readonly isOpen?: boolean
  readonly masters?: unknown
  nodeClient?: unknown
  getMasterNode?: unknown
  duplicate(): NodeRedisShape
  connect(): Promise<unknown>
  close(): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
}

const ignore = (): void => undefined

const REPLICAS =
  'A replica may not have heard of an invalidation yet, so its answers may be old. Give the store a client of its own with the default scaleReads.'
